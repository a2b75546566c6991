// route.hpp: which way the kernel sends a packet, and what it knows of the host next on that way (rtnetlink(7)).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/error.hpp"
#include "sonde/options.hpp"

namespace sonde::net {

enum class RouteKind : std::uint8_t { unicast, local, broadcast, multicast, anycast, other };
std::string_view to_string(RouteKind kind);  // "unicast", …

struct Route {
  RouteKind kind = RouteKind::other;
  std::optional<Address> gateway;  // unset: the destination is on the link, or this host itself
  std::optional<Address> source;   // what the kernel would send from
  std::uint32_t interface_index = 0;
  std::string interface;                  // its name
  std::uint32_t interface_mtu = 0;        // bytes; 0: not told
  std::optional<std::uint32_t> path_mtu;  // of the route, where it has one of its own
  std::uint32_t table = 0;                // 254: main, 255: local
};

// The route of a packet to `to` with these options (source, interface, mark and TOS count). Errors: invalid_argument,
// unreachable or whatever else the kernel refuses with, its errno in the error; system.
Result<Route> find_route(const Address& to, const NetworkOptions& options = {});

// State of a neighbour entry (RFC 4861, section 7.3.2, and the kernel's own).
enum class NeighbourState : std::uint8_t {
  incomplete,
  reachable,
  stale,
  delay,
  probe,
  failed,
  noarp,
  permanent,
  other
};
std::string_view to_string(NeighbourState state);

struct Neighbour {
  NeighbourState state = NeighbourState::other;
  std::vector<std::byte> link_address{};  // of Ethernet, 6 bytes; empty: not known
};
// "52:54:00:12:34:56"
std::string link_address_text(std::span<const std::byte> address);

// What the kernel knows of `address` on that interface; nullopt: nothing. Errors: system.
Result<std::optional<Neighbour>> find_neighbour(const Address& address, std::uint32_t interface_index);

}  // namespace sonde::net
