// page_style.hpp: how a page is to look on standard output.
#pragma once

#include "report/page.hpp"

namespace sonde::cli {

// Colour on a terminal (see report::use_colour), Unicode where the locale is UTF-8.
report::PageStyle page_style();

}  // namespace sonde::cli
