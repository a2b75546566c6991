// measurement.cpp: see measurement.hpp.
#include "function/measurement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "function/other_ways.hpp"
#include "net/wait.hpp"
#include "session/family_way.hpp"

namespace sonde::function {
namespace {

// Of one address.
struct Measured {
  std::size_t target;  // its place among the request's
  AddressAnswer answer;
  std::optional<TargetId> id;                    // unset: it could not be asked
  TransportKind way = TransportKind::automatic;  // automatic: that which the session took for its family
};

// How an address family is asked, with `auto`.
struct FamilyState {
  Family family;
  OtherWays others{};
  TransportKind way = TransportKind::automatic;  // as above
  bool settled = false;                          // somebody answered, or there is nothing more to try
  std::string remark{};                          // what came of trying, for those who asked
};

bool is_verdict(EventKind kind) {
  return kind == EventKind::reply || kind == EventKind::lost || kind == EventKind::late ||
         kind == EventKind::error || kind == EventKind::local;
}

Error refused(const std::string& target, bool is_numeric, std::string_view meaning) {
  Error error;
  error.code = ErrorCode::permission_denied;
  error.what = is_numeric ? "this address is refused" : "an address of this name is refused";
  error.subject = target;
  error.hint = std::string(meaning) + "; whoever runs this function may open it with --allow or SONDE_ALLOW";
  return error;
}

}  // namespace

resolve::ResolverOptions self_contained_resolver() {
  resolve::ResolverOptions options;
  options.nsswitch_file = "/dev/null";
  options.system_lookup = [](const std::string& name, resolve::FamilyFilter) -> Result<resolve::Resolution> {
    return std::unexpected(Error{
        ErrorCode::not_found, 0, "cannot resolve " + name, {}, "only the hosts file and DNS are asked"});
  };
  options.system_threads = 1;
  return options;
}

class Measurement::Implementation {
 public:
  Implementation(Request request, const MeasuringOptions& options, MonotonicTime deadline);

  std::array<int, 2> descriptors() const {
    return {session_ ? session_->fd() : -1, resolver_ ? resolver_->fd() : -1};
  }
  MonotonicTime next_deadline() const;
  void process();
  bool done() const { return measured_out() || clock_.monotonic() >= deadline_; }
  Answer answer() const;

 private:
  bool measured_out() const;
  // Also where other ways are still being tried.
  bool every_probe_decided() const;
  void look_up(std::size_t target);
  void resolved(std::size_t target, const Result<resolve::Resolution>& resolution);
  void take_addresses(std::size_t target, const std::vector<Address>& addresses, bool is_numeric);
  void add(std::size_t target, const Address& address);
  void take_events();
  // --- ways of asking ---
  void consider_ways();
  void consider_way(FamilyState& state, bool impatient);
  session::WayInquiry::Verdict inquire(Family family, bool impatient) const;
  void try_other_ways(FamilyState& state, session::WayVerdict doubt);
  void change_way(FamilyState& state, TransportKind way);
  std::optional<TransportNotice> notice_of(const Measured& measured) const;
  std::string reason_for(Family family) const;

  Request request_;
  const MeasuringOptions& options_;
  const Clock& clock_ = Clock::system();
  MonotonicTime began_ = clock_.monotonic();
  MonotonicTime deadline_;
  std::size_t addresses_each_;  // that there are probes for

  std::vector<TargetAnswer> targets_;  // their addresses are still in measured_
  std::vector<bool> waits_for_name_;   // of each target
  std::vector<Measured> measured_;
  std::size_t unresolved_ = 0;
  std::optional<resolve::Resolver> resolver_;  // from the first name on
  std::optional<Session> session_;             // unset: it could not be opened, see `session_error_`
  std::optional<Error> session_error_;
  TargetOptions target_options_;
  std::array<FamilyState, 2> families_{{{Family::ipv4}, {Family::ipv6}}};
  MonotonicTime impatient_at_;  // from then on silence is doubted before the timeouts have run out
};

Measurement::Implementation::Implementation(Request request, const MeasuringOptions& options,
                                            MonotonicTime deadline)
    : request_(std::move(request)),
      options_(options),
      deadline_(deadline),
      addresses_each_(
          std::min<std::size_t>(most_addresses, most_probes / (request_.count * request_.targets.size()))),
      targets_(request_.targets.size()),
      waits_for_name_(request_.targets.size()),
      impatient_at_(began_ + (deadline_ - began_) / 3) {
  SessionOptions session;
  session.transport = request_.transport;
  session.event_capacity = 4096;  // a hundred verdicts, and what strangers may send beside them
  auto opened = Session::open(session);
  if (opened) {
    session_ = std::move(*opened);
  } else {
    session_error_ = std::move(opened.error());
  }
  target_options_.schedule = FixedInterval{request_.interval};
  target_options_.max_probes = request_.count;
  target_options_.timeout = request_.timeout;
  target_options_.payload_bytes = request_.size_bytes;
  target_options_.phase = Nanoseconds::zero();
  target_options_.network.tcp_port = request_.tcp_port;
  for (std::size_t target = 0; target < targets_.size(); ++target) {
    targets_[target].target = request_.targets[target];
    if (const auto address = Address::parse(request_.targets[target])) {
      take_addresses(target, {*address}, true);
    } else {
      look_up(target);
    }
  }
}

void Measurement::Implementation::look_up(std::size_t target) {
  if (!resolver_) {
    auto opened = resolve::Resolver::open(options_.resolver);
    if (!opened) {
      targets_[target].error = std::move(opened.error());
      return;
    }
    resolver_ = std::move(*opened);
  }
  ++unresolved_;
  waits_for_name_[target] = true;
  resolver_->resolve(
      request_.targets[target], resolve::FamilyFilter::any,
      [this, target](const Result<resolve::Resolution>& resolution) { resolved(target, resolution); });
}

void Measurement::Implementation::resolved(std::size_t target,
                                           const Result<resolve::Resolution>& resolution) {
  --unresolved_;
  waits_for_name_[target] = false;
  if (!resolution) {
    targets_[target].error = resolution.error();
    return;
  }
  std::vector<Address> addresses;
  for (const auto& known : resolution->addresses) addresses.push_back(known.address);
  take_addresses(target, addresses, false);
}

// All of them or none: a name that has a private address beside others is a way to look for private ones.
void Measurement::Implementation::take_addresses(std::size_t target, const std::vector<Address>& addresses,
                                                 bool is_numeric) {
  for (const Address& address : addresses) {
    if (const auto meaning = options_.gate.refusal(address)) {
      targets_[target].error = refused(request_.targets[target], is_numeric, *meaning);
      return;
    }
  }
  for (const Address& address : addresses) {
    const auto asked = static_cast<std::size_t>(&address - addresses.data());
    if (asked < addresses_each_) {
      add(target, address);
    } else {
      targets_[target].unmeasured.push_back(address);
    }
  }
}

void Measurement::Implementation::add(std::size_t target, const Address& address) {
  Measured& measured = measured_.emplace_back();
  measured.target = target;
  measured.answer.address = address;
  if (!session_) {
    measured.answer.error = session_error_;
    return;
  }
  const auto& state = *std::ranges::find(families_, address.family(), &FamilyState::family);
  TargetOptions options = target_options_;
  options.network.transport = measured.way = state.way;
  auto added = session_->add(address, options);
  if (added) {
    measured.id = *added;
  } else {
    measured.answer.error = std::move(added.error());
  }
}

MonotonicTime Measurement::Implementation::next_deadline() const {
  // Nothing to wait for, as where every target was refused.
  if (measured_out()) return clock_.monotonic();
  MonotonicTime next = deadline_;
  if (session_) next = std::min(next, session_->next_deadline().value_or(next));
  if (clock_.monotonic() < impatient_at_) next = std::min(next, impatient_at_);
  if (resolver_) next = std::min(next, resolver_->next_deadline().value_or(next));
  return next;
}

void Measurement::Implementation::process() {
  if (resolver_) resolver_->process();
  if (!session_) return;
  if (const auto processed = session_->process(); !processed) {
    for (Measured& measured : measured_) measured.answer.error = processed.error();
    session_.reset();
    return;
  }
  take_events();
  consider_ways();
}

void Measurement::Implementation::take_events() {
  std::array<Event, 64> events;
  for (std::size_t count = events.size(); count == events.size();) {
    count = session_->poll_events(events);
    for (Event& event : std::span(events).first(count)) {
      if (!is_verdict(event.kind)) continue;
      const auto measured = std::ranges::find(measured_, std::optional(event.target), &Measured::id);
      if (measured == measured_.end()) continue;
      // A late answer takes the place of the loss.
      auto& verdicts = measured->answer.verdicts;
      const auto place = std::ranges::lower_bound(verdicts, event.sequence, {}, &Event::sequence);
      if (place != verdicts.end() && place->sequence == event.sequence) {
        *place = std::move(event);
      } else {
        verdicts.insert(place, std::move(event));
      }
    }
  }
}

// --- ways of asking -----------------------------------------------------------------------------------------------

void Measurement::Implementation::consider_ways() {
  if (request_.transport != TransportKind::automatic) return;
  const bool impatient = clock_.monotonic() >= impatient_at_;
  for (FamilyState& state : families_) {
    if (!state.settled) consider_way(state, impatient);
  }
}

void Measurement::Implementation::consider_way(FamilyState& state, bool impatient) {
  using Verdict = session::WayInquiry::Verdict;
  const Verdict verdict = inquire(state.family, impatient);
  if (verdict == Verdict::answered) {
    state.others.end(*session_);
    state.remark.clear();
    state.settled = true;
    return;
  }
  if (!state.others.running()) {
    if (verdict == Verdict::undecided) return;
    const bool also_for_one = request_.try_all || request_.targets.size() > 1;
    state.settled = !session::WayInquiry::doubts(verdict, also_for_one);
    if (!state.settled) try_other_ways(state, verdict);
    return;
  }
  const TransportKind found = state.others.judge(*session_);
  if (found != TransportKind::automatic) return change_way(state, found);
  if (state.others.running()) return;
  state.settled = true;
  if (!state.others.silent().empty())
    state.remark = fmt::format("nobody answers by {} either", listed(state.others.silent()));
}

session::WayInquiry::Verdict Measurement::Implementation::inquire(Family family, bool impatient) const {
  // Of fewer probes than are usual before doubt, every one counts.
  session::WayInquiry inquiry(std::min(request_.count, session::FamilyWay::probes_before_doubt), impatient);
  for (const Measured& measured : measured_) {
    if (measured.answer.address.family() != family || !measured.id || inquiry.over()) continue;
    const auto figures = session_->figures(*measured.id);
    if (!figures) continue;
    const auto& verdicts = measured.answer.verdicts;
    const auto unsent = std::ranges::find(verdicts, EventKind::local, &Event::kind);
    const auto unstamped = std::ranges::count_if(verdicts, [](const Event& verdict) {
      return verdict.kind == EventKind::lost && verdict.flags.has(EventFlag::no_tx_stamp);
    });
    inquiry.hear(*figures, unsent == verdicts.end() ? 0 : unsent->system_errno,
                 static_cast<std::uint64_t>(unstamped));
  }
  return inquiry.verdict();
}

void Measurement::Implementation::try_other_ways(FamilyState& state, session::WayVerdict doubt) {
  std::vector<Address> addresses;
  std::optional<TransportNotice> notice;
  for (const Measured& measured : measured_) {
    if (measured.answer.address.family() != state.family || !measured.id) continue;
    addresses.push_back(measured.answer.address);
    if (!notice) notice = notice_of(measured);
  }
  const TransportKind taken = notice ? notice->taken : TransportKind::tcp;
  state.remark = doubt == session::WayVerdict::refused
                     ? fmt::format("this host refuses to send by {} (EPERM)", to_string(taken))
                     : fmt::format("nobody answered by {}", to_string(taken));
  if (doubt == session::WayVerdict::swallowed)
    state.remark += ", nor was a probe stamped as sent: a packet filter of this host may drop them";
  state.others.begin(*session_, taken, addresses, target_options_);
  if (state.others.running()) return;
  state.settled = true;
  state.remark.clear();
}

// Everybody of the family is asked by the way that was found, from the first probe on. What the way before brought stays
// beside that: round-trip times of different ways are never mixed.
void Measurement::Implementation::change_way(FamilyState& state, TransportKind way) {
  state.settled = true;
  state.way = way;
  if (!state.others.silent().empty())
    state.remark += fmt::format("; nobody had answered by {} yet", listed(state.others.silent()));
  TargetOptions options = target_options_;
  options.network.transport = way;
  for (Measured& measured : measured_) {
    AddressAnswer& answer = measured.answer;
    if (answer.address.family() != state.family || !measured.id) continue;
    const auto added = session_->add(answer.address, options);
    if (!added) continue;
    WayAnswer& before = answer.before.emplace_back();
    before.transport = notice_of(measured);
    before.figures = session_->figures(*measured.id).value_or(Figures{});
    before.verdicts = std::exchange(answer.verdicts, {});
    [[maybe_unused]] const auto last = session_->remove(*measured.id);
    measured.id = *added;
    measured.way = way;
  }
}

// The first of a family is what the session took by itself.
std::optional<TransportNotice> Measurement::Implementation::notice_of(const Measured& measured) const {
  const auto notices = session_ ? session_->notices() : std::vector<TransportNotice>();
  const auto found = std::ranges::find_if(notices, [&](const TransportNotice& notice) {
    return notice.family == measured.answer.address.family() &&
           (measured.way == TransportKind::automatic || notice.taken == measured.way);
  });
  return found == notices.end() ? std::nullopt : std::optional(*found);
}

// Why not in a better way: what the session says of the way that it took, and what came of that.
std::string Measurement::Implementation::reason_for(Family family) const {
  const auto notices = session_->notices();
  const auto first = std::ranges::find(notices, family, &TransportNotice::family);
  const FamilyState& state = *std::ranges::find(families_, family, &FamilyState::family);
  std::string reason = first == notices.end() ? "" : first->reason;
  if (!reason.empty() && !state.remark.empty()) reason += "; ";
  reason += state.remark;
  if (state.others.running()) reason += "; other ways were still being tried when time ran out";
  return reason;
}

// --- the answer ---------------------------------------------------------------------------------------------------

// The session is not done as long as a probe of a way that was left may be answered; nobody waits for that.
bool Measurement::Implementation::measured_out() const {
  if (unresolved_ != 0) return false;
  if (!session_ || session_->done()) return true;
  const bool trying =
      std::ranges::any_of(families_, [](const FamilyState& state) { return state.others.running(); });
  return !trying && every_probe_decided();
}

bool Measurement::Implementation::every_probe_decided() const {
  return unresolved_ == 0 && std::ranges::all_of(measured_, [this](const Measured& measured) {
           return !measured.id || measured.answer.verdicts.size() == request_.count;
         });
}

Answer Measurement::Implementation::answer() const {
  Answer answer;
  answer.complete = measured_out() || every_probe_decided();
  answer.elapsed = clock_.monotonic() - began_;
  answer.targets = targets_;
  for (std::size_t target = 0; target < targets_.size(); ++target) {
    if (!waits_for_name_[target]) continue;
    answer.targets[target].error =
        Error{ErrorCode::unavailable, 0, "the name was not resolved in time", request_.targets[target], {}};
  }
  for (const Measured& measured : measured_) {
    AddressAnswer& of_address = answer.targets[measured.target].addresses.emplace_back(measured.answer);
    if (!measured.id || !session_) continue;
    of_address.transport = notice_of(measured);
    if (of_address.transport) of_address.transport->reason = reason_for(measured.answer.address.family());
    if (const auto figures = session_->figures(*measured.id)) of_address.figures = *figures;
  }
  return answer;
}

Measurement::Measurement(Request request, const MeasuringOptions& options, MonotonicTime deadline)
    : implementation_(std::make_unique<Implementation>(std::move(request), options, deadline)) {}
Measurement::Measurement(Measurement&&) noexcept = default;
Measurement& Measurement::operator=(Measurement&&) noexcept = default;
Measurement::~Measurement() = default;

std::array<int, 2> Measurement::descriptors() const {
  return implementation_->descriptors();
}

MonotonicTime Measurement::next_deadline() const {
  return implementation_->next_deadline();
}

void Measurement::process() {
  implementation_->process();
}

bool Measurement::done() const {
  return implementation_->done();
}

Answer Measurement::answer() const {
  return implementation_->answer();
}

Answer run(Measurement measurement, int stop) {
  for (measurement.process(); !measurement.done(); measurement.process()) {
    const auto [session, resolver] = measurement.descriptors();
    std::array<pollfd, 3> waited_for{{{session, POLLIN, 0}, {resolver, POLLIN, 0}, {stop, POLLIN, 0}}};
    net::wait_until(waited_for, measurement.next_deadline());
    if ((waited_for[2].revents & POLLIN) != 0) break;
  }
  // Where the function was frozen, the time may be over with answers unread.
  measurement.process();
  return measurement.answer();
}

}  // namespace sonde::function
