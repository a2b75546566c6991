// printable.hpp: text from outside that cannot drive the terminal which it is shown on.
//
// Whatever the program says to people passes here: Error::message(), names, what a file or an argument holds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde::net {

struct DecodedCharacter {
  char32_t code_point = 0;
  std::size_t length = 1;  // bytes taken; 1 when not valid
  bool valid = false;
};

// The character at the start of `text`, which must not be empty. Overlong forms, surrogates and cut sequences
// are not valid (RFC 3629).
DecodedCharacter decode_utf8(std::string_view text);

// `text` with everything that could move the cursor, colour, reorder or hide replaced by a visible escape:
// control characters (C0, DEL, C1) and invalid bytes as "\x1b", bidirectional and line-separator characters
// as "\u202e". What it made stays as it is when it passes here again.
std::string printable(std::string_view text);

// The same for text of several lines, perhaps with columns: newlines and tabs are left.
std::string printable_lines(std::string_view text);

}  // namespace sonde::net
