// fields.hpp: what a record can be asked for by name: the one table behind `--fields`, `--filter`,
// `--list-fields`.
//
//   Result<std::vector<NamedField>> fields = parse_fields("address,rtt_ms,ttl");
//   const FieldValue value = fields->front().field->value(record);
//
// zmap's names lead to the fields with the same meaning, so that its command lines keep working; a column is
// headed by the name that was asked for.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/error.hpp"
#include "sweep/record.hpp"

namespace sonde::sweep {

enum class FieldType : std::uint8_t {
  address,
  number,  // with `decimals` digits behind the point
  text,    // a word of a fixed set
  flag,    // 0 or 1 in CSV, false or true in JSON
  time,    // nanoseconds since 1970; written in ISO 8601, UTC
};

std::string_view to_string(FieldType type);

// What a record has in a field. Points into the record: valid as long as that stays where it is.
class FieldValue {
 public:
  enum class Kind : std::uint8_t { absent, address, number, text };

  FieldValue() = default;  // absent
  explicit FieldValue(const Address& address) : kind_(Kind::address), address_(&address) {}
  explicit FieldValue(std::int64_t number) : kind_(Kind::number), number_(number) {}
  explicit FieldValue(std::string_view text) : kind_(Kind::text), text_(text) {}

  Kind kind() const { return kind_; }
  bool is_absent() const { return kind_ == Kind::absent; }
  // Requires of each: the kind of that name.
  const Address& address() const { return *address_; }
  // Numbers, flags and times. A number with decimals is in units of its last digit.
  std::int64_t number() const { return number_; }
  std::string_view text() const { return text_; }

 private:
  Kind kind_ = Kind::absent;
  const Address* address_ = nullptr;
  std::int64_t number_ = 0;
  std::string_view text_;
};

struct Field {
  std::string_view name;
  FieldType type = FieldType::number;
  std::uint8_t decimals = 0;
  std::string_view unit;  // may be empty
  std::string_view help;  // one line
  FieldValue (*value)(const Record& record) = nullptr;
  std::string_view zmap_name = {};  // its other name; empty: none
};

// In the order in which `--list-fields` tells them.
std::span<const Field> all_fields();

// By its own name or zmap's; nullptr: there is none of this name.
const Field* find_field(std::string_view name);

// A field and what it is called in the output.
struct NamedField {
  const Field* field = nullptr;
  std::string_view name;
};

inline constexpr std::string_view default_fields = "address,rtt_ms";

// "address,rtt_ms", or "*" for all; blanks around the commas are allowed.
// Errors: invalid_argument for a name that is unknown, empty or named twice.
Result<std::vector<NamedField>> parse_fields(std::string_view list);

// One line a field: name, type, unit, help, and zmap's name for it.
std::string list_fields_text();

// Appends a number in units of its last digit: 12345 with 3 decimals is "12.345".
void append_decimal(std::string& out, std::int64_t number, unsigned decimals);
// Appends "2025-03-01T12:00:00.123456Z"; `decimals` of a second, at most 9.
void append_iso_time(std::string& out, UnixTime time, unsigned decimals);
// Appends an address as Address::to_string() writes it, several times faster.
void append_address(std::string& out, const Address& address);

}  // namespace sonde::sweep
