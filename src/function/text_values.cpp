// text_values.cpp: see text_values.hpp.
#include "function/text_values.hpp"

#include <cstdint>

#include "sonde/address.hpp"
#include "text/host_name.hpp"
#include "text/number.hpp"

namespace sonde::function {
namespace {

std::optional<unsigned> hexadecimal(char letter) {
  if (text::is_digit(letter)) return static_cast<unsigned>(letter - '0');
  const char small = static_cast<char>(letter | 0x20);
  if (small >= 'a' && small <= 'f') return static_cast<unsigned>(small - 'a') + 10;
  return std::nullopt;
}

std::optional<unsigned> base64_digit(char letter) {
  if (letter >= 'A' && letter <= 'Z') return static_cast<unsigned>(letter - 'A');
  if (letter >= 'a' && letter <= 'z') return static_cast<unsigned>(letter - 'a') + 26;
  if (text::is_digit(letter)) return static_cast<unsigned>(letter - '0') + 52;
  if (letter == '+') return 62U;
  if (letter == '/') return 63U;
  return std::nullopt;
}

}  // namespace

std::optional<bool> read_truth(std::string_view text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return std::nullopt;
}

bool is_plausible_target(std::string_view text) {
  return text::is_plausible_host_name(text) || Address::parse(text).has_value();
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = hexadecimal(text[i + 1]);
    const auto low = hexadecimal(text[i + 2]);
    if (!high || !low) return std::nullopt;
    decoded += static_cast<char>(*high << 4 | *low);
    i += 2;
  }
  return decoded;
}

std::optional<std::string> base64_decoded(std::string_view text) {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string decoded;
  decoded.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char letter : text) {
    const auto digit = base64_digit(letter);
    if (!digit) return std::nullopt;
    bits = bits << 6 | *digit;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    decoded += static_cast<char>(bits >> held & 0xffU);
  }
  return decoded;
}

}  // namespace sonde::function
