// beliefs.cpp: see beliefs.hpp.
#include "doctor/beliefs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <thread>

#include "doctor/loopback_socket.hpp"
#include "doctor/ways.hpp"
#include "net/permissions.hpp"
#include "wire/icmp.hpp"

namespace sonde::doctor {
namespace {

constexpr std::string_view raw_call = "socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)";
constexpr std::string_view device_attribute = "/sys/class/net/lo/tx_queue_len";

// --- What a thread without CAP_NET_RAW gets -----------------------------------------------------------------

struct Unprivileged {
  int drop_errno = 0;       // the capability could not be given up: nothing was tried
  int raw_errno = 0;        // of the raw socket; 0: it was opened
  int bind_errno = 0;       // of SO_BINDTODEVICE, where it was
  int attribute_errno = 0;  // of opening a device's attribute for writing; 0: it is writable
};

int drop_net_raw() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return errno;
  sets[0].effective &= ~(1U << static_cast<unsigned>(net::Capability::net_raw));
  return ::syscall(SYS_capset, &header, sets.data()) == 0 ? 0 : errno;
}

Unprivileged try_unprivileged() {
  Unprivileged tried;
  tried.drop_errno = drop_net_raw();
  if (tried.drop_errno != 0) return tried;
  const net::FileDescriptor socket(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
  tried.raw_errno = socket ? 0 : errno;
  constexpr std::array<char, 3> device{"lo"};
  if (socket && ::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, device.data(), device.size()) != 0)
    tried.bind_errno = errno;
  // Opening it changes nothing.
  const net::FileDescriptor attribute(::open(std::string(device_attribute).c_str(), O_WRONLY | O_CLOEXEC));
  tried.attribute_errno = attribute ? 0 : errno;
  return tried;
}

// Capabilities belong to threads, so one that gives its own up leaves those of the process alone.
Unprivileged without_net_raw() {
  Unprivileged tried;
  try {
    std::thread([&tried] { tried = try_unprivileged(); }).join();
  } catch (const std::system_error& failure) {
    tried.drop_errno = failure.code().value();
  }
  return tried;
}

Belief raw_by_device(const Unprivileged& tried) {
  Belief belief{
      "raw_by_device", "a raw socket bound to a device (SO_BINDTODEVICE) needs no CAP_NET_RAW", {}, {}, {}};
  if (tried.drop_errno != 0) {
    belief.evidence =
        fmt::format("not tested: a thread could not give CAP_NET_RAW up ({})", errno_name(tried.drop_errno));
    return belief;
  }
  belief.basis = Basis::tested;
  belief.holds = tried.raw_errno == 0;
  belief.evidence = tried.raw_errno != 0
                        ? fmt::format("{} fails with {} without it, before there is anything to bind",
                                      raw_call, errno_name(tried.raw_errno))
                        : fmt::format("{} was opened without it, SO_BINDTODEVICE to lo: {}", raw_call,
                                      tried.bind_errno == 0 ? "done" : errno_name(tried.bind_errno));
  return belief;
}

std::string mode_of(std::string_view file) {
  struct stat status{};
  if (::stat(std::string(file).c_str(), &status) != 0)
    return fmt::format("not there ({})", errno_name(errno));
  return fmt::format("mode {:04o}, owner {}", status.st_mode & 07777, status.st_uid);
}

Belief writable_sys_class_net(const Unprivileged& tried) {
  Belief belief{"writable_sys_class_net", "making /sys/class/net/* writable opens an interface", {}, {}, {}};
  if (tried.drop_errno != 0 || tried.raw_errno == 0) {
    belief.evidence = "not tested: no call is refused here that it could open";
    return belief;
  }
  belief.holds = false;
  if (tried.attribute_errno == 0) {
    belief.basis = Basis::tested;
    belief.evidence = fmt::format("{} is writable for this process, and {} fails with {} all the same",
                                  device_attribute, raw_call, errno_name(tried.raw_errno));
    return belief;
  }
  belief.basis = Basis::documented;
  belief.evidence = fmt::format(
      "{} ({}) is not writable here ({}); {} fails with {}, and capabilities(7) names CAP_NET_RAW for it, no "
      "file",
      device_attribute, mode_of(device_attribute), errno_name(tried.attribute_errno), raw_call,
      errno_name(tried.raw_errno));
  return belief;
}

// --- Errors on ping sockets ---------------------------------------------------------------------------------

// A time stamp option (RFC 791) whose one whole slot the sender itself fills: on arrival the half of a second is left, for
// which a host answers "parameter problem". So an error comes from this host without leaving it.
constexpr std::array<unsigned char, 12> malformed_on_arrival{68, 10, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0};

Belief no_errors_on_ping_sockets() {
  Belief belief{"no_errors_on_ping_sockets", "ping sockets get no ICMP errors", {}, {}, {}};
  const Opened opened = open_way(spec_of(Way::icmp), Family::ipv4);
  if (!opened.failed_call.empty()) {
    belief.evidence =
        fmt::format("not tested: {} fails with {}", opened.failed_call, errno_name(opened.system_errno));
    return belief;
  }
  const int descriptor = opened.socket.get();
  if (::setsockopt(descriptor, IPPROTO_IP, IP_OPTIONS, malformed_on_arrival.data(),
                   malformed_on_arrival.size()) != 0) {
    belief.evidence = fmt::format("not tested: setsockopt(IP_OPTIONS) fails with {}", errno_name(errno));
    return belief;
  }
  const auto to = net::SocketAddress::from(Address::loopback(Family::ipv4));
  if (const int failed = send_to(descriptor, to, echo_request(Family::ipv4, 0, 1)); failed != 0) {
    belief.evidence = fmt::format("not tested: sending to 127.0.0.1 fails with {}", errno_name(failed));
    return belief;
  }
  const MonotonicTime until = Clock::system().monotonic() + loopback_patience;
  do {
    const auto queued = receive(descriptor, MSG_ERRQUEUE);
    if (!queued || !queued->error || !queued->error->is_icmp()) continue;
    belief.basis = Basis::tested;
    belief.holds = false;
    belief.evidence = fmt::format(
        "a malformed echo request to 127.0.0.1 brought ICMP type {} code {} to the error queue (IP_RECVERR), "
        "{}",
        queued->error->type, queued->error->code, errno_name(queued->error->error));
    return belief;
  } while (wait_for(descriptor, until));
  belief.evidence = "not tested: no error could be provoked without leaving this host";
  return belief;
}

// --- Raw sockets that see everything ------------------------------------------------------------------------

// Whether an IPv4 packet is the echo reply to `identifier` and `sequence`.
bool is_reply_to(std::span<const std::byte> packet, std::uint16_t identifier, std::uint16_t sequence) {
  if (packet.empty()) return false;
  const std::size_t header = (std::to_integer<std::size_t>(packet[0]) & 0xf) * 4;
  if (packet.size() < header + wire::echo_header_bytes) return false;
  const auto word = [&](std::size_t at) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(packet[header + at]) << 8 |
                                      std::to_integer<unsigned>(packet[header + at + 1]));
  };
  return std::to_integer<std::uint8_t>(packet[header]) == wire::icmpv4_echo_reply && word(4) == identifier &&
         word(6) == sequence;
}

Belief raw_sees_everything() {
  Belief belief{
      "raw_sees_everything", "raw sockets without connect or a filter see everyone's answers", {}, {}, {}};
  const Opened listener = open_way(spec_of(Way::raw), Family::ipv4);
  const Opened asker = open_way(spec_of(Way::raw), Family::ipv4);
  if (!listener.failed_call.empty() || !asker.failed_call.empty()) {
    belief.evidence =
        fmt::format("not tested: {} fails with {}", listener.failed_call, errno_name(listener.system_errno));
    return belief;
  }
  const auto to = net::SocketAddress::from(Address::loopback(Family::ipv4));
  const auto identifier = static_cast<std::uint16_t>(::getpid());
  constexpr std::uint16_t sequence = 0x5eed;
  if (const int failed = send_to(asker.socket.get(), to, echo_request(Family::ipv4, identifier, sequence));
      failed != 0) {
    belief.evidence = fmt::format("not tested: sending to 127.0.0.1 fails with {}", errno_name(failed));
    return belief;
  }
  const MonotonicTime until = Clock::system().monotonic() + loopback_patience;
  do {
    while (const auto packet = receive(listener.socket.get(), 0)) {
      if (!is_reply_to(packet->bytes, identifier, sequence)) continue;
      belief.basis = Basis::tested;
      belief.holds = true;
      belief.evidence =
          "the answer to one raw socket's echo request to 127.0.0.1 came to another, which had asked nothing";
      return belief;
    }
  } while (wait_for(listener.socket.get(), until));
  belief.evidence = "not tested: this host did not answer itself over loopback";
  return belief;
}

}  // namespace

std::vector<Belief> test_beliefs() {
  const Unprivileged tried = without_net_raw();
  return {raw_by_device(tried), no_errors_on_ping_sockets(), writable_sys_class_net(tried),
          raw_sees_everything()};
}

}  // namespace sonde::doctor
