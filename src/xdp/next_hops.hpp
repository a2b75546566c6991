// next_hops.hpp: to which Ethernet address a packet goes by the device, and from which source, asked of the kernel.
//
// The route table says which destinations are alike; for the first of each kind the kernel is asked for route and neighbour,
// again each second. No neighbour is ever asked for here: while one is unknown, or where each destination would be its own,
// that is the kernel's work, and the caller has it send (hop() is nothing).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "net/route_table.hpp"
#include "sonde/address.hpp"
#include "sonde/error.hpp"
#include "sonde/options.hpp"
#include "sonde/time.hpp"

namespace sonde::xdp {

using EthernetAddress = std::array<std::byte, 6>;

struct Hop {
  EthernetAddress to{};
  Address source;
  std::size_t largest_packet = 0;  // bytes, IP header included
};

// Threads: one owner.
class NextHops {
 public:
  NextHops(std::shared_ptr<const net::RouteTable> routes, std::uint32_t interface_index,
           NetworkOptions options);

  // nullptr: leave it to the kernel. Valid until the next call.
  const Hop* hop(const Address& destination, MonotonicTime now);

 private:
  struct Known {
    std::optional<Hop> hop{};
    std::optional<MonotonicTime> asked_at{};
  };
  std::optional<Hop> ask(const Address& destination) const;

  std::shared_ptr<const net::RouteTable> routes_;
  std::uint32_t interface_index_;
  NetworkOptions options_;
  std::vector<Known> known_;  // by the number of the route
};

}  // namespace sonde::xdp
