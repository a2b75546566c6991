// prober_test.cpp: the loop as a whole: schedules on a network, full channels, removal, the cap on the rate,
// captures.
#include "engine/prober.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "rig.hpp"

namespace sonde::test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TargetOptions with(Schedule schedule, std::uint64_t max_probes = 0, Nanoseconds timeout = milliseconds(100)) {
  TargetOptions options;
  options.schedule = std::move(schedule);
  options.max_probes = max_probes;
  options.timeout = timeout;
  return options;
}

TEST(Prober, HasNothingToDoWithoutTargets) {
  Rig rig;
  rig.prober().process();
  EXPECT_TRUE(rig.prober().done());
  EXPECT_FALSE(rig.prober().next_deadline());
  EXPECT_TRUE(rig.transports.empty()) << "no socket before a target wants one";
}

TEST(Prober, TheFirstTurnBeginsTheSchedule) {
  Rig rig;
  rig.network.keep_departures = true;
  rig.add("192.0.2.1", with(FixedInterval{milliseconds(100)}, 3), milliseconds(10));
  rig.clock.advance(seconds(7));  // names are looked up, say
  const MonotonicTime begin = rig.clock.monotonic();
  ASSERT_TRUE(rig.run_until_done());
  ASSERT_EQ(rig.network.departures.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    const Nanoseconds late =
        rig.network.departures[static_cast<std::size_t>(i)] - begin - milliseconds(10 + 100 * i);
    EXPECT_GE(late, Nanoseconds::zero());
    EXPECT_LE(late, milliseconds(1));
  }
  EXPECT_EQ(rig.prober().totals().skipped_sends, 0u);
}

engine::ProberOptions udp_rate_of(double rate) {
  engine::ProberOptions options;
  options.udp_rate = rate;
  return options;
}

TEST(Prober, ByUdpAllTogetherAreAskedNoFasterThanOneHostAnswers) {
  constexpr int targets = 500;
  Rig rig(udp_rate_of(100));
  rig.network.kind = TransportKind::udp;
  rig.network.keep_departures = true;
  for (int i = 0; i < targets; ++i)
    rig.add(Address::ipv4(0xc0000200U + static_cast<std::uint32_t>(i)),
            with(FixedInterval{Nanoseconds(0)}, 1));
  ASSERT_TRUE(rig.run_until_done());
  ASSERT_EQ(rig.network.departures.size(), std::size_t{targets}) << "each is asked";
  for (std::size_t i = 1; i < targets; ++i) {
    const Nanoseconds gap = rig.network.departures[i] - rig.network.departures[i - 1];
    EXPECT_GE(gap, milliseconds(9));
    EXPECT_LE(gap, milliseconds(11)) << "and nobody waits longer than it must";
  }
}

TEST(Prober, ByUdpTargetsThatWaitHoldUpNobodyWhoIsAskedByIcmp) {
  Rig rig(udp_rate_of(10));
  rig.network.kind = TransportKind::udp;
  for (int i = 0; i < 50; ++i)
    rig.add(Address::ipv4(0xc0000200U + static_cast<std::uint32_t>(i)),
            with(FixedInterval{Nanoseconds(0)}, 1));
  rig.network.kind = TransportKind::icmp_datagram;
  const TargetIndex other = rig.add("2001:db8::1", with(FixedInterval{milliseconds(10)}, 20));
  rig.network.kind = TransportKind::udp;
  rig.run(milliseconds(195));
  EXPECT_EQ(rig.book.of(other).sent, 20u);
  EXPECT_EQ(rig.prober().totals().probes, 22u);
}

TEST(Prober, UnpacedTheScheduleAloneDecidesByUdp) {
  engine::ProberOptions options = udp_rate_of(1);
  options.pace_udp = false;
  Rig rig(options);
  rig.network.kind = TransportKind::udp;
  const TargetIndex target = rig.add("192.0.2.1", with(FixedInterval{milliseconds(1)}, 100));
  rig.run(milliseconds(100));
  EXPECT_EQ(rig.book.of(target).sent, 100u);
}

TEST(Prober, SocketsOpenedAheadAreEnoughAndAnnouncedWhenTheyHaveATarget) {
  Rig rig;
  rig.network.receive_capacity = 100;
  for (int i = 0; i < 100; ++i)
    rig.add(Address::ipv4(0xc0000200U + static_cast<std::uint32_t>(i)), with(FixedInterval{milliseconds(1)}));
  EXPECT_EQ(rig.transports.size(), 1u);
  ASSERT_TRUE(rig.prober().open_ahead(Family::ipv4, {}));
  const std::size_t opened = rig.transports.size();
  EXPECT_EQ(opened, 5u) << "100,000 a second fill 5 buffers of 100 within 5 ms";
  ASSERT_TRUE(rig.prober().open_ahead(Family::ipv6, {}));
  EXPECT_EQ(rig.transports.size(), 2 * opened);
  EXPECT_EQ(rig.prober().notices().size(), 1u) << "nobody is asked by IPv6 yet";
  rig.most_transports = rig.transports.size();
  rig.run(milliseconds(100));
  rig.add("2001:db8::1", with(FixedInterval{milliseconds(100)}));
  EXPECT_EQ(rig.prober().notices().size(), 2u);
}

TEST(Prober, FurtherSocketsAreOfTheKindOfTheFirst) {
  Rig rig;
  rig.network.receive_capacity = 1;
  rig.network.kind = TransportKind::icmp_raw;
  rig.add("192.0.2.1", with(FixedInterval{milliseconds(1)}));
  rig.run(milliseconds(10));
  ASSERT_GT(rig.asked_for.size(), 1u);
  EXPECT_EQ(rig.asked_for[0], TransportKind::automatic);
  for (std::size_t i = 1; i < rig.asked_for.size(); ++i)
    EXPECT_EQ(rig.asked_for[i], TransportKind::icmp_raw) << "whatever may be opened by now";
}

TEST(Prober, TargetsAddedWhileItRunsBegin) {
  Rig rig;
  rig.add("192.0.2.1", with(FixedInterval{milliseconds(100)}));
  rig.run(seconds(1));
  const TargetIndex second = rig.add("192.0.2.2", with(FixedInterval{milliseconds(100)}), milliseconds(20));
  rig.run(milliseconds(15));
  EXPECT_EQ(rig.book.of(second).sent, 0u);
  rig.run(milliseconds(10));
  EXPECT_EQ(rig.book.of(second).sent, 1u);
}

TEST(Prober, ProbesWithThirtyTtlsAndSeveralTosValuesLeaveByOneSocket) {
  for (const char* host : {"192.0.2.1", "2001:db8::1"}) {
    Rig rig;
    TargetOptions options = with(FixedInterval{milliseconds(100)}, 1);
    std::vector<PacketOptions> wanted;
    for (std::uint8_t ttl = 1; ttl <= 30; ++ttl) {
      options.network.ttl = ttl;
      options.network.tos = static_cast<std::uint8_t>(ttl % 3 * 8);
      wanted.push_back(options.network);
      rig.add(host, options, Nanoseconds(ttl));
    }
    rig.network.keep_departures = true;
    ASSERT_TRUE(rig.run_until_done());
    EXPECT_EQ(rig.transports.size(), 1u);
    EXPECT_EQ(rig.network.packets, wanted) << host;
  }
}

TEST(Prober, APacketOptionThatTheFamilyDoesNotHaveIsAddsFailure) {
  Rig rig;
  TargetOptions options = with(FixedInterval{milliseconds(100)}, 1);
  options.network.flow_label = 7;
  const auto added = rig.prober().add(Address::loopback(Family::ipv4), options, {});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(rig.prober().done());
}

TEST(Prober, TargetsWithOtherSocketOptionsGetSocketsOfTheirOwn) {
  Rig rig;
  TargetOptions options = with(FixedInterval{milliseconds(100)}, 1);
  rig.add("192.0.2.1", options);
  rig.add("192.0.2.2", options);
  EXPECT_EQ(rig.transports.size(), 1u);
  options.network.mark = 3;
  rig.add("192.0.2.3", options);
  EXPECT_EQ(rig.transports.size(), 2u);
  rig.add("2001:db8::1", options);
  EXPECT_EQ(rig.transports.size(), 3u);
  EXPECT_EQ(rig.prober().notices().size(), 2u) << "one a family";
  ASSERT_TRUE(rig.run_until_done());
  EXPECT_EQ(rig.book.all(EventKind::reply).size(), 4u);
}

TEST(Prober, AFailureToOpenTheFirstSocketIsAddsFailure) {
  Rig rig;
  rig.most_transports = 0;
  const auto added = rig.prober().add(Address::loopback(Family::ipv4), {}, {});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().system_errno, EMFILE);
  EXPECT_TRUE(rig.prober().done());
}

TEST(Prober, ChannelsThatCannotBeOpenedLeaveItWithThoseItHas) {
  engine::ProberOptions options;
  options.sockets = 8;
  Rig rig(options);
  rig.most_transports = 3;
  for (std::uint32_t i = 0; i < 200; ++i)
    rig.add(Address::ipv4(0x0a000000 + i), with(FixedInterval{milliseconds(10)}, 10));
  ASSERT_TRUE(rig.run_until_done());
  EXPECT_EQ(rig.transports.size(), 3u);
  EXPECT_EQ(rig.book.all(EventKind::reply).size(), 2000u);
  for (const FakeTransport* transport : rig.transports)
    EXPECT_GT(transport->sends, 0u) << "all of them are used";
}

TEST(Prober, MoreSocketsAreOpenedWhenTheReceiveBuffersWouldOverflow) {
  Rig rig;
  rig.network.receive_capacity = 112;  // a stock Debian's
  for (std::uint32_t i = 0; i < 1000; ++i) {
    rig.add(Address::ipv4(0x0a000000 + i), with(FixedInterval{milliseconds(10)}, 3));
  }
  ASSERT_TRUE(rig.run_until_done());
  // 100,000/s for 5 ms are 500 answers.
  EXPECT_GE(rig.transports.size(), 5u);
  EXPECT_LE(rig.transports.size(), 8u);
}

// --- full channels and send buffers -----------------------------------------------------------------------

TEST(Prober, WhenNoSequenceNumberIsFreeProbesArePacedAndNoneIsDropped) {
  engine::ProberOptions options;
  options.sockets = 1;
  Rig rig(options);
  rig.book.keep_events = false;
  rig.network.script = [](const Asked&) { return silent(); };
  // 100,000 silent probes at once on one socket: 65,536 numbers, each bound for a timeout and a quarantine.
  const TargetIndex target =
      rig.add("192.0.2.1", with(FixedInterval{Nanoseconds::zero()}, 100'000, seconds(1)));
  ASSERT_TRUE(rig.run_until_done(seconds(30)));
  EXPECT_EQ(rig.book.of(target).sent, 100'000u);
  EXPECT_EQ(rig.book.of(target).count(EventKind::lost), 100'000u);
  EXPECT_EQ(rig.network.asked, 100'000u);
  EXPECT_EQ(rig.transports.size(), 1u);
}

TEST(Prober, ASocketIsAddedWhenNoSequenceNumberIsFree) {
  Rig rig;
  rig.book.keep_events = false;
  rig.network.script = [](const Asked&) { return silent(); };
  rig.network.receive_capacity = 10'000;  // buffers ask for one socket alone
  const TargetIndex target =
      rig.add("192.0.2.1", with(FixedInterval{Nanoseconds::zero()}, 100'000, seconds(1)));
  ASSERT_TRUE(rig.run_until_done(seconds(30)));
  EXPECT_EQ(rig.book.of(target).count(EventKind::lost), 100'000u);
  EXPECT_EQ(rig.transports.size(), 2u) << "100,000 unanswered probes need two rings of 65,536";
}

TEST(Prober, NoSocketIsAddedWhileAnswersFreeSequenceNumbers) {
  Rig rig;
  rig.book.keep_events = false;
  rig.network.script = [](const Asked&) { return answered(microseconds(50)); };
  rig.network.receive_capacity = 10'000;
  const TargetIndex target = rig.add("192.0.2.1", with(FixedInterval{Nanoseconds::zero()}, 200'000));
  ASSERT_TRUE(rig.run_until_done());
  EXPECT_EQ(rig.book.of(target).count(EventKind::reply), 200'000u);
  EXPECT_EQ(rig.transports.size(), 1u);
}

TEST(Prober, SequencesWrapManyTimesWithoutOneFalseVerdict) {
  engine::ProberOptions options;
  options.sockets = 1;
  Rig rig(options);
  rig.book.keep_events = false;
  rig.network.script = [](const Asked& probe) { return answered(microseconds(50 + probe.count % 97)); };
  const TargetIndex target = rig.add("192.0.2.1", with(FixedInterval{Nanoseconds::zero()}, 200'000));
  ASSERT_TRUE(rig.run_until_done());
  EXPECT_EQ(rig.book.of(target).count(EventKind::reply), 200'000u);
  EXPECT_EQ(rig.book.of(target).kinds.size(), 1u) << "nothing but replies";
}

TEST(Prober, AFullSendBufferDelaysAndLosesNothing) {
  Rig rig;
  int refusals = 0;
  rig.network.script = [&](const Asked& probe) {
    // Every seventh probe has to be tried three times.
    if (probe.count % 7 == 3 && ++refusals % 3 != 0) return buffer_full();
    return answered();
  };
  for (std::uint32_t i = 0; i < 50; ++i)
    rig.add(Address::ipv4(0x0a000000 + i), with(FixedInterval{milliseconds(10)}, 40));
  ASSERT_TRUE(rig.run_until_done());
  for (TargetIndex target = 0; target < 50; ++target) {
    EXPECT_EQ(rig.book.of(target).sent, 40u);
    EXPECT_EQ(rig.book.of(target).count(EventKind::reply), 40u);
  }
  EXPECT_GT(refusals, 500);
  for (const auto& entry : rig.book.entries) {
    ASSERT_EQ(entry.event.rtt, milliseconds(1));
    ASSERT_EQ(entry.event.clock, RttClock::kernel);
  }
}

TEST(Prober, AFullSendBufferMovesNoSchedule) {
  Rig rig;
  rig.network.keep_departures = true;
  bool full = false;
  rig.network.script = [&](const Asked&) {
    full = !full;
    return full ? buffer_full() : answered();
  };
  rig.add("192.0.2.1", with(FixedInterval{milliseconds(10)}, 1001));
  const MonotonicTime begin = rig.clock.monotonic();
  ASSERT_TRUE(rig.run_until_done());
  EXPECT_LT(rig.network.departures.back() - begin - seconds(10), milliseconds(1))
      << "1,000 intervals, each refused once";
}

TEST(Prober, OneGroupsFullBufferDoesNotHoldUpAnother) {
  Rig rig;
  const Address blocked = Address::parse("192.0.2.1").value();
  rig.network.script = [&](const Asked& probe) { return probe.to == blocked ? buffer_full() : answered(); };
  const TargetIndex stuck = rig.add(blocked, with(FixedInterval{milliseconds(10)}));
  TargetOptions other = with(FixedInterval{milliseconds(10)}, 20);
  other.network.mark = 9;
  const TargetIndex free = rig.add("192.0.2.2", other);
  rig.run(milliseconds(300));
  EXPECT_EQ(rig.book.of(free).count(EventKind::reply), 20u);
  EXPECT_EQ(rig.book.of(stuck).sent, 0u);
}

// --- schedules --------------------------------------------------------------------------------------------

TEST(Prober, AStallIsSkippedAndCountedNeverSentInABurst) {
  Rig rig;
  const TargetIndex target = rig.add("192.0.2.1", with(FixedInterval{milliseconds(10)}));
  rig.run(milliseconds(95));
  const std::uint64_t before = rig.book.of(target).sent;
  rig.clock.advance(seconds(1));
  rig.prober().process();
  EXPECT_EQ(rig.book.of(target).sent, before + 1);
  EXPECT_EQ(rig.book.of(target).skipped, 99u);
  EXPECT_EQ(rig.prober().totals().skipped_sends, 99u);
  EXPECT_GE(rig.prober().totals().lag.largest(), milliseconds(990));
}

TEST(Prober, UntilAnsweredWaitsLongerForEachRetry) {
  Rig rig;
  rig.network.keep_departures = true;
  rig.network.script = [](const Asked&) { return silent(); };
  const TargetIndex target = rig.add("192.0.2.1", with(UntilAnswered{.retries = 3, .backoff = 2}));
  const MonotonicTime begin = rig.clock.monotonic();
  ASSERT_TRUE(rig.run_until_done());
  EXPECT_EQ(rig.book.of(target).count(EventKind::lost), 4u);
  const std::vector<Nanoseconds> expected{milliseconds(0), milliseconds(100), milliseconds(300),
                                          milliseconds(700)};
  ASSERT_EQ(rig.network.departures.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(static_cast<double>((rig.network.departures[i] - begin - expected[i]).count()), 0, 1e6) << i;
  }
  EXPECT_NEAR(static_cast<double>((rig.clock.monotonic() - begin).count()), 1.5e9, 2e6)
      << "the last waits 800 ms";
}

TEST(Prober, OnAnswerKeepsPreloadUnderWayThoughAnswersComeTogether) {
  Rig rig;
  rig.network.script = [](const Asked& probe) {
    // All that are under way are answered at the same moment.
    const Nanoseconds into = (probe.at.time_since_epoch()) % milliseconds(10);
    return answered(milliseconds(20) - into);
  };
  const TargetIndex target = rig.add("192.0.2.1", with(OnAnswer{.preload = 8}));
  rig.run(seconds(1));
  EXPECT_GE(rig.in_flight(target), 7u);
  EXPECT_GT(rig.book.of(target).sent, 8u * 45);
}

TEST(Prober, RoundsGoOnThoughOneMemberIsDeaf) {
  Rig rig;
  const Address deaf = Address::parse("192.0.2.1").value();
  rig.network.script = [&](const Asked& probe) { return probe.to == deaf ? silent() : answered(); };
  rig.add(deaf, with(SynchronousRounds{milliseconds(50)}, 10));
  rig.add("192.0.2.2", with(SynchronousRounds{milliseconds(50)}, 10));
  const MonotonicTime begin = rig.clock.monotonic();
  ASSERT_TRUE(rig.run_until_done());
  EXPECT_EQ(rig.book.of(0).count(EventKind::lost), 10u);
  EXPECT_EQ(rig.book.of(1).count(EventKind::reply), 10u);
  EXPECT_NEAR(static_cast<double>((rig.clock.monotonic() - begin).count()), 1e9, 5e6)
      << "the timeout sets the pace";
}

TEST(Prober, MaxRateIsObeyed) {
  engine::ProberOptions options;
  options.max_rate = 2000;
  Rig rig(options);
  rig.book.keep_events = false;
  rig.network.keep_departures = true;
  rig.add("192.0.2.1", with(FixedInterval{Nanoseconds::zero()}));
  rig.run(seconds(5));
  const auto& departures = rig.network.departures;
  EXPECT_NEAR(static_cast<double>(departures.size()), 10'000, 100);
  // In no 10 ms more than their share and what 2 ms may have saved up.
  std::size_t from = 0, most = 0;
  for (std::size_t i = 0; i < departures.size(); ++i) {
    while (departures[i] - departures[from] >= milliseconds(10)) ++from;
    most = std::max(most, i - from + 1);
  }
  EXPECT_LE(most, 20u + 4 + 1);
}

// --- change -----------------------------------------------------------------------------------------------

TEST(Prober, AChangedIntervalGoesOnFromTheLastProbe) {
  Rig rig;
  rig.network.keep_departures = true;
  const TargetIndex target = rig.add("192.0.2.1", with(FixedInterval{milliseconds(100)}));
  const MonotonicTime begin = rig.clock.monotonic();
  const auto change_to = [&](Nanoseconds interval) {
    ASSERT_TRUE(rig.prober().change(target, {.interval = interval}));
  };
  rig.run(milliseconds(350));
  change_to(milliseconds(250));
  rig.run(milliseconds(550));
  change_to(milliseconds(30));
  rig.run(milliseconds(65));
  std::vector<double> sent_ms;
  for (const MonotonicTime at : rig.network.departures)
    sent_ms.push_back(std::round(static_cast<double>((at - begin).count()) / 1e6));
  EXPECT_EQ(sent_ms, (std::vector<double>{0, 100, 200, 300, 550, 800, 920, 950}));
  EXPECT_EQ(rig.book.of(target).sent, 8u) << "figures go on";
  EXPECT_EQ(rig.prober().totals().skipped_sends, 0u);
  EXPECT_DOUBLE_EQ(rig.prober().agenda().wanted_rate(), 1 / 0.03);
}

TEST(Prober, AFirstProbeKeepsItsTimeWhenTheIntervalChanges) {
  Rig rig;
  rig.network.keep_departures = true;
  const TargetIndex target = rig.add("192.0.2.1", with(FixedInterval{seconds(10)}), milliseconds(500));
  const MonotonicTime begin = rig.clock.monotonic();
  rig.run(milliseconds(10));
  ASSERT_TRUE(rig.prober().change(target, {.interval = milliseconds(100)}));
  rig.run(milliseconds(600));
  ASSERT_EQ(rig.network.departures.size(), 2u);
  EXPECT_NEAR(static_cast<double>((rig.network.departures[0] - begin).count()), 5e8, 1e6);
}

TEST(Prober, AChangedTimeoutIsThatOfTheProbesToCome) {
  Rig rig;
  rig.network.script = [](const Asked&) { return silent(); };
  const TargetIndex target = rig.add("192.0.2.1", with(FixedInterval{milliseconds(50)}, 2));
  rig.run(milliseconds(20));
  ASSERT_TRUE(rig.prober().change(target, {.timeout = milliseconds(400)}));
  rig.run(milliseconds(90));
  EXPECT_EQ(rig.book.of(target).count(EventKind::lost), 1u) << "in flight: 100 ms, as it was";
  rig.run(milliseconds(330));
  EXPECT_EQ(rig.book.of(target).count(EventKind::lost), 1u);
  rig.run(milliseconds(30));
  EXPECT_EQ(rig.book.of(target).count(EventKind::lost), 2u);
}

TEST(Prober, ChangedPacketOptionsNeedNoOtherSocket) {
  Rig rig;
  rig.network.keep_departures = true;
  const TargetIndex target = rig.add("2001:db8::1", with(FixedInterval{milliseconds(10)}));
  rig.add("2001:db8::2", with(FixedInterval{seconds(100)}));
  rig.run(milliseconds(5));
  ASSERT_TRUE(rig.prober().change(target, {.packet = PacketOptions{.ttl = 7, .flow_label = 0x12345}}));
  rig.run(milliseconds(10));
  EXPECT_EQ(rig.network.packets.back(), (PacketOptions{.ttl = 7, .flow_label = 0x12345}));
  ASSERT_TRUE(rig.prober().change(target, {.packet = PacketOptions{.tos = 8}}));
  rig.run(milliseconds(10));
  EXPECT_EQ(rig.network.packets.back(), PacketOptions{.tos = 8});
  EXPECT_EQ(rig.opened_ever, 1u);
  EXPECT_EQ(rig.prober().agenda().option_sets(), 2u);
}

TEST(Prober, ARefusedChangeLeavesTheTargetAsItWas) {
  Rig rig;
  const TargetIndex waits = rig.add("192.0.2.1", with(OnAnswer{}));
  const TargetOptions before = rig.prober().agenda().options_of(waits);
  const auto no_interval =
      rig.prober().change(waits, {.interval = milliseconds(1), .timeout = milliseconds(1)});
  ASSERT_FALSE(no_interval);
  EXPECT_EQ(no_interval.error().code, ErrorCode::invalid_argument);
  const auto no_label = rig.prober().change(waits, {.packet = PacketOptions{.flow_label = 1}});
  ASSERT_FALSE(no_label);
  EXPECT_EQ(no_label.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(rig.prober().agenda().options_of(waits), before);
}

// --- questions --------------------------------------------------------------------------------------------

TargetOptions question() {
  TargetOptions options = with(UntilAnswered{.retries = 0}, 1);
  options.timeout = milliseconds(100);
  return options;
}

TEST(Prober, AQuestionKeepsItsPlaceAsLongAsAnAnswerMayComeAndNoLonger) {
  Rig rig;
  rig.network.script = [](const Asked&) { return answered(milliseconds(180)); };
  const TargetIndex asked = rig.prober().ask(Address::parse("192.0.2.1").value(), question()).value();
  EXPECT_FALSE(rig.prober().done());
  rig.run(milliseconds(150));
  EXPECT_EQ(rig.book.of(asked).count(EventKind::lost), 1u);
  EXPECT_TRUE(rig.prober().done());
  rig.run(milliseconds(40));
  EXPECT_EQ(rig.book.of(asked).count(EventKind::late), 1u);
  EXPECT_TRUE(rig.prober().target(asked).present);
  rig.run(milliseconds(20));
  EXPECT_FALSE(rig.prober().target(asked).present);
  EXPECT_EQ(rig.prober().agenda().option_sets(), 0u);
  EXPECT_EQ(rig.book.of(asked).sent, 1u);
}

TEST(Prober, ManyQuestionsTakeNoMorePlacesThanAreUnderWay) {
  Rig rig;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    TargetOptions options = question();
    options.network.ttl = static_cast<std::uint8_t>(1 + i % 30);
    const auto asked = rig.prober().ask(Address::ipv4(0xc0000200 + i % 256), options);
    ASSERT_TRUE(asked);
    rig.book.accounts[*asked] = {};
    rig.run(milliseconds(5));
  }
  EXPECT_LE(rig.prober().agenda().places(), 50u) << "200 ms at 5 ms";
  EXPECT_EQ(rig.opened_ever, 1u);
  EXPECT_EQ(rig.book.all(EventKind::reply).size(), 2000u);
  EXPECT_DOUBLE_EQ(rig.prober().agenda().wanted_rate(), 0.0);
}

// --- removal ----------------------------------------------------------------------------------------------

TEST(Prober, ARemovedTargetHasNoFurtherEvents) {
  Rig rig;
  rig.network.script = [](const Asked& probe) {
    return probe.count % 3 == 0   ? answered(milliseconds(60))
           : probe.count % 3 == 1 ? silent()
                                  : answered(icmp_error(milliseconds(60)));
  };
  const TargetIndex target = rig.add("192.0.2.1", with(FixedInterval{milliseconds(10)}));
  rig.run(milliseconds(55));
  const std::size_t before = rig.book.entries.size();
  rig.prober().remove(target);
  EXPECT_TRUE(rig.prober().done());
  rig.run(seconds(1));
  for (std::size_t i = before; i < rig.book.entries.size(); ++i)
    EXPECT_EQ(rig.book.entries[i].target, std::nullopt);
}

TargetOptions marked(std::uint32_t mark) {
  TargetOptions options = with(FixedInterval{milliseconds(10)});
  options.network.mark = mark;
  return options;
}

TEST(Prober, ASocketIsClosedWhenNothingOfItsLastTargetIsUnderWay) {
  Rig rig;
  rig.network.script = [](const Asked&) { return silent(); };
  rig.add("192.0.2.9", marked(9));
  const TargetIndex first = rig.add("192.0.2.1", marked(1));
  const TargetIndex second = rig.add("192.0.2.2", marked(1));
  rig.run(milliseconds(55));
  rig.prober().remove(first);
  rig.run(seconds(1));
  EXPECT_EQ(rig.transports.size(), 2u) << "it has a target yet";
  rig.prober().remove(second);
  rig.run(milliseconds(150));
  EXPECT_EQ(rig.transports.size(), 2u)
      << "answers may come: 100 ms until the timeout, as long again after it";
  rig.run(milliseconds(60));
  EXPECT_EQ(rig.transports.size(), 1u);
  rig.add("192.0.2.3", marked(1));
  rig.run(milliseconds(20));
  EXPECT_EQ(rig.transports.size(), 2u);
}

TEST(Prober, ASocketThatNothingEverLeftByIsDueToCloseNowAndNotBeforeTime) {
  Rig rig;
  rig.network.script = [](const Asked&) { return refused(EPERM); };
  rig.add("192.0.2.9", with(FixedInterval{seconds(10)}));
  const TargetIndex target = rig.add("192.0.2.1", marked(1));
  rig.run(milliseconds(5));
  const MonotonicTime before = rig.clock.monotonic();
  rig.prober().remove(target);
  ASSERT_TRUE(rig.prober().pause());
  EXPECT_GE(*rig.prober().pause(), before - milliseconds(5)) << "who waits takes the difference from now";
  rig.run(milliseconds(1));
  EXPECT_EQ(rig.transports.size(), 1u);
}

TEST(Prober, TheLastSocketOfAFamilyStaysForTheNextTarget) {
  Rig rig;
  for (std::uint32_t round = 0; round < 5; ++round) {
    const TargetIndex target = rig.add("192.0.2.1", marked(1));
    rig.run(seconds(1));
    rig.prober().remove(target);
    rig.run(seconds(10));
  }
  EXPECT_EQ(rig.opened_ever, 1u);
  rig.add("192.0.2.1", marked(2));
  rig.run(seconds(1));
  EXPECT_EQ(rig.opened_ever, 2u);
  EXPECT_EQ(rig.transports.size(), 1u) << "it is not the last any more";
}

TEST(Prober, SocketsThatWereOpenedAheadStay) {
  Rig rig;
  ASSERT_TRUE(rig.prober().open_ahead(Family::ipv4, marked(1).network));
  rig.add("192.0.2.9", marked(9));
  rig.prober().remove(rig.add("192.0.2.1", marked(1)));
  rig.run(seconds(10));
  EXPECT_EQ(rig.transports.size(), 2u);
}

TEST(Prober, AReusedPlaceForOptionsTakesNothingOver) {
  Rig rig;
  rig.network.keep_departures = true;
  for (std::uint8_t i = 1; i <= 20; ++i) {
    TargetOptions options = marked(i % 3);
    options.network.ttl = i;
    options.pattern = {std::byte{i}};
    const TargetIndex target = rig.add("192.0.2.1", options);
    rig.run(milliseconds(8));
    ASSERT_EQ(rig.book.of(target).count(EventKind::reply), 1u) << "its own payload came back whole";
    EXPECT_EQ(rig.network.packets.back().ttl, i);
    EXPECT_EQ(rig.network.payload_ends.back(), std::byte{i});
    rig.prober().remove(target);
  }
  EXPECT_EQ(rig.prober().agenda().option_places(), 1u);
}

TEST(Prober, WhoTakesARemovedTargetsPlaceGetsNoneOfItsAnswers) {
  Rig rig;
  rig.network.script = [](const Asked&) { return answered(milliseconds(60)); };
  const TargetIndex first = rig.add("192.0.2.1", with(FixedInterval{milliseconds(10)}, 3));
  rig.run(milliseconds(35));
  rig.prober().remove(first);
  const TargetIndex second = rig.add("192.0.2.1", with(FixedInterval{seconds(1)}, 1), milliseconds(500));
  ASSERT_EQ(second, first);
  rig.book.entries.clear();
  rig.run(milliseconds(200));
  EXPECT_TRUE(rig.book.all(EventKind::reply).empty());
  ASSERT_TRUE(rig.run_until_done());
  EXPECT_EQ(rig.book.of(second).count(EventKind::reply), 1u);
}

TEST(Prober, GivingUpCallsAllThatWaitLost) {
  Rig rig;
  rig.network.script = [](const Asked& probe) {
    return probe.count % 2 == 0 ? answered(milliseconds(1)) : answered(milliseconds(90));
  };
  const TargetIndex target = rig.add("192.0.2.1", with(FixedInterval{milliseconds(10)}));
  rig.run(milliseconds(65));
  const std::uint64_t waiting = rig.in_flight(target);
  ASSERT_GE(waiting, 3u);
  rig.prober().stop_sending();
  rig.prober().give_up();
  EXPECT_EQ(rig.book.of(target).count(EventKind::lost), waiting);
  EXPECT_TRUE(rig.prober().done());
  rig.expect_accounted(target);
}

// --- figures of the loop, captures ------------------------------------------------------------------------

TEST(Prober, TotalsCountWhatWasHandedToTheSendCall) {
  Rig rig;
  rig.network.script = [](const Asked& probe) {
    return probe.count % 2 == 0 ? refused(EHOSTUNREACH) : answered();
  };
  rig.add("192.0.2.1", with(FixedInterval{milliseconds(20)}, 10));
  ASSERT_TRUE(rig.run_until_done());
  EXPECT_EQ(rig.prober().totals().probes, 10u);
  EXPECT_EQ(rig.prober().totals().clock_steps, 0u);
}

TEST(Prober, ACaptureHasEachProbeOnceAndEachAnswer) {
  engine::ProberOptions options;
  options.packets = true;
  Rig rig(options);
  rig.network.script = [](const Asked& probe) {
    if (probe.count % 3 == 0) return silent();
    Fate fate = answered(milliseconds(1));
    if (probe.count % 3 == 1) fate.answers.push_back({.delay = milliseconds(2)});
    return fate;
  };
  rig.add("192.0.2.1", with(FixedInterval{milliseconds(20)}, 6));
  ASSERT_TRUE(rig.run_until_done());
  EXPECT_EQ(rig.book.outgoing_to.size(), 6u);
  EXPECT_EQ(rig.book.packets, 6u + 6u);
}

TEST(Prober, ACaptureNeverShowsARemovedTargetsProbeAsItsSuccessors) {
  engine::ProberOptions options;
  options.packets = true;
  Rig rig(options);
  rig.network.script = [](const Asked&) {
    Fate fate;
    fate.stamp_after = milliseconds(50);
    return fate;
  };
  const TargetIndex first = rig.add("192.0.2.1", with(FixedInterval{milliseconds(10)}, 1));
  rig.run(milliseconds(5));
  rig.prober().remove(first);
  rig.add("192.0.2.2", with(FixedInterval{seconds(1)}, 1), seconds(5));
  rig.run(seconds(1));
  EXPECT_TRUE(rig.book.outgoing_to.empty());
}

}  // namespace
}  // namespace sonde::test
