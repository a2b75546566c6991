// timer_wheel_test.cpp: TimerWheel against a sorted map: never early, at most one tick late, in order.
#include "engine/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace sonde::engine {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime start{hours(1000)};
constexpr Nanoseconds tick = TimerWheel::tick;

TEST(TimerWheel, IsNeverEarlyAndAtMostOneTickLate) {
  for (const Nanoseconds delay :
       {Nanoseconds(1), tick - Nanoseconds(1), tick, tick + Nanoseconds(1), 64 * tick,
        Nanoseconds(seconds(1)), Nanoseconds(hours(30)), Nanoseconds(hours(24 * 365 * 20))}) {
    TimerWheel wheel(start);
    wheel.grow(1);
    wheel.set(0, start + delay);
    wheel.advance(start + delay - Nanoseconds(1));
    EXPECT_FALSE(wheel.pop_due()) << delay.count();
    wheel.advance(start + delay + tick);
    EXPECT_EQ(wheel.pop_due(), 0u) << delay.count();
    EXPECT_TRUE(wheel.empty());
  }
}

TEST(TimerWheel, ADeadlineThatHasPassedIsDueAtOnce) {
  TimerWheel wheel(start);
  wheel.grow(2);
  wheel.advance(start + seconds(1));
  wheel.set(0, start);
  wheel.set(1, start - seconds(5));
  EXPECT_EQ(wheel.next_deadline(), start);
  EXPECT_EQ(wheel.pop_due(), 0u);
  EXPECT_EQ(wheel.pop_due(), 1u);
}

TEST(TimerWheel, ADeadlineOfThisVeryMomentIsDueAtOnceInTheMidstOfATickToo) {
  TimerWheel wheel(start);
  wheel.grow(1);
  for (int i = 1; i < 100; ++i) {
    const MonotonicTime now = start + i * Nanoseconds(12'345);
    wheel.advance(now);
    wheel.set(0, now + Nanoseconds(1));
    EXPECT_FALSE(wheel.pop_due());
    wheel.set(0, now);
    EXPECT_EQ(wheel.pop_due(), 0u);
  }
}

TEST(TimerWheel, TimersBecomeDueInTheOrderOfTheirDeadlines) {
  TimerWheel wheel(start);
  wheel.grow(4);
  wheel.set(0, start + seconds(3));
  wheel.set(1, start + milliseconds(1));
  wheel.set(2, start + hours(2));
  wheel.set(3, start + seconds(2));
  wheel.advance(start + hours(3));
  for (const std::uint32_t expected : {1u, 3u, 0u, 2u}) EXPECT_EQ(wheel.pop_due(), expected);
}

TEST(TimerWheel, ACancelledTimerNeverRuns) {
  TimerWheel wheel(start);
  wheel.grow(2);
  wheel.set(0, start + milliseconds(5));
  wheel.set(1, start + milliseconds(5));
  wheel.cancel(0);
  wheel.cancel(0);
  EXPECT_FALSE(wheel.is_set(0));
  EXPECT_EQ(wheel.size(), 1u);
  wheel.advance(start + seconds(1));
  EXPECT_EQ(wheel.pop_due(), 1u);
  EXPECT_FALSE(wheel.pop_due());
}

TEST(TimerWheel, OneThatIsDueCanStillBeCancelledOrMoved) {
  TimerWheel wheel(start);
  wheel.grow(2);
  wheel.set(0, start);
  wheel.set(1, start);
  wheel.cancel(0);
  wheel.set(1, start + seconds(1));
  wheel.advance(start + milliseconds(999));
  EXPECT_FALSE(wheel.peek_due());
  wheel.advance(start + seconds(1) + tick);
  EXPECT_EQ(wheel.pop_due(), 1u);
}

TEST(TimerWheel, AMovedTimerRunsOnceAtItsNewDeadline) {
  TimerWheel wheel(start);
  wheel.grow(1);
  wheel.set(0, start + milliseconds(5));
  wheel.set(0, start + seconds(9));
  wheel.set(0, start + milliseconds(50));
  wheel.advance(start + milliseconds(49));
  EXPECT_FALSE(wheel.pop_due());
  wheel.advance(start + milliseconds(51));
  EXPECT_EQ(wheel.pop_due(), 0u);
  wheel.advance(start + seconds(20));
  EXPECT_FALSE(wheel.pop_due());
}

TEST(TimerWheel, TimeDoesNotGoBack) {
  TimerWheel wheel(start);
  wheel.grow(1);
  wheel.advance(start + seconds(1));
  wheel.advance(start - seconds(1));
  wheel.set(0, start + milliseconds(500));
  EXPECT_EQ(wheel.pop_due(), 0u);
}

TEST(TimerWheel, NextDeadlineOfALoneTimerIsWithinATickOfIt) {
  for (const Nanoseconds delay : {Nanoseconds(microseconds(1)), Nanoseconds(milliseconds(3)),
                                  Nanoseconds(seconds(10)), Nanoseconds(hours(100))}) {
    TimerWheel wheel(start);
    wheel.grow(1);
    wheel.set(0, start + delay);
    ASSERT_TRUE(wheel.next_deadline());
    EXPECT_GE(*wheel.next_deadline(), start + delay);
    EXPECT_LE(*wheel.next_deadline(), start + delay + tick);
  }
  EXPECT_FALSE(TimerWheel(start).next_deadline());
}

// 100,000 timers set, moved and cancelled at random over five scales of time, against a std::multimap.
TEST(TimerWheel, AgreesWithASortedMapOverRandomTimers) {
  constexpr std::uint32_t count = 100'000;
  std::mt19937_64 random(20'240'601);
  TimerWheel wheel(start);
  wheel.grow(count);
  std::multimap<MonotonicTime, std::uint32_t> oracle;
  std::vector<std::optional<std::multimap<MonotonicTime, std::uint32_t>::iterator>> places(count);
  const auto set = [&](std::uint32_t timer, MonotonicTime at) {
    if (places[timer]) oracle.erase(*places[timer]);
    places[timer] = oracle.emplace(at, timer);
    wheel.set(timer, at);
  };
  const auto some_delay = [&] {
    constexpr std::array<std::int64_t, 5> scales{100'000, 10'000'000, 1'000'000'000, 100'000'000'000,
                                                 4'000'000'000'000};
    return Nanoseconds(
        static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(scales[random() % scales.size()])));
  };
  MonotonicTime now = start;
  for (std::uint32_t timer = 0; timer < count; ++timer) set(timer, now + some_delay());
  for (std::uint32_t i = 0; i < count / 4; ++i) {
    const auto timer = static_cast<std::uint32_t>(random() % count);
    if (i % 2 == 0) {
      set(timer, now + some_delay());
    } else if (places[timer]) {
      oracle.erase(*places[timer]);
      places[timer].reset();
      wheel.cancel(timer);
    }
  }
  std::uint64_t ran = 0, turns = 0;
  while (!oracle.empty()) {
    ASSERT_LT(++turns, 3'000'000u);
    ASSERT_EQ(wheel.size(), oracle.size());
    const MonotonicTime first = oracle.begin()->first;
    ASSERT_TRUE(wheel.next_deadline());
    ASSERT_LE(*wheel.next_deadline(), std::max(first + tick, now))
        << "next_deadline later than the first timer";
    now = std::max({now, *wheel.next_deadline(), now + some_delay() / 1000});
    wheel.advance(now);
    MonotonicTime last{};
    while (const auto timer = wheel.pop_due()) {
      ASSERT_TRUE(places[*timer]);
      const MonotonicTime deadline = (*places[*timer])->first;
      ASSERT_LE(deadline, now) << "early";
      ASSERT_GE(deadline, last - tick) << "out of order";
      last = std::max(last, deadline);
      oracle.erase(*places[*timer]);
      places[*timer].reset();
      ++ran;
      if (ran % 16 == 0) set(*timer, now + microseconds(1) + some_delay());
    }
    if (!oracle.empty()) {
      ASSERT_GT(oracle.begin()->first + tick, now) << "more than a tick late";
    }
  }
  EXPECT_TRUE(wheel.empty());
  EXPECT_GT(ran, count * 3 / 4);
}

}  // namespace
}  // namespace sonde::engine
