// target_file_address.hpp: plain addresses from text, at the speed of a hitlist.
//
// Only what inet_pton() takes too, and with the same meaning: no leading zeros in IPv4, one "::", at most four digits
// in a group. Whatever else an address may look like (an IPv4 tail, a zone) is left to Address::parse().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sweep/target_space_words.hpp"

namespace sonde::sweep {

// Takes an address off the front of `text`. false, and `text` as it was: there is none.
inline bool take_address(std::string_view& text, Ipv4Word& word) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto digit = [&] { return at == end ? 10U : static_cast<unsigned>(*at) - '0'; };
  Ipv4Word value = 0;
  for (int byte = 0; byte < 4; ++byte) {
    if (byte > 0) {
      if (at == end || *at != '.') return false;
      ++at;
    }
    unsigned number = digit();
    if (number > 9) return false;
    ++at;
    for (unsigned next = digit(); next <= 9; next = digit()) {
      if (number == 0) return false;
      number = number * 10 + next;
      if (number > 255) return false;
      ++at;
    }
    value = value << 8 | number;
  }
  text.remove_prefix(static_cast<std::size_t>(at - text.data()));
  word = value;
  return true;
}

inline constexpr std::uint8_t no_digit = 0xff;
inline constexpr std::array<std::uint8_t, 256> hexadecimal_digits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(no_digit);
  for (std::uint8_t i = 0; i < 10; ++i) digits['0' + std::size_t{i}] = i;
  for (std::uint8_t i = 0; i < 6; ++i) {
    digits['a' + std::size_t{i}] = static_cast<std::uint8_t>(10 + i);
    digits['A' + std::size_t{i}] = static_cast<std::uint8_t>(10 + i);
  }
  return digits;
}();

inline bool take_address(std::string_view& text, Ipv6Word& word) {
  const char* at = text.data();
  const char* const end = at + text.size();
  constexpr unsigned no_gap = 9;
  Ipv6Word value = 0;
  unsigned groups = 0;
  unsigned gap = no_gap;  // how many groups are before "::"
  const auto take_gap = [&] {
    if (end - at < 2 || at[0] != ':' || at[1] != ':' || gap != no_gap) return false;
    at += 2;
    gap = groups;
    return true;
  };
  take_gap();
  while (groups < 8) {
    unsigned group = 0;
    int digits = 0;
    for (; at != end; ++at, ++digits) {
      const std::uint8_t digit = hexadecimal_digits[static_cast<unsigned char>(*at)];
      if (digit == no_digit) break;
      group = group << 4 | digit;
      if (digits == 4) return false;
    }
    if (digits == 0) {
      // Only "::" may be the end.
      if (gap != groups) return false;
      break;
    }
    value = value << 16 | group;
    ++groups;
    if (groups == 8 || at == end || *at != ':') break;
    if (!take_gap()) ++at;
  }
  if ((groups == 8) != (gap == no_gap)) return false;
  // What a "." or a ":" follows is no address of this kind.
  if (at != end && (*at == '.' || *at == ':')) return false;
  if (gap != no_gap && gap > 0) {
    const unsigned behind = 16 * (groups - gap);
    const Ipv6Word low = value & ((Ipv6Word{1} << behind) - 1);
    value = (value >> behind) << (16 * (8 - gap)) | low;
  }
  text.remove_prefix(static_cast<std::size_t>(at - text.data()));
  word = value;
  return true;
}

}  // namespace sonde::sweep
