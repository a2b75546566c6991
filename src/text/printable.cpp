// printable.cpp: escapes what a terminal would obey.
#include "text/printable.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "text/utf8.hpp"

namespace sonde::text {
namespace {

struct Range {
  char32_t first, last;
};

// Characters that change how the text around them is laid out, or look like nothing.
constexpr auto deceptive = std::to_array<Range>({
    {0x061c, 0x061c},
    {0x200b, 0x200f},
    {0x2028, 0x202e},
    {0x2060, 0x2069},
    {0xfeff, 0xfeff},
    {0xe0000, 0xe007f},
});

bool is_deceptive(char32_t code_point) {
  return std::ranges::any_of(deceptive, [code_point](const Range& range) {
    return code_point >= range.first && code_point <= range.last;
  });
}

// "\x1b", "\u202e".
void append_escape(std::string& text, char letter, std::size_t digits, std::uint32_t value) {
  constexpr std::string_view hexadecimal = "0123456789abcdef";
  while (digits < 8 && value >> (4 * digits) != 0) ++digits;
  text += '\\';
  text += letter;
  while (digits > 0) text += hexadecimal[value >> (4 * --digits) & 0xf];
}

std::string escaped(std::string_view text, std::string_view left_alone) {
  const auto is_plain = [left_alone](char c) { return (c >= 0x20 && c < 0x7f) || left_alone.contains(c); };
  if (std::ranges::all_of(text, is_plain)) return std::string(text);
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const DecodedCharacter character = decode_utf8(text);
    const char32_t code = character.code_point;
    const bool controls = code < 0x20 || (code >= 0x7f && code < 0xa0);
    if (!character.valid) {
      append_escape(result, 'x', 2, static_cast<unsigned char>(text.front()));
    } else if (controls && !is_plain(text.front())) {
      append_escape(result, 'x', 2, code);
    } else if (is_deceptive(code)) {
      append_escape(result, 'u', 4, code);
    } else {
      result.append(text.substr(0, character.length));
    }
    text.remove_prefix(character.length);
  }
  return result;
}

}  // namespace

std::string printable(std::string_view text) {
  return escaped(text, {});
}

std::string printable_lines(std::string_view text) {
  return escaped(text, "\n\t");
}

}  // namespace sonde::text
