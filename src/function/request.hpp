// request.hpp: what one invocation asks for, as validated plain values, and how much it may ask for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sonde/options.hpp"
#include "sonde/time.hpp"

namespace sonde::function {

inline constexpr std::size_t most_targets = 16;
inline constexpr std::uint64_t most_probes = 100;  // over all targets and addresses, by one way
inline constexpr std::size_t most_addresses = 8;   // measured of one name
inline constexpr std::uint16_t largest_size =
    1472;  // what fits a packet of 1500 bytes, IPv4 and ICMP headers off
inline constexpr Nanoseconds shortest_interval = std::chrono::milliseconds(1);
inline constexpr Nanoseconds longest_wait = std::chrono::seconds(60);  // interval and timeout

// An answer leaves this long before the invocation's deadline at the latest: the half second that is promised, and
// what it takes to write and send it.
inline constexpr Nanoseconds answer_margin = std::chrono::milliseconds(600);

// The initialisers are the defaults of an event's fields.
struct Request {
  std::vector<std::string> targets;  // addresses and plausible names, 1 to most_targets, as given
  std::uint64_t count = 5;           // probes to each address; times targets at most most_probes
  Nanoseconds interval = std::chrono::milliseconds(200);
  Nanoseconds timeout = std::chrono::seconds(1);
  TransportKind transport = TransportKind::automatic;
  std::uint16_t tcp_port = 0;  // 0: the usual ones
  std::uint16_t size_bytes = 56;
  bool try_all = true;  // `auto`: other ways also for a single target that is silent
};

}  // namespace sonde::function
