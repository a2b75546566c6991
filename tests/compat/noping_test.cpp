// noping_test.cpp: the face of noping beside noping 1.10: the screen that both draw, how they end, and what keys do.
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <regex>
#include <string>
#include <vector>

#include "compat/sides.hpp"
#include "compat/vt52.hpp"
#include "lab/sanitized.hpp"
#include "lab/terminal.hpp"

namespace sonde::compat_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A bar of 200 ms has five heights, or 24 in colour, and a row is as long in 76 cells: each probe is so late that a little more
// changes none of them.
constexpr std::string_view scenario =
    "host 10.77.0.1; probe 1: delay 19ms; probe 2: delay 61ms; probe 3: delay 103ms; probe 4: silence\n"
    "host 10.77.0.2; silence\n"
    "host 10.77.0.3 fd77::3; delay 22ms; tos 0x28\n";

Words with_rounds(Words words) {
  words.insert(words.begin(), {"-c", "4", "-i", "0.2", "-w", "0.15"});
  return words;
}

lab::Command on_vt52(lab::Command command) {
  command.environment.emplace_back("TERM=vt52");
  return command;
}

std::string joined(const std::vector<std::string>& rows) {
  return fmt::format("{}", fmt::join(rows, "\n"));
}

// Without what differs from run to run: times, and how far a border stands from what is before it.
std::string comparable(const std::vector<std::string>& rows) {
  static const std::regex time(R"((time[ =]|min = |median = |\) = |max = )[0-9.]+)"), blanks(" +");
  return std::regex_replace(std::regex_replace(joined(rows), time, "$1T"), blanks, " ");
}

class NopingFace : public ::testing::TestWithParam<Words> {
 protected:
  const lab::SimulatedNetwork network_{scenario}, twin_{scenario};  // a host remembers how often it was asked
};

TEST_P(NopingFace, ShowsWhatNopingShows) {
  const Words words = with_rounds(GetParam());
  lab::OnTerminal theirs(twin_.space(), on_vt52(original("noping", words)), {});
  lab::OnTerminal ours(network_.space(), on_vt52(face("noping", words)), {});
  const lab::Finished their_end = theirs.wait(), our_end = ours.wait();
  EXPECT_EQ(comparable(vt52_screen(ours.seen())), comparable(vt52_screen(theirs.seen())));
  EXPECT_EQ(our_end.status, their_end.status);
}

INSTANTIATE_TEST_SUITE_P(
    Options, NopingFace,
    ::testing::Values(Words{"10.77.0.1", "10.77.0.2"}, Words{"-g", "histogram", "10.77.0.1", "10.77.0.2"},
                      Words{"-g", "boxplot", "10.77.0.1", "10.77.0.3"}, Words{"-g", "none", "10.77.0.1"},
                      Words{"-H", "1", "10.77.0.1", "10.77.0.2"}, Words{"-H", "2", "10.77.0.1"},
                      Words{"-H", "3", "10.77.0.1", "10.77.0.2"},
                      Words{"-H", "4", "-g", "BoxPlot", "10.77.0.1"},
                      Words{"-U", "-Q", "af12", "10.77.0.3", "fd77::3"}, Words{"-b", "-P", "50", "10.77.0.1"},
                      Words{"-Z", "10", "10.77.0.1", "10.77.0.2", "10.77.0.3"}));

// What is drawn piece by piece is on the screen, but not in one piece in the output. `since`: where in the output to begin.
::testing::AssertionResult shows(lab::OnTerminal& noping, std::string_view text, bool is_there = true,
                                 lab::TerminalSize size = {}, std::size_t since = 0) {
  const auto screen = [&] {
    return joined(vt52_screen(std::string_view(noping.seen()).substr(since), size.rows, size.columns));
  };
  const bool in_time = noping.wait_until(
      [&](const std::string& /*seen*/) { return (screen().find(text) != std::string::npos) == is_there; });
  if (in_time) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << (is_there ? "nowhere: " : "still there: ") << text << " in\n"
                                       << screen();
}

class Noping : public NopingFace {
 protected:
  lab::OnTerminal start(const Words& words, lab::TerminalSize size = {}) const {
    return {network_.space(), on_vt52(face("noping", words)), size};
  }
};

TEST_F(Noping, MistakesAreSaidBeforeTheScreenIsDrawn) {
  for (const Words& words :
       std::vector<Words>{{"-g", "pie", "-H", "6", "-H", "x", "-c", "1", "no..such.name"}, {"-H"}}) {
    const Sides sides = run_sides(network_.space(), "noping", words);
    const auto usage = sides.original.errors.find("Usage");
    EXPECT_EQ(sides.face.errors.substr(0, usage), sides.original.errors.substr(0, usage));
    EXPECT_EQ(sides.face.status, sides.original.status);
  }
  EXPECT_THAT(network_.run(face("noping", {"-h"})).errors,
              AllOf(HasSubstr("noping [OPTIONS]"), HasSubstr("-g graph")));
  EXPECT_EQ(network_.run(face("oping", {"-g", "none", "10.77.0.1"})).status, 1) << "noping's option";
}

TEST_F(Noping, WithoutATerminalItSaysSo) {
  if (lab::sanitized) GTEST_SKIP() << "ncurses forgets to free the screen that it could not open";
  for (const char* kind : {"TERM=no-such-terminal", "TERM="}) {
    const Sides sides =
        run_sides(network_.space(), "noping", {"-c", "1", "10.77.0.3"}, {.environment = {kind}});
    EXPECT_EQ(sides.face.errors, sides.original.errors);
    EXPECT_EQ(sides.face.status, sides.original.status);
  }
}

TEST_F(Noping, InterruptedItSumsUpAndLeavesTheTerminalAsItWas) {
  for (const bool by_key : {true, false}) {
    const Words words = {"-i", "0.1", "10.77.0.3"};
    const auto interrupt = [&](lab::OnTerminal noping) {
      EXPECT_TRUE(shows(noping, "icmp_seq=2"));
      EXPECT_FALSE(noping.is_as_shells_leave_it());
      by_key ? noping.type("\x03") : noping.process().signal(SIGINT);
      EXPECT_TRUE(noping.wait_for("--- 10.77.0.3 ping statistics ---"));
      EXPECT_TRUE(noping.is_as_shells_leave_it());
      return noping.wait().status;
    };
    const int ours = interrupt(start(words));
    EXPECT_EQ(ours, interrupt({twin_.space(), on_vt52(original("noping", words)), {}}));
    EXPECT_EQ(ours, 0);
  }
}

TEST_F(Noping, ATerminalWithColoursAndUtf8ShowsBoth) {
  lab::OnTerminal noping(
      network_.space(),
      face("noping", with_rounds({"10.77.0.1"}), {.environment = {"TERM=xterm-256color", "LC_ALL=C.UTF-8"}}),
      {});
  EXPECT_EQ(noping.wait().status, 0);
  // 19, 61 and 103 of 200 ms: the third and the last of eight green steps, and the fifth of the yellow ones on green.
  EXPECT_THAT(noping.seen(), AllOf(HasSubstr("\x1b[32m▃"), HasSubstr("\x1b[32m█"),
                                   HasSubstr("\x1b[33m\x1b[42m▅"), HasSubstr("\x1b[31m!")));
  EXPECT_THAT(noping.seen(), HasSubstr("\x1b[?1049l")) << "back to the screen from before";
}

TEST_F(Noping, KeysChangeTheGraphAndTheBoxes) {
  lab::OnTerminal noping = start({"-i", "0.1", "10.77.0.3"});
  ASSERT_TRUE(shows(noping, "RTT[ms]"));
  noping.type("-");
  EXPECT_TRUE(shows(noping, "RTT[ms]", false));
  noping.type("---");
  EXPECT_TRUE(shows(noping, "\n ["));
  noping.type("++++");
  EXPECT_TRUE(shows(noping, "RTT[ms]"));
  EXPECT_TRUE(shows(noping, "RR")) << "of an interval of 100 ms 22 are in the second of five steps";
  noping.type("g");
  EXPECT_TRUE(shows(noping, "RR", false));
  EXPECT_TRUE(shows(noping, "  L")) << "nearly all in one place";
  noping.type("\x03");
  EXPECT_EQ(noping.wait().status, 0);
}

TEST_F(Noping, AHostIsAddedByItsName) {
  lab::OnTerminal noping = start({"-i", "0.05", "-w", "0.05", "10.77.0.3"});
  ASSERT_TRUE(shows(noping, "icmp_seq=3"));
  noping.type("ano..such.name\n");
  EXPECT_TRUE(shows(noping, "Adding host `no..such.name' failed: "));
  noping.type("a10.77.0.2");
  EXPECT_TRUE(shows(noping, "\nNew Host: 10.77.0.2\n"));
  noping.type("9\b\n");
  EXPECT_TRUE(shows(noping, "from 10.77.0.2 (10.77.0.2): icmp_seq=2 timeout"));
  EXPECT_TRUE(shows(noping, " 10.77.0.2 ping statistics "));
  noping.type("a10.77.0.1");
  EXPECT_TRUE(shows(noping, "\nNew Host: 10.77.0.1\n"));
  noping.type("\x1b");
  EXPECT_TRUE(shows(noping, "New Host: 10.77.0.1", false));
  noping.type("\x03");
  EXPECT_EQ(noping.wait().status, 0);
  EXPECT_THAT(noping.seen(),
              AllOf(HasSubstr("--- 10.77.0.2 ping statistics ---"), Not(HasSubstr("--- 10.77.0.1"))));
}

TEST_F(Noping, FollowsTheTerminalsSize) {
  lab::OnTerminal noping = start({"-i", "0.1", "10.77.0.3", "fd77::3"});
  ASSERT_TRUE(shows(noping, "icmp_seq=2"));
  for (const lab::TerminalSize size : {lab::TerminalSize{14, 60}, lab::TerminalSize{30, 90}}) {
    const std::size_t before = noping.seen().size();
    noping.resize(size);
    // Drawn anew, with both boxes in their places and the last line above them.
    const auto last_row = [&] {
      return vt52_screen(std::string_view(noping.seen()).substr(before), size.rows, size.columns).back();
    };
    EXPECT_TRUE(noping.wait_until([&](const std::string& /*seen*/) {
      return last_row().starts_with("+" + std::string(size.columns - 2u, 'P'));
    })) << last_row();
    EXPECT_TRUE(shows(noping, " 10.77.0.3 ping statistics ", true, size, before));
    EXPECT_TRUE(shows(noping, " fd77::3 ping statistics ", true, size, before));
    EXPECT_TRUE(shows(noping, "bytes from fd77::3", true, size, before));
  }
  noping.type("\x03");
  EXPECT_EQ(noping.wait().status, 0);
}

TEST_F(Noping, BoxesShrinkUntilAsManyHostsAsCanBeAreThere) {
  Words words = {"-i", "0.1"};
  for (int host = 1; host <= 30; ++host) words.push_back(fmt::format("127.0.0.{}", host));
  constexpr lab::TerminalSize low = {12, 80};
  lab::OnTerminal noping = start(words, low);
  EXPECT_TRUE(shows(noping, "127.0.0.30 (127.0.0.30): icmp_seq=2", true, low));
  const auto rows = vt52_screen(noping.seen(), low.rows, low.columns);
  EXPECT_EQ(std::ranges::count_if(rows, [](const std::string& row) { return row.starts_with(" ["); }), 10);
  noping.type("\x03");
  EXPECT_EQ(noping.wait().status, 0);
}

}  // namespace
}  // namespace sonde::compat_test
