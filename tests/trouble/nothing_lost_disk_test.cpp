// nothing_lost_disk_test.cpp: whatever writes, on a disk that is full at any byte, and with each of its calls to the file
// failing: it says so, or all of it is there.
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

class NothingLostOnDisk : public ::testing::TestWithParam<Writer> {
 protected:
  // The writer with its output in a file, standard output if it names no other.
  Read run(const FaultPlan& fault, const Words& in_front = {}) const {
    const Writer& writer = GetParam();
    const lab::ScratchDirectory files, other;
    std::string file = files.path() / "output";
    FaultPlan plan = fault;
    plan.directory = files.path();
    Command command = writer.command(file);
    command.arguments = in_front + command.arguments;
    command = lab::with_faults(std::move(command), plan, other.path() / "report");
    if (!writer.names_file()) {
      Read read = run_to_file(space_, command, file);
      calls_ = lab::read_fault_report(other.path() / "report").calls.size();
      return read;
    }
    for (const std::string& word : writer.arguments) {
      if (word.starts_with("FILE.")) file += word.substr(4);
    }
    Read read{.ended = run_ended(space_, command), .output = content_of(file)};
    calls_ = lab::read_fault_report(other.path() / "report").calls.size();
    return read;
  }

  Broken check(const std::string& fault, const Read& read) const {
    const Writer& writer = GetParam();
    const auto missing = [&](std::string_view output) -> std::string {
      // As the original: status 1, and it did not begin.
      if (writer.is_stand_in() && read.ended.finished.errors.starts_with("opening ")) return "";
      return what_is_missing(writer, output, undisturbed_, read.ended.finished);
    };
    return at(fault, said_is_written(read.ended, read.output, missing) +
                         ends_and_says_why(read.ended, ends_of(writer)));
  }

  void SetUp() override {
    Read read = run({});
    undisturbed_ = read.output;
    undisturbed_calls_ = calls_;
    const Broken broken = check("without a fault", read);
    ASSERT_TRUE(broken.empty()) << text_of(broken);
    ASSERT_LE(read.ended.finished.status, 1);
    ASSERT_FALSE(undisturbed_.empty());
  }

  Loopback space_;
  std::string undisturbed_;
  std::size_t undisturbed_calls_ = 0;
  static thread_local std::size_t calls_;  // of the last run of this thread
};

thread_local std::size_t NothingLostOnDisk::calls_ = 0;

INSTANTIATE_TEST_SUITE_P(, NothingLostOnDisk, ::testing::ValuesIn(small_writers()),
                         [](const auto& instance) { return instance.param.name; });

TEST_P(NothingLostOnDisk, ThatIsFullAtAnyByte) {
  // Every byte of what is small, some dozens of what is not: the first ones, the last ones, and between them a stride that
  // meets lines at all their places.
  constexpr std::size_t most = lab::sanitized ? 8 : 48;
  const std::size_t size = undisturbed_.size(), stride = std::max<std::size_t>(1, size / most) | 1U;
  std::vector<std::size_t> rooms{1, size - 1};
  for (std::size_t room = 0; room < size; room += stride) rooms.push_back(room);
  const Broken broken = in_parallel(rooms.size(), [&](std::size_t which) {
    const Read read = run({.disk_bytes = rooms[which]});
    return check(fmt::format("room for {} bytes of {}", rooms[which], size), read);
  });
  EXPECT_TRUE(broken.empty()) << text_of(broken);
}

TEST_P(NothingLostOnDisk, WhoseCallsFail) {
  struct Kind {
    int system_errno;
    bool from_there_on;
  };
  const std::vector<Kind> kinds{{ENOSPC, false}, {EIO, true}, {EDQUOT, true}, {EFBIG, false}};
  const std::size_t calls = std::min<std::size_t>(undisturbed_calls_, 12);
  const Broken broken = in_parallel(calls * kinds.size(), [&](std::size_t which) {
    const std::size_t call = which / kinds.size();
    const auto [system_errno, from_there_on] = kinds[which % kinds.size()];
    const Read read = run(
        {.failing = CallFault{.call = call, .system_errno = system_errno, .from_there_on = from_there_on}});
    return check(
        fmt::format("errno {} in call {}{}", system_errno, call, from_there_on ? " and after it" : ""), read);
  });
  EXPECT_TRUE(broken.empty()) << text_of(broken);
}

TEST_P(NothingLostOnDisk, WhereNoFileMayBeThatLong) {
  const Read read = run({}, {"prlimit", fmt::format("--fsize={}", undisturbed_.size() / 2), "--"});
  Broken broken = check("half of its length is allowed", read);
  if (read.ended.finished.status >= 0 && read.ended.finished.status <= 1 &&
      read.output.size() < undisturbed_.size() * 2 / 3)
    broken.emplace_back("(I1) half of it is there, and no word of that");
  EXPECT_TRUE(broken.empty()) << text_of(broken);
}

TEST_P(NothingLostOnDisk, WhoseCallsAreInterruptedOrCutShort) {
  const std::size_t calls = std::min<std::size_t>(undisturbed_calls_, 12);
  const Broken broken = in_parallel(calls + 3, [&](std::size_t which) {
    const bool cut = which >= calls;
    const Read read = run(cut ? FaultPlan{.longest_write = which - calls + 1}
                              : FaultPlan{.failing = CallFault{.call = which, .system_errno = EINTR}});
    Broken found = check(fmt::format("{} {}", cut ? "cut in call" : "EINTR in call", which), read);
    if (read.ended.finished.status > 1)
      found.push_back(fmt::format("(I1) nothing failed, and status {} in {}: {}", read.ended.finished.status,
                                  which, read.ended.finished.errors));
    return found;
  });
  EXPECT_TRUE(broken.empty()) << text_of(broken);
}

}  // namespace
}  // namespace sonde::trouble
