// histogram_test.cpp: LogHistogram against a naive count of every sample.
#include "stats/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace sonde::stats {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr Resolution resolutions[] = {Resolution::compact, Resolution::fine};

LogHistogram histogram_of(Resolution resolution, const std::vector<Nanoseconds>& samples) {
  LogHistogram histogram(resolution);
  for (const Nanoseconds sample : samples) histogram.add(sample);
  return histogram;
}

std::map<unsigned, std::uint64_t> naive_counts(Resolution resolution,
                                               const std::vector<Nanoseconds>& samples) {
  std::map<unsigned, std::uint64_t> counts;
  for (const Nanoseconds sample : samples) ++counts[bucket_index(resolution, sample)];
  return counts;
}

void expect_counts(const LogHistogram& histogram, const std::map<unsigned, std::uint64_t>& expected) {
  const std::vector<HistogramBar> bars = histogram.bars();
  ASSERT_EQ(bars.size(), expected.size());
  auto bar = bars.begin();
  for (const auto& [index, count] : expected) {
    ASSERT_EQ(bar->from, bucket_begin(histogram.resolution(), index));
    ASSERT_EQ(bar->to, bucket_begin(histogram.resolution(), index + 1));
    ASSERT_EQ(bar->count, count) << index;
    ++bar;
  }
}

// Sequences of many shapes: peaks, wide spreads, outliers, both ends of the range.
std::vector<Nanoseconds> random_samples(std::mt19937_64& random, std::size_t count) {
  std::uniform_real_distribution<double> centre(std::log(2e3), std::log(3e9));
  std::uniform_real_distribution<double> width(0, 2);
  std::lognormal_distribution<double> peak(centre(random), width(random));
  std::uniform_real_distribution<double> anything(0, 44);
  std::uniform_int_distribution<int> percent(0, 99);
  const int outliers = percent(random) / 10;
  std::vector<Nanoseconds> samples(count);
  for (Nanoseconds& sample : samples) {
    const double value = percent(random) < outliers ? std::exp2(anything(random)) : peak(random);
    sample = Nanoseconds(static_cast<std::int64_t>(std::min(value, 1e15)));
  }
  return samples;
}

// Requires: `samples` ascend.
Nanoseconds exact_percentile(const std::vector<Nanoseconds>& samples, std::uint64_t per_mille) {
  const std::uint64_t rank = (per_mille * samples.size() + 999) / 1000;
  return samples[std::max<std::uint64_t>(rank, 1) - 1];
}

TEST(LogHistogram, CountsEverySampleInItsBucket) {
  std::mt19937_64 random(2);
  for (const Resolution resolution : resolutions) {
    for (const std::size_t count :
         {0u, 1u, 6u, 7u, 8u, 13u, 14u, 15u, 16u, 100u, 255u, 256u, 257u, 5000u, 70000u}) {
      const auto samples = random_samples(random, count);
      expect_counts(histogram_of(resolution, samples), naive_counts(resolution, samples));
    }
  }
}

TEST(LogHistogram, CarriesThroughManyBytesOfACounter) {
  LogHistogram histogram(Resolution::compact);
  histogram.add(milliseconds(1));
  // Doubling by merging a copy: counts of 2^40 without 2^40 samples.
  for (int doubling = 0; doubling < 40; ++doubling) {
    LogHistogram copy(Resolution::compact);
    copy.merge(histogram);
    histogram.merge(copy);
  }
  for (int i = 0; i < 300; ++i) histogram.add(milliseconds(1));
  histogram.add(milliseconds(70));
  expect_counts(histogram, {{bucket_index(Resolution::compact, milliseconds(1)), (1ull << 40) + 300},
                            {bucket_index(Resolution::compact, milliseconds(70)), 1}});
}

TEST(LogHistogram, PercentilesAreWithinTheResolutionOfTheExactOnes) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 60; ++round) {
    for (const std::size_t count : {1u, 2u, 5u, 10u, 11u, 14u, 15u, 100u, 999u, 1000u, 4000u}) {
      auto samples = random_samples(random, count);
      for (Nanoseconds& sample : samples) {  // the range for which the bound holds
        sample = std::clamp<Nanoseconds>(sample, microseconds(1), std::chrono::minutes(34));
      }
      std::vector<Nanoseconds> ascending = samples;
      std::ranges::sort(ascending);
      const Nanoseconds min = ascending.front(), max = ascending.back();
      for (const Resolution resolution : resolutions) {
        const LogHistogram histogram = histogram_of(resolution, samples);
        const double bound = resolution == Resolution::compact ? 0.0444 : 0.0028;
        for (const std::uint64_t per_mille : {0u, 1u, 10u, 250u, 500u, 900u, 990u, 999u, 1000u}) {
          const auto exact = static_cast<double>(exact_percentile(ascending, per_mille).count());
          const double p = static_cast<double>(per_mille) / 10;
          const auto answer = static_cast<double>(histogram.percentile(p, count, min, max).count());
          ASSERT_LE(std::abs(answer - exact), bound * exact + 0.5) << "p" << p << " of " << count;
        }
      }
    }
  }
}

TEST(LogHistogram, EndsAreExactAndRanksAreNearest) {
  const std::vector<Nanoseconds> samples = {milliseconds(10), milliseconds(20), milliseconds(30),
                                            milliseconds(40)};
  const LogHistogram histogram = histogram_of(Resolution::fine, samples);
  const auto at = [&](double p) { return histogram.percentile(p, 4, milliseconds(10), milliseconds(40)); };
  EXPECT_EQ(at(-1), milliseconds(10));
  EXPECT_EQ(at(0), milliseconds(10));
  EXPECT_EQ(at(25), milliseconds(10));
  EXPECT_NEAR(static_cast<double>(at(25.1).count()), 20e6, 20e6 * 0.0028);
  EXPECT_NEAR(static_cast<double>(at(50).count()), 20e6, 20e6 * 0.0028);
  EXPECT_NEAR(static_cast<double>(at(75).count()), 30e6, 30e6 * 0.0028);
  EXPECT_EQ(at(75.1), milliseconds(40));
  EXPECT_EQ(at(100), milliseconds(40));
  EXPECT_EQ(at(101), milliseconds(40));
}

TEST(LogHistogram, PercentileStaysBetweenMinimumAndMaximum) {
  const LogHistogram histogram =
      histogram_of(Resolution::compact, {Nanoseconds(7), Nanoseconds(8), Nanoseconds(9)});
  EXPECT_EQ(histogram.percentile(50, 3, Nanoseconds(7), Nanoseconds(9)), Nanoseconds(9));
}

TEST(LogHistogram, MergingEqualsHavingSeenBoth) {
  std::mt19937_64 random(4);
  for (const Resolution resolution : resolutions) {
    for (const std::size_t first : {0u, 1u, 7u, 14u, 400u, 3000u}) {
      for (const std::size_t second : {0u, 1u, 7u, 14u, 400u, 3000u}) {
        auto samples = random_samples(random, first);
        const auto others = random_samples(random, second);
        LogHistogram histogram = histogram_of(resolution, samples);
        histogram.merge(histogram_of(resolution, others));
        samples.insert(samples.end(), others.begin(), others.end());
        expect_counts(histogram, naive_counts(resolution, samples));
      }
    }
  }
}

TEST(LogHistogram, MergingTwoResolutionsGivesTheCoarser) {
  std::mt19937_64 random(5);
  for (const std::size_t count : {3u, 2000u}) {
    auto samples = random_samples(random, count);
    const auto others = random_samples(random, 2 * count);
    LogHistogram compact_first = histogram_of(Resolution::compact, samples);
    compact_first.merge(histogram_of(Resolution::fine, others));
    LogHistogram fine_first = histogram_of(Resolution::fine, samples);
    fine_first.merge(histogram_of(Resolution::compact, others));
    samples.insert(samples.end(), others.begin(), others.end());
    EXPECT_EQ(fine_first.resolution(), Resolution::compact);
    expect_counts(compact_first, naive_counts(Resolution::compact, samples));
    expect_counts(fine_first, naive_counts(Resolution::compact, samples));
  }
  LogHistogram fine = histogram_of(Resolution::fine, {milliseconds(1)});
  fine.merge(LogHistogram(Resolution::compact));
  EXPECT_EQ(fine.resolution(), Resolution::fine);
}

TEST(LogHistogram, FirstSamplesNeedNoHeap) {
  LogHistogram histogram(Resolution::compact);
  for (int sample = 1; sample <= 14; ++sample) histogram.add(milliseconds(sample * sample));
  EXPECT_EQ(histogram.heap_bytes(), 0u);
  histogram.add(milliseconds(15));
  EXPECT_GT(histogram.heap_bytes(), 0u);
}

TEST(LogHistogram, MemoryFollowsTheSpreadAndNotTheCount) {
  std::mt19937_64 random(6);
  std::uniform_int_distribution<std::int64_t> spread(100'000, 80'000'000);
  LogHistogram uniform(Resolution::compact);
  for (int i = 0; i < 10'000; ++i) uniform.add(Nanoseconds(spread(random)));
  EXPECT_LE(uniform.heap_bytes(), 128u);
  LogHistogram peak(Resolution::compact);
  for (int i = 0; i < 1'000'000; ++i) peak.add(microseconds(500));
  EXPECT_LE(peak.heap_bytes(), 24u);
}

}  // namespace
}  // namespace sonde::stats
