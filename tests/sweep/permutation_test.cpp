// permutation_test.cpp: every index exactly once, in an order without a pattern, whatever the size, seed and shards.
#include "sweep/permutation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

namespace sonde::sweep {
namespace {

constexpr std::array<std::uint64_t, 6> seeds = {0, 1, 2, 42, 0x9e3779b97f4a7c15, ~std::uint64_t{0}};

// Around powers of two and squares, where halves and walks change their shape, and what sweeps have.
const std::vector<std::uint64_t> larger_sizes = {
    4095,   4096,    4097,    10'000,    46'225,    46'226,    65'535,    65'536,    65'537,
    99'991, 131'072, 131'073, 1'000'000, 1'048'575, 1'048'576, 1'048'577, 2'097'151, 3'000'017};

const std::vector<std::uint64_t> huge_sizes = {std::uint64_t{1} << 31,
                                               (std::uint64_t{1} << 32) - 1,
                                               std::uint64_t{1} << 32,
                                               (std::uint64_t{1} << 32) + 1,
                                               3'702'258'432,
                                               (std::uint64_t{1} << 48) + 12'345,
                                               (std::uint64_t{1} << 62) - 1,
                                               (std::uint64_t{1} << 63) - 1,
                                               std::uint64_t{1} << 63};

testing::AssertionResult is_bijection(const Permutation& permutation) {
  std::vector<bool> seen(permutation.size());
  for (std::uint64_t counter = 0; counter < permutation.size(); ++counter) {
    const std::uint64_t index = permutation(counter);
    if (index >= permutation.size()) {
      return testing::AssertionFailure() << counter << " of " << permutation.size() << " leads to " << index;
    }
    if (seen[index]) {
      return testing::AssertionFailure() << index << " of " << permutation.size() << " comes twice";
    }
    seen[index] = true;
    if (permutation.inverse(index) != counter) {
      return testing::AssertionFailure() << counter << " of " << permutation.size() << " does not come back";
    }
  }
  return testing::AssertionSuccess();
}

// The statistic over its degrees of freedom, as a standard normal variable (Wilson and Hilferty).
double chi_square_deviation(const std::vector<std::uint64_t>& counts) {
  const double total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
  const double expected = total / static_cast<double>(counts.size());
  double statistic = 0;
  for (const std::uint64_t count : counts) {
    statistic += std::pow(static_cast<double>(count) - expected, 2) / expected;
  }
  const double freedom = static_cast<double>(counts.size()) - 1;
  const double spread = 2 / (9 * freedom);
  return (std::cbrt(statistic / freedom) - (1 - spread)) / std::sqrt(spread);
}

// Correlation of two sequences of numbers below `bound`.
double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto mean = [](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  const double mean_a = mean(a);
  const double mean_b = mean(b);
  double both = 0;
  double only_a = 0;
  double only_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    both += (a[i] - mean_a) * (b[i] - mean_b);
    only_a += (a[i] - mean_a) * (a[i] - mean_a);
    only_b += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return both / std::sqrt(only_a * only_b);
}

std::vector<double> values_of(const Permutation& permutation, std::size_t count, std::uint64_t step = 1) {
  std::vector<double> values;
  for (std::uint64_t i = 0; i < count; ++i) {
    values.push_back(static_cast<double>(permutation(i * step)) / static_cast<double>(permutation.size()));
  }
  return values;
}

TEST(Permutation, EverySizeUpTo2000IsABijection) {
  for (std::uint64_t size = 1; size <= 2000; ++size) {
    for (const std::uint64_t seed : seeds)
      ASSERT_TRUE(is_bijection(Permutation(size, seed))) << "seed " << seed;
  }
}

TEST(Permutation, LargerSizesAreBijections) {
  for (const std::uint64_t size : larger_sizes) {
    for (const std::uint64_t seed : {seeds[0], seeds[4]}) {
      ASSERT_TRUE(is_bijection(Permutation(size, seed))) << "seed " << seed;
    }
  }
}

TEST(Permutation, ManySeedsAreBijections) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t seed = random();
    ASSERT_TRUE(is_bijection(Permutation(1 + random() % 1000, seed))) << "seed " << seed;
  }
}

TEST(Permutation, HugeSizesComeBackByTheInverse) {
  std::mt19937_64 random(2);
  for (const std::uint64_t size : huge_sizes) {
    const Permutation permutation(size, random());
    for (int i = 0; i < 20'000; ++i) {
      // Both ends too, where a rounding error would show first.
      const std::uint64_t near = static_cast<std::uint64_t>(i) / 4;
      const std::uint64_t counter = i % 4 == 0 ? near : i % 4 == 1 ? size - 1 - near : random() % size;
      const std::uint64_t index = permutation(counter);
      ASSERT_LT(index, size);
      ASSERT_EQ(permutation.inverse(index), counter) << size;
    }
  }
}

TEST(Permutation, SameSeedAndSizeGiveTheSameOrder) {
  const Permutation one(1'000'000, 7);
  const Permutation other(1'000'000, 7);
  EXPECT_EQ(values_of(one, 1000), values_of(other, 1000));
}

// The order is in checkpoints and in what other shards do: a new version may not change it unnoticed.
TEST(Permutation, TheOrderIsTheOneOfEarlierVersions) {
  const Permutation permutation(1'000'003, 42);
  const std::array<std::uint64_t, 4> now = {permutation(0), permutation(1), permutation(2),
                                            permutation(1'000'002)};
  EXPECT_EQ(now, (std::array<std::uint64_t, 4>{102'190, 795'823, 849'718, 505'990}));
}

TEST(Permutation, NeighboursGoFarApart) {
  // Of random neighbours, one pair in 500 is less than a thousandth of the size apart.
  for (const std::uint64_t size :
       {std::uint64_t{1} << 16, std::uint64_t{1} << 24, std::uint64_t{3'702'258'432}}) {
    const Permutation permutation(size, 5);
    const std::vector<double> values = values_of(permutation, 50'000);
    int close = 0;
    for (std::size_t i = 1; i < values.size(); ++i)
      close += std::abs(values[i] - values[i - 1]) < 0.001 ? 1 : 0;
    EXPECT_NEAR(close, 100, 50) << size;
  }
}

TEST(Permutation, AnyStretchOfCountersIsSpreadEvenly) {
  for (const std::uint64_t size : {std::uint64_t{1} << 20, std::uint64_t{1} << 24, std::uint64_t{1} << 63}) {
    for (const std::uint64_t seed : seeds) {
      const Permutation permutation(size, seed);
      for (const std::uint64_t start : {std::uint64_t{0}, size / 3, size - 20'000}) {
        std::vector<std::uint64_t> high(64);
        std::vector<std::uint64_t> low(64);
        for (std::uint64_t i = 0; i < 20'000; ++i) {
          const std::uint64_t index = permutation(start + i);
          ++high[index / (size / 64)];
          ++low[index % 64];
        }
        EXPECT_LT(std::abs(chi_square_deviation(high)), 4.5) << size << " seed " << seed << " at " << start;
        EXPECT_LT(std::abs(chi_square_deviation(low)), 4.5) << size << " seed " << seed << " at " << start;
      }
    }
  }
}

// Steps of the halves' widths are where a Feistel network with too few rounds shows.
TEST(Permutation, NoStepLeavesAPattern) {
  const std::uint64_t size = std::uint64_t{1} << 32;
  const Permutation permutation(size, 3);
  for (const std::uint64_t step : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{256},
                                   std::uint64_t{65'535}, std::uint64_t{65'536}, std::uint64_t{65'537}}) {
    std::vector<std::uint64_t> differences(256);
    std::vector<std::uint64_t> low_differences(256);
    for (std::uint64_t i = 0; i < 40'000; ++i) {
      const std::uint64_t difference = permutation((i + 1) * step) - permutation(i * step);
      ++differences[(difference % size) >> 24];
      ++low_differences[difference & 0xff];
    }
    EXPECT_LT(std::abs(chi_square_deviation(differences)), 4.5) << step;
    EXPECT_LT(std::abs(chi_square_deviation(low_differences)), 4.5) << step;
    std::vector<double> values = values_of(permutation, 40'000, step);
    const std::vector<double> later(values.begin() + 1, values.end());
    values.pop_back();
    EXPECT_LT(std::abs(correlation(values, later)), 0.025) << step;
  }
}

TEST(Permutation, NeighbouringSeedsAndSizesAreUnrelated) {
  const std::size_t count = 40'000;
  const std::uint64_t size = 1 << 24;
  const std::vector<double> values = values_of(Permutation(size, 1000), count);
  for (const std::uint64_t seed : {999U, 1001U, 1002U, 1000U + (1U << 31)}) {
    EXPECT_LT(std::abs(correlation(values, values_of(Permutation(size, seed), count))), 0.025) << seed;
  }
  EXPECT_LT(std::abs(correlation(values, values_of(Permutation(size + 1, 1000), count))), 0.025);
}

// Which of few orders a small space gets depends on the seed alone: each index is first equally often.
TEST(Permutation, EveryIndexOfASmallSpaceIsFirstEquallyOften) {
  for (const std::uint64_t size : {2U, 3U, 4U, 5U, 7U, 16U, 30U, 254U}) {
    std::vector<std::uint64_t> first(size);
    std::vector<std::uint64_t> last(size);
    for (std::uint64_t seed = 0; seed < 200 * size; ++seed) {
      const Permutation permutation(size, seed);
      ++first[permutation(0)];
      ++last[permutation(size - 1)];
    }
    EXPECT_LT(std::abs(chi_square_deviation(first)), 4.5) << size;
    EXPECT_LT(std::abs(chi_square_deviation(last)), 4.5) << size;
  }
}

TEST(Permutation, TheShardsTogetherAreTheWholeAndShareNothing) {
  for (const std::uint64_t size : {1U, 2U, 7U, 100U, 1000U, 65'537U}) {
    const Permutation permutation(size, 11);
    for (const std::uint64_t shards : {1U, 2U, 3U, 5U, 16U, 99U, 100U, 101U, 1024U}) {
      std::vector<int> seen(size);
      std::uint64_t sum = 0;
      for (Shard shard{.number = 0, .shards = shards}; shard.number < shards; ++shard.number) {
        sum += shard.size_of(size);
        for (std::uint64_t i = 0; i < shard.size_of(size); ++i) {
          ASSERT_LT(shard.counter(i), size);
          ++seen[permutation(shard.counter(i))];
        }
      }
      EXPECT_EQ(sum, size);
      EXPECT_TRUE(std::ranges::all_of(seen, [](int times) { return times == 1; }))
          << size << " in " << shards;
    }
  }
}

TEST(Permutation, ShardsOfAHugeSpaceAddUp) {
  const std::uint64_t size = std::uint64_t{1} << 63;
  std::uint64_t sum = 0;
  for (std::uint64_t number = 0; number < 7; ++number) sum += Shard{number, 7}.size_of(size);
  EXPECT_EQ(sum, size);
}

}  // namespace
}  // namespace sonde::sweep
