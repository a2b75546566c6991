// noping_graph_test.cpp: what noping keeps of a host, and its graphs as cells.
#include <gtest/gtest.h>

#include "compat/oping/graph.hpp"
#include "compat/oping/history.hpp"

namespace sonde::compat::oping {
namespace {

History history_of(const std::vector<double>& latencies_ms) {
  History history;
  for (const double latency_ms : latencies_ms) history.add(latency_ms);
  return history;
}

// A letter a cell: digits are levels, with colours behind their shade's first letter.
std::string drawn(const std::vector<Cell>& cells) {
  std::string text;
  for (const Cell& cell : cells) {
    if (cell.shade != Shade::plain) text += " gyr"[static_cast<int>(cell.shade)];
    constexpr std::string_view letters = " l!-[]#|";
    const char letter = letters[static_cast<std::size_t>(cell.kind)];
    text += cell.kind == Cell::Kind::level ? static_cast<char>('0' + cell.level) : letter;
  }
  return text;
}

TEST(NopingHistory, CountsAllAndKeepsTheLast900) {
  History history;
  for (int probe = 0; probe < 1000; ++probe) history.add(probe % 2 == 0 ? probe : -1);
  EXPECT_EQ(history.sent(), 1000u);
  EXPECT_EQ(history.received(), 500u);
  EXPECT_EQ(history.lost(), 0.5);
  EXPECT_EQ(history.entries(), 900u);
  const SortedTimes times(history);
  EXPECT_EQ(times.values_ms().size(), 450u);
  EXPECT_EQ(times.percentile(0), 100);
  EXPECT_EQ(times.percentile(100), 998);
}

TEST(NopingHistory, OfAHostThatComesLaterBlanksAgeFirst) {
  History history;
  history.begin_at(899);
  history.add(1);
  EXPECT_EQ(history.entries(), 900u);
  EXPECT_EQ(history.blanks(), 899u);
  history.add(2);
  EXPECT_EQ(history.entries(), 900u);
  EXPECT_EQ(history.blanks(), 898u);
  EXPECT_EQ(history.sent(), 2u);
}

TEST(NopingHistory, PercentilesAreByNearestRank) {
  const SortedTimes times(history_of({5, -1, 1, 3, 2, 4}));
  EXPECT_EQ(times.percentile(50), 3);
  EXPECT_EQ(times.percentile(80), 4);
  EXPECT_EQ(times.percentile(81), 5);
  EXPECT_EQ(times.share_up_to(1), 0.2);
  EXPECT_EQ(times.share_up_to(5), 1.0);
}

TEST(NopingGraph, OverTimeEachProbeHasABar) {
  const GraphStyle style{.width = 8, .interval_ms = 100, .levels = 5};
  EXPECT_EQ(drawn(graph_over_time(history_of({0, 19, 21, 50, 99, 500, -1}), style)), "001244! ");
  GraphStyle coloured = style;
  coloured.has_colours = true;
  coloured.levels = 8;
  EXPECT_EQ(drawn(graph_over_time(history_of({1, 32, 34, 66, 67, 100, -1}), coloured)), "g0g7y0y7r0r7r! ");
}

TEST(NopingGraph, OverTimeTheLastProbesAreShown) {
  const GraphStyle style{.width = 3, .interval_ms = 100, .levels = 5};
  EXPECT_EQ(drawn(graph_over_time(history_of({10, 30, 50, 70, 90}), style)), "234");
  History later;
  later.begin_at(4);
  later.add(50);
  EXPECT_EQ(drawn(graph_over_time(later, style)), "  2");
}

TEST(NopingGraph, AHistogramCountsAnswersByTheirTimes) {
  GraphStyle style{.width = 5, .interval_ms = 100, .levels = 8};
  EXPECT_EQ(drawn(histogram(SortedTimes(history_of({5, 5, 5, 5, 25, 25, 1000, -1})), style)), "74  2");
  style.has_colours = true;
  std::vector<double> latencies(80, 5);
  latencies.insert(latencies.end(), 15, 25);
  latencies.insert(latencies.end(), 5, 95);
  EXPECT_EQ(drawn(histogram(SortedTimes(history_of(latencies)), style)), "g7y1  r0");
  EXPECT_EQ(drawn(histogram(SortedTimes(History()), style)), "     ");
}

TEST(NopingGraph, ABoxPlotHasTheMiddleHalfInItsBox) {
  const GraphStyle style{.width = 12, .interval_ms = 120, .levels = 1};
  std::vector<double> latencies;
  for (int place = 1; place <= 10; ++place) latencies.insert(latencies.end(), 10, place * 10 + 5);
  EXPECT_EQ(drawn(box_plot(SortedTimes(history_of(latencies)), style)), " [-##|###-] ");
  EXPECT_EQ(drawn(box_plot(SortedTimes(history_of({1, 2, 3})), style)), "|           ");
}

}  // namespace
}  // namespace sonde::compat::oping
