// icmp_socket_receive.cpp: answers, TX stamps and ICMP errors off the socket and its error queue.
// clang-format off
#include <ctime>  // timespec, which the next needs
#include <linux/errqueue.h>
// clang-format on

#include <algorithm>
#include <cerrno>
#include <utility>

#include "transport/icmp_socket.hpp"
#include "wire/icmp.hpp"
#include "wire/ip.hpp"

namespace sonde::transport {

bool IcmpSocket::receive(ReceiveBatch& batch) {
  // MSG_TRUNC: on a raw socket msg_len is the packet's length also when the buffer was shorter.
  const int count = buffers_->answers.receive(fd(), MSG_TRUNC);
  const int system_errno = errno;
  const MonotonicTime now = clock_source_->monotonic();
  // The stamp of everything that was answered is in the error queue by now: it is put there before the packet
  // leaves. ICMP errors, for which alone one would look there without stamps, announce themselves by failing a call.
  const bool error_pending = count < 0 && system_errno != EAGAIN;
  if (clock_ != RttClock::user || error_pending) drain_error_queue();
  batch.stamps.insert(batch.stamps.end(), stamps_.begin(), stamps_.end());
  stamps_.clear();
  for (int i = 0; i < count; ++i) take_answer(static_cast<std::size_t>(i), now, batch);

  shown_errors_ = std::exchange(errors_, {});
  for (const QueuedError& queued : shown_errors_) {
    Arrival& arrival = batch.arrivals.emplace_back();
    wire::IcmpMessage& message = arrival.message;
    message.type = queued.error.type;
    message.code = queued.error.code;
    message.reason = wire::classify(family_, message.type, message.code);
    const bool is_note =
        message.reason == ErrorReason::redirect || message.reason == ErrorReason::source_quench;
    message.kind = is_note ? wire::IcmpKind::note : wire::IcmpKind::error;
    message.quoted = wire::parse_quoted_icmp(family_, queued.quoted);
    if (message.reason == ErrorReason::fragmentation_needed && queued.error.info != 0)
      message.mtu = queued.error.info;
    arrival.from = queued.error.offender;
    arrival.probed = queued.probed;
    arrival.stamp = queued.stamp;
    arrival.ttl = queued.ttl;
    arrival.tos = queued.tos;
    arrival.received_at = queued.received_at;
    arrival.bytes = static_cast<std::uint32_t>(queued.quoted.size());
    arrival.packet = queued.quoted;
  }
  // An ICMP error pending on the socket makes one call fail; what waits behind it is still there.
  return error_pending || count == static_cast<int>(ReceiveRing::size);
}

void IcmpSocket::take_answer(std::size_t place, MonotonicTime now, ReceiveBatch& batch) {
  // Written where it stays: copying it costs more than reading the packet.
  Arrival& arrival = batch.arrivals.emplace_back();
  if (!read_answer(place, arrival)) return batch.arrivals.pop_back();
  arrival.received_at = now;
}

// False for a packet that is no ICMP message, or not for this socket.
bool IcmpSocket::read_answer(std::size_t place, Arrival& arrival) const {
  const ReceiveRing& ring = buffers_->answers;
  const auto packet = ring.bytes(place);
  const net::ReceivedControl control = net::read_control(ring.header(place));
  arrival.packet = packet;
  arrival.ttl = control.ttl;
  arrival.tos = control.tos;
  arrival.ip_options = control.ip_options;
  arrival.bytes = static_cast<std::uint32_t>(ring.length(place));
  auto message = packet;
  if (is_raw() && family_ == Family::ipv4) {
    const auto header = wire::parse_ip(packet);
    if (!header || header->header_bytes > packet.size()) return false;
    message = packet.subspan(header->header_bytes);
    arrival.bytes -= static_cast<std::uint32_t>(header->header_bytes);
    arrival.has_ip_header = true;
    arrival.identification = header->identification;
    arrival.dont_fragment = header->dont_fragment;
    arrival.ip_options = header->options;
    arrival.ttl = header->ttl;
    arrival.tos = header->tos;
    const bool whole = ring.length(place) == packet.size();
    arrival.bad_checksum = whole && !wire::icmpv4_checksum_valid(message);
  }
  const wire::IcmpMessage& parsed = arrival.message;
  if (!wire::read_icmp(family_, message, arrival.message)) return false;
  if (is_raw()) {
    // What slipped in before the filter was attached.
    const bool ours = parsed.kind == wire::IcmpKind::echo_reply
                          ? parsed.identifier == identifier_
                          : parsed.quoted && parsed.quoted->identifier == identifier_;
    if (!ours) return false;
  }
  if (ring.name(place).is_set()) arrival.from = ring.name(place).address();
  if (parsed.quoted) arrival.probed = parsed.quoted->destination;
  arrival.stamp = control.software_stamp;
  arrival.hardware_stamp = control.hardware_stamp;
  return true;
}

void IcmpSocket::drain_error_queue() {
  // Stamps of everything sent since the last look, and errors; bounded by what the receive buffer holds.
  for (;;) {
    const int count = buffers_->error_queue.receive(fd(), MSG_ERRQUEUE);
    for (int i = 0; i < count; ++i) take_queued(static_cast<std::size_t>(i));
    if (count < static_cast<int>(ReceiveRing::size)) return;
  }
}

void IcmpSocket::take_queued(std::size_t place) {
  const net::ReceivedControl control = net::read_control(buffers_->error_queue.header(place));
  if (!control.error) return;
  const net::ExtendedError& error = *control.error;
  if (error.is_stamp()) {
    if (!error.is_send_stamp()) return;
    const auto number = send_number(error.data);
    if (!number) return;
    const auto& at = control.hardware_stamp ? control.hardware_stamp : control.software_stamp;
    if (at) stamps_.push_back({*number, *at, control.hardware_stamp.has_value()});
    return;
  }
  if (error.origin == SO_EE_ORIGIN_LOCAL && error.error == EMSGSIZE) {
    local_mtu_ = error.info;
    return;
  }
  if (!error.is_icmp()) return;
  ++errors_queued_;
  if (is_raw()) return;
  const auto quoted = buffers_->error_queue.bytes(place);
  QueuedError queued{error,
                     {},
                     control.software_stamp,
                     control.ttl,
                     control.tos,
                     clock_source_->monotonic(),
                     {quoted.begin(), quoted.end()}};
  const net::SocketAddress& probed = buffers_->error_queue.name(place);
  if (probed.is_set()) queued.probed = probed.address();
  errors_.push_back(std::move(queued));
}

}  // namespace sonde::transport
