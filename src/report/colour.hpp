// colour.hpp: the few colours sonde uses, as SGR escape sequences (ECMA-48).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::report {

enum class Colour : std::uint8_t { plain, bold, dim, red, green, yellow };

// `text` in that colour when `on`.
inline std::string paint(std::string_view text, Colour colour, bool on) {
  std::string_view begin;
  switch (colour) {
    case Colour::plain:
      break;
    case Colour::bold:
      begin = "\x1b[1m";
      break;
    case Colour::dim:
      begin = "\x1b[2m";
      break;
    case Colour::red:
      begin = "\x1b[31m";
      break;
    case Colour::green:
      begin = "\x1b[32m";
      break;
    case Colour::yellow:
      begin = "\x1b[33m";
      break;
  }
  std::string result;
  if (!on || begin.empty() || text.empty()) return result.append(text);
  return result.append(begin).append(text).append("\x1b[0m");
}

}  // namespace sonde::report
