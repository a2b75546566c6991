// agenda_test.cpp: each policy asks when its table in agenda.hpp says, and ends when it may ask no more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "agenda_steps.hpp"

namespace sonde::engine {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

// --- fixed interval ---------------------------------------------------------------------------------------

TEST(FixedInterval, TimesAreAbsoluteHoweverLateEachProbeLeaves) {
  Agenda agenda(start);
  agenda.add(host(1), with(FixedInterval{milliseconds(20)}), start + milliseconds(3));
  for (int probe = 0; probe < 5000; ++probe) {
    const MonotonicTime due = start + milliseconds(3) + probe * milliseconds(20);
    // Up to 9 ms late, each time differently.
    const auto taken = take_all(agenda, due + microseconds(20 + probe * 7919 % 9000));
    ASSERT_EQ(taken.size(), 1u) << probe;
    ASSERT_EQ(taken[0].due, due);
    ASSERT_EQ(taken[0].sequence, static_cast<std::uint64_t>(probe));
    ASSERT_EQ(taken[0].skipped, 0u);
    verdict(agenda, 0, EventKind::reply, due, due);
  }
}

TEST(FixedInterval, DeferredSendsMoveNoLaterOne) {
  Agenda agenda(start);
  agenda.add(host(1), with(FixedInterval{milliseconds(20)}), start);
  for (int probe = 0; probe < 200; ++probe) {
    const MonotonicTime due = start + probe * milliseconds(20);
    auto taken = take_all(agenda, due + slack);
    ASSERT_EQ(taken.size(), 1u);
    ASSERT_EQ(taken[0].due, due);
    // The send buffer is full for 3 ms, then no sequence number is free for 2 ms.
    agenda.put_back(taken[0], due + milliseconds(3));
    EXPECT_TRUE(take_all(agenda, due + milliseconds(2)).empty());
    agenda.advance(due + milliseconds(3) + slack);
    ASSERT_EQ(agenda.peek_due(), 0u);
    agenda.defer(0, due + milliseconds(5));
    taken = take_all(agenda, due + milliseconds(5) + slack);
    ASSERT_EQ(taken.size(), 1u);
    ASSERT_EQ(taken[0].due, due) << "drifted at probe " << probe;
    ASSERT_EQ(taken[0].sequence, static_cast<std::uint64_t>(probe));
    verdict(agenda, 0, EventKind::reply, due, due);
  }
  EXPECT_EQ(agenda.skipped_sends(), 0u);
}

TEST(FixedInterval, AfterAStallMissedSendsAreCountedAndNeverSentInABurst) {
  Agenda agenda(start);
  agenda.add(host(1), with(FixedInterval{milliseconds(10)}), start);
  ASSERT_EQ(take_all(agenda, start).size(), 1u);
  const MonotonicTime late = start + milliseconds(1004);
  const auto taken = take_all(agenda, late);
  ASSERT_EQ(taken.size(), 1u) << "one probe, no burst";
  EXPECT_EQ(taken[0].due, start + milliseconds(10));
  EXPECT_EQ(taken[0].skipped, 99u);
  EXPECT_EQ(agenda.skipped_sends(), 99u);
  // And on in its own phase.
  const auto next = take_all(agenda, start + milliseconds(1010) + slack);
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(next[0].due, start + milliseconds(1010));
  EXPECT_EQ(agenda.lag().largest(), milliseconds(994));
}

TEST(FixedInterval, SkipsOfAProbeThatWasPutBackAreCountedOnce) {
  Agenda agenda(start);
  agenda.add(host(1), with(FixedInterval{milliseconds(10)}), start);
  take_all(agenda, start);
  const auto taken = take_all(agenda, start + milliseconds(504));
  ASSERT_EQ(taken.size(), 1u);
  agenda.put_back(taken[0], start + milliseconds(505));
  EXPECT_EQ(agenda.skipped_sends(), 0u);
  const auto again = take_all(agenda, start + milliseconds(506));
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].skipped, 49u);
  EXPECT_EQ(agenda.skipped_sends(), 49u);
}

TEST(FixedInterval, IntervalZeroIsAlwaysDue) {
  Agenda agenda(start);
  agenda.add(host(1), with(FixedInterval{Nanoseconds::zero()}), start);
  const auto taken = take_all(agenda, start + microseconds(3), 500);  // not on a tick of the wheel
  ASSERT_EQ(taken.size(), 500u);
  EXPECT_EQ(taken.back().sequence, 499u);
  EXPECT_EQ(agenda.skipped_sends(), 0u);
  EXPECT_EQ(agenda.wanted_rate(), Agenda::unlimited_rate);
}

TEST(FixedInterval, ARefusedTargetIsLeftAloneForAWhileAndStaysInPhase) {
  for (const Nanoseconds interval :
       {Nanoseconds::zero(), Nanoseconds(milliseconds(1)), Nanoseconds(milliseconds(3))}) {
    Agenda agenda(start);
    agenda.add(host(1), with(FixedInterval{interval}), start);
    ASSERT_EQ(take_all(agenda, start, 1).size(), 1u);
    verdict(agenda, 0, EventKind::local, start, start);
    EXPECT_TRUE(take_all(agenda, start + Agenda::refused_pause - milliseconds(1)).empty());
    const auto next = take_all(agenda, start + Agenda::refused_pause + milliseconds(4), 1);
    ASSERT_EQ(next.size(), 1u);
    if (interval > Nanoseconds::zero()) {
      EXPECT_EQ((next[0].due - start) % interval, Nanoseconds::zero());
      EXPECT_EQ(next[0].skipped, 0u);
    }
  }
}

TEST(FixedInterval, EndsAfterMaxProbesWhenTheLastHasItsVerdict) {
  TargetOptions options = with(FixedInterval{milliseconds(10)});
  options.max_probes = 2;
  Agenda agenda(start);
  agenda.add(host(1), options, start);
  take_all(agenda, start);
  take_all(agenda, start + milliseconds(11));
  EXPECT_FALSE(agenda.next_deadline()) << "a third is never planned";
  verdict(agenda, 0, EventKind::reply, start, start);
  EXPECT_FALSE(agenda.done());
  verdict(agenda, 0, EventKind::lost, start, start);
  EXPECT_TRUE(agenda.done());
}

TEST(FixedInterval, MaxRepliesCountsWhatWasAnsweredAndLetsTheRestOfItsVerdictsCome) {
  TargetOptions options = with(FixedInterval{milliseconds(10)});
  options.max_replies = 2;
  Agenda agenda(start);
  agenda.add(host(1), options, start);
  for (int i = 0; i < 4; ++i) ASSERT_EQ(take_all(agenda, start + i * milliseconds(10) + slack).size(), 1u);
  verdict(agenda, 0, EventKind::lost, start, start);
  verdict(agenda, 0, EventKind::error, start, start);
  verdict(agenda, 0, EventKind::reply, start, start);
  EXPECT_TRUE(agenda.next_deadline());
  verdict(agenda, 0, EventKind::late, start, start);  // of the first: an answer too
  EXPECT_FALSE(agenda.next_deadline()) << "two answers are enough";
  EXPECT_FALSE(agenda.done());
  verdict(agenda, 0, EventKind::lost, start, start);
  EXPECT_TRUE(agenda.done());
}

// --- on answer --------------------------------------------------------------------------------------------

TEST(OnAnswer, TheNextProbeFollowsTheVerdict) {
  Agenda agenda(start);
  agenda.add(host(1), with(OnAnswer{}), start);
  ASSERT_EQ(take_all(agenda, start).size(), 1u);
  EXPECT_TRUE(take_all(agenda, start + seconds(5)).empty()) << "nothing before the verdict";
  for (const EventKind kind : {EventKind::reply, EventKind::lost, EventKind::error}) {
    verdict(agenda, 0, kind, start + seconds(6), start);
    EXPECT_EQ(take_all(agenda, start + seconds(6)).size(), 1u);
  }
}

TEST(OnAnswer, WaitsForTheMinimumInterval) {
  Agenda agenda(start);
  agenda.add(host(1), with(OnAnswer{.min_interval = milliseconds(50)}), start);
  take_all(agenda, start);
  verdict(agenda, 0, EventKind::reply, start + milliseconds(1), start);
  EXPECT_TRUE(take_all(agenda, start + milliseconds(49)).empty());
  EXPECT_EQ(take_all(agenda, start + milliseconds(50) + slack).size(), 1u);
  // An answer that took longer is followed at once.
  verdict(agenda, 0, EventKind::reply, start + milliseconds(150), start);
  EXPECT_EQ(take_all(agenda, start + milliseconds(150)).size(), 1u);
}

TEST(OnAnswer, PreloadedProbesLeaveAtOnceAndAsManyStayUnderWay) {
  Agenda agenda(start);
  agenda.add(host(1), with(OnAnswer{.preload = 5}), start);
  EXPECT_EQ(take_all(agenda, start).size(), 5u);
  verdict(agenda, 0, EventKind::reply, start + milliseconds(1), start);
  EXPECT_EQ(take_all(agenda, start + milliseconds(1)).size(), 1u);
  // Four answers in one batch.
  for (int i = 0; i < 4; ++i) verdict(agenda, 0, EventKind::reply, start + milliseconds(2), start);
  EXPECT_EQ(take_all(agenda, start + milliseconds(2)).size(), 4u);
  EXPECT_EQ(agenda.target(0).waiting, 5u);
  EXPECT_TRUE(take_all(agenda, start + milliseconds(50)).empty());
}

TEST(OnAnswer, PreloadWithAMinimumIntervalRefillsAtThatInterval) {
  Agenda agenda(start);
  agenda.add(host(1), with(OnAnswer{.min_interval = milliseconds(10), .preload = 3}), start);
  EXPECT_EQ(take_all(agenda, start).size(), 3u);
  for (int i = 0; i < 3; ++i) verdict(agenda, 0, EventKind::reply, start + milliseconds(1), start);
  for (int i = 1; i <= 3; ++i) {
    EXPECT_TRUE(take_all(agenda, start + i * milliseconds(10) - milliseconds(1)).empty());
    EXPECT_EQ(take_all(agenda, start + i * (milliseconds(10) + 2 * slack)).size(), 1u) << i;
  }
}

TEST(OnAnswer, FloodGoesOnWithoutAnswers) {
  Agenda agenda(start);
  agenda.add(host(1), with(OnAnswer{.flood_interval = milliseconds(10)}), start);
  std::size_t sent = 0;
  for (MonotonicTime now = start; now < start + seconds(1); now += milliseconds(1)) {
    sent += take_all(agenda, now).size();
  }
  EXPECT_NEAR(static_cast<double>(sent), 92, 9) << "every 10 ms, seen each millisecond";
  const MonotonicTime now = start + seconds(1);
  verdict(agenda, 0, EventKind::reply, now, start);
  EXPECT_EQ(take_all(agenda, now).size(), 1u) << "an answer is followed at once";
}

TEST(OnAnswer, ARefusedProbeIsNotRepeatedAtOnce) {
  Agenda agenda(start);
  agenda.add(host(1), with(OnAnswer{}), start);
  take_all(agenda, start);
  verdict(agenda, 0, EventKind::local, start, start + milliseconds(100));
  EXPECT_TRUE(take_all(agenda, start + milliseconds(99)).empty());
  EXPECT_EQ(take_all(agenda, start + milliseconds(100) + slack).size(), 1u);
}

TEST(OnAnswer, ALateAnswerAsksForNothingMore) {
  Agenda agenda(start);
  agenda.add(host(1), with(OnAnswer{}), start);
  take_all(agenda, start);
  verdict(agenda, 0, EventKind::lost, start + milliseconds(100), start);
  ASSERT_EQ(take_all(agenda, start + milliseconds(100)).size(), 1u);
  verdict(agenda, 0, EventKind::late, start + milliseconds(120), start);
  EXPECT_TRUE(take_all(agenda, start + milliseconds(130)).empty());
}

// --- until answered ---------------------------------------------------------------------------------------

TEST(UntilAnswered, EndsWithTheFirstAnswer) {
  Agenda agenda(start);
  agenda.add(host(1), with(UntilAnswered{}), start);
  take_all(agenda, start);
  verdict(agenda, 0, EventKind::reply, start + milliseconds(3), start);
  EXPECT_TRUE(agenda.done());
  EXPECT_FALSE(agenda.next_deadline());
}

TEST(UntilAnswered, TriesAgainAsOftenAsItMay) {
  Agenda agenda(start);
  agenda.add(host(1), with(UntilAnswered{.retries = 2}), start);
  MonotonicTime now = start;
  for (int attempt = 0; attempt < 3; ++attempt) {
    ASSERT_EQ(take_all(agenda, now).size(), 1u) << attempt;
    EXPECT_FALSE(agenda.done());
    now += milliseconds(100);
    verdict(agenda, 0, EventKind::lost, now, now);
  }
  EXPECT_TRUE(agenda.done());
  EXPECT_TRUE(take_all(agenda, now + seconds(10)).empty());
  EXPECT_EQ(agenda.target(0).sequence, 3u);
}

TEST(UntilAnswered, EachRetryWaitsBackoffTimesLonger) {
  Agenda agenda(start);
  agenda.add(host(1), with(UntilAnswered{.retries = 3, .backoff = 1.5}), start);
  std::vector<std::int64_t> timeouts_us;
  MonotonicTime now = start;
  for (int attempt = 0; attempt < 4; ++attempt) {
    ASSERT_EQ(take_all(agenda, now).size(), 1u);
    timeouts_us.push_back(agenda.timeout_of_next(0).count() / 1000);
    now += agenda.timeout_of_next(0);
    verdict(agenda, 0, EventKind::lost, now, now);
  }
  EXPECT_THAT(timeouts_us, ElementsAre(100'000, 150'000, 225'000, 337'500));
}

TEST(UntilAnswered, BackoffDoesNotOverflow) {
  Agenda agenda(start);
  agenda.add(host(1), with(UntilAnswered{.retries = 60'000, .backoff = 5}), start);
  MonotonicTime now = start;
  for (int attempt = 0; attempt < 2000; ++attempt) {
    ASSERT_EQ(take_all(agenda, now).size(), 1u);
    ASSERT_GT(agenda.timeout_of_next(0), Nanoseconds::zero());
    ASSERT_LE(agenda.timeout_of_next(0), std::chrono::hours(1));
    verdict(agenda, 0, EventKind::lost, now, now);
  }
}

TEST(UntilAnswered, AnErrorIsNoAnswerAndItsTimeIsWaitedFor) {
  Agenda agenda(start);
  agenda.add(host(1), with(UntilAnswered{.retries = 1}), start);
  take_all(agenda, start);
  verdict(agenda, 0, EventKind::error, start + milliseconds(5), start + milliseconds(100));
  EXPECT_TRUE(take_all(agenda, start + milliseconds(99)).empty());
  EXPECT_EQ(take_all(agenda, start + milliseconds(100) + slack).size(), 1u);
}

TEST(UntilAnswered, ALateAnswerEndsItToo) {
  Agenda agenda(start);
  agenda.add(host(1), with(UntilAnswered{.retries = 5}), start);
  take_all(agenda, start);
  verdict(agenda, 0, EventKind::lost, start + milliseconds(100), start + milliseconds(100));
  take_all(agenda, start + milliseconds(100));
  verdict(agenda, 0, EventKind::late, start + milliseconds(110), start);
  EXPECT_FALSE(agenda.done()) << "the retry is under way";
  verdict(agenda, 0, EventKind::lost, start + milliseconds(200), start + milliseconds(200));
  EXPECT_TRUE(agenda.done());
  EXPECT_TRUE(take_all(agenda, start + seconds(10)).empty());
}

// --- the table --------------------------------------------------------------------------------------------

TEST(Agenda, PutBackTakesNothingFromTheTarget) {
  TargetOptions options = with(FixedInterval{Nanoseconds::zero()});
  options.max_probes = 3;
  Agenda agenda(start);
  agenda.add(host(1), options, start);
  auto taken = take_all(agenda, start);
  ASSERT_EQ(taken.size(), 3u);
  for (auto sending = taken.rbegin(); sending != taken.rend() - 1; ++sending)
    agenda.put_back(*sending, start + milliseconds(1));
  EXPECT_EQ(agenda.target(0).sequence, 1u);
  EXPECT_EQ(agenda.target(0).waiting, 1u);
  taken = take_all(agenda, start + milliseconds(2));
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[0].sequence, 1u);
  EXPECT_EQ(taken[1].sequence, 2u);
}

TEST(Agenda, StopEndsSendingAndWaitsForVerdicts) {
  Agenda agenda(start);
  agenda.add(host(1), with(FixedInterval{}), start);
  agenda.add(host(2), with(FixedInterval{}), start + milliseconds(500));
  agenda.add(host(3), with(SynchronousRounds{}), start);
  ASSERT_EQ(take_all(agenda, start).size(), 2u);
  agenda.stop();
  EXPECT_FALSE(agenda.done());
  EXPECT_TRUE(take_all(agenda, start + seconds(10)).empty());
  verdict(agenda, 0, EventKind::reply, start, start);
  verdict(agenda, 2, EventKind::reply, start, start);
  EXPECT_TRUE(agenda.done());
  EXPECT_TRUE(take_all(agenda, start + seconds(20)).empty());
}

TEST(Agenda, WhatIsAddedAfterStopIsDoneAtOnce) {
  Agenda agenda(start);
  agenda.stop();
  agenda.add(host(1), with(FixedInterval{}), start);
  agenda.add(host(2), with(SynchronousRounds{}), start);
  EXPECT_TRUE(agenda.done());
  EXPECT_TRUE(take_all(agenda, start + seconds(10)).empty());
}

TEST(Agenda, PostponingMovesPhasesAsAWhole) {
  Agenda agenda(start);
  agenda.add(host(1), with(FixedInterval{milliseconds(100)}), start + milliseconds(10));
  agenda.add(host(2), with(FixedInterval{milliseconds(100)}), start + milliseconds(20));
  agenda.postpone(seconds(3));
  EXPECT_TRUE(take_all(agenda, start + seconds(3) + milliseconds(9)).empty());
  const auto taken = take_all(agenda, start + seconds(3) + milliseconds(21));
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[0].due, start + seconds(3) + milliseconds(10));
  EXPECT_EQ(agenda.skipped_sends(), 0u) << "waiting to begin is no stall";
}

TEST(Agenda, APlaceThatIsUsedAgainHasAnotherGeneration) {
  Agenda agenda(start);
  const TargetIndex first = agenda.add(host(1), with(FixedInterval{}), start);
  const std::uint32_t generation = agenda.target(first).generation;
  agenda.remove(first);
  const TargetIndex second = agenda.add(host(2), with(FixedInterval{}), start);
  EXPECT_EQ(second, first);
  EXPECT_NE(agenda.target(second).generation, generation);
  EXPECT_EQ(agenda.target(second).sequence, 0u);
}

TEST(Agenda, EqualOptionsAreKeptOnce) {
  Agenda agenda(start);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    TargetOptions options = with(FixedInterval{milliseconds(10 + i % 3)});
    options.phase = milliseconds(i);  // a matter of the target alone
    agenda.add(host(i % 200), options, start);
  }
  EXPECT_EQ(agenda.option_sets(), 3u);
}

TEST(Agenda, OptionsGoWithTheirLastTarget) {
  Agenda agenda(start);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const auto options = with(FixedInterval{milliseconds(10 + i)});
    const TargetIndex first = agenda.add(host(1), options, start);
    const TargetIndex second = agenda.add(host(2), options, start);
    EXPECT_EQ(agenda.target(first).options, agenda.target(second).options);
    agenda.remove(first);
    EXPECT_EQ(agenda.options_of(second), options);
    agenda.remove(second);
    EXPECT_EQ(agenda.option_sets(), 0u);
  }
  EXPECT_EQ(agenda.option_places(), 1u) << "a place is used again";
}

TEST(Agenda, AnyDifferenceInOptionsIsAnotherSet) {
  Agenda agenda(start);
  std::vector<TargetOptions> different(12, with(FixedInterval{milliseconds(10)}));
  different[1].timeout = milliseconds(101);
  different[2].max_probes = 1;
  different[3].max_replies = 1;
  different[4].payload_bytes = 57;
  different[5].pattern = {std::byte{1}};
  different[6].network.ttl = 3;
  different[7].schedule = FixedInterval{milliseconds(11)};
  different[8].schedule = OnAnswer{.min_interval = milliseconds(10)};
  different[9].schedule = SynchronousRounds{milliseconds(10)};
  different[10].schedule = UntilAnswered{.retries = 1};
  different[11].schedule = UntilAnswered{.retries = 1, .backoff = 2};
  for (const auto& options : different) agenda.add(host(1), options, start);
  EXPECT_EQ(agenda.option_sets(), different.size());
}

TEST(Agenda, FindsATargetByAddressAsTargetsComeAndGo) {
  Agenda agenda(start);
  const TargetIndex first = agenda.add(host(1), with(FixedInterval{}), start);
  EXPECT_EQ(agenda.find(host(1)), first);
  EXPECT_FALSE(agenda.find(host(2)));
  const TargetIndex second = agenda.add(host(2), with(FixedInterval{}), start);
  EXPECT_EQ(agenda.find(host(2)), second);
  agenda.remove(first);
  EXPECT_FALSE(agenda.find(host(1)));
}

TEST(Agenda, OfSeveralTargetsWithOneAddressAnyIsFoundWhileOneIsThere) {
  Agenda agenda(start);
  std::vector<TargetIndex> same;
  for (int i = 0; i < 3; ++i) same.push_back(agenda.add(host(1), with(FixedInterval{}), start));
  ASSERT_TRUE(agenda.find(host(1)));
  same.push_back(agenda.add(host(1), with(FixedInterval{}), start));
  while (!same.empty()) {
    const auto found = agenda.find(host(1));
    ASSERT_TRUE(found);
    ASSERT_TRUE(agenda.target(*found).present);
    agenda.remove(*found);
    std::erase(same, *found);
  }
  EXPECT_FALSE(agenda.find(host(1)));
}

TEST(Agenda, TheWantedRateFollowsTheTargets) {
  Agenda agenda(start);
  const TargetIndex ten = agenda.add(host(1), with(FixedInterval{milliseconds(100)}), start);
  agenda.add(host(2), with(FixedInterval{seconds(1)}), start);
  EXPECT_NEAR(agenda.wanted_rate(), 11, 1e-9);
  agenda.remove(ten);
  EXPECT_NEAR(agenda.wanted_rate(), 1, 1e-9);
}

}  // namespace
}  // namespace sonde::engine
