// example.hpp: an explanation with everything in it, for tests of what is made of one.
#pragma once

#include "explain/explanation.hpp"
#include "explain/timeline.hpp"

namespace sonde::explain::testing {

inline UnixTime at(std::int64_t nanoseconds) {
  return UnixTime(std::chrono::seconds(1'700'000'000) + Nanoseconds(nanoseconds));
}

// By Instant, in nanoseconds from the start.
inline Measurements measurements(std::array<std::optional<std::int64_t>, instant_count> nanoseconds) {
  Measurements result;
  for (std::size_t i = 0; i < instant_count; ++i) {
    if (nanoseconds[i]) result[i] = at(*nanoseconds[i]);
  }
  return result;
}

// Over a network of 20 ms.
inline Explanation answered_probe() {
  Explanation example;
  example.name = "host.example";
  example.address = *Address::parse("192.0.2.7");
  example.verdict = EventKind::reply;
  example.from = example.address;
  example.ttl = 61;
  example.distance = likely_distance(61);
  example.bytes = 64;
  example.timeout = std::chrono::seconds(1);
  example.timeline =
      make_timeline(measurements({0, 8'000, 9'000, 12'000, 20'009'000, 20'030'000, 20'034'000}));
  example.rtt = Nanoseconds(20'000'000);
  example.user_rtt = Nanoseconds(20'034'000);
  example.socket = SocketRow{"icmp", "sl  local_address", "7: 00000000:0001"};
  example.route = net::Route{.kind = net::RouteKind::unicast,
                             .gateway = Address::parse("198.51.100.1").value(),
                             .source = Address::parse("198.51.100.9").value(),
                             .interface_index = 2,
                             .interface = "eth0",
                             .interface_mtu = 1500,
                             .path_mtu = std::nullopt,
                             .table = 254};
  example.next_hop = example.route->gateway;
  example.neighbour =
      net::Neighbour{net::NeighbourState::reachable,
                     {std::byte{2}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}}};
  example.neighbour_was_known = true;
  return example;
}

}  // namespace sonde::explain::testing
