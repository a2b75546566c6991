// matcher.cpp: see matcher.hpp for what is believed and why.
#include "engine/matcher.hpp"

#include <algorithm>

#include "net/interfaces.hpp"
#include "wire/bytes.hpp"
#include "wire/payload.hpp"
#include "wire/probe_message.hpp"
#include "wire/token.hpp"

namespace sonde::engine {

namespace {

bool many_may_answer(const Address& address) {
  return address.is_multicast() || address.is_broadcast();
}

// Zones are local names: the same link-local source may come with or without one.
bool same_host(const Address& a, const Address& b) {
  return a.family() == b.family() && a.padded_bytes() == b.padded_bytes() &&
         (a.scope_id() == b.scope_id() || a.scope_id() == 0 || b.scope_id() == 0);
}

void describe_arrival(const transport::Arrival& arrival, Event& event) {
  event.from = arrival.from;
  event.ttl = arrival.ttl;
  event.tos = arrival.tos;
  event.bytes = arrival.bytes;
  event.ip_identification = arrival.identification;
  event.dont_fragment = arrival.dont_fragment;
  if (!arrival.ip_options.empty()) {
    event.ip_options.assign(arrival.ip_options.begin(), arrival.ip_options.end());
    event.flags |= EventFlag::ip_options;
  }
}

// The arrival is about this probe.
Event& attribute(const transport::Arrival& arrival, ProbeSlot& slot, const Target& target, Match& match) {
  match.slot = &slot;
  match.target = slot.target;
  match.event.address = target.address;
  match.event.sequence = slot.sequence;
  describe_arrival(arrival, match.event);
  return match.event;
}

struct Belief {
  bool believed = true;
  EventFlags flags;  // why not, or what is particular about it
};

// Whether the arrival proves that it answers the probe with this token.
Belief believe(const transport::Arrival& arrival, const TargetOptions& options, std::uint64_t proof,
               bool expected_source) {
  using transport::Proof;
  if (arrival.proof == Proof::connection)
    return {true, arrival.refused ? EventFlags(EventFlag::refused) : EventFlags()};
  const ProbeMessage asked = options.network.message;
  const auto came = wire::read_proof(arrival.message.payload, asked);
  const bool has_proof = options.payload_bytes >= wire::token_bytes;
  const bool whole =
      asked != ProbeMessage::timestamp || arrival.message.payload.size() >= wire::timestamp_payload_bytes;
  const bool right = has_proof && whole && came == proof;
  if (right && asked != ProbeMessage::timestamp)
    return {true, expected_source ? EventFlags() : EventFlags(EventFlag::other_source)};
  const bool has_to_come = arrival.proof == Proof::token;
  if (has_proof && !right && (has_to_come || (came && arrival.proof == Proof::quote)))
    return {false, EventFlag::bad_token};
  // No token to go by: ports, or identifier and sequence, and the source are left; a time that could be guessed, too.
  if (!expected_source) return {false, EventFlag::other_source};
  return {true, EventFlag::no_token};
}

// What an ICMP error quotes, for a path tool: by it, it sees what became of the probe on the way there.
void describe_quote(const wire::IcmpMessage& message, TransportKind kind, Event& event) {
  const auto quote = message.quote;
  if (quote.empty()) return;
  event.quote.assign(quote.begin(), quote.end());
  constexpr std::size_t in_icmp = 2, in_tcp = 16;
  const std::size_t at = kind == TransportKind::tcp ? in_tcp : in_icmp;
  if (kind != TransportKind::udp && quote.size() >= at + sizeof(std::uint16_t))
    event.quoted_checksum = wire::load_be16(quote, at);
  if (!message.extensions.empty())
    event.extensions_begin = static_cast<std::uint16_t>(message.extensions.data() - quote.data());
}

// The probe's slot, if its target is still there.
ProbeSlot* living(ProbeSlot* slot, const Agenda& agenda) {
  if (slot == nullptr) return nullptr;
  const Target& target = agenda.target(slot->target);
  return target.present && target.generation == slot->generation ? slot : nullptr;
}

}  // namespace

Match Matcher::match(const transport::Arrival& arrival, Channel& channel, Agenda& agenda) {
  Match match;
  switch (arrival.message.kind) {
    case wire::IcmpKind::echo_reply:
    case wire::IcmpKind::timestamp_reply:
    case wire::IcmpKind::node_reply:
      match_answer(arrival, channel, agenda, match);
      break;
    case wire::IcmpKind::error:
    case wire::IcmpKind::note:
      match_error(arrival, channel, agenda, match);
      break;
    case wire::IcmpKind::echo_request:
    case wire::IcmpKind::other:
      reject(arrival, agenda, {}, match);
      break;
  }
  return match;
}

void Matcher::reject(const transport::Arrival& arrival, Agenda& agenda, EventFlags why, Match& match) const {
  Event& event = match.event;
  event.kind = EventKind::rejected;
  describe_arrival(arrival, event);
  event.flags |= why;
  event.received_at = arrival.stamp.value_or(clock_->to_unix(arrival.received_at));
  if (arrival.message.reason != ErrorReason::none) {
    event.icmp_type = arrival.message.type;
    event.icmp_code = arrival.message.code;
    event.reason = arrival.message.reason;
  }
  // An error names the target by the probe it quotes; its sender is just some router.
  const auto& about = arrival.probed ? arrival.probed : arrival.from;
  event.has_target = false;
  if (about) {
    event.address = *about;
    match.target = agenda.find(*about);
    event.has_target = match.target.has_value();
  }
}

UnixTime Matcher::sent_unix(const ProbeSlot& slot) const {
  return slot.stamp != UnixTime{} && !slot.hardware_stamp ? slot.stamp : clock_->to_unix(slot.sent_at);
}

void Matcher::measure(const transport::Arrival& arrival, const ProbeSlot& slot, Event& event) const {
  const Nanoseconds around = arrival.received_at - slot.sent_at;
  event.rtt = around;
  event.clock = RttClock::user;
  event.received_at = arrival.stamp.value_or(clock_->to_unix(arrival.received_at));
  if (arrival.rtt) {
    event.rtt = *arrival.rtt;
    event.clock = RttClock::kernel;
    event.host_time = std::max(Nanoseconds::zero(), around - *arrival.rtt);
    return;
  }
  const auto& stamp = slot.hardware_stamp ? arrival.hardware_stamp : arrival.stamp;
  if (!stamp) {
    if (slot.stamp_asked) event.flags |= EventFlag::no_rx_stamp;
    return;
  }
  if (slot.stamp == UnixTime{}) {
    if (slot.stamp_asked) event.flags |= EventFlag::no_tx_stamp;
    return;
  }
  if (clock_->stepped_since(slot.sent_at)) {
    event.flags |= EventFlag::clock_step;
    return;
  }
  const Nanoseconds between = *stamp - slot.stamp;
  const UnixTime call_began = clock_->to_unix(slot.sent_at - Nanoseconds(slot.lead_ns));
  // The two clocks' offset is known to a few microseconds only.
  const bool after_call = slot.hardware_stamp || slot.stamp + ClockWatch::threshold >= call_began;
  if (between < Nanoseconds::zero() || between > around + Nanoseconds(slot.lead_ns) || !after_call) {
    // Stamps that contradict the monotonic clock: the wall clock was set forth and back between two looks. But
    // this host's own copy of a multicast probe is received before the device gets the original.
    const bool own_copy = many_may_answer(event.address) && between < Nanoseconds::zero();
    if (!own_copy) event.flags |= EventFlag::clock_step;
    return;
  }
  event.rtt = between;
  event.clock = slot.hardware_stamp ? RttClock::hardware : RttClock::kernel;
  event.host_time = std::max(Nanoseconds::zero(), around - between);
}

std::optional<Nanoseconds> Matcher::time_to_arrival(const transport::Arrival& arrival,
                                                    const ProbeSlot& slot) const {
  if (!arrival.stamp || clock_->stepped_since(slot.sent_at)) return std::nullopt;
  const Nanoseconds took = *arrival.stamp - clock_->to_unix(slot.sent_at);
  if (took < Nanoseconds::zero() || took > arrival.received_at - slot.sent_at + ClockWatch::threshold)
    return std::nullopt;
  return took;
}

EventFlags Matcher::compare_payload(const transport::Arrival& arrival, const TargetOptions& options) const {
  EventFlags flags;
  const std::size_t sent_bytes = options.payload_bytes;
  const std::size_t came_bytes = arrival.bytes - wire::echo_header_bytes;
  if (came_bytes < sent_bytes) flags |= EventFlag::truncated;
  if (came_bytes > sent_bytes) flags |= EventFlag::extra_bytes;
  const auto common = arrival.message.payload.first(std::min(arrival.message.payload.size(), sent_bytes));
  if (!wire::payload_matches(common, options.pattern)) flags |= EventFlag::corrupt;
  return flags;
}

// What an answer says beside that it came.
void Matcher::read_contents(const transport::Arrival& arrival, const TargetOptions& options,
                            Event& event) const {
  const auto payload = arrival.message.payload;
  switch (options.network.message) {
    case ProbeMessage::echo:
      if (arrival.proof == transport::Proof::token) event.flags |= compare_payload(arrival, options);
      if (event.flags.has(EventFlag::corrupt)) event.payload.assign(payload.begin(), payload.end());
      return;
    case ProbeMessage::timestamp:
      event.icmp_times = wire::read_icmp_times(payload);
      return;
    case ProbeMessage::node_information: {
      event.node_answer = wire::read_node_answer(arrival.packet);
      const auto data = payload.subspan(wire::nonce_bytes);  // the nonce was believed
      event.payload.assign(data.begin(), data.end());
      return;
    }
  }
}

void Matcher::match_answer(const transport::Arrival& arrival, Channel& channel, Agenda& agenda,
                           Match& match) {
  if (arrival.bad_checksum) return reject(arrival, agenda, EventFlag::bad_checksum, match);
  if (arrival.message.identifier != channel.transport->identifier())
    return reject(arrival, agenda, {}, match);
  ProbeSlot* slot = living(channel.inflight.by_sequence(arrival.message.sequence), agenda);
  if (slot == nullptr) return reject(arrival, agenda, EventFlag::other_sequence, match);
  const Target& target = agenda.target(slot->target);
  const TargetOptions& options = agenda.options(target.options);
  if (!wire::is_answer(arrival.message.kind, options.network.message))
    return reject(arrival, agenda, {}, match);

  const bool is_target = arrival.from && same_host(*arrival.from, target.address);
  if (options.same_source && !is_target) return reject(arrival, agenda, EventFlag::other_source, match);
  const bool expected_source = is_target || (arrival.from && many_may_answer(target.address));
  const Belief belief = believe(arrival, options, slot->token, expected_source);
  if (!belief.believed) return reject(arrival, agenda, belief.flags, match);

  Event& event = attribute(arrival, *slot, target, match);
  event.flags |= belief.flags;
  read_contents(arrival, options, event);
  if (arrival.message.reason != ErrorReason::none) {
    event.icmp_type = arrival.message.type;
    event.icmp_code = arrival.message.code;
    event.reason = arrival.message.reason;
    if (target.question) describe_quote(arrival.message, channel.transport->kind(), event);
  }
  measure(arrival, *slot, event);
  event.sent_at = sent_unix(*slot);
  switch (slot->state) {
    case ProbeState::waiting:
      event.kind = EventKind::reply;
      break;
    case ProbeState::lost:
      event.kind = EventKind::late;
      break;
    default:
      event.kind = EventKind::duplicate;
      break;
  }
}

void Matcher::match_error(const transport::Arrival& arrival, Channel& channel, Agenda& agenda, Match& match) {
  if (arrival.bad_checksum) return reject(arrival, agenda, EventFlag::bad_checksum, match);
  const auto& quoted = arrival.message.quoted;
  if (!quoted || !quoted->asks || quoted->identifier != channel.transport->identifier()) {
    return reject(arrival, agenda, EventFlag::unmatched_quote, match);
  }
  ProbeSlot* slot = living(channel.inflight.by_sequence(quoted->sequence), agenda);
  if (slot == nullptr) return reject(arrival, agenda, EventFlag::unmatched_quote, match);
  const Target& target = agenda.target(slot->target);
  const auto& destination = quoted->destination ? quoted->destination : arrival.probed;
  const TargetOptions& options = agenda.options(target.options);
  const ProbeMessage asked = options.network.message;
  const auto proof = wire::read_proof(quoted->payload, asked);
  const bool has_proof = options.payload_bytes >= wire::token_bytes && proof;
  const bool other_host = destination && !same_host(*destination, target.address);
  if (quoted->asks != asked || other_host || (has_proof && proof != slot->token)) {
    return reject(arrival, agenda, EventFlag::unmatched_quote, match);
  }

  Event& event = attribute(arrival, *slot, target, match);
  event.sent_at = sent_unix(*slot);
  event.icmp_type = arrival.message.type;
  event.icmp_code = arrival.message.code;
  event.reason = arrival.message.reason;
  event.mtu = arrival.message.mtu;
  event.pointer = arrival.message.pointer;
  event.gateway = arrival.message.gateway;
  for (auto rest = arrival.message.label_stack; rest.size() >= 4; rest = rest.subspan(4))
    event.label_stack.push_back(wire::load_be32(rest, 0));
  if (target.question) describe_quote(arrival.message, channel.transport->kind(), event);
  measure(arrival, *slot, event);
  if (event.reason == ErrorReason::host_unreachable && arrival.from && is_own_address(*arrival.from)) {
    // This host's own word: the probe never left, so there is neither a time nor a stamp to miss.
    event.reason = ErrorReason::neighbour;
    event.rtt.reset();
    event.host_time.reset();
    event.flags = {};
  }
  if (arrival.message.kind == wire::IcmpKind::note) {
    event.kind = EventKind::note;
    const auto quote = arrival.message.payload;
    if (arrival.has_ip_header) event.payload.assign(quote.begin(), quote.end());
  } else if (slot->state == ProbeState::waiting) {
    event.kind = EventKind::error;
  } else {
    // It has a verdict. What the error adds to a loss is worth a note; a second error, or one after an
    // answer, is not.
    event.kind = EventKind::note;
    match.silent = slot->state != ProbeState::lost;
  }
}

Event Matcher::unanswered(const ProbeSlot& slot, const Address& address) const {
  Event event;
  event.kind = EventKind::lost;
  event.address = address;
  event.sequence = slot.sequence;
  event.sent_at = sent_unix(slot);
  if (slot.stamp_asked && slot.stamp == UnixTime{}) event.flags |= EventFlag::no_tx_stamp;
  if (slot.suspect) event.flags |= EventFlag::suspect;
  return event;
}

bool Matcher::is_own_address(const Address& address) {
  // Forged errors must not fill memory, and a renumbered host must be noticed some time.
  constexpr std::size_t remembered = 64;
  const auto known = own_addresses_.find(address);
  if (known != own_addresses_.end()) return known->second;
  if (own_addresses_.size() >= remembered) own_addresses_.clear();
  const bool own = net::is_own_address(address).value_or(false);
  own_addresses_.emplace(address, own);
  return own;
}

}  // namespace sonde::engine
