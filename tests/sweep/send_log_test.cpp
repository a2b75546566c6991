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
  log.add(0, 5, start, start, start + microseconds(40));
  log.add(5, 1, start + microseconds(100), start + microseconds(100), start + microseconds(100));
  EXPECT_EQ(log.find(0)->at, start);
  EXPECT_EQ(log.find(1)->at, start + microseconds(10));
  EXPECT_EQ(log.find(4)->at, start + microseconds(40));
  EXPECT_EQ(log.find(5)->at, start + microseconds(100));
}

TEST(SendLog, AStampCorrectsItsWholeBatchAndNoOther) {
  SendLog log;
  log.add(0, 5, start, start, start + microseconds(40));
  log.add(5, 5, start, start, start + microseconds(40));
  const UnixTime stamp{std::chrono::seconds(1'700'000'000)};
  log.correct(7, stamp);
  log.correct(99, stamp);
  EXPECT_FALSE(log.find(4)->left);
  EXPECT_EQ(log.find(5)->left, stamp - microseconds(20));
  EXPECT_EQ(log.find(7)->left, stamp);
  EXPECT_EQ(log.find(9)->left, stamp + microseconds(20));
  for (std::uint64_t ordinal = 0; ordinal < 10; ++ordinal)
    EXPECT_EQ(log.find(ordinal)->is_stamped, ordinal == 7) << ordinal;
}

TEST(SendLog, TellsTheEarliestMomentAtWhichAProbeCanHaveLeft) {
  SendLog log;
  log.add(0, 5, start, start + microseconds(3), start + microseconds(43));
  for (std::uint64_t ordinal = 0; ordinal < 5; ++ordinal) EXPECT_EQ(log.find(ordinal)->earliest, start);
  const UnixTime stamp{std::chrono::seconds(1'700'000'000)};
  log.correct(2, stamp);
  EXPECT_FALSE(log.find(1)->not_before) << "it left before the one with the stamp";
  EXPECT_EQ(log.find(2)->not_before, stamp);
  EXPECT_EQ(log.find(4)->not_before, stamp);
}

TEST(SendLog, KnowsNothingOfWhatWasNeverSent) {
  SendLog log;
  EXPECT_FALSE(log.find(0));
  log.add(10, 2, start, start, start);
  log.add(20, 1, start, start, start);
  EXPECT_FALSE(log.find(9));
  EXPECT_TRUE(log.find(11));
  EXPECT_FALSE(log.find(12)) << "refused, between two batches";
  EXPECT_FALSE(log.find(21));
}

TEST(SendLog, ForgetsWhatIsOlderAndNothingElse) {
  SendLog log;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const MonotonicTime at = start + microseconds(100 * static_cast<std::int64_t>(i));
    log.add(32 * i, 32, at, at, at + microseconds(50));
  }
  log.forget_before(start + microseconds(50'000));
  EXPECT_EQ(log.records(), 500u);
  EXPECT_FALSE(log.find(32 * 499 + 31));
  EXPECT_EQ(log.find(32 * 500)->at, start + microseconds(50'000));
}

// In order, back and forth, and when what was found last is forgotten.
TEST(SendLog, FindsTheSameInWhateverOrderItIsAsked) {
  SendLog log;
  const auto left_at = [](std::uint64_t ordinal) {
    return start + microseconds(100 * static_cast<std::int64_t>(ordinal / 4));
  };
  for (std::uint64_t i = 0; i < 100; ++i) log.add(4 * i, 3, left_at(4 * i), left_at(4 * i), left_at(4 * i));
  const auto expect_right = [&](std::uint64_t ordinal) {
    const auto sending = log.find(ordinal);
    const bool kept =
        ordinal < 400 && ordinal % 4 != 3 && left_at(ordinal) >= left_at(4 * (100 - log.records()));
    ASSERT_EQ(sending.has_value(), kept) << ordinal;
    if (kept) {
      EXPECT_EQ(sending->at, left_at(ordinal)) << ordinal;
    }
  };
  for (std::uint64_t ordinal = 0; ordinal < 404; ++ordinal) expect_right(ordinal);
  for (std::uint64_t ordinal = 404; ordinal-- > 0;) expect_right(ordinal);
  for (const std::uint64_t kept : {99U, 50U, 10U, 0U}) {
    log.forget_before(left_at(4 * (100 - kept)));
    ASSERT_EQ(log.records(), kept);
    for (std::uint64_t ordinal = 0; ordinal < 404; ordinal += 7) expect_right(ordinal * 3 % 404);
  }
}

}  // namespace
}  // namespace sonde::sweep
