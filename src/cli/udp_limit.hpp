// udp_limit.hpp: tells a host's own limit on port unreachables from loss.
//
// A Linux host sends one asker six ICMP errors at once, then one a second (net.ipv4.icmp_ratelimit and net.ipv6.icmp.ratelimit,
// kernel document networking/ip-sysctl.rst; the burst is XRLIM_BURST_FACTOR in net/ipv4/route.c). Whoever asks faster by
// UDP gets just so many answers, which says nothing about the network.
#pragma once

#include <cstdint>

#include "sonde/figures.hpp"
#include "sonde/time.hpp"

namespace sonde::cli {

// Whether a target asked by UDP was asked for more answers than that within `elapsed`, and gave about as many.
constexpr bool looks_limited(const Figures& figures, Nanoseconds elapsed) {
  constexpr std::uint64_t burst = 6;
  const auto seconds = static_cast<std::uint64_t>(elapsed / std::chrono::seconds(1));
  const std::uint64_t most = burst + seconds + 1;
  const std::uint64_t answered = figures.received + figures.late;
  return figures.lost > 0 && figures.sent - figures.local > most && answered >= burst && answered <= most;
}

}  // namespace sonde::cli
