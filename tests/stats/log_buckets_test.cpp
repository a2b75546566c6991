// log_buckets_test.cpp: bucket edges against logarithms in extended precision.
#include "stats/log_buckets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace sonde::stats {
namespace {

constexpr Resolution resolutions[] = {Resolution::compact, Resolution::fine};

unsigned index_by_logarithm(Resolution resolution, std::int64_t nanoseconds) {
  const long double octave =
      std::log2(static_cast<long double>(nanoseconds) / 1e9L) + octaves_below_one_second;
  const long double index = std::floor(octave * buckets_per_octave(resolution));
  return static_cast<unsigned>(
      std::clamp(index, 0.0L, static_cast<long double>(bucket_count(resolution) - 1)));
}

TEST(LogBuckets, EveryEdgeSeparatesNeighbours) {
  for (const Resolution resolution : resolutions) {
    for (unsigned index = 1; index < bucket_count(resolution); ++index) {
      const Nanoseconds begin = bucket_begin(resolution, index);
      ASSERT_EQ(bucket_index(resolution, begin), index) << begin.count();
      ASSERT_EQ(bucket_index(resolution, begin - Nanoseconds(1)), index - 1) << begin.count();
      ASSERT_EQ(index_by_logarithm(resolution, begin.count()), index) << begin.count();
      ASSERT_EQ(index_by_logarithm(resolution, begin.count() - 1), index - 1) << begin.count();
    }
  }
}

TEST(LogBuckets, AgreesWithTheLogarithmForAnyDuration) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> exponent(0, 44);
  for (int i = 0; i < 1'000'000; ++i) {
    const auto nanoseconds = static_cast<std::int64_t>(std::exp2(exponent(random)));
    for (const Resolution resolution : resolutions) {
      ASSERT_EQ(bucket_index(resolution, Nanoseconds(nanoseconds)),
                index_by_logarithm(resolution, nanoseconds))
          << nanoseconds;
    }
  }
}

TEST(LogBuckets, WholeBinaryFractionsOfASecondBeginABucket) {
  for (const Resolution resolution : resolutions) {
    const unsigned per_octave = buckets_per_octave(resolution);
    EXPECT_EQ(bucket_begin(resolution, 21 * per_octave), Nanoseconds(1'000'000'000));
    EXPECT_EQ(bucket_begin(resolution, 20 * per_octave), Nanoseconds(500'000'000));
    EXPECT_EQ(bucket_begin(resolution, 12 * per_octave), Nanoseconds(1'953'125));
    EXPECT_EQ(bucket_begin(resolution, 31 * per_octave), Nanoseconds(1'024'000'000'000));
  }
}

TEST(LogBuckets, FineIndexHoldsTheCompactOne) {
  for (unsigned index = 0; index < bucket_count(Resolution::fine); ++index) {
    for (const Nanoseconds off : {Nanoseconds(0), Nanoseconds(1)}) {
      const Nanoseconds duration = bucket_begin(Resolution::fine, index) + off;
      ASSERT_EQ(bucket_index(Resolution::compact, duration),
                bucket_index(Resolution::fine, duration) >> fine_to_compact_shift);
    }
  }
}

TEST(LogBuckets, OutOfRangeGoesToTheOuterBuckets) {
  for (const Resolution resolution : resolutions) {
    for (const std::int64_t nanoseconds : {INT64_MIN, INT64_C(-1), INT64_C(0), INT64_C(1), INT64_C(476)}) {
      EXPECT_EQ(bucket_index(resolution, Nanoseconds(nanoseconds)), 0u) << nanoseconds;
    }
    for (const std::int64_t nanoseconds : {INT64_C(2'048'000'000'000), INT64_MAX}) {
      EXPECT_EQ(bucket_index(resolution, Nanoseconds(nanoseconds)), bucket_count(resolution) - 1);
    }
    EXPECT_EQ(bucket_begin(resolution, 0), Nanoseconds(0));
    EXPECT_EQ(bucket_begin(resolution, bucket_count(resolution)), Nanoseconds::max());
  }
  EXPECT_EQ(bucket_count(Resolution::compact), 256u);  // an index fits a byte
}

TEST(LogBuckets, MiddleIsWithinTheBoundOfBothEnds) {
  for (const Resolution resolution : resolutions) {
    const double bound = resolution == Resolution::compact ? 0.0444 : 0.0028;
    // Below ten microseconds a fine bucket is only a few nanoseconds wide, and the middle is rounded to one.
    for (unsigned index = buckets_per_octave(resolution) * 5; index + 1 < bucket_count(resolution); ++index) {
      const auto middle = static_cast<double>(bucket_middle(resolution, index).count());
      for (const unsigned edge : {index, index + 1}) {
        const auto end = static_cast<double>(bucket_begin(resolution, edge).count());
        ASSERT_LE(std::abs(middle - end) / end, bound) << index;
      }
    }
  }
}

}  // namespace
}  // namespace sonde::stats
