// answer_set_test.cpp: who has answered is remembered exactly, by several threads at once, and costs what it holds.
#include "sweep/answer_set.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "lab/sanitized.hpp"

namespace sonde::sweep {
namespace {

std::uint64_t resident_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmRSS:" && status >> word) return std::stoull(word);
  }
  return 0;
}

TEST(AnswerSet, TheFirstIsNewAndTheSecondIsNot) {
  AnswerSet set = AnswerSet::make(1000).value();
  for (const std::uint64_t index : {0U, 63U, 64U, 999U}) {
    EXPECT_FALSE(set.contains(index));
    EXPECT_FALSE(set.test_and_set(index));
    EXPECT_TRUE(set.test_and_set(index));
    EXPECT_TRUE(set.contains(index));
  }
  EXPECT_FALSE(set.contains(1));
  EXPECT_EQ(set.count(), 4U);
}

TEST(AnswerSet, AnEmptyOneHasNothing) {
  AnswerSet set = AnswerSet::make(0).value();
  EXPECT_EQ(set.size(), 0U);
  EXPECT_EQ(set.words(), 0U);
  EXPECT_EQ(set.count(), 0U);
  set.load({});
}

TEST(AnswerSet, MovedItKeepsWhatItHolds) {
  AnswerSet one = AnswerSet::make(100).value();
  one.test_and_set(7);
  const AnswerSet other = std::move(one);
  EXPECT_TRUE(other.contains(7));
}

TEST(AnswerSet, LoadedFromItsWordsItIsTheSameSet) {
  AnswerSet set = AnswerSet::make(10'007).value();
  std::mt19937_64 random(3);
  for (int i = 0; i < 5000; ++i) set.test_and_set(random() % set.size());
  std::vector<std::uint64_t> words(set.words());
  for (std::uint64_t index = 0; index < set.size(); ++index) {
    if (set.contains(index)) words[index / 64] |= std::uint64_t{1} << (index % 64);
  }
  AnswerSet loaded = AnswerSet::make(set.size()).value();
  loaded.load(words);
  EXPECT_EQ(loaded.count(), set.count());
  for (std::uint64_t index = 0; index < set.size(); ++index) {
    ASSERT_EQ(loaded.contains(index), set.contains(index)) << index;
  }
}

TEST(AnswerSet, LoadedBitsBehindTheEndAreLeftOut) {
  AnswerSet set = AnswerSet::make(70).value();
  const std::vector<std::uint64_t> all = {~std::uint64_t{0}, ~std::uint64_t{0}};
  set.load(all);
  EXPECT_EQ(set.count(), 70U);
}

TEST(AnswerSet, LoadingReplacesWhatWasThere) {
  AnswerSet set = AnswerSet::make(64).value();
  set.test_and_set(5);
  set.load(std::vector<std::uint64_t>{1});
  EXPECT_FALSE(set.contains(5));
  EXPECT_TRUE(set.contains(0));
}

class AnswerSetOfThreads : public ::testing::TestWithParam<std::uint64_t> {};

INSTANTIATE_TEST_SUITE_P(BitsAndIndices, AnswerSetOfThreads,
                         ::testing::Values(100'000, AnswerSet::largest_bitmap + 1));

TEST_P(AnswerSetOfThreads, EachIndexIsNewToExactlyOneOfThem) {
  constexpr std::uint64_t size = 100'000;
  AnswerSet set = AnswerSet::make(GetParam()).value();
  std::atomic<std::uint64_t> first = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        std::uint64_t mine = 0;
        for (std::uint64_t index = 0; index < size; ++index) mine += set.test_and_set(index) ? 0U : 1U;
        first += mine;
      });
    }
  }
  EXPECT_EQ(first, size);
  EXPECT_EQ(set.count(), size);
}

TEST(AnswerSet, OfASpaceThatIsTooWideForBitsItKeepsTheIndices) {
  constexpr std::uint64_t size = std::uint64_t{1} << 63;
  AnswerSet set = AnswerSet::make(size).value();
  EXPECT_EQ(set.size(), size);
  for (const std::uint64_t index : {std::uint64_t{0}, AnswerSet::largest_bitmap, size - 1}) {
    EXPECT_FALSE(set.contains(index));
    EXPECT_FALSE(set.test_and_set(index));
    EXPECT_TRUE(set.test_and_set(index));
    EXPECT_TRUE(set.contains(index));
  }
  EXPECT_FALSE(set.contains(1));
  EXPECT_EQ(set.count(), 3U);
}

TEST(AnswerSet, ItTakesMemoryOnlyWhereSomethingAnswered) {
  if (lab::sanitized) GTEST_SKIP() << "a sanitizer has memory of its own for each that is looked at";
  const std::uint64_t before = resident_kilobytes();
  AnswerSet set = AnswerSet::make(std::uint64_t{1} << 32).value();  // 512 MiB when full
  for (std::uint64_t index = 0; index < set.size(); index += set.size() / 16) set.test_and_set(index);
  // Huge pages, where they are, are 2 MiB each.
  EXPECT_LT(resident_kilobytes() - before, 48U * 1024);
}

TEST(AnswerSet, LoadingNothingTakesNoMemory) {
  if (lab::sanitized) GTEST_SKIP() << "a sanitizer has memory of its own for each that is looked at";
  AnswerSet set = AnswerSet::make(std::uint64_t{1} << 28).value();  // 32 MiB
  const std::vector<std::uint64_t> zeros(set.words());
  const std::uint64_t before = resident_kilobytes();
  set.load(zeros);
  EXPECT_LT(resident_kilobytes() - before, 16U * 1024);
}

TEST(AnswerSet, ASlash8IsMadeAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  const AnswerSet set = AnswerSet::make(1 << 24).value();
  EXPECT_FALSE(set.contains((1 << 24) - 1));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(50));
}

TEST(AnswerSet, MoreThanTheSystemHasIsAnError) {
  if (lab::sanitized) GTEST_SKIP() << "a sanitizer takes more address space itself";
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  const rlimit little{.rlim_cur = rlim_t{1} << 32, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &little), 0);
  const auto set = AnswerSet::make(AnswerSet::largest_bitmap);  // 8 GiB
  ::setrlimit(RLIMIT_AS, &before);
  ASSERT_FALSE(set.has_value());
  EXPECT_EQ(set.error().code, ErrorCode::resource_limit);
}

}  // namespace
}  // namespace sonde::sweep
