// clock_watch_test.cpp: a step of the wall clock is noticed; slewing and being interrupted are none.
#include "engine/clock_watch.hpp"

#include <gtest/gtest.h>

#include "fake_clock.hpp"

namespace sonde::engine {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeClock;

TEST(ClockWatch, TimePassingIsNoStep) {
  FakeClock clock;
  ClockWatch watch(clock);
  for (int i = 0; i < 1000; ++i) {
    clock.advance(milliseconds(7));
    watch.check();
  }
  EXPECT_EQ(watch.steps(), 0u);
  EXPECT_EQ(watch.now(), clock.monotonic());
  EXPECT_EQ(watch.to_unix(watch.now()), clock.unix_time());
}

TEST(ClockWatch, AStepInEitherDirectionIsNoticedOnce) {
  for (const Nanoseconds step : {Nanoseconds(microseconds(60)), Nanoseconds(milliseconds(1)),
                                 Nanoseconds(milliseconds(10)), Nanoseconds(hours(1))}) {
    for (const int sign : {1, -1}) {
      FakeClock clock;
      ClockWatch watch(clock);
      clock.advance(seconds(1));
      const MonotonicTime before = clock.monotonic();
      clock.advance(milliseconds(5));
      clock.step(sign * step);
      clock.advance(milliseconds(5));
      watch.check();
      EXPECT_EQ(watch.steps(), 1u) << step.count() * sign;
      EXPECT_TRUE(watch.stepped_since(before));
      EXPECT_EQ(watch.to_unix(watch.now()), clock.unix_time());
      clock.advance(milliseconds(1));
      watch.check();
      EXPECT_EQ(watch.steps(), 1u);
      EXPECT_FALSE(watch.stepped_since(clock.monotonic()))
          << "a probe sent after it was noticed is not concerned";
    }
  }
}

TEST(ClockWatch, AProbeSentBetweenTheStepAndItsNoticeIsConcerned) {
  FakeClock clock;
  ClockWatch watch(clock);
  clock.step(milliseconds(1));
  clock.advance(milliseconds(1));
  const MonotonicTime sent = clock.monotonic();
  clock.advance(milliseconds(1));
  watch.check();
  EXPECT_TRUE(watch.stepped_since(sent));
}

TEST(ClockWatch, AdjustmentsBelowTheThresholdAreNoStep) {
  FakeClock clock;
  ClockWatch watch(clock);
  for (int i = 0; i < 100; ++i) {
    clock.advance(milliseconds(50));
    clock.step(microseconds(i % 2 == 0 ? 25 : -25));  // 500 ppm, the most that NTP slews
    watch.check();
  }
  EXPECT_EQ(watch.steps(), 0u);
}

TEST(ClockWatch, BeingInterruptedBetweenTheReadsIsNoStep) {
  FakeClock clock;
  ClockWatch watch(clock);
  for (int interruptions = 1; interruptions <= 4; ++interruptions) {
    clock.advance(milliseconds(1));
    clock.preempt(interruptions, milliseconds(4));
    watch.check();
    EXPECT_EQ(watch.steps(), 0u) << interruptions;
  }
}

TEST(ClockWatch, AnInterruptionDoesNotHideAStep) {
  FakeClock clock;
  ClockWatch watch(clock);
  clock.step(-milliseconds(1));
  clock.preempt(2, milliseconds(4));
  watch.check();
  EXPECT_EQ(watch.steps(), 1u);
}

}  // namespace
}  // namespace sonde::engine
