// histogram.hpp: coarser histograms from fine ones.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sonde/figures.hpp"

namespace sonde::report {

// Counts `bars` into the buckets between `edges` (ascending): result[i] is what lies below edges[i] and not
// below edges[i-1]; the last one, beyond the edges, what is left. A bar counts where its middle lies.
std::vector<std::uint64_t> count_between(std::span<const HistogramBar> bars,
                                         std::span<const Nanoseconds> edges);

// At most `most_rows` bars with round edges over the same range: equal steps where the range is narrow, steps
// of a decade's round numbers where it is wide. Empty when nothing was counted.
std::vector<HistogramBar> round_bars(std::span<const HistogramBar> bars, std::size_t most_rows = 16);

// One line per row, each ending in a newline: edges, count, and a bar so that the whole fits `width` columns.
std::string histogram_text(std::span<const HistogramBar> bars, std::size_t width, bool unicode);

}  // namespace sonde::report
