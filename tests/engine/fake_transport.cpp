// fake_transport.cpp: see fake_transport.hpp.
#include "fake_transport.hpp"

#include <algorithm>

#include "wire/icmp.hpp"
#include "wire/probe_message.hpp"
#include "wire/token.hpp"

namespace sonde::test {

namespace {

void put16(std::vector<std::byte>& bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::byte>(value >> 8);
  bytes[at + 1] = static_cast<std::byte>(value & 0xff);
}

}  // namespace

std::size_t FakeTransport::send(std::span<transport::Departure> departures) {
  ++sends;
  std::size_t decided = 0;
  for (transport::Departure& departure : departures) {
    const MonotonicTime now = network_->clock->monotonic();
    const Fate fate = network_->script({departure.to.address(), departure.number, network_->asked, now});
    if (fate.buffer_full) break;
    ++network_->asked;
    ++decided;
    departure.system_errno = fate.refused;
    departure.call_began = departure.sent_at = now;
    if (fate.refused != 0) continue;
    if (network_->keep_departures) {
      network_->departures.push_back(now);
      network_->packets.push_back(departure.packet);
      network_->payload_ends.push_back(departure.message.back());
    }
    wire::write_request(departure.message, family_, asks, identifier_,
                        static_cast<std::uint16_t>(departure.number));
    const MonotonicTime at_device = now + host_out;
    if (departure.stamp && fate.stamped && clock() != RttClock::user) {
      stamps_.emplace(at_device + fate.stamp_after,
                      transport::SendStamp{departure.number, network_->clock->unix_at(at_device), false});
    }
    for (const Answer& answer : fate.answers) {
      const MonotonicTime arrives_at = at_device + answer.delay;
      pending_.emplace(arrives_at + answer.read_delay,
                       Pending{answer,
                               departure.to.address(),
                               arrives_at,
                               {departure.message.begin(), departure.message.end()}});
    }
  }
  return decided;
}

void FakeTransport::inject(const Address& from, std::uint16_t sequence, std::vector<std::byte> payload) {
  const MonotonicTime now = network_->clock->monotonic();
  std::vector<std::byte> message(wire::echo_header_bytes);
  wire::write_echo_request(message, family_, identifier_, sequence);
  message.insert(message.end(), payload.begin(), payload.end());
  pending_.emplace(now, Pending{Answer{}, from, now, std::move(message)});
}

std::optional<MonotonicTime> FakeTransport::next_event() const {
  std::optional<MonotonicTime> next;
  if (!pending_.empty()) next = pending_.begin()->first;
  if (!stamps_.empty() && (!next || stamps_.begin()->first < *next)) next = stamps_.begin()->first;
  return next;
}

bool FakeTransport::receive(transport::ReceiveBatch& batch) {
  const MonotonicTime now = network_->clock->monotonic();
  shown_.clear();
  while (!pending_.empty() && pending_.begin()->first <= now && shown_.size() < receive_batch) {
    shown_.push_back(std::move(pending_.begin()->second));
    pending_.erase(pending_.begin());
  }
  while (!stamps_.empty() && stamps_.begin()->first <= now) {
    batch.stamps.push_back(stamps_.begin()->second);
    stamps_.erase(stamps_.begin());
  }
  for (Pending& pending : shown_) {
    transport::Arrival& arrival = batch.arrivals.emplace_back();
    const bool is_reply = pending.answer.kind == Answer::Kind::reply;
    is_reply ? answer_reply(pending, arrival) : answer_icmp(pending, arrival);
    if (pending.answer.rx_stamp && clock() != RttClock::user) {
      arrival.stamp = network_->clock->unix_at(pending.arrives_at);
    }
    arrival.received_at = now;
    arrival.ttl = 57;
    arrival.packet = pending.message;
  }
  const bool more = shown_.size() == receive_batch;
  if (network_->after_receive) network_->after_receive();
  return more;
}

void FakeTransport::answer_reply(Pending& pending, transport::Arrival& arrival) {
  const Answer& answer = pending.answer;
  std::vector<std::byte>& message = pending.message;
  message[0] = static_cast<std::byte>(wire::reply_type(family_, asks));
  if (answer.wrong_identifier) put16(message, 4, static_cast<std::uint16_t>(identifier_ + 1));
  if (answer.sequence_offset != 0) {
    const auto sequence = std::to_integer<int>(message[6]) << 8 | std::to_integer<int>(message[7]);
    put16(message, 6, static_cast<std::uint16_t>(sequence + answer.sequence_offset));
  }
  // Behind what in a nonce are sequence number and identifier.
  const std::size_t in_token = wire::echo_header_bytes + (asks == ProbeMessage::timestamp ? 3 : 4);
  if (answer.wrong_token && message.size() > in_token) message[in_token] ^= std::byte{1};
  if (asks != ProbeMessage::echo) {
    const std::size_t proof_bytes = asks == ProbeMessage::timestamp ? 4 : wire::nonce_bytes;
    message.resize(wire::echo_header_bytes + proof_bytes);
    message.insert(message.end(), answer.contents.begin(), answer.contents.end());
  }
  if (answer.corrupt) message.back() ^= std::byte{0x80};
  message.resize(static_cast<std::size_t>(static_cast<int>(message.size()) + answer.size_change),
                 std::byte{0xee});
  arrival.message = wire::parse_icmp(family_, message).value();
  arrival.from = answer.from.value_or(pending.to);
  arrival.bytes = static_cast<std::uint32_t>(message.size());
  arrival.bad_checksum = answer.bad_checksum;
  arrival.proof = answer.proof;
  arrival.refused = answer.refused;
  arrival.rtt = answer.kernel_rtt;
  static constexpr std::array router_alert{std::byte{148}, std::byte{4}, std::byte{0}, std::byte{0}};
  if (answer.ip_options) arrival.ip_options = router_alert;
}

void FakeTransport::answer_icmp(Pending& pending, transport::Arrival& arrival) {
  const Answer& answer = pending.answer;
  std::vector<std::byte>& probe = pending.message;
  if (answer.quotes_wrong_token)
    probe[wire::echo_header_bytes + (asks == ProbeMessage::timestamp ? 3 : 4)] ^= std::byte{1};
  probe.resize(std::min(probe.size(), wire::echo_header_bytes + answer.quoted_payload));
  wire::IcmpMessage& message = arrival.message;
  message.type = answer.type;
  message.code = answer.code;
  message.reason = wire::classify(family_, answer.type, answer.code);
  const bool is_note =
      message.reason == ErrorReason::redirect || message.reason == ErrorReason::source_quench;
  message.kind = is_note ? wire::IcmpKind::note : wire::IcmpKind::error;
  message.mtu = answer.mtu;
  message.quoted = wire::parse_quoted_icmp(family_, probe);
  message.payload = probe;
  arrival.has_ip_header = answer.has_ip_header;
  arrival.probed = answer.quotes_other_destination ? pending.to.plus(1).value() : pending.to;
  arrival.from = answer.from ? *answer.from : Address::parse("203.0.113.1").value();
  arrival.bytes = static_cast<std::uint32_t>(probe.size());
}

}  // namespace sonde::test
