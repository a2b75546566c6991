// scale.cpp: see scale.hpp.
#include "explain/scale.hpp"

#include <algorithm>

namespace sonde::explain {

std::vector<DrawnSpan> scaled(const Timeline& timeline) {
  std::vector<DrawnSpan> drawn(timeline.spans.size());
  const auto whole = static_cast<double>(timeline.whole().count());
  if (whole <= 0) return drawn;
  double longest = 0;
  for (const Span& span : timeline.spans)
    longest = std::max(longest, static_cast<double>(span.duration.value_or(Nanoseconds::zero()).count()));
  const bool shorten = longest * 2 > whole && longest < whole;
  double begin = 0;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    if (!timeline.spans[i].duration) continue;
    const auto duration = static_cast<double>(timeline.spans[i].duration->count());
    drawn[i].begin = begin;
    drawn[i].shortened = shorten && duration == longest;
    drawn[i].width = drawn[i].shortened ? 0.5
                     : shorten          ? 0.5 * duration / (whole - longest)
                                        : duration / whole;
    begin += drawn[i].width;
  }
  return drawn;
}

}  // namespace sonde::explain
