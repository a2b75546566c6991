// pacing_test.cpp: the cap on the rate, and the record of how late probes left.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "engine/lag.hpp"
#include "engine/pacer.hpp"

namespace sonde::engine {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime start{seconds(5)};

TEST(Pacer, WithoutARateEverythingMayLeave) {
  Pacer pacer(0, start);
  EXPECT_TRUE(pacer.unlimited());
  EXPECT_EQ(pacer.allowance(start, 1'000'000), 1'000'000u);
}

TEST(Pacer, LetsThroughTheRateAndNoMore) {
  for (const double rate : {0.5, 10.0, 1'000.0, 100'000.0}) {
    Pacer pacer(rate, start);
    std::size_t sent = 0;
    MonotonicTime now = start;
    const MonotonicTime end = start + seconds(20);
    while (now < end) {
      const std::size_t allowed = pacer.allowance(now, 32);
      pacer.spend(allowed);
      sent += allowed;
      now = allowed == 0 ? std::max(pacer.next(), now + microseconds(1)) : now + microseconds(1);
    }
    EXPECT_NEAR(static_cast<double>(sent), rate * 20, rate * 0.003 + 2) << rate;
  }
}

TEST(Pacer, AStallIsNotFollowedByABurst) {
  Pacer pacer(10'000, start);
  EXPECT_LE(pacer.allowance(start + seconds(10), 1000), 20u) << "2 ms of the rate at most";
}

TEST(Pacer, NextIsWhenOneMayLeave) {
  Pacer pacer(100, start);
  pacer.spend(pacer.allowance(start, 1));
  ASSERT_EQ(pacer.allowance(start, 1), 0u);
  const MonotonicTime next = pacer.next();
  EXPECT_EQ(pacer.allowance(next - microseconds(10), 1), 0u);
  EXPECT_EQ(pacer.allowance(next, 1), 1u);
}

TEST(SlotPacer, GivesEachAMomentOfItsOwnAtTheRate) {
  SlotPacer pacer(800);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(pacer.take(start), start + i * microseconds(1'250));
}

TEST(SlotPacer, WhatLeavesAtItsMomentIsNeverHeldUp) {
  SlotPacer pacer(800);
  for (int i = 0; i < 1'000; ++i) {
    const MonotonicTime slot = pacer.take(start);
    EXPECT_TRUE(pacer.leave(slot + microseconds(i % 7 * 100))) << i;
  }
}

TEST(SlotPacer, AfterAStallFewLeaveAtOnceAndTheRestAtTheRate) {
  SlotPacer pacer(800);
  for (int i = 0; i < 800; ++i) pacer.take(start);
  int at_once = 0, in_a_second = 0;
  const MonotonicTime after = start + seconds(1);
  while (pacer.leave(after)) ++at_once;
  for (MonotonicTime now = after; now < after + seconds(1); now += microseconds(100)) {
    if (pacer.leave(now)) ++in_a_second;
  }
  EXPECT_LE(at_once, 20);
  EXPECT_NEAR(in_a_second, 800, 1);
}

TEST(LagRecorder, IsZeroWhenNothingWasRecorded) {
  const LagRecorder lag;
  EXPECT_EQ(lag.percentile(0.99), Nanoseconds::zero());
  EXPECT_EQ(lag.largest(), Nanoseconds::zero());
}

TEST(LagRecorder, EarlinessIsNoLag) {
  LagRecorder lag;
  lag.record(Nanoseconds(-500));
  EXPECT_EQ(lag.largest(), Nanoseconds::zero());
  EXPECT_EQ(lag.percentile(1), Nanoseconds::zero());
}

TEST(LagRecorder, PercentilesAreRightWithinAQuarterAndNeverTooLow) {
  std::mt19937_64 random(7);
  LagRecorder first, second;
  std::vector<std::int64_t> all;
  for (int i = 0; i < 20'000; ++i) {
    const auto lag = static_cast<std::int64_t>(random() % (std::uint64_t{1} << (1 + random() % 40)));
    all.push_back(lag);
    (i % 3 == 0 ? first : second).record(Nanoseconds(lag));
  }
  first.merge(second);
  std::ranges::sort(all);
  for (const double fraction : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    const std::int64_t exact = all[static_cast<std::size_t>(fraction * static_cast<double>(all.size()))];
    EXPECT_GE(first.percentile(fraction).count(), exact) << fraction;
    EXPECT_LE(static_cast<double>(first.percentile(fraction).count()), static_cast<double>(exact) * 1.25 + 1)
        << fraction;
  }
  EXPECT_EQ(first.largest().count(), all.back());
  EXPECT_EQ(first.percentile(1).count(), all.back());
}

TEST(LagRecorder, TakesTheLargestLagThereIs) {
  LagRecorder lag;
  lag.record(Nanoseconds::max());
  EXPECT_EQ(lag.percentile(0.5), Nanoseconds::max());
}

}  // namespace
}  // namespace sonde::engine
