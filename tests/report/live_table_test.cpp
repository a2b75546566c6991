// live_table_test.cpp: the live table fits every screen, shows the worst, and draws what happened.
#include "report/live_table.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/display.hpp"

namespace sonde::report {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Event verdict(EventKind kind, std::uint64_t sequence, Nanoseconds rtt = 1ms) {
  Event event;
  event.kind = kind;
  event.sequence = sequence;
  if (kind == EventKind::reply || kind == EventKind::late) event.rtt = rtt;
  return event;
}

LiveRow row(std::string name, std::uint64_t sent, std::uint64_t lost, Nanoseconds rtt) {
  LiveRow made;
  made.name = std::move(name);
  for (std::uint64_t i = 0; i < sent; ++i) {
    made.record(verdict(i < lost ? EventKind::lost : EventKind::reply, i, rtt));
  }
  made.figures.sent = sent;
  made.figures.lost = lost;
  made.figures.received = sent - lost;
  if (sent > 0) made.figures.loss_ratio = static_cast<double>(lost) / static_cast<double>(sent);
  if (sent > lost) made.figures.rtt = RttFigures{rtt, rtt, rtt, 0ns, rtt, rtt, rtt};
  made.figures.jitter = 12'300ns;
  return made;
}

std::string without_colour(std::string text) {
  for (std::size_t at = text.find("\x1b["); at != std::string::npos; at = text.find("\x1b[")) {
    text.erase(at, text.find('m', at) - at + 1);
  }
  return text;
}

TEST(LiveTable, RowsKeepTheirOrderWhenTheyFit) {
  const std::vector<LiveRow> rows{row("first", 5, 0, 1ms), row("second", 5, 5, 1ms), row("third", 5, 1, 2ms)};
  const auto lines = render_live_table(rows, {.title = "sonde"});
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[0], "sonde");
  EXPECT_THAT(lines[1], HasSubstr("median"));
  EXPECT_THAT(lines[2], testing::MatchesRegex("first +up +0% +1.00 ms +1.00 ms +1.00 ms +12.3 µs .*"));
  EXPECT_THAT(lines[3], testing::MatchesRegex("second +down +100% +none +- .*"));
  EXPECT_THAT(lines[4], HasSubstr("lossy"));
  EXPECT_THAT(lines[5], HasSubstr("1 of 3 up, 15 sent, 9 received, loss 40.0%"));
}

TEST(LiveTable, WorstComeFirstWhenTheyDoNotFit) {
  std::vector<LiveRow> rows;
  for (int i = 0; i < 100; ++i) rows.push_back(row(fmt::format("good{}", i), 10, 0, 1ms));
  rows.push_back(row("slow", 10, 0, 90ms));
  rows.push_back(row("leaky", 10, 2, 1ms));
  rows.push_back(row("dead", 10, 10, 1ms));
  const auto lines = render_live_table(rows, {.height = 10, .title = "sonde"});
  ASSERT_EQ(lines.size(), 10u);
  EXPECT_TRUE(lines[2].starts_with("dead"));
  EXPECT_TRUE(lines[3].starts_with("leaky"));
  EXPECT_TRUE(lines[4].starts_with("slow"));
  EXPECT_TRUE(lines[5].starts_with("good0"));
  EXPECT_TRUE(lines.back().starts_with("96 more not shown"));
}

TEST(LiveTable, NoScreenIsTooSmallAndNoLineTooWide) {
  std::vector<LiveRow> rows{row("a name that is longer than any column for names should be", 70, 3, 123ms),
                            row("短い名前の例", 0, 0, 1ms), row("x", 1, 1, 1ms)};
  for (std::size_t width = 0; width <= 200; ++width) {
    for (std::size_t height = 0; height <= 8; ++height) {
      const auto lines = render_live_table(
          rows, {.width = width, .height = height, .colour = true, .title = "a title", .status = "1 s"});
      EXPECT_LE(lines.size(), height);
      for (const std::string& line : lines) {
        EXPECT_LE(display_width(without_colour(line)), width) << width << 'x' << height << ": " << line;
      }
    }
  }
}

TEST(LiveTable, EightyColumnsShowEveryColumn) {
  const auto lines = render_live_table(std::vector{row("router.example.org", 40, 1, 1ms)}, {});
  for (const char* title : {"target", "state", "loss", "last", "median", "p99", "jitter", "last probes"}) {
    EXPECT_THAT(lines[0], HasSubstr(title));
  }
  EXPECT_THAT(lines[1], HasSubstr("▃▃▃▃▃▃▃▃"));
}

TEST(LiveTable, ColourAddsNothingButColour) {
  const std::vector<LiveRow> rows{row("a", 10, 3, 1ms), row("b", 10, 0, 1ms)};
  const auto plain = render_live_table(rows, {});
  auto coloured = render_live_table(rows, {.colour = true});
  EXPECT_NE(plain, coloured);
  for (std::string& line : coloured) line = without_colour(line);
  EXPECT_EQ(plain, coloured);
}

TEST(LiveRow, LateAnswerTakesThePlaceOfItsLoss) {
  LiveRow made;
  made.record(verdict(EventKind::lost, 0));
  made.record(verdict(EventKind::reply, 1));
  EXPECT_EQ(made.state, TargetState::lossy);
  made.record(verdict(EventKind::late, 0, 2s));
  ASSERT_EQ(made.history.size(), 2u);
  EXPECT_EQ(made.history[0].kind, EventKind::late);
  EXPECT_EQ(made.last, 2s);
  EXPECT_EQ(made.state, TargetState::up);
}

TEST(LiveRow, StateFollowsTheLastProbes) {
  LiveRow made;
  EXPECT_EQ(made.state, TargetState::waiting);
  std::uint64_t sequence = 0;
  for (int i = 0; i < 5; ++i) made.record(verdict(EventKind::reply, sequence++));
  EXPECT_EQ(made.state, TargetState::up);
  for (int i = 0; i < 2; ++i) made.record(verdict(EventKind::error, sequence++));
  EXPECT_EQ(made.state, TargetState::lossy);
  made.record(verdict(EventKind::lost, sequence++));
  EXPECT_EQ(made.state, TargetState::down);
  for (int i = 0; i < 3; ++i) made.record(verdict(EventKind::local, sequence++));
  EXPECT_EQ(made.state, TargetState::failed);
  for (int i = 0; i < 10; ++i) made.record(verdict(EventKind::reply, sequence++));
  EXPECT_EQ(made.state, TargetState::up);
}

TEST(LiveRow, ForgedPacketsChangeNothing) {
  LiveRow made = row("a", 5, 0, 1ms);
  for (int i = 0; i < 100; ++i) made.record(verdict(EventKind::rejected, 0));
  for (int i = 0; i < 100; ++i) made.record(verdict(EventKind::duplicate, 0));
  EXPECT_EQ(made.history.size(), 5u);
  EXPECT_EQ(made.state, TargetState::up);
}

TEST(LiveRow, HistoryIsBounded) {
  LiveRow made;
  for (std::uint64_t i = 0; i < 1000; ++i) made.record(verdict(EventKind::reply, i), 20);
  EXPECT_EQ(made.history.size(), 20u);
  EXPECT_EQ(made.history.back().sequence, 999u);
}

TEST(Sparkline, HeightIsRttAgainstTheMedian) {
  LiveRow made;
  for (std::uint64_t i = 0; i < 4; ++i) made.record(verdict(EventKind::reply, i, 10ms));
  made.record(verdict(EventKind::reply, 4, 20ms));
  made.record(verdict(EventKind::reply, 5, 500ms));
  made.record(verdict(EventKind::lost, 6));
  made.record(verdict(EventKind::local, 7));
  EXPECT_EQ(sparkline(made.history, 20, true, false), "▃▃▃▃▅█×!");
  EXPECT_EQ(sparkline(made.history, 20, false, false), "----=#x!");
  EXPECT_EQ(sparkline(made.history, 4, false, false),
            "_-x!");  // of these four, 500 ms is the median's upper neighbour
}

TEST(Sparkline, ColoursByRttAndLoss) {
  LiveRow made;
  for (std::uint64_t i = 0; i < 5; ++i) made.record(verdict(EventKind::reply, i, 10ms));
  made.record(verdict(EventKind::reply, 5, 16ms));
  made.record(verdict(EventKind::reply, 6, 40ms));
  made.record(verdict(EventKind::lost, 7));
  const std::string text = sparkline(made.history, 4, true, true);
  EXPECT_THAT(sparkline(made.history, 8, true, true), HasSubstr("\x1b[33m▄"));
  EXPECT_THAT(sparkline(made.history, 8, true, true), HasSubstr("\x1b[31m▇"));
  EXPECT_THAT(text, HasSubstr("\x1b[31m×"));
}

TEST(LiveFrame, ReplacesTheFrameBefore) {
  const std::vector<std::string> lines{"one", "two"};
  EXPECT_EQ(live_frame(lines), "\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[J");
}

TEST(LiveScreen, LeavingUndoesEntering) {
  for (const auto& [on, off] :
       {std::pair{"\x1b[?1049h", "\x1b[?1049l"}, {"\x1b[?25l", "\x1b[?25h"}, {"\x1b[?7l", "\x1b[?7h"}}) {
    EXPECT_NE(live_enter.find(on), std::string_view::npos);
    EXPECT_NE(live_leave.find(off), std::string_view::npos);
  }
}

}  // namespace
}  // namespace sonde::report
