// exchange_test.cpp: answers that one worker hands over to another: none is lost, none is out of order, and all end together.
#include "sweep/exchange.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace sonde::sweep {
namespace {

Handover numbered(std::uint64_t number) {
  Handover answer;
  answer.numbers.index = number;
  answer.numbers.ordinal = ~number;
  return answer;
}

std::vector<std::uint64_t> taken_from(Passage& passage) {
  std::vector<std::uint64_t> indices;
  passage.take_all([&indices](const Handover& answer) { indices.push_back(answer.numbers.index); });
  return indices;
}

TEST(Passage, GivesInOrderWhatWasGiven) {
  Passage passage;
  EXPECT_TRUE(taken_from(passage).empty());
  for (std::uint64_t number = 0; number < 3; ++number) EXPECT_TRUE(passage.give(numbered(number)));
  EXPECT_EQ(taken_from(passage), (std::vector<std::uint64_t>{0, 1, 2}));
  EXPECT_TRUE(taken_from(passage).empty());
}

TEST(Passage, WhatFindsNoRoomWaitsAndIsNotOvertaken) {
  Passage passage;
  constexpr std::uint64_t in_all = Passage::capacity + 3;
  for (std::uint64_t number = 0; number < in_all; ++number)
    EXPECT_EQ(passage.give(numbered(number)), number < Passage::capacity) << number;
  EXPECT_TRUE(passage.waits());
  auto taken = taken_from(passage);
  EXPECT_EQ(taken.size(), Passage::capacity);
  // There is room, but others were before.
  EXPECT_FALSE(passage.give(numbered(in_all)));
  passage.retry();
  EXPECT_FALSE(passage.waits());
  for (const std::uint64_t index : taken_from(passage)) taken.push_back(index);
  ASSERT_EQ(taken.size(), in_all + 1);
  for (std::uint64_t number = 0; number <= in_all; ++number) EXPECT_EQ(taken[number], number);
}

TEST(Passage, LosesNothingBetweenThreads) {
  Passage passage;
  constexpr std::uint64_t in_all = 300'000;
  std::jthread giver([&passage] {
    for (std::uint64_t number = 0; number < in_all; ++number) passage.give(numbered(number));
    while (passage.waits()) passage.retry();
  });
  for (std::uint64_t next = 0; next < in_all;) {
    passage.take_all([&next](const Handover& answer) {
      ASSERT_EQ(answer.numbers.index, next);
      ASSERT_EQ(answer.numbers.ordinal, ~next);
      ++next;
    });
  }
}

TEST(Exchange, KnowsWhoseAnIdentifierIs) {
  Exchange exchange(3);
  exchange.add(65'535, 2);
  exchange.add(0, 1);
  EXPECT_EQ(exchange.owner(65'535), 2u);
  EXPECT_EQ(exchange.owner(0), 1u);
  EXPECT_EQ(exchange.owner(1), std::nullopt);
}

// Whose answers have all come goes on reading as long as another waits.
TEST(Leaving, NobodyGoesBeforeTheLastWaitsNoLonger) {
  Exchange exchange(2);
  Leaving first(exchange), second(exchange);
  for (int turn = 0; turn < 100; ++turn) ASSERT_FALSE(first.turn_ended(false));
  EXPECT_FALSE(first.is_ending());
  EXPECT_FALSE(second.turn_ended(false));
  EXPECT_FALSE(first.turn_ended(false));
  EXPECT_TRUE(first.is_ending());
}

TEST(Leaving, NobodyGoesBeforeAllIsHandedOver) {
  Exchange exchange(2);
  Leaving first(exchange), second(exchange);
  for (int turn = 0; turn < 100; ++turn) {
    ASSERT_FALSE(first.turn_ended(true));
    ASSERT_FALSE(second.turn_ended(false));
  }
  EXPECT_FALSE(first.turn_ended(false));
  // One more turn to take what the other had handed over last.
  EXPECT_FALSE(second.turn_ended(false));
  EXPECT_TRUE(second.turn_ended(false));
  EXPECT_FALSE(first.turn_ended(false));
  EXPECT_TRUE(first.turn_ended(false));
}

// Answers that come at the very end, by any queue, reach their worker.
TEST(Leaving, WhatIsHandedOverLastIsTaken) {
  constexpr unsigned workers = 3;
  for (int round = 0; round < 50; ++round) {
    Exchange exchange(workers);
    std::atomic<unsigned> given{0}, taken{0};
    const auto run = [&](unsigned number) {
      Leaving leaving(exchange);
      bool waits = false;
      const auto turn = [&](bool gives) {
        waits = false;
        for (unsigned other = 0; other < workers; ++other) {
          if (other == number) continue;
          Passage& out = exchange.passage(number, other);
          out.retry();
          if (gives) out.give(numbered(0));
          if (gives) ++given;
          waits = waits || out.waits();
          exchange.passage(other, number).take_all([&taken](const Handover&) { ++taken; });
        }
        std::this_thread::yield();
      };
      for (unsigned i = 0; i < 600 * (number + 1); ++i) turn(true);
      // What is read before all have ceased to wait is handed over still.
      do turn(!leaving.is_ending());
      while (!leaving.turn_ended(waits));
    };
    {
      std::vector<std::jthread> threads;
      for (unsigned number = 0; number < workers; ++number) threads.emplace_back(run, number);
    }
    ASSERT_EQ(taken, given) << round;
  }
}

}  // namespace
}  // namespace sonde::sweep
