// rounds_test.cpp: SynchronousRounds: all are asked together, and nobody is waited for in vain.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "agenda_steps.hpp"

namespace sonde::engine {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

class Rounds : public testing::Test {
 protected:
  static constexpr Nanoseconds interval = milliseconds(50);
  void add(std::uint32_t targets, const TargetOptions& options = with(SynchronousRounds{interval})) {
    for (std::uint32_t i = 0; i < targets; ++i) agenda_.add(host(next_host_++), options, start);
  }
  std::set<TargetIndex> asked(MonotonicTime now) {
    std::set<TargetIndex> targets;
    for (const auto& sending : take_all(agenda_, now)) EXPECT_TRUE(targets.insert(sending.target).second);
    return targets;
  }
  void reply(TargetIndex target, MonotonicTime now) { verdict(agenda_, target, EventKind::reply, now, now); }

  std::uint32_t next_host_ = 0;
  Agenda agenda_{start};
};

TEST_F(Rounds, AllAreAskedTogetherAndTheNextRoundWaitsForEveryVerdict) {
  add(3);
  EXPECT_THAT(asked(start), ElementsAre(0, 1, 2));
  reply(0, start + milliseconds(1));
  reply(1, start + milliseconds(1));
  EXPECT_TRUE(asked(start + seconds(1)).empty());
  reply(2, start + seconds(2));
  EXPECT_THAT(asked(start + seconds(2)), ElementsAre(0, 1, 2)) << "the interval passed long ago";
}

TEST_F(Rounds, RoundsBeginAtMultiplesOfTheIntervalWithoutDrift) {
  add(2);
  for (int round = 0; round < 1000; ++round) {
    const MonotonicTime due = start + round * interval;
    if (round > 0) {
      ASSERT_TRUE(asked(due - milliseconds(1)).empty()) << round;
    }
    // The loop is up to 5 ms late.
    ASSERT_EQ(asked(due + microseconds(50 + round * 7919 % 5000)).size(), 2u) << round;
    reply(0, due + milliseconds(6));
    reply(1, due + milliseconds(7));
  }
}

TEST_F(Rounds, AMemberRemovedMidRoundIsNotWaitedFor) {
  add(3);
  asked(start);
  reply(0, start + milliseconds(1));
  reply(1, start + milliseconds(1));
  agenda_.remove(2);
  EXPECT_THAT(asked(start + interval + slack), ElementsAre(0, 1));
}

TEST_F(Rounds, AMemberRemovedBetweenRoundsIsNotWaitedFor) {
  add(3);
  asked(start);
  for (TargetIndex i = 0; i < 3; ++i) reply(i, start + milliseconds(1));
  agenda_.remove(1);
  EXPECT_THAT(asked(start + interval + slack), ElementsAre(0, 2));
  reply(0, start + interval + milliseconds(1));
  reply(2, start + interval + milliseconds(1));
  EXPECT_THAT(asked(start + 2 * interval + slack), ElementsAre(0, 2));
}

TEST_F(Rounds, AMemberThatHasItsVerdictMayBeRemovedWithoutEndingTheRound) {
  add(3);
  asked(start);
  reply(0, start + milliseconds(1));
  agenda_.remove(0);
  reply(1, start + milliseconds(2));
  EXPECT_TRUE(asked(start + seconds(1)).empty()) << "target 2 has no verdict yet";
  reply(2, start + seconds(1));
  EXPECT_THAT(asked(start + seconds(1)), ElementsAre(1, 2));
}

TEST_F(Rounds, OneAddedDuringARoundJoinsTheNext) {
  add(2);
  asked(start);
  add(1);
  EXPECT_TRUE(asked(start + milliseconds(10)).empty());
  reply(0, start + milliseconds(11));
  reply(1, start + milliseconds(11));
  EXPECT_THAT(asked(start + interval + slack), ElementsAre(0, 1, 2));
}

TEST_F(Rounds, AddedAndRemovedWithinARoundChangesNothing) {
  add(2);
  asked(start);
  add(1);
  agenda_.remove(2);
  reply(0, start + milliseconds(11));
  reply(1, start + milliseconds(11));
  EXPECT_THAT(asked(start + interval + slack), ElementsAre(0, 1));
}

TEST_F(Rounds, RemovingAllAndAddingAgainStartsAfresh) {
  add(2);
  asked(start);
  agenda_.remove(0);
  agenda_.remove(1);
  EXPECT_TRUE(agenda_.done());
  agenda_.add(host(9), with(SynchronousRounds{interval}), start + seconds(3));
  EXPECT_EQ(asked(start + seconds(3) + slack).size(), 1u);
}

TEST_F(Rounds, AMemberThatMayAskNoMoreDoesNotHoldUpTheOthers) {
  TargetOptions once = with(SynchronousRounds{interval});
  once.max_probes = 1;
  add(1, once);
  add(1);
  EXPECT_EQ(asked(start).size(), 2u);
  reply(0, start + milliseconds(1));
  reply(1, start + milliseconds(1));
  EXPECT_THAT(asked(start + interval + slack), ElementsAre(1));
  reply(1, start + interval + milliseconds(1));
  EXPECT_THAT(asked(start + 2 * interval + slack), ElementsAre(1));
}

TEST_F(Rounds, ALateAnswerThatIsTheLastOneAllowedDoesNotHoldUpTheOthers) {
  TargetOptions one_reply = with(SynchronousRounds{interval});
  one_reply.max_replies = 1;
  add(1, one_reply);
  add(1);
  asked(start);
  verdict(agenda_, 0, EventKind::lost, start + milliseconds(20), start + milliseconds(20));
  reply(1, start + milliseconds(21));
  // Between the rounds, with the next one planned.
  verdict(agenda_, 0, EventKind::late, start + milliseconds(30), start + milliseconds(30));
  EXPECT_THAT(asked(start + interval + slack), ElementsAre(1));
  reply(1, start + interval + milliseconds(1));
  EXPECT_THAT(asked(start + 2 * interval + slack), ElementsAre(1));
}

TEST_F(Rounds, ARefusedRoundOfIntervalZeroIsNotRepeatedAtOnce) {
  add(1, with(SynchronousRounds{Nanoseconds::zero()}));
  asked(start);
  verdict(agenda_, 0, EventKind::local, start, start);
  EXPECT_TRUE(asked(start + Agenda::refused_pause - milliseconds(1)).empty());
  EXPECT_EQ(asked(start + Agenda::refused_pause + slack).size(), 1u);
}

TEST_F(Rounds, AllEndWhenAllHaveSentAllTheyMay) {
  TargetOptions twice = with(SynchronousRounds{interval});
  twice.max_probes = 2;
  add(3, twice);
  for (int round = 0; round < 2; ++round) {
    EXPECT_FALSE(agenda_.done());
    const MonotonicTime now = start + round * interval + slack;
    EXPECT_EQ(asked(now).size(), 3u);
    for (TargetIndex i = 0; i < 3; ++i) verdict(agenda_, i, EventKind::lost, now, now);
  }
  EXPECT_TRUE(agenda_.done());
}

}  // namespace
}  // namespace sonde::engine
