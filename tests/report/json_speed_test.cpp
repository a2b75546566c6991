// json_speed_test.cpp: formatting a line must stay far cheaper than the probe it tells of.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>

#include "report/sample_run.hpp"

namespace sonde::report {
namespace {

TEST(JsonSpeed, WritesMoreThanHundredThousandLinesASecond) {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(nowhere, 0);
  {
    Output output(nowhere, "nowhere");
    const auto reporter = make_reporter({.format = Format::json}, output);
    const TargetName target = gateway_target();
    const Event event = reply_event(12345);
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 100'000; ++i) reporter->event(event, target);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    RecordProperty("lines_per_second", static_cast<int>(100'000 / took.count()));
    EXPECT_LT(took.count(), 1.0);
  }
  ::close(nowhere);
}

}  // namespace
}  // namespace sonde::report
