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

void IcmpSocket::ReceiveRing::allocate(std::size_t bytes_each) {
  stride = bytes_each;
  filled = receive_batch;
  bytes = std::make_unique_for_overwrite<std::byte[]>(stride * receive_batch);
  for (std::size_t i = 0; i < receive_batch; ++i) {
    vectors[i] = {bytes.get() + i * stride, stride};
    msghdr& header = headers[i].msg_hdr;
    header.msg_iov = &vectors[i];
    header.msg_iovlen = 1;
    header.msg_name = names[i].data();
    header.msg_control = controls[i].data();
  }
  rearm();
}

// The kernel overwrites these with what it stored; only those that the last call filled need it.
void IcmpSocket::ReceiveRing::rearm() {
  for (mmsghdr& header : std::span(headers).first(filled)) {
    header.msg_hdr.msg_namelen = net::SocketAddress::capacity();
    header.msg_hdr.msg_controllen = net::receive_control_bytes;
    header.msg_hdr.msg_flags = 0;
  }
  filled = 0;
}

int IcmpSocket::ReceiveRing::receive(int descriptor, int flags) {
  rearm();
  const int count = ::recvmmsg(descriptor, headers.data(), receive_batch, flags | MSG_DONTWAIT, nullptr);
  // A message that failed half-way may have been written to as well.
  filled = std::min(receive_batch, static_cast<std::size_t>(std::max(count, 0)) + 1);
  return count;
}

std::span<const std::byte> IcmpSocket::ReceiveRing::message(std::size_t i) const {
  return {bytes.get() + i * stride, std::min<std::size_t>(headers[i].msg_len, stride)};
}

bool IcmpSocket::receive(ReceiveBatch& batch) {
  // MSG_TRUNC: on a raw socket msg_len is the packet's length also when the buffer was shorter.
  const int count = answers_.receive(fd(), MSG_TRUNC);
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
  return error_pending || count == static_cast<int>(receive_batch);
}

void IcmpSocket::take_answer(std::size_t place, MonotonicTime now, ReceiveBatch& batch) {
  const mmsghdr& received = answers_.headers[place];
  const auto packet = answers_.message(place);
  const net::ReceivedControl control = net::read_control(received.msg_hdr);
  Arrival arrival;
  arrival.packet = packet;
  arrival.ttl = control.ttl;
  arrival.tos = control.tos;
  arrival.bytes = received.msg_len;
  auto message = packet;
  if (is_raw() && family_ == Family::ipv4) {
    const auto header = wire::parse_ip(packet);
    if (!header || header->header_bytes > packet.size()) return;
    message = packet.subspan(header->header_bytes);
    arrival.bytes -= static_cast<std::uint32_t>(header->header_bytes);
    arrival.has_ip_header = true;
    arrival.ip_options = header->has_options;
    arrival.ttl = header->ttl;
    arrival.tos = header->tos;
    const bool whole = received.msg_len == packet.size();
    arrival.bad_checksum = whole && !wire::icmpv4_checksum_valid(message);
  }
  const auto parsed = wire::parse_icmp(family_, message);
  if (!parsed) return;
  if (is_raw()) {
    // What slipped in before the filter was attached.
    const bool ours = parsed->kind == wire::IcmpKind::echo_reply
                          ? parsed->identifier == identifier_
                          : parsed->quoted && parsed->quoted->identifier == identifier_;
    if (!ours) return;
  }
  arrival.message = *parsed;
  if (answers_.names[place].is_set()) arrival.from = answers_.names[place].address();
  if (parsed->quoted) arrival.probed = parsed->quoted->destination;
  arrival.stamp = control.software_stamp;
  arrival.hardware_stamp = control.hardware_stamp;
  arrival.received_at = now;
  batch.arrivals.push_back(arrival);
}

void IcmpSocket::drain_error_queue() {
  // Stamps of everything sent since the last look, and errors; bounded by what the receive buffer holds.
  for (;;) {
    const int count = queue_.receive(fd(), MSG_ERRQUEUE);
    for (int i = 0; i < count; ++i) take_queued(static_cast<std::size_t>(i));
    if (count < static_cast<int>(receive_batch)) return;
  }
}

void IcmpSocket::take_queued(std::size_t place) {
  const net::ReceivedControl control = net::read_control(queue_.headers[place].msg_hdr);
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
  const auto quoted = queue_.message(place);
  QueuedError queued{error,
                     {},
                     control.software_stamp,
                     control.ttl,
                     control.tos,
                     clock_source_->monotonic(),
                     {quoted.begin(), quoted.end()}};
  if (queue_.names[place].is_set()) queued.probed = queue_.names[place].address();
  errors_.push_back(std::move(queued));
}

}  // namespace sonde::transport
