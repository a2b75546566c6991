// timeline.hpp: from instants, measured or missing, to spans.
#pragma once

#include <array>
#include <optional>

#include "explain/explanation.hpp"

namespace sonde::explain {

// By Instant; nullopt: not measured.
using Measurements = std::array<std::optional<UnixTime>, instant_count>;

// Pure. Missing spans are told for stamps that something measured follows on the packet's way: the device's stamp when
// an answer came, say, but not the answer's when none did.
Timeline make_timeline(const Measurements& measurements);

// The initial TTL that hosts use (32, 64, 128, 255) next above `ttl`.
Distance likely_distance(std::uint8_t ttl);

}  // namespace sonde::explain
