// vt52.hpp: what a terminal shows after some output: a DEC VT52, the simplest on which ncurses can do all that noping does.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::compat_test {

// Row by row, without blanks at their ends. What is in the second set of letters (bars) comes as capital letters.
std::vector<std::string> vt52_screen(std::string_view output, std::size_t rows = 24,
                                     std::size_t columns = 80);

}  // namespace sonde::compat_test
