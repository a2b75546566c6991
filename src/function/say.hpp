// say.hpp: a line on standard error, for people. What cannot be said there cannot be said: its failures are ignored.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "text/printable.hpp"

namespace sonde::function {

// "sonde: TEXT". Not by fmt::print(), which throws where it cannot write.
inline void say(std::string_view text) {
  std::string line = "sonde: " + text::printable(text) + '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace sonde::function
