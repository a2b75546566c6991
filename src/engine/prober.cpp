// prober.cpp: a turn of the loop, and waiting for the next; groups and channels.
#include "engine/prober.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "wire/probe_message.hpp"

namespace sonde::engine {

namespace {

constexpr std::size_t no_group = SIZE_MAX;

// From this rate on (probes per second) answers are gathered for `gather_time` instead of waking for each, unless the next
// probe waits for one. Probes leave that much late at most, with what the timer's slack adds: below 1 ms together.
constexpr std::size_t gather_rate = 1500;
constexpr Nanoseconds rate_window = std::chrono::milliseconds(100);
constexpr Nanoseconds gather_time = std::chrono::microseconds(700);

// A prober that never catches up with what is due looks at its sockets as often as it can, so that it need not be woken
// for answers without stamps either; it goes on looking for so long.
constexpr Nanoseconds saturation_lasts = std::chrono::milliseconds(20);

constexpr std::size_t most_channels = 32;  // of a group

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

Result<TargetIndex> Prober::add(const Address& address, const TargetOptions& wanted, Nanoseconds phase) {
  std::optional<TargetOptions> changed;
  if (wanted.network.message != ProbeMessage::echo) changed = fitted(wanted, address);
  const TargetOptions& options = changed ? *changed : wanted;
  const auto group = group_for(address.family(), options.network);
  if (!group) return std::unexpected(group.error());
  announce(groups_[*group].notice);
  const MonotonicTime from = begun_ ? clock_->monotonic() : constructed_at_;
  const TargetIndex index =
      agenda_.add(address, groups_[*group].paced ? paced_for_udp(options) : options, from + phase);
  const OptionsIndex set = agenda_.target(index).options;
  if (set >= group_of_options_.size()) group_of_options_.resize(set + 1, {no_group, no_group});
  auto& [ipv4_group, ipv6_group] = group_of_options_[set];
  std::size_t& known_group = address.is_ipv4() ? ipv4_group : ipv6_group;
  if (known_group == no_group) {
    if (auto admitted = admit(groups_[*group], options.network); !admitted) {
      agenda_.remove(index);
      return std::unexpected(std::move(admitted.error()));
    }
    known_group = *group;
  }
  const std::size_t largest = wire::echo_header_bytes + options.payload_bytes;
  for (const std::size_t channel : groups_[*group].channels)
    channels_[channel]->transport->expect_messages_of(largest);
  return index;
}

Result<void> Prober::admit(const Group& group, const PacketOptions& packet) {
  for (const std::size_t channel : group.channels) {
    if (auto admitted = channels_[channel]->transport->admit(packet); !admitted) return admitted;
  }
  return {};
}

Result<void> Prober::open_ahead(Family family, const SocketOptions& sockets) {
  const auto place = group_for(family, sockets);
  if (!place) return std::unexpected(place.error());
  Group& group = groups_[*place];
  while (group.channels.size() < wanted_channels(group)) {
    if (auto opened = open_channel(group); !opened) return opened;
  }
  return {};
}

void Prober::remove(TargetIndex target) {
  agenda_.remove(target);
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
  for (const auto& channel : channels_) {
    const auto timeout = channel->inflight.next_timeout();
    if (timeout && (!next || *timeout < *next)) next = timeout;
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
  for (const auto& channel : channels_) totals.receive_drops += channel->transport->receive_drops();
  return totals;
}

// --- groups and channels -----------------------------------------------------------------------------------

Result<std::size_t> Prober::group_for(Family family, const SocketOptions& sockets) {
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (groups_[i].family == family && groups_[i].sockets == sockets) return i;
  }
  Group group;
  group.family = family;
  group.sockets = sockets;
  group.staged.reserve(transport::Transport::batch_size);
  if (auto opened = open_channel(group); !opened) return std::unexpected(opened.error());
  const bool by_udp = channels_[group.channels.front()]->transport->kind() == TransportKind::udp;
  group.paced = by_udp && options_.pace_udp;
  groups_.push_back(std::move(group));
  return groups_.size() - 1;
}

std::size_t Prober::group_of(TargetIndex target) {
  const Target& entry = agenda_.target(target);
  const auto& [ipv4_group, ipv6_group] = group_of_options_[entry.options];
  return entry.address.is_ipv4() ? ipv4_group : ipv6_group;
}

Result<void> Prober::open_channel(Group& group) {
  // All sockets of a group are of one kind, whatever has become possible or impossible since the first.
  SocketOptions sockets = group.sockets;
  if (!group.channels.empty()) sockets.transport = channels_[group.channels.front()]->transport->kind();
  auto opened = open_(group.family, sockets);
  if (!opened) return std::unexpected(opened.error());
  transport::Transport& transport = *opened->transport;
  if (transport.fd() >= 0) {
    if (!gathering_.of(transport) && !watch_descriptor(transport.fd(), channels_.size())) {
      return std::unexpected(Error::from_errno(errno, "cannot watch a socket"));
    }
  }
  if (group.channels.empty())
    group.notice = {group.family, transport.kind(), transport.clock(), opened->reason};
  for (OptionsIndex set = 0; set < agenda_.option_sets(); ++set) {
    const TargetOptions& options = agenda_.options(set);
    transport.expect_messages_of(wire::echo_header_bytes + options.payload_bytes);
    const bool of_group = !group.channels.empty() && options.network.flow_label &&
                          static_cast<const SocketOptions&>(options.network) == group.sockets;
    if (!of_group || group.family != Family::ipv6) continue;
    if (auto admitted = transport.admit(options.network); !admitted) return admitted;
  }
  has_unstamped_ = has_unstamped_ || !transport.stamps();
  group.channels.push_back(channels_.size());
  channels_.push_back(std::make_unique<Channel>(std::move(opened->transport), clock_->monotonic()));
  return {};
}

void Prober::announce(const TransportNotice& notice) {
  const bool known = std::ranges::any_of(notices_, [&](const TransportNotice& other) {
    return other.family == notice.family && other.taken == notice.taken;
  });
  if (!known) notices_.push_back(notice);
}

std::size_t Prober::wanted_channels(const Group& group) const {
  if (options_.sockets != 0) return options_.sockets;
  // Receive buffers have to hold 5 ms of answers with their stamps.
  double rate = agenda_.wanted_rate();
  if (options_.max_rate > 0) rate = std::min(rate, options_.max_rate);
  rate = std::min(rate, 250'000.0);  // more than one thread carries
  const auto capacity = static_cast<double>(channels_[group.channels.front()]->transport->receive_capacity());
  const double buffers = rate * 0.005 / std::max(1.0, capacity);
  return std::clamp(static_cast<std::size_t>(std::ceil(buffers)), std::size_t{1}, most_channels);
}

std::optional<std::size_t> Prober::free_channel(Group& group) {
  const MonotonicTime now = watch_.now();
  // One that cannot be opened (descriptors, most likely) leaves the group with those it has.
  const auto grow = [&](std::size_t wanted) {
    if (!group.may_grow || group.channels.size() >= wanted) return false;
    group.may_grow = open_channel(group).has_value();
    return group.may_grow;
  };
  grow(wanted_channels(group));
  MonotonicTime soonest = MonotonicTime::max();
  for (std::size_t tried = 0; tried < group.channels.size(); ++tried) {
    const std::size_t channel = group.channels[group.next_channel++ % group.channels.size()];
    const Inflight& inflight = channels_[channel]->inflight;
    if (inflight.ready(now)) return channel;
    soonest = std::min(soonest, inflight.ready_at());
  }
  // Every sequence number waits for its answer or is in quarantine. (How many that will be depends on how many
  // answers come, so it is not foreseen: rings that are not needed only push others out of the cache.)
  if (grow(options_.sockets != 0 ? options_.sockets : most_channels)) return group.channels.back();
  group.blocked_until = soonest;
  return std::nullopt;
}

}  // namespace sonde::engine
