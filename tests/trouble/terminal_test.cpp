// terminal_test.cpp: on a terminal, several targets get a live table, which is gone without a trace when the
// run ends.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "report/live_table.hpp"
#include "trouble/program.hpp"

namespace sonde::trouble {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// `sonde ping` with a terminal of 100 columns and 30 rows for input, output and errors.
class OnTerminal {
 public:
  OnTerminal(const Namespace& space, const Words& arguments)
      : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    EXPECT_TRUE(master_);
    EXPECT_EQ(::grantpt(master_.number()), 0);
    EXPECT_EQ(::unlockpt(master_.number()), 0);
    const winsize size{30, 100, 0, 0};
    ::ioctl(master_.number(), TIOCSWINSZ, &size);
    std::array<char, 64> name{};
    EXPECT_EQ(::ptsname_r(master_.number(), name.data(), name.size()), 0);
    // Held until the program has it, as a terminal that nobody holds reads as closed.
    slave_ = lab::Descriptor(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_TRUE(slave_);
    // The first terminal that the leader of a session opens is its controlling one.
    const Words line = Words{"setsid",    "sh",          "-c",  "exec \"$@\" < \"$0\" > \"$0\" 2>&1",
                             name.data(), SONDE_PROGRAM, "ping"} +
                       arguments;
    process_.emplace(
        space.start({.arguments = line, .environment = {"TERM=xterm-256color", "LC_ALL=C.UTF-8"}}));
  }

  // Reads until the text was seen; false when `limit` passes or the program closes the terminal before.
  bool wait_for(std::string_view text, std::chrono::seconds limit = std::chrono::seconds(10)) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (seen_.find(text) == std::string::npos) {
      if (std::chrono::steady_clock::now() >= until || !read_some())
        return seen_.find(text) != std::string::npos;
    }
    return true;
  }
  // Once more than it was seen by now.
  bool wait_for_more(std::string_view text) {
    before_ += std::exchange(seen_, {});
    return wait_for(text);
  }
  // Until it ends.
  Finished wait() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < until && read_some()) {
    }
    return process_->wait();
  }
  void type(char key) { EXPECT_EQ(::write(master_.number(), &key, 1), 1); }
  const Process& process() const { return *process_; }
  std::string seen() const { return before_ + seen_; }

 private:
  bool read_some() {
    pollfd waiting{master_.number(), POLLIN, 0};
    if (::poll(&waiting, 1, 200) <= 0) return true;
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(master_.number(), buffer.data(), buffer.size());
    if (got <= 0) return false;  // EIO: the program has closed the terminal
    slave_ = lab::Descriptor();
    seen_.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
  }

  lab::Descriptor master_, slave_;
  std::optional<Process> process_;
  std::string before_, seen_;
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
      sonde.type(3);  // Ctrl-C
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
