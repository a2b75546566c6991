// probe_socket_receive.cpp: answers, TX stamps and ICMP errors off the socket and its error queue.
// clang-format off
#include <ctime>  // timespec, which the next needs
#include <linux/errqueue.h>
// clang-format on

#include <algorithm>
#include <cerrno>
#include <utility>

#include "transport/probe_socket.hpp"
#include "wire/icmp.hpp"

namespace sonde::transport {

bool ProbeSocket::receive(ReceiveBatch& batch) {
  // An ICMP error pending on the socket makes one call fail; what waits behind it is still there. Under a flood of errors every
  // call may find one: then the call after it is the better chance.
  constexpr int most_tries = 16;
  const std::uint64_t errors_before = errors_queued_;
  int count = 0, system_errno = 0, tries = 0;
  do {
    // MSG_TRUNC: on a raw socket msg_len is the packet's length also when the buffer was shorter.
    count = buffers_->answers.receive(fd(), MSG_TRUNC);
    system_errno = errno;
  } while (count < 0 && system_errno != EAGAIN && ++tries < most_tries);
  const MonotonicTime now = clock_source_->monotonic();
  // The stamp of everything that was answered is in the error queue by now: it is put there before the packet
  // leaves. ICMP errors, for which alone one would look there without stamps, announce themselves by failing a call.
  const bool error_pending = tries > 0;
  if (clock_ != RttClock::user || error_pending) drain_error_queue();
  batch.stamps.insert(batch.stamps.end(), stamps_.begin(), stamps_.end());
  stamps_.clear();
  for (int i = 0; i < count; ++i) take_answer(static_cast<std::size_t>(i), now, batch);

  show_errors(batch);
  // An error that comes while the call reads cuts it short, and that is not told.
  const bool cut_short = count > 0 && errors_queued_ != errors_before;
  return cut_short || (count < 0 && system_errno != EAGAIN) || count == static_cast<int>(ReceiveRing::size);
}

void ProbeSocket::show_errors(ReceiveBatch& batch) {
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
    if (message.reason == ErrorReason::fragmentation_needed && queued.error.info != 0)
      message.mtu = queued.error.info;
    if (message.reason == ErrorReason::parameter_problem) message.pointer = queued.error.info;
    if (message.reason == ErrorReason::redirect && family_ == Family::ipv4)
      message.gateway = Address::ipv4(queued.error.info);
    arrival.from = queued.error.offender;
    if (queued.probed.is_set()) arrival.probed = queued.probed.address();
    arrival.stamp = queued.stamp;
    arrival.ttl = queued.ttl;
    arrival.tos = queued.tos;
    arrival.received_at = queued.received_at;
    arrival.bytes = static_cast<std::uint32_t>(queued.quoted.size());
    arrival.packet = queued.quoted;
    arrival.from_error_queue = true;
    read_error(queued, arrival);
  }
}

void ProbeSocket::take_answer(std::size_t place, MonotonicTime now, ReceiveBatch& batch) {
  // Written where it stays: copying it costs more than reading the packet.
  Arrival& arrival = batch.arrivals.emplace_back();
  if (!read_answer(buffers_->answers, place, arrival)) return batch.arrivals.pop_back();
  arrival.received_at = now;
}

void ProbeSocket::drain_error_queue() {
  // Stamps of everything sent since the last look, and errors; bounded by what the receive buffer holds.
  for (;;) {
    const int count = buffers_->error_queue.receive(fd(), MSG_ERRQUEUE);
    for (int i = 0; i < count; ++i) take_queued(static_cast<std::size_t>(i));
    if (count < static_cast<int>(ReceiveRing::size)) return;
  }
}

void ProbeSocket::take_queued(std::size_t place) {
  const net::ReceivedControl control = net::read_control(buffers_->error_queue.header(place));
  if (!control.error) return;
  const net::ExtendedError& error = *control.error;
  if (error.is_stamp()) {
    if (!error.is_send_stamp() && !error.is_scheduler_stamp()) return;
    const auto number = send_number(error.data);
    if (!number) return;
    const auto& at = control.hardware_stamp ? control.hardware_stamp : control.software_stamp;
    if (at) stamps_.push_back({*number, *at, control.hardware_stamp.has_value(), error.is_scheduler_stamp()});
    return;
  }
  if (error.origin == SO_EE_ORIGIN_LOCAL && error.error == EMSGSIZE) {
    local_mtu_ = error.info;
    return;
  }
  if (!error.is_icmp()) return;
  ++errors_queued_;
  if (static_cast<int>(error.error) == awaited_errno_) awaited_errno_came_ = true;
  if (!keeps_errors()) return;
  const auto quoted = buffers_->error_queue.bytes(place);
  errors_.push_back({error,
                     buffers_->error_queue.name(place),
                     control.software_stamp,
                     control.ttl,
                     control.tos,
                     clock_source_->monotonic(),
                     {quoted.begin(), quoted.end()}});
}

}  // namespace sonde::transport
