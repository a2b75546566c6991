// number.cpp: see number.hpp.
#include "text/number.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "text/quote.hpp"

namespace sonde::text {
namespace {

constexpr std::size_t most_percentiles = 32;

// 0 when there are no digits ("."). Requires: digits with at most one point.
double to_double(std::string_view digits) {
  double value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed);
  return value;
}

std::string describe_range(std::uint64_t least, std::uint64_t most) {
  if (most >= std::uint64_t{1} << 63) return fmt::format("({} or more)", least);
  return fmt::format("({} to {})", least, most);
}

}  // namespace

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

}  // namespace sonde::text
