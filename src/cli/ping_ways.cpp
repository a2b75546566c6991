// ping_ways.cpp: what the ways of asking need of this host, and leaving one that is open but shut (session/family_way.hpp).
#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "cli/ping_run.hpp"
#include "net/permissions.hpp"

namespace sonde::cli {

using session::FamilyWay;
using session::WayInquiry;
using session::WayVerdict;

namespace {

std::string doubt_text(WayVerdict doubt, TransportKind way) {
  if (doubt == WayVerdict::refused)
    return fmt::format("this host's packet filter refuses {} (EPERM)", to_string(way));
  std::string text = fmt::format("nobody answered {} probes by {}",
                                 static_cast<std::uint64_t>(FamilyWay::probes_before_doubt), to_string(way));
  if (doubt == WayVerdict::swallowed)
    text += ", nor was one stamped as sent: a packet filter of this host may drop them";
  return text;
}

}  // namespace

// Whether targets of that family are asked, or may be once their names are known.
bool PingRun::may_meet(Family family) const {
  if (resolver_) return !options_.family || *options_.family == family;
  return std::ranges::any_of(session_->notices(),
                             [family](const TransportNotice& notice) { return notice.family == family; });
}

// Before the first packet. What a later socket would take a capability for is opened now: further ones of the way that was
// taken, a name's other family, and what --transport auto may go on to.
void PingRun::give_up_privileges() {
  if (!net::has_capabilities()) return;
  const bool marked = options_.mark.has_value();
  const auto takes_capability = [marked](TransportKind way) {
    return way == TransportKind::icmp_raw || marked;
  };
  bool tcp_possible = options_.transport == TransportKind::tcp;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    if (!may_meet(family)) continue;
    // What cannot be opened is said where a target needs it.
    NetworkOptions network = target_options_.network;
    std::ignore = session_->open_ahead(family, network);
    if (options_.transport != TransportKind::automatic) continue;
    for (const TransportNotice& notice : session_->notices()) {
      if (notice.family != family) continue;
      for (network.transport = FamilyWay::after(notice.taken); network.transport != TransportKind::automatic;
           network.transport = FamilyWay::after(network.transport)) {
        tcp_possible = tcp_possible || network.transport == TransportKind::tcp;
        if (takes_capability(network.transport)) std::ignore = session_->open_ahead(family, network);
      }
    }
  }
  // A handshake takes a socket of its own, and each is marked.
  if (marked && tcp_possible) return;
  net::keep_only({});
}

void PingRun::watch_ways() {
  for (const TransportNotice& notice : session_->notices()) {
    if (std::ranges::find(ways_, notice.family, &FamilyWay::family) != ways_.end()) continue;
    FamilyWay& way = ways_.emplace_back();
    way.family = notice.family;
    way.way = notice.taken;
  }
}

void PingRun::consider_ways() {
  const MonotonicTime now = clock_.monotonic();
  const bool due = now >= next_look_at_ways_ || session_->done();
  if (options_.transport != TransportKind::automatic || !due) return;
  constexpr Nanoseconds pause = std::chrono::milliseconds(20);
  next_look_at_ways_ = now + pause;
  watch_ways();
  for (FamilyWay& way : ways_) {
    if (way.settled) continue;
    if (way.trials.empty()) {
      if (in_doubt(way)) try_next_way(way, way.way);
    } else {
      judge_trials(way);
    }
  }
}

// Whether no target of the family has answered its first probes. Settles it when one has.
bool PingRun::in_doubt(FamilyWay& way) {
  WayInquiry inquiry;
  for (std::size_t place = 0; place < targets_.size() && !inquiry.over(); ++place) {
    const auto& measured = targets_[place];
    if (measured.address.family() != way.family || !measured.present()) continue;
    const auto figures = session_->figures(measured.id);
    if (!figures) continue;
    const auto why = unsent_.find(place);
    const auto unstamped = unstamped_.find(place);
    inquiry.hear(*figures, why == unsent_.end() ? 0 : why->second,
                 unstamped == unstamped_.end() ? 0 : unstamped->second);
  }
  way.doubt = inquiry.verdict();
  if (way.doubt == WayVerdict::undecided) return false;
  const bool doubted = WayInquiry::doubts(way.doubt, list_.size() > 1 || options_.try_all);
  way.settled = !doubted;
  return doubted;
}

// Unset: that which the session takes by itself.
TransportKind PingRun::way_of(Family family) const {
  const auto way = std::ranges::find(ways_, family, &FamilyWay::family);
  return way != ways_.end() && way->changed ? way->way : TransportKind::automatic;
}

void PingRun::try_next_way(FamilyWay& way, TransportKind after) {
  for (TransportKind next = FamilyWay::after(after); next != TransportKind::automatic;
       next = FamilyWay::after(next)) {
    TargetOptions trial = target_options_;
    trial.network.transport = next;
    trial.schedule = FixedInterval{FamilyWay::trial_interval};
    trial.max_probes = FamilyWay::probes_before_doubt;
    trial.phase = Nanoseconds::zero();
    for (std::size_t place = 0; place < targets_.size() && way.trials.size() < FamilyWay::most_trials;
         ++place) {
      const auto& measured = targets_[place];
      if (measured.address.family() != way.family || !measured.present()) continue;
      const auto added = session_->add(measured.address, trial);
      if (!added) break;  // closed
      way.trials.push_back(*added);
    }
    way.tried = next;
    if (!way.trials.empty()) return;
  }
  way.settled = true;  // nothing is left
}

void PingRun::judge_trials(FamilyWay& way) {
  bool any = false, over = true;
  for (const TargetId trial : way.trials) {
    const auto figures = session_->figures(trial);
    if (!figures) continue;
    any = any || session::answered(*figures);
    over = over && figures->sent == FamilyWay::probes_before_doubt && figures->in_flight == 0;
  }
  if (!any && !over) return;
  for (const TargetId trial : std::exchange(way.trials, {})) {
    if (const auto figures = session_->remove(trial)) trial_probes_ += figures->sent;
  }
  if (!any) return try_next_way(way, way.tried);
  change_way(way);
}

// Everybody of the family is asked by the way that was tried, from the first probe on.
void PingRun::change_way(FamilyWay& way) {
  const TransportKind before = way.way;
  way.way = way.tried;
  way.changed = way.settled = true;
  complain(fmt::format("{}: asked by {} from here on, as {}", to_string(way.family), to_string(way.way),
                       doubt_text(way.doubt, before)));
  for (std::size_t place = 0, end = targets_.size(); place < end; ++place) {
    auto& measured = targets_[place];
    if (measured.address.family() != way.family || !measured.present()) continue;
    const std::size_t request = measured.request;
    const Address address = measured.address;
    measured.last = std::make_unique<report::Summary>(summary_of(measured.id));
    if (auto last = session_->remove(measured.id)) measured.last->figures = *last;
    measured.way = before;
    add_target(request, address);
  }
}

}  // namespace sonde::cli
