// utf8.cpp: see utf8.hpp.
#include "text/utf8.hpp"

#include <array>
#include <cstdint>

namespace sonde::text {

DecodedCharacter decode_utf8(std::string_view text) {
  const auto at = [&](std::size_t index) -> std::uint32_t { return static_cast<unsigned char>(text[index]); };
  const std::uint32_t lead = at(0);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {};
  char32_t code_point = lead & (0xffu >> (length + 1));
  for (std::size_t index = 1; index < length; ++index) {
    if ((at(index) & 0xc0) != 0x80) return {};
    code_point = code_point << 6 | (at(index) & 0x3f);
  }
  constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (code_point < smallest[length] || code_point > 0x10ffff || surrogate) return {};
  return {code_point, length, true};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const DecodedCharacter character = decode_utf8(text);
    if (!character.valid) return false;
    text.remove_prefix(character.length);
  }
  return true;
}

}  // namespace sonde::text
