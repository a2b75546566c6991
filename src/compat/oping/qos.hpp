// qos.hpp: the names that oping has for values of the TOS byte (RFC 2474, 2597, 3246, 5865, 1349), both ways.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::compat::oping {

// "af12", "cs1", "ef", "va", "be", "lowdelay", ..., a decimal or hexadecimal number; case does not matter.
std::optional<std::uint8_t> read_qos(std::string_view text);

// "af12", "ef,ecn(1)", "0x01": code point and ECN bits, as oping prints what an answer carried.
std::string qos_text(std::uint8_t tos);

}  // namespace sonde::compat::oping
