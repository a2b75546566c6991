// unreachable_limits.hpp: how many port unreachables a Linux host sends, and how sonde keeps within that by UDP.
//
// A Linux host sends one asker six ICMP errors at once, then one a second (net.ipv4.icmp_ratelimit and
// net.ipv6.icmp.ratelimit, kernel document networking/ip-sysctl.rst; the burst is XRLIM_BURST_FACTOR in
// net/ipv4/route.c). To all askers together it sends fifty at once, then 1,000 a second
// (net.ipv4.icmp_msgs_per_sec and icmp_msgs_burst). Whoever asks faster by UDP gets just so many answers, which
// says nothing about the network.
#pragma once

#include <chrono>
#include <cstdint>

#include "sonde/time.hpp"

namespace sonde::net {

// To one asker.
inline constexpr std::uint64_t unreachable_burst = 6;
inline constexpr Nanoseconds unreachable_interval = std::chrono::seconds(1);

// To all askers together.
inline constexpr double unreachable_burst_to_all = 50;
inline constexpr double unreachable_rate_to_all = 1000;  // per second

// Probes per second by UDP to all targets together, which may be addresses of one host: below its rate, as it
// has others to answer too.
inline constexpr double paced_udp_rate = 800;

}  // namespace sonde::net
