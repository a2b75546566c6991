// status_line_test.cpp: the status line says what was counted, and when it will be over.
#include "sweep/status_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sonde::sweep {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

const MonotonicTime start{1000s};

StatusSample sample(Nanoseconds age, std::uint64_t sent, std::uint64_t answering = 0) {
  StatusSample made;
  made.at = start + age;
  made.counts.sent = sent;
  made.counts.answering = answering;
  made.asked = sent;
  made.written = answering;
  return made;
}

StatusBounds until(std::uint64_t probes) {
  return {.started = start, .probes = probes, .linger = 10s};
}

TEST(SweepStatusLine, IsAsAlways) {
  EXPECT_EQ(status_line(sample(9s, 90'000, 900), sample(10s, 100'300, 1'012), until(1'003'000)),
            "0:10   9% (1:40 left); sent 100,300, 10.3 k/s (10.0 k/s mean); answers 1,012, 112/s; drops 0; "
            "hit rate 1.01%");
}

TEST(SweepStatusLine, SaysNothingOfTheEndBeforeItCanKnow) {
  EXPECT_THAT(status_line(sample(0s, 0), sample(4s, 4'000), until(100'000)), Not(HasSubstr("left")));
  EXPECT_THAT(status_line(sample(0s, 0), sample(4s, 4'000), until(100'000)), HasSubstr("0:04   0%;"));
  EXPECT_THAT(status_line(sample(0s, 0), sample(5s, 5'000), until(100'000)), HasSubstr("(1:45 left)"));
}

TEST(SweepStatusLine, TheFirstBoundToBeReachedDecides) {
  StatusBounds bounds = until(1'000'000);  // 1,000 s at this pace
  const StatusSample now = sample(100s, 100'000, 1'000);
  EXPECT_EQ(sweep_progress(now, bounds).left, 910s);
  bounds.max_runtime = 300s;
  EXPECT_EQ(sweep_progress(now, bounds).left, 210s);
  bounds.max_results = 2'000;
  EXPECT_EQ(sweep_progress(now, bounds).left, 110s);
  EXPECT_NEAR(sweep_progress(now, bounds).done, 100.0 / 210, 1e-9);
}

TEST(SweepStatusLine, WhatWasRefusedIsOverAsWell) {
  StatusSample now = sample(100s, 100);
  now.counts.refused = 400;
  EXPECT_EQ(sweep_progress(now, until(1'000)).left, 110s);
  EXPECT_THAT(status_line(now, now, until(1'000)), HasSubstr("; refused 400;"));
}

TEST(SweepStatusLine, AfterTheLastProbeTheLingerIsLeft) {
  StatusBounds bounds = until(1'000);
  bounds.sending_ended = start + 10s;
  const std::string line = status_line(sample(12s, 1'000), sample(13s, 1'000), bounds);
  EXPECT_THAT(line, HasSubstr("0:13  65% (0:07 left); sent 1,000, done (100/s mean)"));
  EXPECT_THAT(status_line(sample(19s, 1'000), sample(20s, 1'000), bounds), HasSubstr("100% (0:00 left)"));
  EXPECT_EQ(sweep_progress(sample(25s, 1'000), bounds).left, 0s);
}

TEST(SweepStatusLine, DropsShowTheirRateWhileTheyHappen) {
  StatusSample before = sample(9s, 900), now = sample(10s, 1'000);
  before.counts.receive_drops = now.counts.receive_drops = 20;
  EXPECT_THAT(status_line(before, now, until(10'000)), HasSubstr("drops 20; hit"));
  now.counts.receive_drops = 70;
  EXPECT_THAT(status_line(before, now, until(10'000)), HasSubstr("drops 70, 50/s; hit"));
}

TEST(SweepStatusLine, NothingAskedHasNoHitRate) {
  EXPECT_EQ(status_line(sample(0s, 0), sample(0s, 0), until(1'000)),
            "0:00   0%; sent 0, 0/s (0/s mean); answers 0, 0/s; drops 0; hit rate -");
}

TEST(SweepStatusLine, LongSweepsAndHugeNumbersStayOnALine) {
  StatusBounds bounds = until(std::uint64_t{1} << 62);
  const std::string line = status_line(sample(900'000s, 999'000'000'000),
                                       sample(900'001s, 999'001'500'000, 99'999'999'999), bounds);
  EXPECT_THAT(line, HasSubstr("10d 10:00:01"));
  EXPECT_THAT(line, HasSubstr("1.50 M/s"));
  EXPECT_LE(line.size(), 150u);
}

}  // namespace
}  // namespace sonde::sweep
