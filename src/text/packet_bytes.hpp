// packet_bytes.hpp: reads bytes that a packet carries: TOS or traffic class, payload pattern.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/number.hpp"

namespace sonde::text {

// The TOS or traffic class byte: 0 to 255, 0x00 to 0xff, or a DSCP name (RFC 2474, 2597, 3246, 5865, 8622).
Parsed<std::uint8_t> parse_tos(std::string_view text);

// Pairs of hexadecimal digits, "ff00" or "0xff00": 1 to 256 bytes.
Parsed<std::vector<std::byte>> parse_pattern(std::string_view text);

}  // namespace sonde::text
