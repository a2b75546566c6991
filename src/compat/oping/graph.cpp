// graph.cpp: see graph.hpp.
#include "compat/oping/graph.hpp"

#include <algorithm>
#include <array>

namespace sonde::compat::oping {

namespace {

constexpr double usual = 0.8, unusual = 0.95;  // shares

// Place `part` of `parts` that `share`, 0 to 1 or more, falls into.
std::size_t part_of(double share, std::size_t parts) {
  const auto part = static_cast<std::size_t>(share * static_cast<double>(parts));
  return std::min(part, parts - 1);
}

Cell bar(double share, const GraphStyle& style) {
  constexpr std::array shades = {Shade::green, Shade::yellow, Shade::red};
  const std::size_t bars = style.has_colours ? shades.size() : 1;
  const std::size_t level = part_of(share, style.levels * bars);
  return {Cell::Kind::level, static_cast<std::uint8_t>(level % style.levels),
          style.has_colours ? shades[level / style.levels] : Shade::plain};
}

// How many of the answers fall into each cell, from 0 to an interval; what took longer into the last.
std::vector<std::size_t> counts(const SortedTimes& times, const GraphStyle& style) {
  std::vector<std::size_t> result(style.width);
  for (const double latency_ms : times.values_ms())
    ++result[part_of(latency_ms / style.interval_ms, style.width)];
  return result;
}

// What a cell of the box plot shows: `before` of all answers are left of it, `upto` are with it.
Cell::Kind box_plot_kind(double before, double upto, bool is_first) {
  using enum Cell::Kind;
  constexpr double low_end = 0.025, quarter = 0.25, half = 0.5, three_quarters = 0.75, high_end = 0.975;
  if (before < half && upto >= half) return median;
  // The window's border stands where the first cell's would have an end to show.
  if (is_first) return upto > quarter ? box : upto > low_end ? whisker : blank;
  if (upto >= quarter && (before < three_quarters || upto <= three_quarters)) return box;
  if (upto < half) return upto < low_end ? blank : before < low_end ? left_end : whisker;
  if (upto < high_end) return whisker;
  return before < high_end ? right_end : blank;
}

}  // namespace

Shade shade_of_share(double share) {
  if (share < usual) return Shade::green;
  return share < unusual ? Shade::yellow : Shade::red;
}

std::vector<Cell> graph_over_time(const History& history, const GraphStyle& style) {
  std::vector<Cell> cells(style.width);
  const std::size_t hidden = history.entries() - std::min(history.entries(), style.width);
  const std::size_t first = std::max(hidden, history.blanks());
  for (std::size_t entry = first; entry < history.entries(); ++entry) {
    const double latency_ms = history.latencies_ms()[entry - history.blanks()];
    const Shade shade_of_lost = style.has_colours ? Shade::red : Shade::plain;
    cells[entry - hidden] = latency_ms < 0 ? Cell{Cell::Kind::lost, 0, shade_of_lost}
                                           : bar(latency_ms / style.interval_ms, style);
  }
  return cells;
}

std::vector<Cell> histogram(const SortedTimes& times, const GraphStyle& style) {
  std::vector<Cell> cells(style.width);
  if (times.empty() || cells.empty()) return cells;
  const auto in_cells = counts(times, style);
  const auto highest = static_cast<double>(*std::ranges::max_element(in_cells));
  const auto all = static_cast<double>(times.values_ms().size());
  double before = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto here = static_cast<double>(in_cells[i]);
    if (here > 0) {
      const std::size_t level = part_of(here / highest, style.levels);
      const double least = before / all;
      // In the shade of its fastest answer.
      cells[i] = {Cell::Kind::level, static_cast<std::uint8_t>(level),
                  style.has_colours ? shade_of_share(least) : Shade::plain};
    }
    before += here;
  }
  return cells;
}

std::vector<Cell> box_plot(const SortedTimes& times, const GraphStyle& style) {
  std::vector<Cell> cells(style.width);
  if (times.empty() || cells.empty()) return cells;
  const auto in_cells = counts(times, style);
  const auto all = static_cast<double>(times.values_ms().size());
  std::size_t passed = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const double before = static_cast<double>(passed) / all;
    passed += in_cells[i];
    cells[i].kind = box_plot_kind(before, static_cast<double>(passed) / all, i == 0);
  }
  return cells;
}

}  // namespace sonde::compat::oping
