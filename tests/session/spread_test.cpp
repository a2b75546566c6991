// spread_test.cpp: targets without a phase of their own are asked evenly over the spread, however many there
// are.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "session/implementation.hpp"

namespace sonde {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The fullest slot against the mean, over `targets` phases in `window`.
double worst_slot(const Session::Implementation& session, const TargetOptions& options, std::uint64_t targets,
                  Nanoseconds window, Nanoseconds slot, std::uint64_t first = 0) {
  std::vector<std::uint64_t> slots(static_cast<std::size_t>(window / slot));
  for (std::uint64_t place = first; place < first + targets; ++place) {
    const Nanoseconds phase = session.spread_phase(options, place);
    EXPECT_GE(phase, Nanoseconds::zero());
    EXPECT_LT(phase, window);
    ++slots[static_cast<std::size_t>(phase / slot)];
  }
  return static_cast<double>(std::ranges::max(slots)) * static_cast<double>(slots.size()) /
         static_cast<double>(targets);
}

TEST(Spread, NoTenMillisecondsOfTenSecondsCarryMuchMoreThanTheMean) {
  const Session::Implementation session({.spread = seconds(10)}, {});
  const TargetOptions options{.schedule = FixedInterval{seconds(10)}};
  EXPECT_LE(worst_slot(session, options, 100'000, seconds(10), milliseconds(10)), 1.6);
  EXPECT_LE(worst_slot(session, options, 20'000, seconds(10), milliseconds(10)), 1.6);
}

TEST(Spread, StaysEvenAsEarlyTargetsGoAndLateOnesCome) {
  const Session::Implementation session({.spread = seconds(10)}, {});
  const TargetOptions options{.schedule = FixedInterval{seconds(10)}};
  EXPECT_LE(worst_slot(session, options, 100'000, seconds(10), milliseconds(10), 1'234'567'890), 1.6);
}

TEST(Spread, IsEvenForAFewTargetsToo) {
  const Session::Implementation session({}, {});
  const TargetOptions options;
  for (const std::uint64_t targets : {2u, 3u, 5u, 10u, 50u}) {
    std::vector<Nanoseconds> phases;
    for (std::uint64_t place = 0; place < targets; ++place)
      phases.push_back(session.spread_phase(options, place));
    std::ranges::sort(phases);
    for (std::size_t i = 1; i < phases.size(); ++i) {
      EXPECT_GE(phases[i] - phases[i - 1], Nanoseconds(seconds(1)) / static_cast<std::int64_t>(3 * targets))
          << targets;
    }
  }
}

TEST(Spread, IsWithinTheIntervalWhenThatIsShorter) {
  const Session::Implementation session({.spread = seconds(10)}, {});
  const TargetOptions options{.schedule = FixedInterval{milliseconds(20)}};
  for (std::uint64_t place = 0; place < 1000; ++place)
    EXPECT_LT(session.spread_phase(options, place), milliseconds(20));
}

TEST(Spread, RoundsBeginTogether) {
  const Session::Implementation session({}, {});
  for (std::uint64_t place = 0; place < 100; ++place) {
    EXPECT_EQ(session.spread_phase({.schedule = SynchronousRounds{}}, place), Nanoseconds::zero());
  }
}

}  // namespace
}  // namespace sonde
