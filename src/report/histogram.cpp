// histogram.cpp: merging an RTT histogram's bars, and drawing them.
#include "report/histogram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/display.hpp"
#include "report/words.hpp"

namespace sonde::report {
namespace {

// A decade's round numbers, finest first.
constexpr std::array<double, 12> twelve{1, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 3.9, 4.7, 5.6, 6.8, 8.2};
constexpr std::array<double, 6> six{1, 1.5, 2, 3, 5, 7};
constexpr std::array<double, 3> three{1, 2, 5};
constexpr std::array<double, 1> one{1};
constexpr auto series = std::to_array<std::span<const double>>({twelve, six, three, one});

Nanoseconds to_nanoseconds(double value) {
  return Nanoseconds(std::llround(value));
}

// Round numbers of `steps` from the last not above `from` to the first at or above `to`.
std::vector<Nanoseconds> series_edges(std::span<const double> steps, Nanoseconds from, Nanoseconds to) {
  std::vector<Nanoseconds> edges{Nanoseconds(0)};
  double decade = 1;
  while (Nanoseconds(std::llround(decade * 10)) <= from) decade *= 10;
  for (;; decade *= 10) {
    for (const double step : steps) {
      const Nanoseconds edge = to_nanoseconds(decade * step);
      if (edge <= from) edges.clear();
      if (edges.empty() || edge > edges.back()) edges.push_back(edge);
      if (edge >= to) return edges;
    }
  }
}

std::vector<Nanoseconds> linear_edges(Nanoseconds from, Nanoseconds to, std::size_t most_rows) {
  // The outer rows may reach beyond the range, so one row is kept back.
  const double by_rows = static_cast<double>((to - from).count()) / static_cast<double>(most_rows - 1);
  // Nor are rows narrower than three digits tell apart.
  const double least = std::max(by_rows, static_cast<double>(from.count()) / 100);
  const double decade = std::max(1.0, std::pow(10, std::floor(std::log10(std::max(least, 1.0)))));
  double step = decade;
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    step = decade * factor;
    if (step >= least) break;
  }
  std::vector<Nanoseconds> edges;
  for (double edge = std::floor(static_cast<double>(from.count()) / step) * step;; edge += step) {
    edges.push_back(to_nanoseconds(edge));
    if (edges.size() > 1 && edges.back() >= to) return edges;
  }
}

std::string bar_text(double length, bool unicode) {
  if (!unicode) return std::string(static_cast<std::size_t>(std::max(1.0, std::round(length))), '#');
  constexpr std::array<std::string_view, 8> eighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto total = static_cast<std::size_t>(std::max(1.0, std::round(length * 8)));
  std::string bar;
  for (std::size_t full = 0; full < total / 8; ++full) bar += "█";
  bar += eighths[total % 8];
  return bar;
}

}  // namespace

std::vector<std::uint64_t> count_between(std::span<const HistogramBar> bars,
                                         std::span<const Nanoseconds> edges) {
  std::vector<std::uint64_t> counts(edges.size() + 1);
  for (const HistogramBar& bar : bars) {
    const Nanoseconds middle = bar.from + (bar.to - bar.from) / 2;
    const auto above = std::ranges::upper_bound(edges, middle);
    counts[static_cast<std::size_t>(above - edges.begin())] += bar.count;
  }
  return counts;
}

std::vector<HistogramBar> round_bars(std::span<const HistogramBar> bars, std::size_t most_rows) {
  const auto counted = [](const HistogramBar& bar) { return bar.count != 0; };
  const auto first = std::ranges::find_if(bars, counted);
  if (first == bars.end()) return {};
  const auto last = std::find_if(bars.rbegin(), bars.rend(), counted);
  const Nanoseconds from = first->from;
  const Nanoseconds to = std::max(last->to, from + Nanoseconds(1));

  std::vector<Nanoseconds> edges;
  constexpr int narrow = 6;
  if (to <= from * narrow) {
    edges = linear_edges(from, to, std::max<std::size_t>(most_rows, 2));
  } else {
    for (const std::span<const double> steps : series) {
      edges = series_edges(steps, from, to);
      if (edges.size() <= most_rows + 1) break;
    }
  }
  const std::vector<std::uint64_t> counts = count_between(bars, edges);
  std::vector<HistogramBar> rows;
  for (std::size_t index = 1; index < edges.size(); ++index) {
    rows.push_back({edges[index - 1], edges[index], counts[index]});
  }
  return rows;
}

std::string histogram_text(std::span<const HistogramBar> bars, std::size_t width, bool unicode) {
  const std::vector<HistogramBar> rows = round_bars(bars);
  std::uint64_t most = 1;
  for (const HistogramBar& row : rows) most = std::max(most, row.count);
  const std::size_t count_width = fmt::format_int(most).size();
  const std::size_t taken =
      2 + 7 + 3 + 7 + 2 + count_width + 2;  // indent, edges and what is between them, count
  const double room = width > taken + 10 ? static_cast<double>(std::min<std::size_t>(width - taken, 60)) : 10;
  std::string text;
  for (const HistogramBar& row : rows) {
    text +=
        fmt::format("  {} {} {}  {:>{}}", pad_left(duration_text(row.from, unicode), 7), unicode ? "–" : "-",
                    pad_left(duration_text(row.to, unicode), 7), row.count, count_width);
    if (row.count != 0) {
      const double share = static_cast<double>(row.count) / static_cast<double>(most);
      text += "  " + bar_text(share * room, unicode);
    }
    text += '\n';
  }
  return text;
}

}  // namespace sonde::report
