// nothing_lost_resources_test.cpp: no threads, no descriptors, no memory: whatever writes says so in a line and ends, or
// goes on and writes all of it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "lab/sanitized.hpp"
#include "trouble/trial.hpp"
#include "trouble/writers.hpp"

namespace sonde::trouble {
namespace {

// Beside the small ones, what starts threads.
std::vector<Writer> starved_writers() {
  std::vector<Writer> writers = small_writers();
  writers.push_back(
      {"PingThreads",
       "sonde",
       {"ping", "--threads", "2", "--format", "json", "-c", "3", "-i", "5ms", "127.0.0.1", "127.0.0.2"},
       Shape::ping_json});
  writers.push_back(
      {"SweepThreads",
       "sonde",
       {"sweep", "--allow-special", "--threads", "2", "--linger", "50ms", "-r", "max", "127.0.0.0/28"},
       Shape::sweep_rows});
  writers.push_back({"PingName",
                     "sonde",
                     {"ping", "--format", "json", "-c", "2", "-i", "5ms", "localhost"},
                     Shape::ping_json});
  writers.push_back(
      {"StandInFpingThreads", "fping", {"-C", "1", "-i", "0", "-g", "127.0.0.0/20"}, Shape::lines});
  return writers;
}

class NothingLostWithout : public ::testing::TestWithParam<Writer> {
 protected:
  void SetUp() override {
    if (lab::sanitized)
      GTEST_SKIP() << "a sanitizer's runtime has threads, descriptors and memory of its own";
    const Read read = run([](Command command) { return command; });
    undisturbed_ = read.output;
    ASSERT_LE(read.ended.finished.status, 1) << read.ended.finished.errors;
  }

  // `disturbed` makes of the command one that lacks something.
  template <typename Disturbed>
  Read run(const Disturbed& disturbed) const {
    const Writer& writer = GetParam();
    const lab::ScratchDirectory files;
    std::string file = files.path() / "output";
    Command command = disturbed(writer.command(file));
    command.time_limit = std::chrono::seconds(15);
    if (!writer.names_file()) return run_read(space_, std::move(command), {});
    for (const std::string& word : writer.arguments) {
      if (word.starts_with("FILE.")) file += word.substr(4);
    }
    Ended ended = run_ended(space_, std::move(command));
    return {.ended = std::move(ended), .output = content_of(file)};
  }

  Broken check(const std::string& fault, const Read& read) const {
    const Writer& writer = GetParam();
    const Finished& finished = read.ended.finished;
    // The loader, before the program began.
    if (finished.errors.find("error while loading shared libraries") != std::string::npos) return {};
    Ends ends{.within = std::chrono::seconds(10), .statuses = {0, 1, 3, 4}};
    // The originals' own statuses for it.
    if (writer.is_stand_in()) ends.statuses.insert(2);
    const auto missing = [&](std::string_view output) {
      return what_is_missing(writer, output, undisturbed_, finished);
    };
    Broken broken = ends_and_says_why(read.ended, ends);
    // Status 1 with a word is that of a stand-in that did not begin.
    if (!(writer.is_stand_in() && finished.status == 1 && !finished.errors.empty()))
      broken = broken + said_is_written(read.ended, read.output, missing);
    return at(fault, std::move(broken));
  }

  static void expect(const Broken& broken) { EXPECT_TRUE(broken.empty()) << text_of(broken); }

  Loopback space_;
  std::string undisturbed_;
};

INSTANTIATE_TEST_SUITE_P(, NothingLostWithout, ::testing::ValuesIn(starved_writers()),
                         [](const auto& instance) { return instance.param.name; });

TEST_P(NothingLostWithout, Threads) {
  expect(in_parallel(4, [&](std::size_t threads) {
    const lab::ScratchDirectory other;
    const Read read = run([&](Command command) {
      return lab::with_faults(std::move(command), {.threads = threads}, other.path() / "report");
    });
    return check(fmt::format("{} threads", threads), read);
  }));
}

TEST_P(NothingLostWithout, Descriptors) {
  // With fewer than four no library is loaded.
  constexpr std::size_t first = 4, last = 40;
  expect(in_parallel(last - first, [&](std::size_t which) {
    const Read read = run([&](Command command) {
      command.descriptor_limit = first + which;
      return command;
    });
    return check(fmt::format("{} descriptors", first + which), read);
  }));
}

TEST_P(NothingLostWithout, Memory) {
  const auto limited = [](std::size_t kilobytes, const Words& words) {
    return Words{"prlimit", fmt::format("--as={}", kilobytes * 1024), "--"} + words;
  };
  // Where the program is loaded at all.
  std::size_t least = 4096;
  while (least < 1'000'000) {
    const Finished finished = space_.run({.arguments = limited(least, {SONDE_PROGRAM, "--version"})});
    if (finished.status == 0) break;
    least += 512;
  }
  constexpr std::size_t steps = 40, step = 256;
  expect(in_parallel(steps, [&](std::size_t which) {
    const std::size_t kilobytes = least + which * which * step / 4;
    const Read read = run([&](Command command) {
      command.arguments = limited(kilobytes, command.arguments);
      return command;
    });
    return check(fmt::format("{} kB of memory", kilobytes), read);
  }));
}

TEST_P(NothingLostWithout, MoreMemoryFromAnyCallOn) {
  const lab::ScratchDirectory other;
  const auto calls_of = [&](const auto& run_it) {
    const std::string report = other.path() / "count";
    run_it([&](Command command) {
      const CallFault never{.call = 1'000'000'000, .system_errno = ENOMEM};
      return lab::with_faults(std::move(command), {.memory = never}, report);
    });
    return static_cast<std::size_t>(lab::read_fault_report(report).memory_calls);
  };
  // The loader's own and the C library's are those of a program that does nothing.
  const std::size_t first = calls_of([&](const auto& disturbed) {
    space_.run(disturbed(Command{.arguments = {SONDE_PROGRAM, "--version"}}));
  });
  const std::size_t count = calls_of([&](const auto& disturbed) { run(disturbed); });
  const std::size_t calls = std::min<std::size_t>(count - std::min(first, count), 40);
  expect(in_parallel(2 * calls, [&](std::size_t which) {
    const CallFault fault{.call = first + which / 2, .system_errno = ENOMEM, .from_there_on = which % 2 == 1};
    const lab::ScratchDirectory reports;
    const Read read = run([&](Command command) {
      return lab::with_faults(std::move(command), {.memory = fault}, reports.path() / "report");
    });
    return check(fmt::format("no memory in call {} of {}{}", fault.call, count,
                             fault.from_there_on ? " and after" : ""),
                 read);
  }));
}

}  // namespace
}  // namespace sonde::trouble
