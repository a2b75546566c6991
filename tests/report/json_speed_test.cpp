// json_speed_test.cpp: formatting a line must stay far cheaper than the probe it tells of.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>

#include "report/sample_run.hpp"

namespace sonde::report {
namespace {

// Of this process alone, so that a busy machine does not matter.
double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

TEST(JsonSpeed, WritesMoreThanHundredThousandLinesASecond) {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(nowhere, 0);
  {
    Output output(nowhere, "nowhere");
    const auto reporter = make_reporter({.format = Format::json}, output);
    const TargetName target = gateway_target();
    const Event event = reply_event(12345);
    const double begin = processor_seconds();
    for (int i = 0; i < 100'000; ++i) reporter->event(event, target);
    const double took = processor_seconds() - begin;
    RecordProperty("lines_per_second", static_cast<int>(100'000 / took));
    EXPECT_LT(took, 1.0);
  }
  ::close(nowhere);
}

}  // namespace
}  // namespace sonde::report
