// select.cpp: see select.hpp.
#include "transport/select.hpp"

#include <cerrno>
#include <utility>

#include "net/permissions.hpp"
#include "transport/icmp_socket.hpp"

namespace sonde {

std::string_view to_string(TransportKind kind) {
  switch (kind) {
    case TransportKind::automatic:
      return "auto";
    case TransportKind::icmp_datagram:
      return "icmp";
    case TransportKind::icmp_raw:
      return "raw";
  }
  return "unknown";
}

}  // namespace sonde

namespace sonde::transport {

namespace {

// The way is closed to this process or unknown to this kernel; another may be open.
bool closed(const Error& error) {
  return error.system_errno == EACCES || error.system_errno == EPERM ||
         error.system_errno == EPROTONOSUPPORT || error.system_errno == ESOCKTNOSUPPORT;
}

Result<OpenedTransport> configure(net::FileDescriptor descriptor, Family family, TransportKind kind,
                                  const TransportOptions& options, std::string reason) {
  auto socket = IcmpSocket::configure(std::move(descriptor), family, kind, options);
  if (!socket) return std::unexpected(std::move(socket.error()));
  return OpenedTransport{std::move(*socket), std::move(reason)};
}

}  // namespace

Result<OpenedTransport> open_transport(Family family, const TransportOptions& options) {
  const net::RaisedCapability raised({net::Capability::net_raw, net::Capability::net_admin});
  int datagram_errno = 0;
  std::string reason;
  if (options.kind != TransportKind::icmp_raw) {
    auto descriptor = IcmpSocket::open_descriptor(family, TransportKind::icmp_datagram);
    if (descriptor)
      return configure(std::move(*descriptor), family, TransportKind::icmp_datagram, options, {});
    if (!closed(descriptor.error())) return std::unexpected(std::move(descriptor.error()));
    datagram_errno = descriptor.error().system_errno;
    if (options.kind == TransportKind::icmp_datagram) {
      return std::unexpected(net::explain_icmp_refusal(family, datagram_errno, 0));
    }
    reason = "ICMP datagram sockets are closed to this process (" + errno_name(datagram_errno) +
             ": its groups are outside net.ipv4.ping_group_range)";
  }
  auto descriptor = IcmpSocket::open_descriptor(family, TransportKind::icmp_raw);
  if (descriptor)
    return configure(std::move(*descriptor), family, TransportKind::icmp_raw, options, std::move(reason));
  if (!closed(descriptor.error())) return std::unexpected(std::move(descriptor.error()));
  return std::unexpected(net::explain_icmp_refusal(family, datagram_errno, descriptor.error().system_errno));
}

}  // namespace sonde::transport
