// page_style.cpp: see page_style.hpp.
#include "cli/page_style.hpp"

#include <unistd.h>

#include <cstdlib>

#include "report/make_reporter.hpp"

namespace sonde::cli {

report::PageStyle page_style() {
  return {report::use_colour(report::ColourChoice::automatic, ::isatty(STDOUT_FILENO) == 1,
                             std::getenv("NO_COLOR"), std::getenv("TERM")),
          report::locale_is_utf8(std::getenv("LC_ALL"), std::getenv("LC_CTYPE"), std::getenv("LANG"))};
}

}  // namespace sonde::cli
