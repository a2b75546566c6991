// repeat_limiter_test.cpp: the same line once a second, with how many were left out; other lines at any time.
#include "report/repeat_limiter.hpp"

#include <gmock/gmock.h>

#include <chrono>

namespace sonde::report {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

class SetClock final : public Clock {
 public:
  MonotonicTime monotonic() const override { return now; }
  UnixTime unix_time() const override { return {}; }

  MonotonicTime now{100s};
};

TEST(RepeatLimiter, TheSameLineComesOnceASecondAndSaysHowManyWereLeftOut) {
  SetClock clock;
  RepeatLimiter limiter(clock);
  EXPECT_THAT(limiter.pass("no route"), Optional(std::string()));
  for (int i = 0; i < 3; ++i) {
    clock.now += 200ms;
    EXPECT_EQ(limiter.pass("no route"), std::nullopt);
  }
  clock.now += 400ms;
  EXPECT_THAT(limiter.pass("no route"), Optional(std::string(" (3 more like it)")));
  EXPECT_THAT(limiter.rest(), IsEmpty());
}

TEST(RepeatLimiter, OtherLinesHaveASecondOfTheirOwn) {
  SetClock clock;
  RepeatLimiter limiter(clock);
  EXPECT_TRUE(limiter.pass("one"));
  EXPECT_TRUE(limiter.pass("other"));
  EXPECT_FALSE(limiter.pass("one"));
}

TEST(RepeatLimiter, WhatComesEachSecondIsNeverLeftOutForComingALittleEarly) {
  SetClock clock;
  RepeatLimiter limiter(clock);
  for (int second = 0; second < 10; ++second) {
    clock.now = MonotonicTime(100s + second * 1s + (second % 2 == 0 ? 5ms : 0ms));
    EXPECT_TRUE(limiter.pass("no route")) << second;
  }
}

TEST(RepeatLimiter, WhoComesEarlyAgainAndAgainIsStillLeftOut) {
  SetClock clock;
  RepeatLimiter limiter(clock);
  int passed = 0;
  for (int i = 0; i < 100; ++i) {
    passed += limiter.pass("no route") ? 1 : 0;
    clock.now += 90ms;
  }
  EXPECT_LE(passed, 10) << "in nine seconds";
}

TEST(RepeatLimiter, TheRestIsToldOnce) {
  SetClock clock;
  RepeatLimiter limiter(clock);
  for (int i = 0; i < 3; ++i) static_cast<void>(limiter.pass("no route"));
  EXPECT_TRUE(limiter.pass("once"));
  EXPECT_THAT(limiter.rest(), ElementsAre("no route (2 more like it)"));
  EXPECT_THAT(limiter.rest(), IsEmpty());
}

TEST(RepeatLimiter, LinesWithoutNumberAreOneLineAmongThemselves) {
  SetClock clock;
  RepeatLimiter limiter(clock);
  int passed = 0;
  for (int line = 0; line < 200'000; ++line) passed += limiter.pass(std::to_string(line)) ? 1 : 0;
  EXPECT_LT(passed, 140'000);
  clock.now += 2s;
  EXPECT_TRUE(limiter.pass("another")) << "the old ones are forgotten";
}

}  // namespace
}  // namespace sonde::report
