// prober_receiving.cpp: from what the sockets hold to verdicts.
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

#include "engine/prober.hpp"
#include "net/interfaces.hpp"
#include "net/route.hpp"
#include "wire/bytes.hpp"
#include "wire/ip.hpp"
#include "wire/probe_message.hpp"

namespace sonde::engine {

void Prober::receive_waiting() {
  sent_on_.clear();
  // Where the next probe waits for an answer, that is mostly there already: asking whether it is costs as much as reading.
  const std::size_t open = channels_.size() - free_channels_.size();
  if (gathering_.stamped || (open == 1 && agenda_.is_paced_by_answers())) {
    for_each_channel([this](Channel& channel) { receive_from(channel); });
    return watch_.check();
  }
  std::array<epoll_event, 32> ready;
  const int count = ::epoll_wait(poll_descriptor_.get(), ready.data(), static_cast<int>(ready.size()), 0);
  for (int i = 0; i < count; ++i) receive_from(*channels_[ready[static_cast<std::size_t>(i)].data.u64]);
  // Transports without a descriptor (tests) are always asked.
  for_each_channel([this](Channel& channel) {
    if (channel.transport->fd() < 0) receive_from(channel);
  });
  watch_.check();
}

void Prober::receive_where_sent() {
  for (const std::size_t channel : sent_on_) receive_from(*channels_[channel]);
  sent_on_.clear();
  if (const auto& next = channels_[next_look_++ % channels_.size()]) receive_from(*next);
  watch_.check();
}

// Calls of receive() in a row, so that a flood of foreign packets cannot keep the loop from sending.
constexpr std::size_t most_batches = 64;

void Prober::receive_from(Channel& channel) {
  for (std::size_t batch = 0; batch < most_batches; ++batch) {
    if (!receive_once(channel)) return;
  }
}

bool Prober::receive_once(Channel& channel) {
  received_.clear();
  const bool more = channel.transport->receive(received_);
  // A step of the wall clock has to be known before a stamp is believed.
  if (!received_.arrivals.empty()) watch_.check();
  for (const transport::SendStamp& stamp : received_.stamps) take_stamp(channel, stamp);
  for (const transport::Arrival& arrival : received_.arrivals) take_arrival(channel, arrival);
  return more;
}

// An ICMP error may cut a call short, so that only one which brings nothing has seen the end.
Prober::Read Prober::read_to_end(Channel& channel) {
  Read read;
  for (std::size_t calls = 0; calls < most_batches && !read.to_end; ++calls) {
    const bool more = receive_once(channel);
    read.to_end = !more && received_.arrivals.empty();
    read.packets += std::max<std::size_t>(1, received_.arrivals.size());
  }
  return read;
}

void Prober::take_stamp(Channel& channel, const transport::SendStamp& stamp) {
  ProbeSlot* slot = channel.inflight.by_number(stamp.number);
  if (slot == nullptr) return;
  if (slot->stamp == UnixTime{} && slot->stamp_asked &&
      (slot->state == ProbeState::lost || slot->state == ProbeState::failed ||
       slot->state == ProbeState::answered)) {
    --stamp_drops_;  // it was counted at the verdict, and came after all
  }
  // A device's own stamp, which follows the software's, takes its place.
  if (slot->stamp != UnixTime{} && !stamp.hardware) return;
  slot->stamp = stamp.at;
  slot->hardware_stamp = stamp.hardware;
  if (options_.packets && slot->state == ProbeState::waiting && is_known(*slot)) show_probe(channel, *slot);
}

void Prober::take_arrival(Channel& channel, const transport::Arrival& arrival) {
  Match match = matcher_.match(arrival, channel, agenda_);
  if (match.silent) return;
  if (options_.packets && match.slot != nullptr) {
    show_probe(channel, *match.slot);
    show_answer(arrival);
  }
  const EventKind& kind = match.event.kind;
  if (kind == EventKind::reply || kind == EventKind::late) compare_with_timeout(arrival, channel, match);
  const bool verdict = kind == EventKind::reply || kind == EventKind::late || kind == EventKind::error;
  if (verdict) {
    conclude(channel, *match.slot, match.event);
  } else {
    if (kind == EventKind::note && match.event.reason == ErrorReason::neighbour) forget_stamp(*match.slot);
    sink_->outcome(match.target, match.event);
  }
}

void Prober::end_unanswered(Channel& channel, ProbeSlot& slot, EventFlags why) {
  if (!is_known(slot) || !never_left(slot)) return lose(channel, slot, why);
  slot.stamp_asked = false;
  Event event = matcher_.unanswered(slot, agenda_.target(slot.target).address);
  event.kind = EventKind::local;
  event.reason = ErrorReason::local_error;
  event.system_errno = ENETDOWN;
  conclude(channel, slot, event);
}

void Prober::compare_with_timeout(const transport::Arrival& arrival, Channel& channel, Match& match) {
  Event& event = match.event;
  const Nanoseconds timeout = channel.inflight.timeout_of(*match.slot);
  if (*event.rtt <= timeout) return;
  if (event.clock == RttClock::user) {
    // This is when it was read. Its own stamp, if it has one, says when it came; if not, nothing says that it was late.
    const auto came_after = matcher_.time_to_arrival(arrival, *match.slot);
    if (!came_after) return;
    event.rtt = *came_after;
    if (*event.rtt <= timeout) return;
  }
  if (event.kind == EventKind::late) return;
  lose(channel, *match.slot);
  event.kind = EventKind::late;
}

void Prober::conclude(Channel& channel, ProbeSlot& slot, Event& event) {
  const TargetIndex target = slot.target;
  // A probe that waited in vain for its neighbour's address never reached the device, and one that the session's end
  // cuts short may not have yet: no stamp of theirs was lost.
  if (event.reason == ErrorReason::neighbour || event.flags.has(EventFlag::cut_short))
    slot.stamp_asked = false;
  if (slot.stamp_asked && slot.stamp == UnixTime{} && event.kind != EventKind::late) ++stamp_drops_;
  if (event.kind == EventKind::late && slot.suspect) event.flags |= EventFlag::suspect;
  const MonotonicTime timed_out_at = slot.sent_at + channel.inflight.timeout_of(slot);
  channel.inflight.settle(slot, event.kind == EventKind::error || event.kind == EventKind::local
                                    ? ProbeState::failed
                                : event.kind == EventKind::lost ? ProbeState::lost
                                                                : ProbeState::answered);
  sink_->outcome(target, event);
  agenda_.verdict(target, event.kind, watch_.now(), timed_out_at);
}

// The kernel says, after the loss, that the probe never reached the device.
void Prober::forget_stamp(ProbeSlot& slot) {
  if (!slot.stamp_asked || slot.stamp != UnixTime{}) return;
  slot.stamp_asked = false;
  --stamp_drops_;
}

bool Prober::is_known(const ProbeSlot& slot) const {
  const Target& target = agenda_.target(slot.target);
  return target.present && target.generation == slot.generation;
}

bool Prober::never_left(const ProbeSlot& slot) const {
  if (!slot.stamp_asked || slot.stamp != UnixTime{}) return false;
  const Target& target = agenda_.target(slot.target);
  const auto route = net::find_route(target.address, agenda_.options(target.options).network);
  return route && net::lacks_carrier(route->interface);
}

void Prober::lose(Channel& channel, ProbeSlot& slot, EventFlags why) {
  if (!is_known(slot)) {
    slot.stamp_asked = false;  // nor is its stamp missed
    return channel.inflight.settle(slot, ProbeState::lost);
  }
  channel.drops.check(*channel.transport, watch_.now());
  slot.suspect = channel.drops.dropped_since(slot.sent_at);
  Event event = matcher_.unanswered(slot, agenda_.target(slot.target).address);
  event.flags |= why;
  if (options_.packets) show_probe(channel, slot);
  conclude(channel, slot, event);
}

void Prober::expire(Channel& channel, MonotonicTime now) {
  // A flood cannot hold verdicts for ever: when so much was read as the receive buffer can hold (of the smallest packets, three
  // where one answer with its stamp is counted), all that had come at first was among it.
  const std::size_t enough = 3 * channel.transport->receive_capacity();
  if (!channel.overdue) channel.overdue = {.since = now};
  Channel::Overdue& overdue = *channel.overdue;
  const Read read = read_to_end(channel);
  overdue.packets += read.packets;
  if (!read.to_end && overdue.packets < enough) return;
  const MonotonicTime until = read.to_end ? now : overdue.since;
  channel.overdue.reset();
  while (ProbeSlot* slot = channel.inflight.expire_one(until)) end_unanswered(channel, *slot);
}

void Prober::expire_all() {
  constexpr Nanoseconds drop_look = std::chrono::milliseconds(100);
  for_each_channel([&](Channel& channel) {
    const MonotonicTime now = watch_.now();
    if (now - channel.drops.checked_at() >= drop_look) channel.drops.check(*channel.transport, now);
    if (channel.inflight.has_expired(now)) expire(channel, now);
  });
}

void Prober::give_up() {
  watch_.check();
  for_each_channel([&](Channel& channel) {
    const MonotonicTime now = watch_.now();
    channel.inflight.has_expired(now);  // moves its time on
    do expire(channel, now);
    while (channel.overdue);
    channel.inflight.for_each_waiting(
        [&](ProbeSlot& slot) { end_unanswered(channel, slot, EventFlag::cut_short); });
  });
}

// --- captures ----------------------------------------------------------------------------------------------

void Prober::show_probe(const Channel& channel, ProbeSlot& slot) {
  if (slot.shown) return;
  slot.shown = true;
  const Target& target = agenda_.target(slot.target);
  const TargetOptions& options = agenda_.options(target.options);
  const auto message = compose(0, {slot.target, slot.sequence, {}, 0}, slot.token);
  wire::write_request(message, target.address.family(), options.network.message,
                      channel.transport->identifier(), static_cast<std::uint16_t>(slot.number));
  if (target.address.is_ipv4()) wire::write_icmpv4_checksum(message);
  PacketView view;
  view.outgoing = true;
  view.at = slot.stamp != UnixTime{} && !slot.hardware_stamp ? slot.stamp : watch_.to_unix(slot.sent_at);
  view.from = options.network.source.value_or(Address::any(target.address.family()));
  view.to = target.address;
  view.ttl = options.network.ttl.value_or(64);
  view.tos = options.network.tos.value_or(0);
  view.bytes = message;
  sink_->packet(view);
}

namespace {

// The error queue hands over what an ICMP error quotes, from the ICMP header on. This is the message around it, with
// an IP header of the quoted probe as far as it is known.
std::vector<std::byte> rebuild_error(const transport::Arrival& arrival) {
  const Address probed = *arrival.probed;
  const bool ipv4 = probed.is_ipv4();
  const wire::IpFields fields{
      .source = Address::any(probed.family()),
      .destination = probed,
      .protocol = ipv4 ? wire::protocol_icmpv4 : wire::protocol_icmpv6,
      .payload_bytes = static_cast<std::uint16_t>(arrival.packet.size()),
      .ttl = 1,
  };
  std::vector<std::byte> message(wire::echo_header_bytes);
  message[0] = std::byte{arrival.message.type};
  message[1] = std::byte{arrival.message.code};
  if (arrival.message.mtu) wire::store_be32(message, 4, *arrival.message.mtu);
  const auto append = [&message](std::span<const std::byte> bytes) {
    message.insert(message.end(), bytes.begin(), bytes.end());
  };
  ipv4 ? append(wire::ipv4_header(fields)) : append(wire::ipv6_header(fields));
  append(arrival.packet);
  if (ipv4) wire::write_icmpv4_checksum(message);
  return message;
}

}  // namespace

void Prober::show_answer(const transport::Arrival& arrival) {
  PacketView view;
  std::vector<std::byte> rebuilt;
  view.has_ip_header = arrival.has_ip_header;
  view.at = arrival.stamp.value_or(watch_.to_unix(arrival.received_at));
  if (arrival.from) {
    view.from = *arrival.from;
    view.to = Address::any(arrival.from->family());
  }
  view.ttl = arrival.ttl.value_or(0);
  view.tos = arrival.tos.value_or(0);
  view.bytes = arrival.packet;
  const bool is_error =
      arrival.message.kind == wire::IcmpKind::error || arrival.message.kind == wire::IcmpKind::note;
  if (is_error && arrival.from_error_queue && arrival.probed) view.bytes = rebuilt = rebuild_error(arrival);
  sink_->packet(view);
}

}  // namespace sonde::engine
