// utf8.hpp: characters of UTF-8 (RFC 3629).
#pragma once

#include <cstddef>
#include <string_view>

namespace sonde::text {

struct DecodedCharacter {
  char32_t code_point = 0;
  std::size_t length = 1;  // bytes taken; 1 when not valid
  bool valid = false;
};

// The character at the start of `text`, which must not be empty. Overlong forms, surrogates and cut sequences
// are not valid (RFC 3629).
DecodedCharacter decode_utf8(std::string_view text);

// Whether all of it is valid.
bool is_utf8(std::string_view text);

}  // namespace sonde::text
