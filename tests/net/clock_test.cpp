// clock_test.cpp: the system's clocks.
#include <gtest/gtest.h>
#include <time.h>

#include "sonde/time.hpp"

namespace sonde {
namespace {

using namespace std::chrono_literals;

Nanoseconds kernel_time(clockid_t id) {
  timespec now{};
  ::clock_gettime(id, &now);
  return std::chrono::seconds(now.tv_sec) + Nanoseconds(now.tv_nsec);
}

TEST(SystemClock, ReadsTheKernelsMonotonicClock) {
  const Nanoseconds before = kernel_time(CLOCK_MONOTONIC);
  const Nanoseconds read = Clock::system().monotonic().time_since_epoch();
  EXPECT_LE(before, read);
  EXPECT_LE(read, kernel_time(CLOCK_MONOTONIC));
}

TEST(SystemClock, ReadsTheKernelsUnixClock) {
  const Nanoseconds read = Clock::system().unix_time().time_since_epoch();
  EXPECT_LT(std::chrono::abs(read - kernel_time(CLOCK_REALTIME)), 10s);
}

TEST(SystemClock, NeverGoesBack) {
  MonotonicTime last = Clock::system().monotonic();
  for (int i = 0; i < 10'000; ++i) {
    const MonotonicTime now = Clock::system().monotonic();
    ASSERT_LE(last, now);
    last = now;
  }
}

}  // namespace
}  // namespace sonde
