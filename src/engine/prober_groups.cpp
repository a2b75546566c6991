// prober_groups.cpp: groups of channels: who shares sockets, how many a group has, and when they are closed.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <utility>

#include "engine/prober.hpp"
#include "wire/probe_message.hpp"

namespace sonde::engine {

namespace {

constexpr std::size_t most_channels = 32;  // of a group

}  // namespace

Result<void> Prober::open_ahead(Family family, const SocketOptions& sockets) {
  const auto place = group_for(family, sockets);
  if (!place) return std::unexpected(place.error());
  Group& group = groups_[*place];
  group.opened_ahead = true;
  while (group.channels.size() < wanted_channels(group)) {
    if (auto opened = open_channel(group); !opened) return opened;
  }
  return {};
}

Result<void> Prober::admit(const Group& group, const PacketOptions& packet) {
  for (const std::size_t channel : group.channels) {
    if (auto admitted = channels_[channel]->transport->admit(packet); !admitted) return admitted;
  }
  return {};
}

Result<std::size_t> Prober::group_for(Family family, const SocketOptions& sockets) {
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const Group& known = groups_[i];
    if (!known.channels.empty() && known.family == family && known.sockets == sockets) return i;
  }
  Group group;
  group.family = family;
  group.sockets = sockets;
  group.staged.reserve(transport::Transport::batch_size);
  if (auto opened = open_channel(group); !opened) return std::unexpected(opened.error());
  const bool by_udp = channels_[group.channels.front()]->transport->kind() == TransportKind::udp;
  group.paced = by_udp && options_.pace_udp;
  if (free_groups_.empty()) {
    groups_.push_back(std::move(group));
    return groups_.size() - 1;
  }
  const std::size_t place = free_groups_.back();
  free_groups_.pop_back();
  groups_[place] = std::move(group);
  return place;
}

std::size_t Prober::group_of(TargetIndex target) const {
  const Target& entry = agenda_.target(target);
  const auto& [ipv4_group, ipv6_group] = group_of_options_[entry.options];
  return entry.address.is_ipv4() ? ipv4_group : ipv6_group;
}

std::size_t& Prober::group_of(OptionsIndex set, Family family) {
  if (set >= group_of_options_.size()) group_of_options_.resize(set + 1, {no_group, no_group});
  auto& [ipv4_group, ipv6_group] = group_of_options_[set];
  return family == Family::ipv4 ? ipv4_group : ipv6_group;
}

Result<void> Prober::open_channel(Group& group) {
  // All sockets of a group are of one kind, whatever has become possible or impossible since the first.
  SocketOptions sockets = group.sockets;
  if (!group.channels.empty()) sockets.transport = channels_[group.channels.front()]->transport->kind();
  auto opened = open_(group.family, sockets);
  if (!opened) return std::unexpected(opened.error());
  transport::Transport& transport = *opened->transport;
  const std::size_t place = free_channels_.empty() ? channels_.size() : free_channels_.back();
  if (transport.fd() >= 0) {
    if (!gathering_.of(transport) && !watch_descriptor(transport.fd(), place)) {
      return std::unexpected(Error::from_errno(errno, "cannot watch a socket"));
    }
  }
  if (group.channels.empty())
    group.notice = {group.family, transport.kind(), transport.clock(), opened->reason};
  for (OptionsIndex set = 0; set < agenda_.option_places(); ++set) {
    if (agenda_.uses(set) == 0) continue;
    const TargetOptions& options = agenda_.options(set);
    transport.expect_messages_of(wire::echo_header_bytes + options.payload_bytes);
    const bool of_group = !group.channels.empty() && options.network.flow_label &&
                          static_cast<const SocketOptions&>(options.network) == group.sockets;
    if (!of_group || group.family != Family::ipv6) continue;
    if (auto admitted = transport.admit(options.network); !admitted) return admitted;
  }
  has_unstamped_ = has_unstamped_ || !transport.stamps();
  auto channel = std::make_unique<Channel>(std::move(opened->transport), clock_->monotonic());
  group.channels.push_back(place);
  if (place == channels_.size()) {
    channels_.push_back(std::move(channel));
  } else {
    channels_[place] = std::move(channel);
    free_channels_.pop_back();
  }
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

// --- closing ------------------------------------------------------------------------------------------------

void Prober::forget(OptionsIndex set) {
  group_of_options_[set] = {no_group, no_group};
  for (SendBuffer& buffer : buffers_) {
    if (buffer.filled_for == set) buffer.filled_for.reset();
  }
}

void Prober::leave(std::size_t place) {
  Group& group = groups_[place];
  if (--group.targets != 0 || group.opened_ahead) return;
  MonotonicTime closes_at = watch_.now();
  for (const std::size_t channel : group.channels)
    closes_at = std::max(closes_at, channels_[channel]->inflight.quiet_at());
  std::erase_if(idle_groups_, [place](const IdleGroup& idle) { return idle.group == place; });
  idle_groups_.push_back({place, closes_at});
}

void Prober::close_idle_groups() {
  const MonotonicTime now = watch_.now();
  std::erase_if(idle_groups_, [&](IdleGroup& idle) {
    Group& group = groups_[idle.group];
    if (group.targets != 0 || group.opened_ahead) return true;
    const bool kept = idle.closes_at == MonotonicTime::max();
    if (!kept && idle.closes_at > now) return false;
    if (is_last_of_family(group)) {
      idle.closes_at = MonotonicTime::max();
      return false;
    }
    close(group);
    free_groups_.push_back(idle.group);
    return true;
  });
}

bool Prober::is_last_of_family(const Group& group) const {
  return std::ranges::none_of(groups_, [&](const Group& other) {
    return &other != &group && other.family == group.family && !other.channels.empty();
  });
}

void Prober::close(Group& group) {
  for (const std::size_t place : group.channels) {
    closed_drops_ += channels_[place]->transport->receive_drops();
    channels_[place].reset();
    free_channels_.push_back(place);
  }
  group = {};
  has_unstamped_ = false;
  for_each_channel(
      [this](const Channel& channel) { has_unstamped_ = has_unstamped_ || !channel.transport->stamps(); });
}

}  // namespace sonde::engine
