// units.cpp: reads the values that options take.
#include "cli/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace sonde::cli {
namespace {

constexpr std::size_t longest_quote_bytes = 60;
constexpr std::int64_t longest_duration_ns = std::int64_t{3650} * 86'400 * 1'000'000'000;
constexpr std::size_t most_pattern_bytes = 256;
constexpr std::size_t most_percentiles = 32;

// A decimal number at the front of `text`, as whole part and fraction.
struct Decimal {
  std::uint64_t whole = 0;
  double fraction = 0;  // in [0, 1)
  double value = 0;     // both together, to the nearest double
  bool overflow = false;
  bool is_zero = true;    // every digit is 0
  std::string_view rest;  // what stands behind it
};

// 0 when there are no digits ("."). Requires: digits with at most one point.
double to_double(std::string_view digits) {
  double value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed);
  return value;
}

// Reads "12", "12.5", "12." or ".5"; nullopt when there is no digit at the front.
std::optional<Decimal> read_decimal(std::string_view text) {
  Decimal number;
  std::size_t at = 0;
  std::size_t digits = 0;
  for (; at < text.size() && is_digit(text[at]); ++at, ++digits) {
    const auto digit = static_cast<std::uint64_t>(text[at] - '0');
    if (number.whole > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) number.overflow = true;
    number.whole = number.whole * 10 + digit;
    if (digit != 0) number.is_zero = false;
  }
  const std::size_t point = at;
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && is_digit(text[at]); ++at, ++digits) {
      if (text[at] != '0') number.is_zero = false;
    }
  }
  if (digits == 0) return std::nullopt;
  number.fraction = to_double(text.substr(point, at - point));
  number.value = to_double(text.substr(0, at));
  number.rest = text.substr(at);
  return number;
}

struct Unit {
  std::string_view name;
  std::uint64_t scale;
};

constexpr std::array<Unit, 9> duration_units{{{"ns", 1},
                                              {"us", 1'000},
                                              {"\xc2\xb5s", 1'000},  // U+00B5, micro sign
                                              {"ms", 1'000'000},
                                              {"s", 1'000'000'000},
                                              {"", 1'000'000'000},
                                              {"m", 60'000'000'000},
                                              {"h", 3'600'000'000'000},
                                              {"d", 86'400'000'000'000}}};

constexpr std::array<Unit, 5> rate_units{
    {{"", 1}, {"k", 1'000}, {"K", 1'000}, {"M", 1'000'000}, {"G", 1'000'000'000}}};

constexpr std::array<Unit, 7> buffer_units{
    {{"", 1}, {"k", 1024}, {"K", 1024}, {"KiB", 1024}, {"M", 1'048'576}, {"MiB", 1'048'576}, {"B", 1}}};

template <std::size_t Count>
std::optional<std::uint64_t> scale_of(const std::array<Unit, Count>& units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return unit.scale;
  }
  return std::nullopt;
}

// Differentiated services code points; the TOS byte is four times these.
struct CodePoint {
  std::string_view name;
  std::uint8_t value;
};
constexpr std::array<CodePoint, 26> code_points{
    {{"be", 0},    {"df", 0},    {"cs0", 0},   {"cs1", 8},          {"cs2", 16},  {"cs3", 24},  {"cs4", 32},
     {"cs5", 40},  {"cs6", 48},  {"cs7", 56},  {"af11", 10},        {"af12", 12}, {"af13", 14}, {"af21", 18},
     {"af22", 20}, {"af23", 22}, {"af31", 26}, {"af32", 28},        {"af33", 30}, {"af41", 34}, {"af42", 36},
     {"af43", 38}, {"ef", 46},   {"va", 44},   {"voice-admit", 44}, {"le", 1}}};

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const char c = left[i] >= 'A' && left[i] <= 'Z' ? static_cast<char>(left[i] - 'A' + 'a') : left[i];
    if (c != right[i]) return false;
  }
  return true;
}

std::optional<unsigned> hexadecimal_digit(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

std::unexpected<std::string> refuse(std::string_view text, std::string_view reason) {
  return std::unexpected(fmt::format("{} {}", in_quotes(text), reason));
}

std::string describe_range(std::uint64_t least, std::uint64_t most) {
  if (most >= std::uint64_t{1} << 63) return fmt::format("({} or more)", least);
  return fmt::format("({} to {})", least, most);
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text.substr(0, longest_quote_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(result), "\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  result += text.size() > longest_quote_bytes ? "...\"" : "\"";
  return result;
}

Parsed<std::uint64_t> parse_whole(std::string_view text, std::uint64_t least, std::uint64_t most,
                                  bool allow_hexadecimal) {
  std::string_view digits = text;
  int base = 10;
  if (allow_hexadecimal && (text.starts_with("0x") || text.starts_with("0X"))) {
    digits.remove_prefix(2);
    base = 16;
  }
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  const bool whole = !digits.empty() && end == digits.data() + digits.size();
  if (!whole || failure == std::errc::invalid_argument) {
    return refuse(text, fmt::format("is not a whole number {}", describe_range(least, most)));
  }
  if (failure == std::errc::result_out_of_range || value > most) {
    return refuse(text, fmt::format("is too large; at most {}", most));
  }
  if (value < least) return refuse(text, fmt::format("is too small; at least {}", least));
  return value;
}

Parsed<std::uint64_t> parse_count(std::string_view text) {
  return parse_whole(text, 1, std::uint64_t{1} << 63);
}

Parsed<Nanoseconds> parse_duration(std::string_view text) {
  constexpr std::string_view expected =
      R"(is not a duration (such as 200ms, 1.5s or 2m; a bare number is seconds))";
  const auto number = read_decimal(text);
  if (!number) return refuse(text, expected);
  const auto scale = scale_of(duration_units, number->rest);
  if (!scale) {
    const bool unit_like = number->rest.find_first_of("0123456789.,-+ ") == std::string_view::npos;
    if (unit_like) return refuse(text, "has an unknown unit; use ns, us, ms, s, m, h or d");
    return refuse(text, expected);
  }
  constexpr auto longest = static_cast<std::uint64_t>(longest_duration_ns);
  if (number->overflow || number->whole > longest / *scale) return refuse(text, "is too long; at most 3650d");
  const auto nanoseconds =
      number->whole * *scale +
      static_cast<std::uint64_t>(std::llround(number->fraction * static_cast<double>(*scale)));
  if (nanoseconds > longest) return refuse(text, "is too long; at most 3650d");
  if (nanoseconds == 0 && !number->is_zero) return refuse(text, "is shorter than a nanosecond");
  return Nanoseconds(static_cast<std::int64_t>(nanoseconds));
}

Parsed<Nanoseconds> parse_positive_duration(std::string_view text) {
  auto duration = parse_duration(text);
  if (duration && *duration == Nanoseconds::zero()) return refuse(text, "must be more than 0");
  return duration;
}

Parsed<double> parse_rate(std::string_view text) {
  std::string_view name = text;
  if (name.ends_with("/s")) name.remove_suffix(2);
  const auto number = read_decimal(name);
  const auto scale = number ? scale_of(rate_units, number->rest) : std::nullopt;
  if (!scale) return refuse(text, "is not a rate in packets per second (such as 500, 100k or 2.5M)");
  if (number->is_zero) return refuse(text, "must be more than 0");
  const double rate = number->value * static_cast<double>(*scale);
  if (number->overflow || rate > 1e9) return refuse(text, "is too large; at most 1G");
  if (rate < 1e-6) return refuse(text, "is too small; at least 0.000001");
  return rate;
}

Parsed<int> parse_buffer_size(std::string_view text) {
  const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
  const auto scale = scale_of(buffer_units, text.substr(digits.size()));
  if (digits.empty() || !scale) return refuse(text, "is not a number of bytes (such as 212992, 256K or 4M)");
  constexpr std::uint64_t most = std::uint64_t{1} << 30;
  const auto value = parse_whole(digits, 1, most / *scale);
  if (!value) return refuse(text, "is out of range; 1 to 1024M");
  return static_cast<int>(*value * *scale);
}

Parsed<std::uint8_t> parse_tos(std::string_view text) {
  for (const CodePoint& point : code_points) {
    if (equal_ignoring_case(text, point.name)) return static_cast<std::uint8_t>(point.value * 4);
  }
  if (const auto value = parse_whole(text, 0, 255, true)) return static_cast<std::uint8_t>(*value);
  return refuse(
      text,
      "is neither a number (0 to 255, 0x00 to 0xff) nor a DSCP name (be, le, ef, va, cs0-cs7, af11-af43)");
}

Parsed<std::vector<std::byte>> parse_pattern(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with("0x") || digits.starts_with("0X")) digits.remove_prefix(2);
  if (digits.empty() || digits.size() % 2 != 0) {
    return refuse(text, "is not a pattern: two hexadecimal digits for each byte (such as ff00)");
  }
  if (digits.size() / 2 > most_pattern_bytes) {
    return refuse(text, fmt::format("is too long; at most {} bytes", most_pattern_bytes));
  }
  std::vector<std::byte> bytes;
  bytes.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const auto high = hexadecimal_digit(digits[i]);
    const auto low = hexadecimal_digit(digits[i + 1]);
    if (!high || !low) {
      return refuse(text, "is not a pattern: two hexadecimal digits for each byte (such as ff00)");
    }
    bytes.push_back(static_cast<std::byte>(*high * 16 + *low));
  }
  return bytes;
}

Parsed<std::vector<double>> parse_percentiles(std::string_view text) {
  std::vector<double> percentiles;
  std::string_view rest = text;
  while (true) {
    const auto comma = rest.find(',');
    const auto item = rest.substr(0, comma);
    const auto number = read_decimal(item);
    if (!number || !number->rest.empty() || number->overflow || number->value > 100) {
      return refuse(
          text,
          fmt::format("is not a list of percentiles: {} is not a number from 0 to 100 (as in 50,90,99.9)",
                      in_quotes(item)));
    }
    if (percentiles.size() == most_percentiles) {
      return refuse(text, fmt::format("has too many percentiles; at most {}", most_percentiles));
    }
    percentiles.push_back(number->value);
    if (comma == std::string_view::npos) return percentiles;
    rest.remove_prefix(comma + 1);
  }
}

Parsed<double> parse_percent(std::string_view text) {
  const auto number = read_decimal(text);
  if (!number || number->overflow || (!number->rest.empty() && number->rest != "%")) {
    return refuse(text, "is not a percentage (such as 5 or 0.5%)");
  }
  if (number->value > 100) return refuse(text, "is too large; at most 100%");
  return number->value / 100;
}

}  // namespace sonde::cli
