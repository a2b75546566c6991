// graph.hpp: noping's graphs of a host's round-trip times, as cells side by side; what a cell looks like is the screen's to say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compat/oping/history.hpp"

namespace sonde::compat::oping {

enum class Graph : std::uint8_t { none, over_time, histogram, box_plot };

enum class Shade : std::uint8_t { plain, green, yellow, red };

struct Cell {
  enum class Kind : std::uint8_t {
    blank,
    level,  // a bar of this height
    lost,
    whisker,
    left_end,
    right_end,
    box,
    median
  };
  Kind kind = Kind::blank;
  std::uint8_t level = 0;  // from 0, the lowest that is drawn
  Shade shade = Shade::plain;

  friend bool operator==(const Cell&, const Cell&) = default;
};

struct GraphStyle {
  std::size_t width = 0;   // cells
  double interval_ms = 0;  // what the whole height, or of the other graphs the width, stands for
  std::size_t levels = 1;  // of a bar
  bool has_colours = false;
};

// The last probes, one a cell. A bar that is full begins anew in the next shade.
std::vector<Cell> graph_over_time(const History& history, const GraphStyle& style);
// How many answers took how long; the shades part the fastest 80 and 95 percent from the rest.
std::vector<Cell> histogram(const SortedTimes& times, const GraphStyle& style);
// A box around the middle half with the median in it, whiskers around the middle 95 percent.
std::vector<Cell> box_plot(const SortedTimes& times, const GraphStyle& style);

// Of a round-trip time among those of its host, by the shares above.
Shade shade_of_share(double share);

}  // namespace sonde::compat::oping
