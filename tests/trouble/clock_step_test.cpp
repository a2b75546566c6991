// clock_step_test.cpp: the wall clock is really set, forth and back, while answers are on their way. It is
// everybody's clock, so only where SONDE_TEST_CLOCK_STEP=1 asks for it (=small: without the steps of an hour); what
// the rest of the machine does meanwhile is its own affair.
#include <gmock/gmock.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <vector>

#include "trouble/program.hpp"

namespace sonde::trouble {
namespace {

using std::chrono::nanoseconds;

bool step_wall_clock(nanoseconds by) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const nanoseconds wanted = std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec) + by;
  const timespec set{wanted / std::chrono::seconds(1), (wanted % std::chrono::seconds(1)).count()};
  return ::clock_settime(CLOCK_REALTIME, &set) == 0;
}

// Puts the clock back to where monotonic time says that it belongs.
class WallClockKeeper {
 public:
  WallClockKeeper() : offset_(offset()) {}
  ~WallClockKeeper() { step_wall_clock(offset_ - offset()); }
  WallClockKeeper(const WallClockKeeper&) = delete;
  WallClockKeeper& operator=(const WallClockKeeper&) = delete;

 private:
  static nanoseconds offset() {
    timespec wall{}, monotonic{};
    ::clock_gettime(CLOCK_REALTIME, &wall);
    ::clock_gettime(CLOCK_MONOTONIC, &monotonic);
    return std::chrono::seconds(wall.tv_sec - monotonic.tv_sec) +
           nanoseconds(wall.tv_nsec - monotonic.tv_nsec);
  }
  nanoseconds offset_;
};

TEST(ClockStep, ChangesNoRttAndStallsNoSchedule) {
  const char* environment = std::getenv("SONDE_TEST_CLOCK_STEP");
  const std::string_view asked = environment != nullptr ? environment : "";
  if (asked != "1" && asked != "small")
    GTEST_SKIP() << "set SONDE_TEST_CLOCK_STEP=1 or small; sets this machine's clock";
  using namespace std::chrono_literals;
  lab::SimulatedNetwork network("host 10.77.0.1 fd77::1; delay 30ms\n");
  const WallClockKeeper keeper;
  std::vector<nanoseconds> steps{1ms, -1ms, 10ms, -10ms};
  if (asked == "1") steps.insert(steps.end(), {1h, -1h});
  Process process = network.start(sonde_json({"-c", "100", "-i", "10ms", "10.77.0.1", "fd77::1"}));
  int sequence = 5;
  for (const nanoseconds step : steps) {
    ASSERT_TRUE(process.wait_for_output("\"seq\":" + std::to_string(sequence) + ","));
    ASSERT_TRUE(step_wall_clock(step)) << "needs CAP_SYS_TIME";
    sequence += 14;
  }
  const SondeRun run = read_run(process.wait(), 0);
  expect_balanced(run);
  bool flagged = false;
  for (const SondeEvent& event : run.events) {
    EXPECT_EQ(event.event, "reply");
    ASSERT_TRUE(event.rtt_ns);
    EXPECT_GE(*event.rtt_ns, 29'900'000) << event.sequence;
    EXPECT_LE(*event.rtt_ns, 100'000'000)
        << event.sequence;  // by the user clock where flagged, on a busy machine
    flagged |= event.has("clock_step");
  }
  EXPECT_TRUE(flagged) << "answers were on their way during each step";
  EXPECT_LT(run.end->elapsed_ns, 5'000'000'000);
}

}  // namespace
}  // namespace sonde::trouble
