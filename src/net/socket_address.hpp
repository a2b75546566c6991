// socket_address.hpp: an address as the kernel takes and gives it, in 28 bytes and without allocation.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <optional>

#include "sonde/address.hpp"

namespace sonde::net {

// A sockaddr_in or sockaddr_in6. `port` is in host order; on a ping socket's own address it is the ICMP
// identifier. As a msg_name for receiving, give the kernel data() and capacity() and call family() only when
// it wrote something.
class SocketAddress {
 public:
  SocketAddress() : storage_{} {}

  // `flow_label` (20 bits) reaches the wire only for IPv6 and on a socket with IPV6_FLOWINFO_SEND, which
  // apply_network_options() switches on.
  static SocketAddress from(const Address& address, std::uint16_t port = 0, std::uint32_t flow_label = 0);
  // nullopt when it is neither a whole sockaddr_in nor a whole sockaddr_in6.
  static std::optional<SocketAddress> from(const sockaddr_storage& storage, socklen_t length);
  static std::optional<SocketAddress> from(const void* bytes, std::size_t length);
  // The address a socket is bound to (getsockname).
  static Result<SocketAddress> of_socket(int descriptor);

  // False before anything was stored in it (AF_UNSPEC).
  bool is_set() const {
    return storage_.common.sa_family == AF_INET || storage_.common.sa_family == AF_INET6;
  }
  Family family() const { return storage_.common.sa_family == AF_INET6 ? Family::ipv6 : Family::ipv4; }
  Address address() const;
  std::uint16_t port() const;
  // Requires: is_set().
  void set_port(std::uint16_t port) {
    if (family() == Family::ipv6) {
      storage_.v6.sin6_port = htons(port);
    } else {
      storage_.v4.sin_port = htons(port);
    }
  }

  const sockaddr* data() const { return &storage_.common; }
  sockaddr* data() { return &storage_.common; }
  socklen_t size() const {
    return storage_.common.sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  }
  static constexpr socklen_t capacity() { return sizeof(sockaddr_in6); }

 private:
  union Storage {
    sockaddr_in6 v6;
    sockaddr_in v4;
    sockaddr common;
  } storage_;
};
static_assert(sizeof(SocketAddress) == 28);

inline SocketAddress SocketAddress::from(const Address& address, std::uint16_t port,
                                         std::uint32_t flow_label) {
  SocketAddress result;
  if (address.is_ipv4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.padded_bytes().data(), sizeof v4.sin_addr);
    result.storage_.v4 = v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    v6.sin6_flowinfo = htonl(flow_label & 0xfffffU);
    std::memcpy(&v6.sin6_addr, address.padded_bytes().data(), sizeof v6.sin6_addr);
    v6.sin6_scope_id = address.scope_id();
    result.storage_.v6 = v6;
  }
  return result;
}

// AF_INET or AF_INET6.
constexpr int address_family(Family family) {
  return family == Family::ipv4 ? AF_INET : AF_INET6;
}

}  // namespace sonde::net
