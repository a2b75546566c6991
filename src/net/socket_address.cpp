// socket_address.cpp: addresses to and from the kernel's form.
#include "net/socket_address.hpp"

#include <arpa/inet.h>

#include <cerrno>
#include <cstring>

namespace sonde::net {

std::optional<SocketAddress> SocketAddress::from(const sockaddr_storage& storage, socklen_t length) {
  return from(&storage, length);
}

std::optional<SocketAddress> SocketAddress::from(const void* bytes, std::size_t length) {
  sa_family_t family = AF_UNSPEC;
  if (length < sizeof family) return std::nullopt;
  std::memcpy(&family, bytes, sizeof family);
  SocketAddress result;
  if (family == AF_INET && length >= sizeof(sockaddr_in)) {
    std::memcpy(&result.storage_, bytes, sizeof(sockaddr_in));
  } else if (family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    std::memcpy(&result.storage_, bytes, sizeof(sockaddr_in6));
  } else {
    return std::nullopt;
  }
  return result;
}

Result<SocketAddress> SocketAddress::of_socket(int descriptor) {
  SocketAddress result;
  socklen_t length = capacity();
  if (::getsockname(descriptor, result.data(), &length) != 0) {
    return std::unexpected(Error::from_errno(errno, "cannot read a socket's own address"));
  }
  return result;
}

Address SocketAddress::address() const {
  if (family() == Family::ipv4) return Address::ipv4(ntohl(storage_.v4.sin_addr.s_addr));
  std::array<std::byte, 16> bytes;
  std::memcpy(bytes.data(), &storage_.v6.sin6_addr, bytes.size());
  return Address::ipv6(bytes, storage_.v6.sin6_scope_id);
}

std::uint16_t SocketAddress::port() const {
  return ntohs(family() == Family::ipv4 ? storage_.v4.sin_port : storage_.v6.sin6_port);
}

}  // namespace sonde::net
