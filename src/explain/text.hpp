// text.hpp: an explanation for a person, within 80 columns.
#pragma once

#include <string>

#include "explain/explanation.hpp"
#include "report/page.hpp"

namespace sonde::explain {

// Whatever came from outside is made safe to print.
std::string make_text(const Explanation& explanation, const report::PageStyle& style);

}  // namespace sonde::explain
