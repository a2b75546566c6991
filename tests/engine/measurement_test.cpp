// measurement_test.cpp: which two clock readings an RTT is the difference of, and what is flagged when not
// both.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rig.hpp"

namespace sonde::test {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TargetOptions every(Nanoseconds interval, std::uint64_t probes) {
  TargetOptions options;
  options.schedule = FixedInterval{interval};
  options.max_probes = probes;
  options.timeout = milliseconds(200);
  return options;
}

constexpr Nanoseconds read_delay = Answer{}.read_delay;

Event only_event(const Rig& rig) {
  EXPECT_EQ(rig.book.entries.size(), 1u);
  return rig.book.entries.empty() ? Event{} : rig.book.entries.front().event;
}

// --- stamps -----------------------------------------------------------------------------------------------

TEST(Measurement, WithoutStampsTheMonotonicClockIsUsedAndNothingIsFlagged) {
  Rig rig;
  rig.network.best_clock = RttClock::user;
  rig.add("192.0.2.1", every(seconds(1), 1));
  ASSERT_TRUE(rig.run_until_done());
  const Event event = only_event(rig);
  EXPECT_EQ(event.clock, RttClock::user);
  EXPECT_EQ(event.rtt, milliseconds(1) + host_out + read_delay);
  EXPECT_TRUE(event.flags.empty());
  EXPECT_FALSE(event.host_time);
  EXPECT_EQ(rig.prober().totals().stamp_drops, 0u);
}

TEST(Measurement, AMissingTxStampIsFlaggedCountedAndNotGuessedFrom) {
  Rig rig;
  rig.network.script = [](const Asked&) {
    Fate fate = answered(milliseconds(7));
    fate.stamped = false;
    return fate;
  };
  rig.add("192.0.2.1", every(milliseconds(500), 3));
  ASSERT_TRUE(rig.run_until_done());
  for (const auto& entry : rig.book.entries) {
    EXPECT_EQ(entry.event.kind, EventKind::reply);
    EXPECT_EQ(entry.event.flags, EventFlags(EventFlag::no_tx_stamp));
    EXPECT_EQ(entry.event.clock, RttClock::user);
    EXPECT_EQ(entry.event.rtt, milliseconds(7) + host_out + read_delay);
  }
  EXPECT_EQ(rig.prober().totals().stamp_drops, 3u);
}

TEST(Measurement, AMissingRxStampIsFlagged) {
  Rig rig;
  rig.network.script = [](const Asked&) { return answered({.rx_stamp = false}); };
  rig.add("192.0.2.1", every(seconds(1), 1));
  ASSERT_TRUE(rig.run_until_done());
  const Event event = only_event(rig);
  EXPECT_EQ(event.flags, EventFlags(EventFlag::no_rx_stamp));
  EXPECT_EQ(event.clock, RttClock::user);
}

TEST(Measurement, ALossWithoutTxStampSaysThatItMayNeverHaveLeft) {
  Rig rig;
  rig.network.script = [](const Asked&) {
    Fate fate;
    fate.stamped = false;
    return fate;
  };
  rig.add("192.0.2.1", every(seconds(1), 1));
  ASSERT_TRUE(rig.run_until_done());
  EXPECT_EQ(only_event(rig).kind, EventKind::lost);
  EXPECT_EQ(only_event(rig).flags, EventFlags(EventFlag::no_tx_stamp));
  EXPECT_EQ(rig.prober().totals().stamp_drops, 1u);
}

TEST(Measurement, AStampThatComesAfterTheVerdictIsNoDrop) {
  Rig rig;
  rig.network.script = [](const Asked& probe) {
    Fate fate = probe.count == 0 ? silent() : answered(milliseconds(1));
    fate.stamp_after = milliseconds(350);
    return fate;
  };
  rig.add("192.0.2.1", every(milliseconds(10), 2));
  rig.run(milliseconds(300));
  EXPECT_EQ(rig.prober().totals().stamp_drops, 2u);
  rig.run(seconds(1));
  EXPECT_EQ(rig.prober().totals().stamp_drops, 0u);
}

TEST(Measurement, AStampForARemovedTargetsProbeCountsNowhere) {
  Rig rig;
  rig.network.script = [](const Asked&) {
    Fate fate;
    fate.stamp_after = milliseconds(500);
    return fate;
  };
  const TargetIndex target = rig.add("192.0.2.1", every(milliseconds(10), 3));
  rig.run(milliseconds(50));
  rig.prober().remove(target);
  rig.run(seconds(2));
  EXPECT_EQ(rig.prober().totals().stamp_drops, 0u);
  EXPECT_TRUE(rig.book.entries.empty());
}

TEST(Measurement, ALateAnswerUsesTheStampsToo) {
  Rig rig;
  rig.network.script = [](const Asked&) { return answered(milliseconds(900)); };
  rig.add("192.0.2.1", every(seconds(10), 1));
  rig.run(seconds(2));
  ASSERT_EQ(rig.book.entries.size(), 2u);
  EXPECT_EQ(rig.book.entries[1].event.kind, EventKind::late);
  EXPECT_EQ(rig.book.entries[1].event.rtt, milliseconds(900));
  EXPECT_EQ(rig.book.entries[1].event.clock, RttClock::kernel);
}

TEST(Measurement, SampledStampsAreAskedForOnEveryNthProbeAlone) {
  engine::ProberOptions options;
  options.stamp_every = 4;
  Rig rig(options);
  rig.add("192.0.2.1", every(milliseconds(10), 40));
  ASSERT_TRUE(rig.run_until_done());
  std::size_t kernel = 0;
  for (const auto& entry : rig.book.entries) {
    kernel += entry.event.clock == RttClock::kernel;
    EXPECT_TRUE(entry.event.flags.empty()) << "what was not asked for is not missed";
  }
  EXPECT_EQ(kernel, 10u);
  EXPECT_EQ(rig.prober().totals().stamp_drops, 0u);
}

TEST(Measurement, HostTimeIsBesideTheRtt) {
  Rig rig;
  rig.network.script = [](const Asked&) {
    return answered({.delay = milliseconds(5), .read_delay = milliseconds(40)});
  };
  rig.add("192.0.2.1", every(seconds(1), 1));
  ASSERT_TRUE(rig.run_until_done());
  EXPECT_EQ(only_event(rig).rtt, milliseconds(5));
  EXPECT_EQ(only_event(rig).host_time, milliseconds(40) + host_out);
}

// --- clock steps ------------------------------------------------------------------------------------------

class ClockStep : public testing::TestWithParam<std::int64_t> {
 protected:
  Nanoseconds step() const { return Nanoseconds(GetParam()); }
};

// 30 ms answers to a probe every 10 ms; the wall clock is set while three are on their way.
TEST_P(ClockStep, ChangesNoRttAndStallsNoSchedule) {
  Rig rig;
  rig.network.keep_departures = true;
  rig.network.script = [](const Asked&) { return answered(milliseconds(30)); };
  const TargetIndex target = rig.add("192.0.2.1", every(milliseconds(10), 100));
  rig.run(milliseconds(505));
  rig.clock.step(step());
  ASSERT_TRUE(rig.run_until_done());
  EXPECT_EQ(rig.book.of(target).count(EventKind::reply), 100u);
  std::size_t flagged = 0;
  for (const auto& entry : rig.book.entries) {
    const Event& event = entry.event;
    ASSERT_TRUE(event.rtt);
    if (event.flags.has(EventFlag::clock_step)) {
      ++flagged;
      EXPECT_EQ(event.clock, RttClock::user);
      EXPECT_NEAR(static_cast<double>((*event.rtt - milliseconds(30)).count()), 5e3, 2e4) << event.sequence;
    } else {
      EXPECT_EQ(event.clock, RttClock::kernel);
      EXPECT_EQ(*event.rtt, milliseconds(30)) << event.sequence;
    }
  }
  EXPECT_GE(flagged, 3u) << "those that were on their way";
  EXPECT_LE(flagged, 4u);
  EXPECT_EQ(rig.prober().totals().clock_steps, 1u);
  EXPECT_EQ(rig.prober().totals().skipped_sends, 0u);
  ASSERT_EQ(rig.network.departures.size(), 100u);
  for (std::size_t i = 1; i < 100; ++i) {
    const Nanoseconds between = rig.network.departures[i] - rig.network.departures[i - 1];
    EXPECT_LT(between, milliseconds(11)) << i;
    EXPECT_GT(between, milliseconds(9)) << i;
  }
}

// The program sleeps while the answer comes and the clock is set right before, or right after.
TEST_P(ClockStep, IsSeenThoughTheAnswerWasStampedBeforeIt) {
  for (const bool before_answer : {true, false}) {
    Rig rig;
    rig.network.script = [](const Asked&) { return answered(milliseconds(30)); };
    rig.add("192.0.2.1", every(seconds(10), 1));
    rig.prober().process();
    rig.clock.advance(before_answer ? milliseconds(29) : milliseconds(31));
    rig.clock.step(step());
    rig.clock.advance(milliseconds(9));
    rig.prober().process();
    const Event event = only_event(rig);
    EXPECT_TRUE(event.flags.has(EventFlag::clock_step));
    EXPECT_EQ(event.rtt, before_answer ? milliseconds(38) : milliseconds(40));
  }
}

TEST_P(ClockStep, AndBackAgainBetweenTwoLooksIsSeenByTheStampsContradictingTheMonotonicClock) {
  Rig rig;
  rig.network.script = [](const Asked&) { return answered(milliseconds(30)); };
  rig.add("192.0.2.1", every(seconds(10), 1));
  rig.prober().process();
  rig.clock.advance(milliseconds(25));
  rig.clock.step(step());
  rig.clock.advance(milliseconds(6));  // the answer's stamp is taken here
  rig.clock.step(-step());
  rig.clock.advance(microseconds(1));
  rig.prober().process();
  const Event event = only_event(rig);
  ASSERT_TRUE(event.rtt);
  // A step back by less than the RTT, or forth by no more than the answer lay there, leaves stamps that could be true.
  const bool hidden = step() > -milliseconds(30) && step() < milliseconds(1) + microseconds(1);
  EXPECT_EQ(event.flags.has(EventFlag::clock_step), !hidden);
  if (!hidden) {
    EXPECT_NEAR(static_cast<double>(event.rtt->count()), 31e6, 1e5);
  }
}

INSTANTIATE_TEST_SUITE_P(ForthAndBack, ClockStep,
                         testing::Values(1'000'000, -1'000'000, 10'000'000, -10'000'000, 3'600'000'000'000,
                                         -3'600'000'000'000),
                         [](const auto& tested) {
                           const auto ms = tested.param / 1'000'000;
                           return (ms < 0 ? "Minus" : "Plus") + std::to_string(ms < 0 ? -ms : ms) + "ms";
                         });

TEST(Measurement, ALossIsCalledByTheMonotonicClockWhateverTheWallClockDoes) {
  Rig rig;
  rig.network.script = [](const Asked&) { return silent(); };
  const TargetIndex target = rig.add("192.0.2.1", every(seconds(10), 1));
  rig.run(milliseconds(50));
  rig.clock.step(hours(1));
  rig.run(milliseconds(100));
  EXPECT_EQ(rig.book.of(target).verdict_count(), 0u) << "150 ms have passed, not an hour";
  rig.clock.step(-hours(2));
  rig.run(milliseconds(60));
  EXPECT_EQ(rig.book.of(target).count(EventKind::lost), 1u);
}

// --- drops ------------------------------------------------------------------------------------------------

TEST(Measurement, ALossWhileAnswersWereDroppedIsSuspect) {
  Rig rig;
  rig.network.script = [](const Asked&) { return silent(); };
  rig.add("192.0.2.1", every(milliseconds(500), 3));
  rig.run(milliseconds(550));  // probe 0 is lost, probe 1 on its way
  rig.transports.at(0)->drops = 5;
  ASSERT_TRUE(rig.run_until_done());
  ASSERT_EQ(rig.book.entries.size(), 3u);
  EXPECT_FALSE(rig.book.entries[0].event.flags.has(EventFlag::suspect));
  EXPECT_TRUE(rig.book.entries[1].event.flags.has(EventFlag::suspect));
  EXPECT_FALSE(rig.book.entries[2].event.flags.has(EventFlag::suspect)) << "no drops since";
  EXPECT_EQ(rig.prober().totals().receive_drops, 5u);
}

TEST(Measurement, ALateAnswerSaysThatItsLossWasSuspect) {
  Rig rig;
  rig.network.script = [](const Asked&) { return answered(milliseconds(300)); };
  rig.add("192.0.2.1", every(seconds(10), 1));
  rig.run(milliseconds(100));
  rig.transports.at(0)->drops = 1;
  rig.run(seconds(1));
  ASSERT_EQ(rig.book.entries.size(), 2u);
  EXPECT_TRUE(rig.book.entries[0].event.flags.has(EventFlag::suspect));
  EXPECT_EQ(rig.book.entries[1].event.kind, EventKind::late);
  EXPECT_TRUE(rig.book.entries[1].event.flags.has(EventFlag::suspect));
}

TEST(Measurement, WhatIsGivenUpWhileAnswersWereDroppedIsSuspectToo) {
  Rig rig;
  rig.network.script = [](const Asked&) { return silent(); };
  rig.add("192.0.2.1", every(seconds(10), 1));
  rig.run(milliseconds(10));
  rig.transports.at(0)->drops = 1;
  rig.prober().stop_sending();
  rig.prober().give_up();
  EXPECT_TRUE(rig.prober().done());
  EXPECT_EQ(only_event(rig).kind, EventKind::lost);
  EXPECT_TRUE(only_event(rig).flags.has(EventFlag::suspect));
}

}  // namespace
}  // namespace sonde::test
