// filter.hpp: which records are told: `--filter`, in zmap's grammar and a little more.
//
//   Result<Filter> filter = Filter::parse("success = 1 && (rtt_ms > 100 || late) && !(address in 192.0.2.0/24)");
//   if (filter->matches(record)) ...
//
//   expression   all { "||" all }
//   all          one { "&&" one }
//   one          "!" one | "(" expression ")" | comparison
//   comparison   field ("=" | "==" | "!=" | "<" | "<=" | ">" | ">=") value
//                | address-field "in" prefix-or-range
//                | flag-field                            the same as: = 1
//   value        a word, or text in double or single quotes
//
// "&&" binds more tightly than "||". Numbers may have as many decimals as their field; flags are 0, 1, false,
// true; addresses and texts are compared by = and != alone; an address without a zone stands for itself in
// every zone; a time is UNIX seconds or ISO 8601. What a record does not have compares false with everything,
// != included. An empty expression is true.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/error.hpp"
#include "sweep/fields.hpp"

namespace sonde::sweep {

// One line per answering address.
inline constexpr std::string_view default_filter = "success = 1 && duplicate = 0";

enum class Comparison : std::uint8_t { equal, not_equal, less, less_or_equal, greater, greater_or_equal };

// A comparison of a field with a constant of the field's type.
struct FieldTest {
  const Field* field = nullptr;
  Comparison comparison = Comparison::equal;
  std::int64_t number = 0;  // as FieldValue::number()
  std::string text;
  Address first, last;         // inclusive
  bool in_every_zone = false;  // of the address

  bool holds(const Record& record) const;
};

// Immutable: safe to share between threads.
//
// Kept as the tests in the order of the text, each with where to go on when it holds and when not, so that a
// record runs through no more of them than decide about it.
class Filter {
 public:
  Filter() = default;  // matches everything
  // Errors: invalid_argument, which says where in the text what was expected.
  static Result<Filter> parse(std::string_view text);

  bool matches(const Record& record) const;

 private:
  friend class FilterParser;
  static constexpr std::uint32_t accept = 0xffff'ffff, reject = 0xffff'fffe;

  struct Step {
    FieldTest test;
    std::uint32_t if_true = accept, if_false = reject;  // further on, always
  };
  std::vector<Step> steps_;
};

}  // namespace sonde::sweep
