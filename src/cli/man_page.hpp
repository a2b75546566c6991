// man_page.hpp: the man page sonde(1), made from the option table.
#pragma once

#include <string>

namespace sonde::cli {

// In man(7) macros; clean under `groff -man -ww` and `mandoc -T lint`.
std::string make_man_page();

}  // namespace sonde::cli
