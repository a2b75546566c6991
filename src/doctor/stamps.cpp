// stamps.cpp: see stamps.hpp.
#include "doctor/stamps.hpp"

#include <fmt/format.h>

#include "doctor/loopback_socket.hpp"
#include "net/timestamping.hpp"

namespace sonde::doctor {
namespace {

// Where to send so that something comes back to `descriptor`: a UDP socket asks itself, the others the host.
std::optional<net::SocketAddress> bind_and_aim(const WaySpec& way, int descriptor, Family family) {
  const auto loopback = net::SocketAddress::from(Address::loopback(family));
  if (way.way != Way::udp) return loopback;
  if (::bind(descriptor, loopback.data(), loopback.size()) != 0) return std::nullopt;
  const auto own = net::SocketAddress::of_socket(descriptor);
  if (!own) return std::nullopt;
  return *own;
}

// Until both stamps are there, or the patience is over.
void collect(int descriptor, Attempt& attempt) {
  const MonotonicTime until = Clock::system().monotonic() + loopback_patience;
  bool sent_stamped = false;
  std::optional<bool> received_stamped;
  do {
    while (const auto queued = receive(descriptor, MSG_ERRQUEUE)) {
      sent_stamped = sent_stamped || (queued->error && queued->error->is_stamp() && queued->has_stamp);
    }
    while (const auto answer = receive(descriptor, 0)) {
      received_stamped = received_stamped.value_or(false) || answer->has_stamp;
    }
  } while (!(sent_stamped && received_stamped) && wait_for(descriptor, until));
  if (sent_stamped || received_stamped) attempt.transmit_stamp = sent_stamped;
  attempt.receive_stamp = received_stamped;
  if (received_stamped) return;
  attempt.stamps_remark = "this host did not answer itself over loopback";
  // An IPv6 ping socket hides the EPERM of a packet filter (the kernel's icmpv6_push_pending_frames).
  if (!sent_stamped)
    attempt.stamps_remark +=
        ", and nothing was stamped as sent: a packet filter may drop it without an error";
}

}  // namespace

void test_stamps(const WaySpec& way, int descriptor, Attempt& attempt) {
  if (way.way == Way::tcp) {
    attempt.transmit_stamp = attempt.receive_stamp = false;
    attempt.stamps_remark = "handshakes get no stamps, but the kernel's time (TCP_INFO)";
    return;
  }
  net::TimestampingOptions stamping;
  stamping.transmit = stamping.receive = stamping.number_sends = true;
  if (const auto enabled = net::enable_timestamping(descriptor, stamping); !enabled) {
    attempt.transmit_stamp = attempt.receive_stamp = false;
    attempt.stamps_remark = enabled.error().message();
    return;
  }
  const auto to = bind_and_aim(way, descriptor, attempt.family);
  if (!to) {
    attempt.stamps_remark = "not tested: no loopback address to send to";
    return;
  }
  net::await_receive_stamps(loopback_patience);
  const int failed = send_to(descriptor, *to, echo_request(attempt.family, 0, 1));
  if (failed != 0) {
    attempt.loopback_errno = failed;
    attempt.stamps_remark =
        fmt::format("not tested: sending to {} fails with {}", to->address().to_string(), errno_name(failed));
    return;
  }
  collect(descriptor, attempt);
}

}  // namespace sonde::doctor
