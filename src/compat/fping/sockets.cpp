// sockets.cpp: see sockets.hpp.
#include "compat/fping/sockets.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "net/permissions.hpp"
#include "net/socket_address.hpp"

namespace sonde::compat::fping {

namespace {

std::size_t place(Family family) {
  return family == Family::ipv4 ? 0 : 1;
}

net::FileDescriptor open(Family family, TransportKind kind) {
  const int type = kind == TransportKind::icmp_raw ? SOCK_RAW : SOCK_DGRAM;
  const int protocol = family == Family::ipv4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  return net::FileDescriptor(
      ::socket(family == Family::ipv4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, protocol));
}

}  // namespace

Sockets::Sockets(bool raw_first) {
  const net::RaisedCapability raised;
  std::array kinds{TransportKind::icmp_datagram, TransportKind::icmp_raw};
  if (raw_first) std::swap(kinds[0], kinds[1]);
  for (const Family family : families) {
    Socket& socket = sockets_[place(family)];
    for (const TransportKind kind : kinds) {
      if (socket.descriptor) break;
      socket = {open(family, kind), kind};
      if (!socket.descriptor)
        (kind == TransportKind::icmp_raw ? raw_errno_ : datagram_errno_)[place(family)] = errno;
    }
  }
  raw_v6_ = static_cast<bool>(open(Family::ipv6, TransportKind::icmp_raw));
}

const Sockets::Socket* Sockets::of(Family family) const {
  const Socket& socket = sockets_[place(family)];
  return socket.descriptor ? &socket : nullptr;
}

TransportKind Sockets::kind_for(const Address& target) const {
  const bool without_device = !target.is_ipv4() && target.is_multicast() && target.scope_id() == 0;
  return without_device && raw_v6_ ? TransportKind::icmp_raw : of(target.family())->kind;
}

std::string Sockets::refusal(Family family) const {
  return net::explain_icmp_refusal(family, datagram_errno_[place(family)], raw_errno_[place(family)])
      .message();
}

int Sockets::try_interface(Family family, const std::string& interface) const {
  const Socket* socket = of(family);
  if (socket == nullptr) return 0;
  const net::RaisedCapability raised;
  return ::setsockopt(socket->descriptor.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.data(),
                      static_cast<socklen_t>(interface.size())) == 0
             ? 0
             : errno;
}

int Sockets::try_mark(Family family, std::uint32_t mark) const {
  const Socket* socket = of(family);
  if (socket == nullptr) return 0;
  const net::RaisedCapability raised({net::Capability::net_raw, net::Capability::net_admin});
  return ::setsockopt(socket->descriptor.get(), SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0 ? 0 : errno;
}

int Sockets::try_source(const Address& source) const {
  const Socket* socket = of(source.family());
  if (socket == nullptr) return 0;
  const auto bound = net::SocketAddress::from(source);
  return ::bind(socket->descriptor.get(), bound.data(), bound.size()) == 0 ? 0 : errno;
}

}  // namespace sonde::compat::fping
