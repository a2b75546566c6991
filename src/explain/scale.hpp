// scale.hpp: where a picture draws each span, so that the shortest can still be seen.
//
// A network's milliseconds beside the kernel's microseconds would leave these without a pixel. So a span that takes more
// than half of the whole is drawn as half, and marked as shortened; the others share the rest in proportion.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "explain/explanation.hpp"

namespace sonde::explain {

struct DrawnSpan {
  double begin = 0, width = 0;  // 0 to 1 of the picture; both 0 for a span without a duration
  bool shortened = false;
};

// One for each span of the timeline, in its order. Pure.
std::vector<DrawnSpan> scaled(const Timeline& timeline);

}  // namespace sonde::explain
