// initial_ttl.hpp: guesses with which TTL or hop limit a packet left, from the one it arrived with.
#pragma once

#include <cstdint>

namespace sonde::wire {

// The least of the values that stacks start with (32, 64, 128, 255) that is not below `ttl`. A guess: a host may
// start with any value, and a path of more than 32 hops would mislead, but those are rare.
constexpr std::uint8_t likely_initial_ttl(std::uint8_t ttl) {
  for (const std::uint8_t start : {std::uint8_t{32}, std::uint8_t{64}, std::uint8_t{128}}) {
    if (ttl <= start) return start;
  }
  return 255;
}

}  // namespace sonde::wire
