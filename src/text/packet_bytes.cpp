// packet_bytes.cpp: see packet_bytes.hpp.
#include "text/packet_bytes.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "text/quote.hpp"

namespace sonde::text {
namespace {

constexpr std::size_t most_pattern_bytes = 256;

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

}  // namespace

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

}  // namespace sonde::text
