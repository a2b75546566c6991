// display.hpp: text on a terminal: UTF-8, how many columns it takes, and names that cannot drive the
// terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "text/printable.hpp"
#include "text/utf8.hpp"

namespace sonde::report {

using text::decode_utf8;
using text::DecodedCharacter;
using text::printable;

// Columns that a character takes: 0 (combining), 1, or 2 (wide East Asian, emoji). After Unicode's
// EastAsianWidth.
std::size_t character_width(char32_t code_point);

// Columns of a text without control characters; bytes that are not UTF-8 count one each.
std::size_t display_width(std::string_view text);

// Fills up to `width` columns with spaces behind (pad_right) or before (pad_left); never cuts.
std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

// Cuts to `width` columns, the last of them an ellipsis ("…", or "~" without unicode) when something was cut.
std::string clip(std::string_view text, std::size_t width, bool unicode = true);

}  // namespace sonde::report
