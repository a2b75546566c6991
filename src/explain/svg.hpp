// svg.hpp: an explanation as a picture (SVG 1.1) that stands alone: no script, no font, no reference to the outside.
#pragma once

#include <string>

#include "explain/explanation.hpp"

namespace sonde::explain {

// UTF-8. Text from outside is escaped, and made safe to show.
std::string make_svg(const Explanation& explanation);

}  // namespace sonde::explain
