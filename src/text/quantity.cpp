// quantity.cpp: see quantity.hpp.
#include "text/quantity.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

#include "text/quote.hpp"

namespace sonde::text {
namespace {

constexpr std::int64_t longest_duration_ns = std::int64_t{3650} * 86'400 * 1'000'000'000;

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

}  // namespace

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

}  // namespace sonde::text
