// select.cpp: see select.hpp.
#include "transport/select.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <utility>

#include "net/permissions.hpp"
#include "net/refusal_cause.hpp"
#include "net/socket_options.hpp"
#include "transport/icmp_socket.hpp"
#include "transport/tcp_connections.hpp"
#include "transport/udp_socket.hpp"

namespace sonde::transport {

Result<void> Transport::admit(const PacketOptions& packet) {
  return net::check_packet_options(family(), packet);
}

namespace {

// The way is closed to this process or unknown to this kernel; another may be open.
bool closed(const Error& error) {
  return error.system_errno == EACCES || error.system_errno == EPERM ||
         error.system_errno == EPROTONOSUPPORT || error.system_errno == ESOCKTNOSUPPORT;
}

template <typename Socket>
Result<OpenedTransport> opened(Result<std::unique_ptr<Socket>> socket, std::string reason) {
  if (!socket) return std::unexpected(std::move(socket.error()));
  return OpenedTransport{std::move(*socket), std::move(reason)};
}

Result<OpenedTransport> configure(net::FileDescriptor descriptor, Family family, TransportKind kind,
                                  const TransportOptions& options, std::string reason) {
  return opened(IcmpSocket::configure(std::move(descriptor), family, kind, options), std::move(reason));
}

// The errno, and the rule behind it as far as it can be told: the words that `sonde doctor` has for it.
std::string refusal_text(TransportKind kind, int system_errno) {
  std::string text = errno_name(system_errno);
  const auto permissions = net::read_permissions();
  if (!permissions || (system_errno != EACCES && system_errno != EPERM)) return text;
  const net::Cause cause =
      kind == TransportKind::icmp_raw
          ? net::cause_of_raw_refusal(system_errno, *permissions, net::owns_network_namespace())
          : net::cause_of_datagram_refusal(system_errno, *permissions);
  return text + " (" + cause.because + ")";
}

// `datagram_errno` is that of the ping socket, where one was tried.
Result<OpenedTransport> open_without_icmp(Family family, const TransportOptions& options, int datagram_errno,
                                          int raw_errno) {
  // Whoever may not open ICMP sockets may still open these; of what a probe costs others, UDP is the least.
  std::string reason =
      fmt::format("ICMP is closed to this process: ping sockets {}, raw sockets {}; `sonde doctor` says more",
                  refusal_text(TransportKind::icmp_datagram, datagram_errno),
                  refusal_text(TransportKind::icmp_raw, raw_errno));
  auto udp = opened(UdpSocket::open(family, options), reason);
  if (udp || !closed(udp.error())) return udp;
  return opened(TcpConnections::open(family, options),
                reason + "; UDP sockets: " + errno_name(udp.error().system_errno));
}

// A ping socket sends echo requests only, and what UDP and TCP ask is always the same.
Result<OpenedTransport> open_for_other_messages(Family family, const TransportOptions& options) {
  if (options.kind != TransportKind::automatic && options.kind != TransportKind::icmp_raw) {
    return std::unexpected(Error::invalid("only a raw socket sends other messages than echo requests",
                                          std::string(to_string(options.kind)), "use a raw socket"));
  }
  auto descriptor = IcmpSocket::open_descriptor(family, TransportKind::icmp_raw);
  if (descriptor) return configure(std::move(*descriptor), family, TransportKind::icmp_raw, options, {});
  if (!closed(descriptor.error())) return std::unexpected(std::move(descriptor.error()));
  return std::unexpected(net::explain_icmp_refusal(family, 0, descriptor.error().system_errno));
}

}  // namespace

Result<OpenedTransport> open_transport(Family family, const TransportOptions& options) {
  const net::RaisedCapability raised({net::Capability::net_raw, net::Capability::net_admin});
  if (options.network.message != ProbeMessage::echo) return open_for_other_messages(family, options);
  const bool any = options.kind == TransportKind::automatic;
  if (options.kind == TransportKind::xdp) {
    return std::unexpected(Error{ErrorCode::unavailable, 0, "AF_XDP is no way of a session",
                                 std::string(to_string(family)), "it carries stateless sweeps only"});
  }
  if (options.kind == TransportKind::udp) return opened(UdpSocket::open(family, options), {});
  if (options.kind == TransportKind::tcp) return opened(TcpConnections::open(family, options), {});
  int datagram_errno = 0;
  if (options.kind != TransportKind::icmp_raw) {
    auto descriptor = IcmpSocket::open_descriptor(family, TransportKind::icmp_datagram);
    if (descriptor)
      return configure(std::move(*descriptor), family, TransportKind::icmp_datagram, options, {});
    if (!closed(descriptor.error())) return std::unexpected(std::move(descriptor.error()));
    datagram_errno = descriptor.error().system_errno;
    if (options.kind == TransportKind::icmp_datagram) {
      return std::unexpected(net::explain_icmp_refusal(family, datagram_errno, 0));
    }
  }
  auto descriptor = IcmpSocket::open_descriptor(family, TransportKind::icmp_raw);
  if (descriptor) {
    std::string reason;
    if (any) {
      reason = "ICMP datagram sockets are closed to this process: " +
               refusal_text(TransportKind::icmp_datagram, datagram_errno);
    }
    return configure(std::move(*descriptor), family, TransportKind::icmp_raw, options, std::move(reason));
  }
  if (!closed(descriptor.error())) return std::unexpected(std::move(descriptor.error()));
  const int raw_errno = descriptor.error().system_errno;
  if (!any) return std::unexpected(net::explain_icmp_refusal(family, datagram_errno, raw_errno));
  auto other = open_without_icmp(family, options, datagram_errno, raw_errno);
  // Where nothing is open, the way to the best of them is what helps.
  if (other || !closed(other.error())) return other;
  return std::unexpected(net::explain_icmp_refusal(family, datagram_errno, raw_errno));
}

}  // namespace sonde::transport
