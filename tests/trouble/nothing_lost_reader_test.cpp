// nothing_lost_reader_test.cpp: more than a pipe holds, to readers that stall, read a byte at a time, do not want to be
// waited for, and go away.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>

#include "lab/sanitized.hpp"
#include "trouble/sweep_trial.hpp"
#include "trouble/writers.hpp"

namespace sonde::trouble {
namespace {

using namespace std::chrono_literals;
using lab::Descriptor;

class NothingLostToReaders : public ::testing::TestWithParam<Writer> {
 protected:
  void SetUp() override {
    if (GetParam().shape == Shape::ping_json || GetParam().shape == Shape::sweep_rows) return;
    const Read read = run_read(space_, GetParam().command(), {});
    ASSERT_LE(read.ended.finished.status, 1) << read.ended.finished.errors;
    undisturbed_ = read.output;
  }

  void expect_all_read(const Reader& reader) const {
    const Writer& writer = GetParam();
    const Read read = run_read(space_, writer.command(), reader);
    const auto missing = [&](std::string_view output) {
      return what_is_missing(writer, output, undisturbed_, read.ended.finished);
    };
    Broken broken = said_is_written(read.ended, read.output, missing) +
                    ends_and_says_why(read.ended, {.within = 30s, .statuses = {0, 1}});
    EXPECT_TRUE(broken.empty()) << text_of(broken);
  }

  Loopback space_;
  std::string undisturbed_;
};

INSTANTIATE_TEST_SUITE_P(, NothingLostToReaders, ::testing::ValuesIn(large_writers()),
                         [](const auto& instance) { return instance.param.name; });

TEST_P(NothingLostToReaders, ThatStall) {
  // Longer than any patience the program may have.
  expect_all_read({.stall = 7s});
}

TEST_P(NothingLostToReaders, ThatStallBehindANonblockingPipe) {
  expect_all_read({.stall = 1500ms, .nonblocking = true});
}

TEST_P(NothingLostToReaders, ThatStallBehindASocket) {
  expect_all_read({.stall = 1500ms, .is_socket = true});
}

TEST_P(NothingLostToReaders, ThatReadAByteAtATime) {
  if (lab::sanitized) GTEST_SKIP() << "millions of reads beside a sanitizer's program take minutes";
  expect_all_read({.byte_by_byte = true});
}

TEST_P(NothingLostToReaders, ThatGoAway) {
  const Writer& writer = GetParam();
  Ends ends = ends_of(writer);
  ends.reader_is_gone = true;
  ends.within = 15s;
  const std::vector<std::size_t> lengths{0, 1, 100, 4096, 65536, 70000};
  const Broken broken = in_parallel(lengths.size(), [&](std::size_t which) {
    const Read read = run_read(space_, writer.command(), {.goes_after = lengths[which]});
    Broken found = ends_and_says_why(read.ended, ends);
    // What was not read of so much was not written: that is no success.
    if (read.ended.finished.signal == 0 && read.ended.finished.status <= 1 && writer.shape != Shape::exact)
      found.push_back(fmt::format("(I1) status {} and nobody read it", read.ended.finished.status));
    return at(fmt::format("gone after {} bytes", lengths[which]), found);
  });
  EXPECT_TRUE(broken.empty()) << text_of(broken);
}

// --- a reader that never reads -------------------------------------------------------------------------------------

class NothingLostToNobody : public ::testing::TestWithParam<Writer> {
 protected:
  // Starts it, and waits until the pipe has no room and a while more.
  Process start_and_fill(Command command) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw lab::LabError("no pipe");
    from_ = Descriptor(ends[0]);
    const Descriptor to(ends[1]);
    command.standard_output = to.number();
    Process process = space_.start(std::move(command));
    const auto until = std::chrono::steady_clock::now() + 15s;
    for (int waiting = 0; waiting < 3 && std::chrono::steady_clock::now() < until;) {
      std::this_thread::sleep_for(100ms);  // that nothing happens is what is waited for
      pollfd room{to.number(), POLLOUT, 0};
      waiting = ::poll(&room, 1, 0) == 0 ? waiting + 1 : 0;
    }
    return process;
  }

  static bool has_ended(const Process& process, std::chrono::milliseconds within) {
    const Descriptor exited(static_cast<int>(::syscall(SYS_pidfd_open, process.id(), 0)));
    pollfd ended{exited.number(), POLLIN, 0};
    return ::poll(&ended, 1, static_cast<int>(within.count())) == 1;
  }

  Loopback space_;
  Descriptor from_;
};

// Without the stand-ins: a signal ends these as it ends the originals.
std::vector<Writer> own_large_writers() {
  std::vector<Writer> own;
  for (const Writer& writer : large_writers()) {
    if (!writer.is_stand_in()) own.push_back(writer);
  }
  return own;
}

INSTANTIATE_TEST_SUITE_P(, NothingLostToNobody, ::testing::ValuesIn(own_large_writers()),
                         [](const auto& instance) { return instance.param.name; });

TEST_P(NothingLostToNobody, IsWaitedForUntilTwoSignalsEndThat) {
  if (GetParam().name == "ManPage") GTEST_SKIP() << "it fits into the pipe";
  Process process = start_and_fill(GetParam().command());
  ASSERT_FALSE(has_ended(process, 4s)) << "it did not wait: " << process.wait().errors;
  process.signal(SIGINT);
  if (!has_ended(process, 1500ms)) process.signal(SIGINT);
  EXPECT_TRUE(has_ended(process, 5s));
  const Ended ended{.finished = process.wait(), .elapsed = {}};
  const Broken broken = ends_and_says_why(ended, {.statuses = {4}});
  EXPECT_TRUE(broken.empty()) << text_of(broken);
}

// --- the answers of a sweep that goes on after its reader --------------------------------------------------------

TEST(NothingLostBehindAPipe, WhatADeadReaderDidNotReadTheResumedSweepWritesAgain) {
  const Loopback space;
  const auto expected = loopback_addresses(8192);
  const std::vector<std::size_t> lengths{0, 1, 1000, 20'000, 66'000, 100'000, 140'000};
  const Broken broken = in_parallel(lengths.size(), [&](std::size_t which) {
    const lab::ScratchDirectory files;
    const std::string state = files.path() / "state", metadata = files.path() / "metadata";
    const auto command = [&](const char* option, const char* rate) {
      return sweep({"--linger", "300ms", "-r", rate, "--metadata", metadata, option, state, "127.0.0.0/19"});
    };
    // Slow enough that steps are kept before the reader goes.
    Read first = run_read(space, command("--checkpoint", "4000"), {.goes_after = lengths[which]});
    Broken found = ends_and_says_why(first.ended, {.statuses = {0, 4}, .reader_is_gone = true});
    // The line that it went in the middle of is none.
    first.output.resize(first.output.rfind('\n') + 1);
    SweepRows rows = SweepRows::parse(first.output);
    if (first.ended.finished.status == 4) {
      const bool begun = std::filesystem::exists(state);
      const Read second = run_read(space, command(begun ? "--resume" : "--checkpoint", "max"), {});
      found = found + ends_and_says_why(second.ended, {.statuses = {0}});
      const SweepRows more = SweepRows::parse(second.output);
      rows.addresses.insert(more.addresses.begin(), more.addresses.end());
      rows.cut = more.cut;
      const auto account = SweepAccount::parse(content_of(metadata));
      if (!account) {
        found.emplace_back("(I1) the metadata are no whole object");
      } else if (account->success_unique != expected.size()) {
        found.push_back(
            fmt::format("(I2) success_unique is {} of {}", account->success_unique, expected.size()));
      }
    }
    return at(fmt::format("gone after {} bytes", lengths[which]), found + known_is_written(rows, expected));
  });
  EXPECT_TRUE(broken.empty()) << text_of(broken);
}

TEST(NothingLostBehindAPipe, AStalledReaderGetsEveryRowOfASweepWithACheckpoint) {
  const Loopback space;
  const lab::ScratchDirectory files;
  const std::string metadata = files.path() / "metadata";
  const Read read = run_read(space,
                             sweep({"--linger", "300ms", "-r", "20000", "--checkpoint",
                                    files.path() / "state", "--metadata", metadata, "127.0.0.0/18"}),
                             {.stall = 8s});
  Broken broken = ends_and_says_why(read.ended, {.statuses = {0}});
  const SweepRows rows = SweepRows::parse(read.output);
  broken = broken + known_is_written(rows, loopback_addresses(16'384));
  const auto account = SweepAccount::parse(content_of(metadata));
  ASSERT_TRUE(account) << read.ended.finished.errors;
  broken = broken + account_is_exact(*account, rows, 16'384);
  EXPECT_TRUE(broken.empty()) << text_of(broken);
}

TEST(NothingLostBehindAPipe, ASweepThatIsKilledWhileItsReaderStallsLosesNobody) {
  const Loopback space;
  const auto expected = loopback_addresses(8192);
  const std::vector<std::chrono::milliseconds> moments{700ms, 1200ms, 1700ms, 2600ms, 3500ms};
  const Broken broken = in_parallel(moments.size(), [&](std::size_t which) {
    const lab::ScratchDirectory files;
    const std::string state = files.path() / "state";
    const auto command = [&](const char* option, const char* rate) {
      return sweep({"--linger", "300ms", "-r", rate, option, state, "127.0.0.0/19"});
    };
    // The reader dies with what it has not read, as the machine that it was on would.
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw lab::LabError("no pipe");
    const Descriptor from(ends[0]);
    Descriptor to(ends[1]);
    Command first = command("--checkpoint", "4000");
    first.standard_output = to.number();
    Process process = space.start(std::move(first));
    std::this_thread::sleep_for(moments[which] / 2);
    std::string output(20'000, '\0');
    std::size_t got = 0;
    while (got < output.size()) {
      pollfd waiting{from.number(), POLLIN, 0};
      if (::poll(&waiting, 1, 0) != 1) break;
      const ssize_t bytes = ::read(from.number(), output.data() + got, output.size() - got);
      if (bytes <= 0) break;
      got += static_cast<std::size_t>(bytes);
    }
    output.resize(got);
    std::this_thread::sleep_for(moments[which] / 2);
    process.signal(SIGKILL);
    process.wait();
    output.resize(output.rfind('\n') + 1);
    SweepRows rows = SweepRows::parse(output);
    const bool begun = std::filesystem::exists(state);
    const Read second = run_read(space, command(begun ? "--resume" : "--checkpoint", "max"), {});
    const SweepRows more = SweepRows::parse(second.output);
    rows.addresses.insert(more.addresses.begin(), more.addresses.end());
    rows.cut = more.cut;
    return at(fmt::format("killed after {} ms", moments[which].count()),
              ends_and_says_why(second.ended, {.statuses = {0}}) + known_is_written(rows, expected));
  });
  EXPECT_TRUE(broken.empty()) << text_of(broken);
}

}  // namespace
}  // namespace sonde::trouble
