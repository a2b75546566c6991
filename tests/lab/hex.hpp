// hex.hpp: bytes written as hexadecimal text, for examples in tests.
#pragma once

#include <string_view>

#include "lab/packet.hpp"

namespace sonde::lab {

// Blanks are skipped.
inline Bytes from_hex(std::string_view text) {
  Bytes bytes;
  int high = -1;
  for (const char character : text) {
    if (character == ' ') continue;
    const int digit = character <= '9' ? character - '0' : character - 'a' + 10;
    if (high >= 0) bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
    high = high >= 0 ? -1 : digit;
  }
  return bytes;
}

}  // namespace sonde::lab
