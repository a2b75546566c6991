// say.cpp: see say.hpp.
#include "cli/say.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "text/printable.hpp"

namespace sonde::cli {

void say(std::string_view text) {
  say_line(fmt::format("sonde: {}", text::printable(text)));
}

// fmt::print() throws where it cannot write.
void say_line(std::string_view text) {
  const std::string line = text::printable_lines(fmt::format("{}\n", text));
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace sonde::cli
