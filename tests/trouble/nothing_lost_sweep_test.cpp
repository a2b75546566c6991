// nothing_lost_sweep_test.cpp: a sweep with a checkpoint, killed before each of its calls that touch a file, with each of
// these failing, and on a disk that is full at any byte. Nobody is lost, and the account is right.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "lab/sanitized.hpp"
#include "trouble/sweep_trial.hpp"

namespace sonde::trouble {
namespace {

// A sweep of sanitizers costs more than the wait that the other is made of: every how many-th fault is tried.
constexpr std::size_t stride = lab::sanitized ? 7 : 1;

class NothingLostSweep : public ::testing::Test {
 protected:
  // As many as a run without a fault has, and some more, for runs that have more.
  std::size_t calls() const {
    SweepTrial trial(space_);
    const Broken broken = trial.run({});
    EXPECT_TRUE(broken.empty()) << "without a fault: " << text_of(broken);
    return trial.report().calls.size() + 3;
  }

  // Each of `count` faults, or every `every`-th.
  template <typename PlanOf>
  Broken try_each(std::size_t count, std::size_t every, const PlanOf& plan_of,
                  const Words& extra = {}) const {
    return in_parallel((count + every - 1) / every, [&](std::size_t which) {
      SweepTrial trial(space_, extra);
      return at(fmt::format("fault {}", which * every), trial.run(plan_of(which * every)));
    });
  }

  Loopback space_;
};

TEST_F(NothingLostSweep, KilledBeforeAnyCallThatTouchesAFile) {
  const Broken broken =
      try_each(calls(), stride, [](std::size_t call) { return FaultPlan{.kill_before = call}; });
  EXPECT_TRUE(broken.empty()) << text_of(broken);
}

TEST_F(NothingLostSweep, OfTwoThreadsAndInJsonKilledBeforeAnySuchCall) {
  const Broken broken =
      try_each(calls(), 2 * stride, [](std::size_t call) { return FaultPlan{.kill_before = call}; },
               {"--threads", "2", "--format", "json"});
  EXPECT_TRUE(broken.empty()) << text_of(broken);
}

struct Failure {
  const char* name;
  int system_errno;
  bool from_there_on;

  friend void PrintTo(const Failure& failure, std::ostream* stream) { *stream << failure.name; }
};

class NothingLostSweepFailing : public NothingLostSweep, public ::testing::WithParamInterface<Failure> {};
INSTANTIATE_TEST_SUITE_P(, NothingLostSweepFailing,
                         ::testing::Values(Failure{"DiskFullOnce", ENOSPC, false},
                                           Failure{"DiskFullForEver", ENOSPC, true},
                                           Failure{"BrokenDisk", EIO, true},
                                           Failure{"Interrupted", EINTR, false}),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(NothingLostSweepFailing, AnyCallThatTouchesAFile) {
  const auto [name, system_errno, from_there_on] = GetParam();
  const Broken broken = try_each(calls(), stride, [&](std::size_t call) {
    return FaultPlan{
        .failing = CallFault{.call = call, .system_errno = system_errno, .from_there_on = from_there_on}};
  });
  EXPECT_TRUE(broken.empty()) << text_of(broken);
}

TEST_F(NothingLostSweep, OnADiskThatIsFullAtAnyByteOfAnswersCheckpointAndMetadata) {
  // 1.3 kB of answers, some hundred bytes of checkpoint, 3 kB of metadata. The stride shares no divisor with a row.
  constexpr std::size_t bytes = 5500;
  const Broken broken =
      try_each(bytes, 97 * stride, [](std::size_t room) { return FaultPlan{.disk_bytes = room}; });
  EXPECT_TRUE(broken.empty()) << text_of(broken);
}

TEST_F(NothingLostSweep, WhoseWritesTheKernelCutsShort) {
  const Broken broken =
      try_each(24, 5, [](std::size_t longest) { return FaultPlan{.longest_write = longest + 1}; });
  EXPECT_TRUE(broken.empty()) << text_of(broken);
}

}  // namespace
}  // namespace sonde::trouble
