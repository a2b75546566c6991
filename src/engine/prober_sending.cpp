// prober_sending.cpp: from due targets to probes that have left.
#include <algorithm>

#include "engine/prober.hpp"
#include "wire/payload.hpp"
#include "wire/probe_message.hpp"

namespace sonde::engine {

namespace {

// How long a group waits when its send buffers are full.
constexpr Nanoseconds send_buffer_pause = std::chrono::microseconds(200);

}  // namespace

bool Prober::send_due() {
  const MonotonicTime now = watch_.now();
  agenda_.advance(now);
  if (held_ || !agenda_.peek_due()) return false;
  const std::size_t allowance = pacer_.allowance(now, transport::Transport::batch_size);
  if (allowance == 0) return false;
  stage(allowance);
  for (Group& group : groups_) {
    if (!group.staged.empty()) flush(group);
  }
  return agenda_.peek_due().has_value();
}

void Prober::stage(std::size_t allowance) {
  const MonotonicTime now = watch_.now();
  agenda_.look_ahead(allowance, [this](TargetIndex target) { sink_->sending(target); });
  for (std::size_t staged = 0; staged < allowance;) {
    const auto due = agenda_.peek_due();
    if (!due) return;
    if (agenda_.is_over(*due)) {
      remove(*due);
      continue;
    }
    Group& group = groups_[group_of(*due)];
    if (group.blocked_until > now) {
      agenda_.defer(*due, group.blocked_until);
      continue;
    }
    if (group.paced && !leaves_at_its_slot(*due, now)) continue;
    agenda_.take_due(now, group.staged.emplace_back());
    ++staged;
  }
}

// Whether a target of a paced group may be asked now; if not, it has its moment.
bool Prober::leaves_at_its_slot(TargetIndex due, MonotonicTime now) {
  MonotonicTime slot = agenda_.target(due).has_slot ? now : udp_slots_.take(now);
  if (slot <= now && udp_slots_.leave(now)) return true;
  if (slot <= now) slot = udp_slots_.take(now);
  agenda_.give_slot(due, slot);
  return false;
}

std::span<std::byte> Prober::compose(std::size_t place, const Agenda::Sending& sending, std::uint64_t token) {
  const Target& target = agenda_.target(sending.target);
  const TargetOptions& options = agenda_.options(target.options);
  const std::size_t bytes = wire::echo_header_bytes + options.payload_bytes;
  SendBuffer& buffer = buffers_[place];
  if (buffer.filled_for != target.options) {
    if (buffer.bytes.size() < bytes) buffer.bytes.resize(bytes);
    wire::fill_payload(std::span(buffer.bytes).subspan(wire::echo_header_bytes, options.payload_bytes),
                       options.pattern);
    buffer.filled_for = target.options;
  }
  const auto message = std::span(buffer.bytes).first(bytes);
  const auto payload = message.subspan(wire::echo_header_bytes);
  if (options.network.message == ProbeMessage::node_information)
    wire::write_node_query(message, options.node_query);
  if (payload.size() >= wire::token_bytes) wire::write_proof(payload, options.network.message, token);
  return message;
}

std::uint64_t Prober::proof_of(const Channel& channel, const Agenda::Sending& sending,
                               std::uint32_t number) const {
  const Target& target = agenda_.target(sending.target);
  const std::uint64_t token = key_.token(target.address, sending.sequence, number);
  const ProbeMessage asked = agenda_.options(target.options).network.message;
  if (asked == ProbeMessage::echo) return token;
  const UnixTime now = watch_.to_unix(clock_->monotonic());
  return wire::proof_of(asked, token, {channel.transport->identifier(), static_cast<std::uint16_t>(number)},
                        wire::icmp_time(now));
}

// Sends what is staged; several channels may be needed when one has few free numbers left.
void Prober::flush(Group& group) {
  std::size_t first = 0;
  while (first < group.staged.size()) {
    const auto place = free_channel(group);
    if (!place) {
      put_back(group, first, group.blocked_until);
      break;
    }
    Channel& channel = *channels_[*place];
    Inflight& inflight = channel.inflight;
    const std::uint32_t first_number = inflight.next_number();
    std::size_t count = 0;
    while (first + count < group.staged.size() && inflight.ready(watch_.now())) {
      const Agenda::Sending& sending = group.staged[first + count];
      const Target& target = agenda_.target(sending.target);
      ProbeSlot& slot = inflight.take(sending.target, target.generation, sending.sequence);
      slot.stamp_asked = channel.transport->stamps() &&
                         (options_.stamp_every <= 1 || slot.number % options_.stamp_every == 0);
      transport::Departure& departure = departures_[count];
      departure.packet = static_cast<const PacketOptions&>(agenda_.options(target.options).network);
      departure.to = net::SocketAddress::from(target.address, 0, departure.packet.flow_label.value_or(0));
      departure.number = slot.number;
      departure.stamp = slot.stamp_asked;
      slot.token = proof_of(channel, sending, slot.number);
      departure.message = compose(count, sending, slot.token);
      ++count;
    }
    if (gathering_.stamped) sent_on_.push_back(*place);
    const std::size_t decided = channel.transport->send(std::span(departures_).first(count));
    for (std::size_t i = 0; i < decided; ++i) departed(channel, group.staged[first + i], departures_[i]);
    first += decided;
    if (decided < count) {
      inflight.untake(first_number + static_cast<std::uint32_t>(decided));
      group.blocked_until = watch_.now() + send_buffer_pause;
      put_back(group, first, group.blocked_until);
      break;
    }
  }
  group.staged.clear();
}

void Prober::put_back(Group& group, std::size_t first, MonotonicTime again) {
  for (std::size_t i = group.staged.size(); i > first; --i) agenda_.put_back(group.staged[i - 1], again);
}

void Prober::departed(Channel& channel, const Agenda::Sending& sending,
                      const transport::Departure& departure) {
  ProbeSlot& slot = *channel.inflight.by_number(departure.number);
  const Nanoseconds timeout = agenda_.timeout_of_next(sending.target);
  pacer_.spend(1);
  count_rate(1);
  ++probes_;
  sink_->sent(sending.target);
  if (sending.skipped != 0) sink_->skipped(sending.target, sending.skipped);
  if (departure.system_errno == 0) {
    slot.lead_ns = static_cast<std::uint32_t>((departure.sent_at - departure.call_began).count());
    channel.inflight.sent(slot, departure.sent_at, timeout);
    return;
  }
  slot.sent_at = departure.sent_at;
  slot.stamp_asked = false;
  Event event = matcher_.unanswered(slot, agenda_.target(sending.target).address);
  event.kind = EventKind::local;
  event.reason = ErrorReason::local_error;
  event.system_errno = departure.system_errno;
  event.mtu = departure.mtu;
  channel.inflight.settle(slot, ProbeState::forgotten);
  sink_->outcome(sending.target, event);
  agenda_.verdict(sending.target, EventKind::local, watch_.now(), departure.sent_at + timeout);
}

void Prober::count_rate(std::size_t sent) {
  constexpr Nanoseconds window = std::chrono::milliseconds(100);
  const MonotonicTime now = watch_.now();
  if (now - rate_window_ >= window) {
    sent_in_last_window_ = now - rate_window_ < 2 * window ? sent_in_window_ : 0;
    sent_in_window_ = 0;
    rate_window_ = now;
  }
  sent_in_window_ += sent;
}

}  // namespace sonde::engine
