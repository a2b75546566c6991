// filter_values.cpp: see filter_values.hpp.
#include "sweep/filter_values.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "text/number.hpp"

namespace sonde::sweep {
namespace {

constexpr unsigned time_decimals = 9;

// Exactly `digits` digits off the front; nullopt when there are not so many.
std::optional<unsigned> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  unsigned value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!text::is_digit(text[i])) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char character) {
  if (!text.starts_with(character)) return false;
  text.remove_prefix(1);
  return true;
}

// "2025-03-01" off the front. Only of years whose nanoseconds fit.
std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || *year < 1970 || *year > 2261) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

// What follows a date: "12:00", "12:00:00", "12:00:00.5".
std::optional<Nanoseconds> read_time_of_day(std::string_view text) {
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  Nanoseconds time = std::chrono::hours(*hour) + std::chrono::minutes(*minute);
  if (text.empty()) return time;
  if (!take(text, ':') || text.size() < 2 || !text::is_digit(text[0]) || !text::is_digit(text[1]))
    return std::nullopt;
  const auto seconds = parse_decimal(text, time_decimals);
  if (!seconds || *seconds >= Nanoseconds(std::chrono::seconds(60)).count()) return std::nullopt;
  return time + Nanoseconds(*seconds);
}

bool read_address(std::string_view text, bool in, FieldTest& test) {
  if (in) {
    const auto range = AddressRange::parse(text);
    if (!range) return false;
    test.first = range->first();
    test.last = range->last();
  } else {
    const auto address = Address::parse(text);
    if (!address) return false;
    test.first = test.last = *address;
  }
  test.in_every_zone = test.first.scope_id() == 0;
  return true;
}

}  // namespace

std::optional<std::int64_t> parse_decimal(std::string_view text, unsigned decimals) {
  const bool negative = take(text, '-');
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string_view fraction = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() || (point != std::string_view::npos && fraction.empty())) return std::nullopt;
  while (fraction.ends_with('0')) fraction.remove_suffix(1);
  if (fraction.size() > decimals || whole.size() > 40) return std::nullopt;
  std::string digits(whole);
  digits += fraction;
  digits.append(decimals - fraction.size(), '0');
  if (!text::is_digit(digits.front())) return std::nullopt;  // a second sign
  if (negative) digits.insert(0, 1, '-');
  std::int64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [read, failure] = std::from_chars(digits.data(), end, number);
  if (failure != std::errc{} || read != end) return std::nullopt;
  return number;
}

std::optional<UnixTime> parse_time(std::string_view text) {
  if (text.ends_with('Z')) {
    text.remove_suffix(1);
  } else if (const auto seconds = parse_decimal(text, time_decimals)) {
    return UnixTime(Nanoseconds(*seconds));
  }
  const auto date = take_date(text);
  if (!date) return std::nullopt;
  const UnixTime midnight = *date;
  if (text.empty()) return midnight;
  if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
  const auto time = read_time_of_day(text);
  if (!time) return std::nullopt;
  return midnight + *time;
}

bool read_value(std::string_view text, bool in, FieldTest& test) {
  switch (test.field->type) {
    case FieldType::address:
      return read_address(text, in, test);
    case FieldType::text:
      test.text = text;
      return true;
    case FieldType::flag:
      test.number = text == "1" || text == "true" ? 1 : 0;
      return test.number == 1 || text == "0" || text == "false";
    case FieldType::number: {
      const auto number = parse_decimal(text, test.field->decimals);
      test.number = number.value_or(0);
      return number.has_value();
    }
    case FieldType::time: {
      const auto time = parse_time(text);
      test.number = time ? time->time_since_epoch().count() : 0;
      return time.has_value();
    }
  }
  return false;
}

std::string expected_value(const Field& field, bool in) {
  switch (field.type) {
    case FieldType::address:
      return in ? "a prefix or range of addresses" : "an address";
    case FieldType::text:
      return "a word or quoted text";
    case FieldType::flag:
      return "0, 1, false or true";
    case FieldType::number:
      if (field.decimals == 0) return "a whole number";
      return fmt::format("a number with at most {} decimals", field.decimals);
    case FieldType::time:
      return "UNIX seconds or a time in ISO 8601 (UTC)";
  }
  return {};
}

}  // namespace sonde::sweep
