// units.hpp: reads the values that options take: durations, rates, counts, bytes, TOS, patterns, percentiles.
//
// Every function reads its whole argument or refuses it; what it refuses with is the second half of a line
// that starts with the option's name: `"1x" is not a whole number (1 or more)`. Numbers are decimal digits
// with at most one point: no sign, no exponent, no "nan", no locale. Pure; callable from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/time.hpp"

namespace sonde::cli {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

template <typename T>
using Parsed = std::expected<T, std::string>;

// Text as it may stand in a message: in double quotes, cut after some 60 bytes, control characters as \xNN.
std::string in_quotes(std::string_view text);

// A whole number from `least` to `most`; decimal digits only, or hexadecimal behind "0x".
Parsed<std::uint64_t> parse_whole(std::string_view text, std::uint64_t least, std::uint64_t most,
                                  bool allow_hexadecimal = false);

// 1 to 2^63.
Parsed<std::uint64_t> parse_count(std::string_view text);

// "200ms", "1.5s", "2m", "500us", "1h", "1d", "80ns"; a bare number is seconds. 0 or more, up to ten years. A
// value that is not 0 but less than a nanosecond is refused.
Parsed<Nanoseconds> parse_duration(std::string_view text);
// The same, refusing 0.
Parsed<Nanoseconds> parse_positive_duration(std::string_view text);

// Packets per second, more than 0: "100k", "2.5M", "1000/s".
Parsed<double> parse_rate(std::string_view text);

// Bytes: a whole number, or with K, KiB, M or MiB behind it (powers of 1024); 1 to 1 GiB.
Parsed<int> parse_buffer_size(std::string_view text);

// The TOS or traffic class byte: 0 to 255, 0x00 to 0xff, or a DSCP name (RFC 2474, 2597, 3246, 5865, 8622).
Parsed<std::uint8_t> parse_tos(std::string_view text);

// Pairs of hexadecimal digits, "ff00" or "0xff00": 1 to 256 bytes.
Parsed<std::vector<std::byte>> parse_pattern(std::string_view text);

// "50,90,99.9": up to 32 numbers from 0 to 100, in the order given.
Parsed<std::vector<double>> parse_percentiles(std::string_view text);

// A share as a ratio from 0 to 1: "5" and "5%" are five per cent.
Parsed<double> parse_percent(std::string_view text);

}  // namespace sonde::cli
