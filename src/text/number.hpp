// number.hpp: reads numbers: whole, decimal, shares, percentiles.
//
// Every parse_ function of this room reads its whole argument or refuses it; what it refuses with is the second
// half of a line that starts with what was read: `"1x" is not a whole number (1 or more)`. Numbers are decimal
// digits with at most one point: no sign, no exponent, no "nan", no locale. Pure; callable from any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::text {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

template <typename T>
using Parsed = std::expected<T, std::string>;

// A decimal number at the front of `text`, as whole part and fraction.
struct Decimal {
  std::uint64_t whole = 0;
  double fraction = 0;  // in [0, 1)
  double value = 0;     // both together, to the nearest double
  bool overflow = false;
  bool is_zero = true;    // every digit is 0
  std::string_view rest;  // what stands behind it
};

// Reads "12", "12.5", "12." or ".5"; nullopt when there is no digit at the front.
std::optional<Decimal> read_decimal(std::string_view text);

// A whole number from `least` to `most`; decimal digits only, or hexadecimal behind "0x".
Parsed<std::uint64_t> parse_whole(std::string_view text, std::uint64_t least, std::uint64_t most,
                                  bool allow_hexadecimal = false);

// 1 to 2^63.
Parsed<std::uint64_t> parse_count(std::string_view text);

// "50,90,99.9": up to 32 numbers from 0 to 100, in the order given.
Parsed<std::vector<double>> parse_percentiles(std::string_view text);

// A share as a ratio from 0 to 1: "5" and "5%" are five per cent.
Parsed<double> parse_percent(std::string_view text);

}  // namespace sonde::text
