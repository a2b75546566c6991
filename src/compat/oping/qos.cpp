// qos.cpp: see qos.hpp.
#include "compat/oping/qos.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

namespace sonde::compat::oping {

namespace {

struct Name {
  std::string_view text;
  std::uint8_t tos;
};

constexpr std::uint8_t code_point(unsigned value) {
  return static_cast<std::uint8_t>(value << 2U);
}

constexpr std::array names = {
    Name{"be", 0},          Name{"ef", code_point(0x2e)}, Name{"va", code_point(0x2c)},
    Name{"lowdelay", 0x10}, Name{"throughput", 0x08},     Name{"reliability", 0x04},
    Name{"mincost", 0x02},
};

char lower_case(char letter) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
}

bool same(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, lower_case, lower_case);
}

// "af12": class 1, drop precedence 2 (RFC 2597); "cs1" (RFC 2474).
std::optional<std::uint8_t> read_class(std::string_view text) {
  const auto digit = [&](std::size_t place) { return static_cast<unsigned>(text[place] - '0'); };
  if (text.size() == 4 && same(text.substr(0, 2), "af") && digit(2) - 1 < 4 && digit(3) - 1 < 3)
    return code_point(digit(2) << 3U | digit(3) << 1U);
  if (text.size() == 3 && same(text.substr(0, 2), "cs") && digit(2) < 8) return code_point(digit(2) << 3U);
  return std::nullopt;
}

std::string_view ecn_text(unsigned bits) {
  constexpr std::array<std::string_view, 4> texts = {"", ",ecn(1)", ",ecn(0)", ",ce"};
  return texts.at(bits);
}

}  // namespace

std::optional<std::uint8_t> read_qos(std::string_view text) {
  for (const Name& name : names) {
    if (same(name.text, text)) return name.tos;
  }
  if (const auto found = read_class(text)) return found;
  const std::string number(text);
  char* end = nullptr;
  const unsigned long value = std::strtoul(number.c_str(), &end, 0);
  if (number.empty() || *end != 0 || value > 0xff) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

std::string qos_text(std::uint8_t tos) {
  const unsigned point = tos >> 2U, bits = tos & 3U;
  const unsigned group = point >> 3U, precedence = (point & 7U) >> 1U;
  const bool even = (point & 1U) == 0;
  std::string text = fmt::format("{:#04x}", point);
  if (point == 0) text = "be";
  if (point == 0x2e) text = "ef";
  if (point == 0x2c) text = "va";
  if (even && point != 0 && precedence == 0) text = fmt::format("cs{}", group);
  if (even && group >= 1 && group <= 4 && precedence >= 1) text = fmt::format("af{}{}", group, precedence);
  return text.append(ecn_text(bits));
}

}  // namespace sonde::compat::oping
