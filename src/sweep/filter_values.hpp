// filter_values.hpp: the constants of a filter: words read as what their field holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sweep/filter.hpp"

namespace sonde::sweep {

// Puts `text` into `test` as a constant of the type of its field; `in`: an address prefix or range.
// False: it is none.
bool read_value(std::string_view text, bool in, FieldTest& test);

// What read_value() takes, in words: "a number with at most 6 decimals".
std::string expected_value(const Field& field, bool in);

// "-12.5" with 3 decimals is -12500. nullopt: not a decimal number, more decimals than that, or out of range.
std::optional<std::int64_t> parse_decimal(std::string_view text, unsigned decimals);

// "2025-03-01", "2025-03-01T12:00", "2025-03-01T12:00:00.5Z" (UTC, with or without the Z), or UNIX seconds.
std::optional<UnixTime> parse_time(std::string_view text);

}  // namespace sonde::sweep
