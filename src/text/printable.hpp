// printable.hpp: text from outside that cannot drive the terminal which it is shown on.
//
// Whatever the program says to people passes here: Error::message(), names, what a file or an argument holds.
#pragma once

#include <string>
#include <string_view>

namespace sonde::text {

// `text` with everything that could move the cursor, colour, reorder or hide replaced by a visible escape:
// control characters (C0, DEL, C1) and invalid bytes as "\x1b", bidirectional and line-separator characters
// as "\u202e". What it made stays as it is when it passes here again.
std::string printable(std::string_view text);

// The same for text of several lines, perhaps with columns: newlines and tabs are left.
std::string printable_lines(std::string_view text);

}  // namespace sonde::text
