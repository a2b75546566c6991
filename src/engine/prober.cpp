// prober.cpp: targets that come and go, a turn of the loop, and waiting for the next.
#include "engine/prober.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "wire/probe_message.hpp"

namespace sonde::engine {

namespace {

// From this rate on (probes per second) answers are gathered for `gather_time` instead of waking for each, unless the next
// probe waits for one. Probes leave that much late at most, with what the timer's slack adds: below 1 ms together.
constexpr std::size_t gather_rate = 1500;
constexpr Nanoseconds rate_window = std::chrono::milliseconds(100);
constexpr Nanoseconds gather_time = std::chrono::microseconds(700);

// A prober that never catches up with what is due looks at its sockets as often as it can, so that it need not be woken
// for answers without stamps either; it goes on looking for so long.
constexpr Nanoseconds saturation_lasts = std::chrono::milliseconds(20);

// Sends per turn before the caller gets a word in.
constexpr int batches_per_turn = 16;

// What a Linux host answers one asker by UDP: six at once, then one a second.
constexpr std::uint64_t udp_burst = 6;
constexpr Nanoseconds udp_interval = std::chrono::seconds(1);

TargetOptions paced_for_udp(TargetOptions options) {
  auto* fixed = std::get_if<FixedInterval>(&options.schedule);
  const bool many = options.max_probes == 0 || options.max_probes > udp_burst;
  if (fixed != nullptr && many) fixed->interval = std::max(fixed->interval, udp_interval);
  return options;
}

// The size and content of messages that are no echo requests are not for the caller to choose.
TargetOptions fitted(TargetOptions options, const Address& address) {
  switch (options.network.message) {
    case ProbeMessage::echo:
      break;
    case ProbeMessage::timestamp:
      options.payload_bytes = wire::timestamp_payload_bytes;
      options.pattern = {std::byte{0}};
      break;
    case ProbeMessage::node_information: {
      auto& subject = options.node_query.subject;
      if (subject.empty()) {
        options.node_query.subject_type = 0;
        subject.assign(address.bytes().begin(), address.bytes().end());
      }
      options.payload_bytes = static_cast<std::uint16_t>(wire::nonce_bytes + subject.size());
      options.pattern = subject;
      break;
    }
  }
  return options;
}

}  // namespace

Prober::Prober(const ProberOptions& options, const Clock& clock, OpenTransport open, OutcomeSink& sink)
    : options_(options),
      clock_(&clock),
      open_(std::move(open)),
      sink_(&sink),
      key_(options.token_key),
      watch_(clock),
      agenda_(watch_.now()),
      matcher_(watch_),
      pacer_(options.max_rate, watch_.now()),
      udp_slots_(options.udp_rate),
      poll_descriptor_(::epoll_create1(EPOLL_CLOEXEC)),
      constructed_at_(watch_.now()),
      buffers_(transport::Transport::batch_size) {
  departures_.resize(transport::Transport::batch_size);
}

Prober::~Prober() = default;

template <typename Place>
Result<TargetIndex> Prober::add_to_group(const Address& address, const TargetOptions& wanted, Place place) {
  std::optional<TargetOptions> changed;
  if (wanted.network.message != ProbeMessage::echo) changed = fitted(wanted, address);
  const TargetOptions& options = changed ? *changed : wanted;
  const auto group = group_for(address.family(), options.network);
  if (!group) return std::unexpected(group.error());
  announce(groups_[*group].notice);
  const TargetIndex index = place(groups_[*group].paced ? paced_for_udp(options) : options);
  ++groups_[*group].targets;
  const OptionsIndex set = agenda_.target(index).options;
  std::size_t& known_group = group_of(set, address.family());
  if (known_group != *group) {
    if (auto admitted = admit(groups_[*group], options.network); !admitted) {
      agenda_.remove(index);
      if (agenda_.uses(set) == 0) forget(set);
      leave(*group);
      return std::unexpected(std::move(admitted.error()));
    }
    known_group = *group;
  }
  const std::size_t largest = wire::echo_header_bytes + options.payload_bytes;
  for (const std::size_t channel : groups_[*group].channels)
    channels_[channel]->transport->expect_messages_of(largest);
  return index;
}

Result<TargetIndex> Prober::add(const Address& address, const TargetOptions& options, Nanoseconds phase) {
  const MonotonicTime first = time_now() + phase;
  return add_to_group(address, options,
                      [&](const TargetOptions& fitting) { return agenda_.add(address, fitting, first); });
}

Result<TargetIndex> Prober::ask(const Address& address, const TargetOptions& options) {
  if (agenda_.stopped()) return std::unexpected(Error::invalid("sending has been stopped"));
  return add_to_group(address, options, [&](const TargetOptions& fitting) {
    return agenda_.ask(address, fitting, time_now());
  });
}

void Prober::remove(TargetIndex target) {
  const std::size_t group = group_of(target);
  const OptionsIndex set = agenda_.target(target).options;
  agenda_.remove(target);
  if (agenda_.uses(set) == 0) forget(set);
  leave(group);
}

Result<void> Prober::change(TargetIndex target, const TargetChange& change) {
  const std::size_t group = group_of(target);
  TargetOptions options = agenda_.options_of(target);
  if (change.packet) {
    if (auto admitted = admit(groups_[group], *change.packet); !admitted) return admitted;
    static_cast<PacketOptions&>(options.network) = *change.packet;
  }
  if (change.interval) {
    if (auto* fixed = std::get_if<FixedInterval>(&options.schedule)) {
      fixed->interval = *change.interval;
    } else if (auto* rounds = std::get_if<SynchronousRounds>(&options.schedule)) {
      rounds->interval = *change.interval;
    } else {
      return std::unexpected(Error::invalid("the target's schedule has no interval"));
    }
  }
  options.timeout = change.timeout.value_or(options.timeout);
  const OptionsIndex before = agenda_.target(target).options;
  agenda_.change(target, groups_[group].paced ? paced_for_udp(std::move(options)) : std::move(options),
                 time_now());
  if (agenda_.uses(before) == 0) forget(before);
  const Target& changed = agenda_.target(target);
  group_of(changed.options, changed.address.family()) = group;
  return {};
}

void Prober::begin() {
  begun_ = true;
  const Nanoseconds waited = watch_.now() - constructed_at_;
  // Time first, so that what begins now is due in this very turn.
  agenda_.advance(watch_.now());
  if (waited > Nanoseconds::zero()) agenda_.postpone(waited);
}

void Prober::process() {
  watch_.check();
  if (!begun_) begin();
  for (int batch = 1; batch <= batches_per_turn; ++batch) {
    const bool more = send_due() && batch < batches_per_turn;
    if (gathering_.stamped && more) {
      receive_where_sent();
    } else {
      receive_waiting();
    }
    expire_all();
    if (!more) break;
  }
  if (!idle_groups_.empty()) close_idle_groups();
  last_turn_ = watch_.now();
  if (!held_ && agenda_.peek_due() && pacer_.unlimited()) saturated_until_ = last_turn_ + saturation_lasts;
  const bool busy = is_busy();
  gather({busy, busy && has_unstamped_ && last_turn_ < saturated_until_});
}

bool Prober::is_busy() const {
  if (agenda_.is_paced_by_answers()) return false;
  return std::max(sent_in_last_window_, sent_in_window_) >= gather_rate / 10 &&
         watch_.now() - rate_window_ <= 2 * rate_window;
}

void Prober::gather(Gathering wanted) {
  if (wanted == gathering_) return;
  const Gathering before = std::exchange(gathering_, wanted);
  for (std::size_t channel = 0; channel < channels_.size(); ++channel) {
    if (!channels_[channel]) continue;
    const transport::Transport& transport = *channels_[channel]->transport;
    const bool gathers = gathering_.of(transport);
    if (transport.fd() < 0 || gathers == before.of(transport)) continue;
    if (gathers) {
      ::epoll_ctl(poll_descriptor_.get(), EPOLL_CTL_DEL, transport.fd(), nullptr);
    } else if (!watch_descriptor(transport.fd(), channel)) {
      gathering_ = {true, true};  // no memory for it: answers are gathered on
      return;
    }
  }
}

bool Prober::watch_descriptor(int descriptor, std::size_t channel) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = channel;
  return ::epoll_ctl(poll_descriptor_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0 || errno == EEXIST;
}

std::optional<MonotonicTime> Prober::pause() const {
  const MonotonicTime now = clock_->monotonic();
  if (!held_ && agenda_.peek_due() && (pacer_.unlimited() || pacer_.next() <= now)) return now;
  const auto until = next_deadline();
  if (!gathering_.stamped) return until;
  if (gathering_.unstamped) return now;  // looking again is all that tells when an answer comes
  return std::max(until.value_or(last_turn_), last_turn_ + gather_time);
}

std::optional<MonotonicTime> Prober::next_deadline() const {
  auto next = held_ ? std::nullopt : agenda_.next_deadline();
  if (next && !pacer_.unlimited()) next = std::max(*next, pacer_.next());
  const auto also = [&next](std::optional<MonotonicTime> deadline) {
    if (deadline && (!next || *deadline < *next)) next = deadline;
  };
  for_each_channel([&](const Channel& channel) { also(channel.inflight.next_timeout()); });
  for (const IdleGroup& idle : idle_groups_) {
    if (idle.closes_at != MonotonicTime::max()) also(idle.closes_at);
  }
  return next;
}

ProberTotals Prober::totals() {
  ProberTotals totals;
  totals.probes = probes_;
  totals.stamp_drops = stamp_drops_;
  totals.skipped_sends = agenda_.skipped_sends();
  totals.clock_steps = watch_.steps();
  totals.lag = agenda_.lag();
  totals.receive_drops = closed_drops_;
  for_each_channel([&](Channel& channel) { totals.receive_drops += channel.transport->receive_drops(); });
  return totals;
}

}  // namespace sonde::engine
