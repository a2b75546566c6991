// send_log_test.cpp: when a probe left, from the record of its batch.
#include "sweep/send_log.hpp"

#include <gtest/gtest.h>

namespace sonde::sweep {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

constexpr MonotonicTime start{seconds(5)};

TEST(SendLog, InterpolatesWithinABatch) {
  SendLog log;
  log.add(0, 5, start, start + microseconds(40));
  log.add(5, 1, start + microseconds(100), start + microseconds(100));
  EXPECT_EQ(log.find(0)->at, start);
  EXPECT_EQ(log.find(1)->at, start + microseconds(10));
  EXPECT_EQ(log.find(4)->at, start + microseconds(40));
  EXPECT_EQ(log.find(5)->at, start + microseconds(100));
}

TEST(SendLog, AStampCorrectsItsWholeBatchAndNoOther) {
  SendLog log;
  log.add(0, 5, start, start + microseconds(40));
  log.add(5, 5, start, start + microseconds(40));
  log.correct(7, microseconds(12));
  log.correct(99, microseconds(1));
  EXPECT_FALSE(log.find(4)->delay);
  EXPECT_EQ(log.find(5)->delay, microseconds(12));
  EXPECT_EQ(log.find(9)->delay, microseconds(12));
}

TEST(SendLog, KnowsNothingOfWhatWasNeverSent) {
  SendLog log;
  EXPECT_FALSE(log.find(0));
  log.add(10, 2, start, start);
  log.add(20, 1, start, start);
  EXPECT_FALSE(log.find(9));
  EXPECT_TRUE(log.find(11));
  EXPECT_FALSE(log.find(12)) << "refused, between two batches";
  EXPECT_FALSE(log.find(21));
}

TEST(SendLog, ForgetsWhatIsOlderAndNothingElse) {
  SendLog log;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const MonotonicTime at = start + microseconds(100 * static_cast<std::int64_t>(i));
    log.add(32 * i, 32, at, at + microseconds(50));
  }
  log.forget_before(start + microseconds(50'000));
  EXPECT_EQ(log.records(), 500u);
  EXPECT_FALSE(log.find(32 * 499 + 31));
  EXPECT_EQ(log.find(32 * 500)->at, start + microseconds(50'000));
}

}  // namespace
}  // namespace sonde::sweep
