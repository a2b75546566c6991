// say.hpp: a line on standard error, for people. What cannot be said there cannot be said: its failures are ignored.
#pragma once

#include <string_view>

namespace sonde::cli {

// "sonde: TEXT". For what says so itself, perhaps in several lines, there is `say_line`. Characters that a terminal would
// obey are escaped.
void say(std::string_view text);
void say_line(std::string_view text);

}  // namespace sonde::cli
