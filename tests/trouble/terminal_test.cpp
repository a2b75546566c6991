// terminal_test.cpp: on a terminal, several targets get a live table, which is gone without a trace when the
// run ends.
#include "lab/terminal.hpp"

#include <gmock/gmock.h>

#include <csignal>

#include "report/live_table.hpp"
#include "trouble/program.hpp"

namespace sonde::trouble {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// `sonde ping` with a terminal of 100 columns and 30 rows for input, output and errors.
class OnTerminal : public lab::OnTerminal {
 public:
  OnTerminal(const Namespace& space, const Words& arguments)
      : lab::OnTerminal(space,
                        {.arguments = Words{SONDE_PROGRAM, "ping"} + arguments,
                         .environment = {"TERM=xterm-256color", "LC_ALL=C.UTF-8"}},
                        {30, 100}) {}
};

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size()))
    ++found;
  return found;
}

// The alternate screen was entered once and left once, last of all the cursor is there again, and the summary
// stands on the screen that was there before.
void expect_restored(const std::string& seen) {
  EXPECT_EQ(count(seen, report::live_enter), 1u);
  EXPECT_EQ(count(seen, report::live_leave), 1u);
  const auto left = seen.rfind(report::live_leave);
  ASSERT_NE(left, std::string::npos);
  const std::string after = seen.substr(left + report::live_leave.size());
  EXPECT_THAT(after,
              AllOf(HasSubstr("127.0.0.1"), HasSubstr("::1"), HasSubstr("loss"), Not(HasSubstr("\x1b[?"))));
}

TEST(Terminal, SeveralTargetsGetALiveTableThatIsGoneAfterTheRun) {
  const Loopback space;
  OnTerminal sonde(space, {"-c", "40", "-i", "10ms", "127.0.0.1", "::1"});
  ASSERT_TRUE(sonde.wait_for(report::live_enter)) << sonde.seen();
  ASSERT_TRUE(sonde.wait_for("127.0.0.1")) << sonde.seen();
  EXPECT_EQ(sonde.wait().status, 0);
  expect_restored(sonde.seen());
}

TEST(Terminal, InterruptedItIsGoneToo) {
  const Loopback space;
  for (const bool by_key : {false, true}) {
    OnTerminal sonde(space, {"-i", "10ms", "127.0.0.1", "::1"});
    // A frame of a moment when all were asked for long.
    ASSERT_TRUE(sonde.wait_for("s; Ctrl-C") && sonde.wait_for_more("s; Ctrl-C")) << sonde.seen();
    if (by_key) {
      sonde.type("\x03");  // Ctrl-C
    } else {
      sonde.process().signal(SIGTERM);
    }
    EXPECT_EQ(sonde.wait().status, 0);
    expect_restored(sonde.seen());
  }
}

TEST(Terminal, AskedInTheMiddleTheTableStepsAsideForTheSummary) {
  const Loopback space;
  OnTerminal sonde(space, {"-i", "10ms", "127.0.0.1", "::1"});
  ASSERT_TRUE(sonde.wait_for("s; Ctrl-C")) << sonde.seen();
  sonde.process().signal(SIGQUIT);
  ASSERT_TRUE(sonde.wait_for_more("so far: ")) << sonde.seen();
  ASSERT_TRUE(sonde.wait_for_more("2 of 2 up")) << "it goes on";
  sonde.process().signal(SIGINT);
  EXPECT_EQ(sonde.wait().status, 0);
  // What was written stands between leaving the table's screen and entering it again.
  const std::string seen = sonde.seen();
  const auto said = seen.find("so far");
  EXPECT_LT(seen.find(report::live_leave), said);
  EXPECT_GT(seen.rfind(report::live_enter), said);
}

TEST(Terminal, WhatIsSaidWhileTheTableIsThereStandsBelowIt) {
  const Loopback space;
  OnTerminal sonde(space, {"-i", "10ms", "-c", "30", "--warn-rtt", "1us", "127.0.0.1", "203.0.113.1"});
  EXPECT_EQ(sonde.wait().status, 1);
  const std::string seen = sonde.seen();
  const std::string after = seen.substr(seen.rfind(report::live_leave));
  EXPECT_THAT(after, AllOf(HasSubstr("warning: 127.0.0.1: round-trip time"),
                           HasSubstr("203.0.113.1: ENETUNREACH (Network is unreachable)")));
}

TEST(Terminal, WithoutTheTableLinesAreWritten) {
  const Loopback space;
  OnTerminal one(space, {"-c", "3", "-i", "10ms", "127.0.0.1"});
  EXPECT_EQ(one.wait().status, 0);
  EXPECT_THAT(one.seen(), AllOf(HasSubstr("seq=2"), Not(HasSubstr(report::live_enter))));
  OnTerminal two(space, {"--no-live", "-c", "3", "-i", "10ms", "127.0.0.1", "::1"});
  EXPECT_EQ(two.wait().status, 0);
  EXPECT_THAT(two.seen(), AllOf(HasSubstr("seq=2"), Not(HasSubstr(report::live_enter))));
}

}  // namespace
}  // namespace sonde::trouble
