// walk_test.cpp: every address once a round, in shards, with retries of the silent, and resumed anywhere.
#include "sweep/walk.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace sonde::sweep {
namespace {

constexpr std::uint64_t size = 1000;

class WalkTest : public ::testing::Test {
 protected:
  // How often each index is asked, until the end or for `steps`.
  std::map<std::uint64_t, int> walk(Walk& walk, std::uint64_t steps = UINT64_MAX) const {
    std::map<std::uint64_t, int> asked;
    while (!walk.is_over() && steps > 0) {
      if (const auto step = walk.next()) {
        ++asked[step->index];
        --steps;
      } else if (walk.round_is_over()) {
        walk.next_round();
      }
    }
    return asked;
  }

  Permutation order_{size, 7};
  AnswerSet answers_ = *AnswerSet::make(size);
};

TEST_F(WalkTest, AsksEveryAddressOnce) {
  Walk all(order_, answers_, {}, size, {});
  const auto asked = walk(all);
  ASSERT_EQ(asked.size(), size);
  for (const auto& [index, times] : asked) EXPECT_EQ(times, 1) << index;
}

TEST_F(WalkTest, ShardsTogetherAskEveryAddressOnce) {
  for (const std::uint64_t shards : {1U, 2U, 3U, 7U, 64U, 999U, 1000U, 1001U}) {
    std::map<std::uint64_t, int> asked;
    std::uint64_t length = 0;
    for (std::uint64_t number = 0; number < shards; ++number) {
      Walk shard(order_, answers_, {number, shards}, size, {});
      length += shard.length();
      for (const auto& [index, times] : walk(shard)) asked[index] += times;
    }
    EXPECT_EQ(length, size) << shards;
    ASSERT_EQ(asked.size(), size) << shards;
    for (const auto& [index, times] : asked) EXPECT_EQ(times, 1) << index << " of " << shards;
  }
}

TEST_F(WalkTest, ALimitTakesTheFirstOfTheOrder) {
  Walk some(order_, answers_, {}, 10, {});
  const auto asked = walk(some);
  EXPECT_EQ(asked.size(), 10u);
  for (std::uint64_t counter = 0; counter < 10; ++counter) EXPECT_TRUE(asked.contains(order_(counter)));
}

TEST_F(WalkTest, RetriesAskTheSilentOnlyAndFurtherProbesEverybody) {
  for (std::uint64_t index = 0; index < size; index += 2) answers_.test_and_set(index);
  Walk rounds(order_, answers_, {}, size, {.probes = 2, .retries = 3});
  const auto asked = walk(rounds);
  for (std::uint64_t index = 0; index < size; ++index)
    EXPECT_EQ(asked.at(index), index % 2 == 0 ? 2 : 5) << index;
}

TEST_F(WalkTest, SaysBeforeWhichRoundAnswersHaveToBeAwaited) {
  Walk rounds(order_, answers_, {}, size, {.probes = 2, .retries = 1});
  std::vector<bool> waits;
  while (!rounds.is_over()) {
    while (rounds.next() || !rounds.round_is_over()) {
    }
    waits.push_back(rounds.next_round_is_retry());
    rounds.next_round();
  }
  EXPECT_EQ(waits, (std::vector<bool>{false, true, false}));
}

TEST_F(WalkTest, ResumedAnywhereItMissesNobody) {
  for (std::uint64_t at = 0; at <= 2 * size; at += 97) {
    AnswerSet answers = *AnswerSet::make(size);
    Walk before(order_, answers, {1, 3}, size, {.probes = 2});
    auto asked = walk(before, at);
    Walk after(order_, answers, {1, 3}, size, {.probes = 2}, before.at());
    for (const auto& [index, times] : walk(after)) asked[index] += times;
    EXPECT_EQ(asked.size(), before.length());
    for (const auto& [index, times] : asked) EXPECT_EQ(times, 2) << index << " at " << at;
  }
}

TEST_F(WalkTest, WhatWasAskedBeforeTheInterruptionIsAskedAgainOnlyWhereNobodyAnswered) {
  for (std::uint64_t counter = 0; counter < size; counter += 3) answers_.test_and_set(order_(counter));
  Walk resumed(order_, answers_, {}, size, {}, {.round = 0, .position = 100}, {.round = 0, .position = 200});
  const auto asked = walk(resumed);
  for (std::uint64_t counter = 0; counter < size; ++counter) {
    const bool expected = counter >= 200 || (counter >= 100 && counter % 3 != 0);
    EXPECT_EQ(asked.contains(order_(counter)), expected) << counter;
  }
}

TEST_F(WalkTest, TellsHowManyAreLeft) {
  Walk all(order_, answers_, {}, size, {.probes = 1, .retries = 1});
  EXPECT_EQ(all.left(), 2 * size);
  walk(all, 300);
  EXPECT_EQ(all.left(), 2 * size - 300);
  walk(all);
  EXPECT_EQ(all.left(), 0u);
}

}  // namespace
}  // namespace sonde::sweep
