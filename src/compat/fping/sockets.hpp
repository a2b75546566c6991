// sockets.hpp: which ICMP sockets this process may have, and what it may set on them, tried before anything is sent: fping
// opens its sockets first, and has an answer of its own to each refusal.
//
// Nothing is sent by these; the session opens its own.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "net/file_descriptor.hpp"
#include "sonde/address.hpp"
#include "sonde/options.hpp"

namespace sonde::compat::fping {

inline constexpr std::array families{Family::ipv4, Family::ipv6};

class Sockets {
 public:
  // A ping socket of each family, or else a raw one; the other way round with `raw_first`.
  explicit Sockets(bool raw_first);

  struct Socket {
    net::FileDescriptor descriptor;
    TransportKind kind = TransportKind::icmp_datagram;
  };
  // nullptr: none may be had.
  const Socket* of(Family family) const;
  // By what to ask `target`: a ping socket sends to all nodes only where it is told by which device, a raw one anywhere.
  TransportKind kind_for(const Address& target) const;
  bool any() const { return of(Family::ipv4) != nullptr || of(Family::ipv6) != nullptr; }
  // Why there is none of that family, and what would change it.
  std::string refusal(Family family) const;

  // Of each of them, IPv4's first: 0 or the errno of the refusal. Families without a socket are left out.
  int try_interface(Family family, const std::string& interface) const;
  int try_mark(Family family, std::uint32_t mark) const;
  int try_source(const Address& source) const;

 private:
  std::array<Socket, 2> sockets_;  // IPv4, IPv6
  bool raw_v6_ = false;
  std::array<int, 2> datagram_errno_{}, raw_errno_{};
};

}  // namespace sonde::compat::fping
