// verdict_test.cpp: what each kind of answer, error or silence makes of the probe that it is about.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rig.hpp"
#include "wire/icmp.hpp"

namespace sonde::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

constexpr std::string_view host = "192.0.2.7";

// One target that is asked `probes` times, 10 s apart: what happens to one probe is over before the next.
TargetOptions asked(std::uint64_t probes = 1) {
  TargetOptions options;
  options.schedule = FixedInterval{seconds(10)};
  options.max_probes = probes;
  options.timeout = milliseconds(100);
  return options;
}

// Asks once, with this fate, and waits long beyond the timeout.
class Verdict : public testing::Test {
 protected:
  void ask(Fate fate, TargetOptions options = asked(), std::string_view address = host) {
    rig_.network.script = [fate = std::move(fate)](const Asked&) { return fate; };
    target_ = rig_.add(address, options);
    rig_.run(seconds(5));
    rig_.expect_accounted(target_);
  }
  std::vector<EventKind> kinds() const {
    std::vector<EventKind> kinds;
    for (const auto& entry : rig_.book.entries) kinds.push_back(entry.event.kind);
    return kinds;
  }
  const Event& event(std::size_t i = 0) const { return rig_.book.entries.at(i).event; }
  std::uint64_t count(EventKind kind) { return rig_.book.of(target_).count(kind); }

  Rig rig_;
  TargetIndex target_ = 0;
};

TEST_F(Verdict, AnAnswerInTimeIsAReply) {
  ask(answered(milliseconds(30)));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
  EXPECT_EQ(event().rtt, milliseconds(30));
  EXPECT_EQ(event().clock, RttClock::kernel);
  EXPECT_EQ(event().sequence, 0u);
  EXPECT_EQ(event().from, Address::parse(host).value());
  EXPECT_EQ(event().ttl, 57);
  EXPECT_EQ(event().bytes, 64u);
  EXPECT_TRUE(event().flags.empty());
  EXPECT_EQ(event().received_at - event().sent_at, milliseconds(30));
  EXPECT_EQ(event().host_time, host_out + Answer{}.read_delay);
  EXPECT_TRUE(rig_.prober().done());
}

TEST_F(Verdict, BothFamiliesGoTheSameWay) {
  ask(answered(milliseconds(30)), asked(), "2001:db8::7");
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
  EXPECT_EQ(event().rtt, milliseconds(30));
}

TEST_F(Verdict, SilenceIsALossWhenTheTimeoutHasPassed) {
  ask(silent());
  ASSERT_THAT(kinds(), ElementsAre(EventKind::lost));
  EXPECT_FALSE(event().rtt);
  EXPECT_FALSE(event().from);
  EXPECT_EQ(event().received_at, UnixTime{});
  EXPECT_TRUE(event().flags.empty());
}

TEST_F(Verdict, AnAnswerAfterTheTimeoutTakesTheLossBack) {
  ask(answered(milliseconds(400)));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::lost, EventKind::late));
  EXPECT_EQ(event(1).rtt, milliseconds(400));
  EXPECT_EQ(event(1).sequence, 0u);
  EXPECT_EQ(count(EventKind::lost), 0u);
  EXPECT_EQ(count(EventKind::late), 1u);
}

TEST_F(Verdict, AnAnswerThatCameInTimeAndWasReadLateIsAReply) {
  // It reached the host in time; the program was held up beyond the timeout.
  rig_.network.script = [](const Asked&) { return answered(milliseconds(99)); };
  target_ = rig_.add(host, asked());
  rig_.prober().process();
  rig_.clock.advance(milliseconds(300));
  rig_.prober().process();
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
  EXPECT_EQ(event().rtt, milliseconds(99));
}

TEST_F(Verdict, FurtherAnswersAreDuplicates) {
  Fate fate = answered(milliseconds(1));
  fate.answers.push_back({.delay = milliseconds(2)});
  fate.answers.push_back({.delay = milliseconds(700)});
  ask(fate);
  EXPECT_THAT(kinds(), ElementsAre(EventKind::reply, EventKind::duplicate, EventKind::duplicate));
  EXPECT_EQ(event(1).sequence, 0u);
}

TEST_F(Verdict, AnAnswerAfterALateOneIsADuplicate) {
  Fate fate = answered(milliseconds(200));
  fate.answers.push_back({.delay = milliseconds(300)});
  ask(fate);
  EXPECT_THAT(kinds(), ElementsAre(EventKind::lost, EventKind::late, EventKind::duplicate));
}

// --- what is no answer ------------------------------------------------------------------------------------

TEST_F(Verdict, AWrongTokenIsRejectedAndTheProbeStaysUnanswered) {
  ask(answered({.wrong_token = true}));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::rejected, EventKind::lost));
  EXPECT_TRUE(event().flags.has(EventFlag::bad_token));
  EXPECT_TRUE(event().has_target);
  EXPECT_FALSE(event().rtt);
}

TEST_F(Verdict, AForgedAnswerBeforeTheTrueOneHarmsNothing) {
  Fate fate = answered({.delay = milliseconds(1), .wrong_token = true});
  fate.answers.push_back({.delay = milliseconds(20)});
  ask(fate);
  ASSERT_THAT(kinds(), ElementsAre(EventKind::rejected, EventKind::reply));
  EXPECT_EQ(event(1).rtt, milliseconds(20));
}

TEST_F(Verdict, ATrueTokenUnderAnotherSequenceIsRejected) {
  ask(answered({.sequence_offset = 5}));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::rejected, EventKind::lost));
  EXPECT_TRUE(event().flags.has(EventFlag::other_sequence));
}

TEST_F(Verdict, AnotherProbesTokenIsRejected) {
  // The answer to probe 0 comes under the sequence of probe 1, which waits.
  rig_.network.script = [](const Asked& probe) {
    return probe.count == 0 ? answered({.delay = milliseconds(50), .sequence_offset = 1}) : silent();
  };
  TargetOptions options = asked(2);
  options.schedule = FixedInterval{milliseconds(10)};
  target_ = rig_.add(host, options);
  rig_.run(seconds(1));
  EXPECT_EQ(count(EventKind::rejected), 1u);
  EXPECT_TRUE(event().flags.has(EventFlag::bad_token));
  EXPECT_EQ(count(EventKind::lost), 2u);
}

TEST_F(Verdict, ABrokenChecksumIsRejected) {
  ask(answered({.bad_checksum = true}));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::rejected, EventKind::lost));
  EXPECT_TRUE(event().flags.has(EventFlag::bad_checksum));
}

TEST_F(Verdict, AnotherIdentifierIsRejected) {
  ask(answered({.wrong_identifier = true}));
  EXPECT_THAT(kinds(), ElementsAre(EventKind::rejected, EventKind::lost));
}

TEST_F(Verdict, AnAnswerCutWithinTheTokenIsRejected) {
  ask(answered({.size_change = -50}));
  EXPECT_THAT(kinds(), ElementsAre(EventKind::rejected, EventKind::lost));
}

// --- answers with a flag ----------------------------------------------------------------------------------

TEST_F(Verdict, AGoodTokenFromElsewhereIsAReplyThatSaysSo) {
  ask(answered({.from = Address::parse("198.51.100.9").value()}));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
  EXPECT_EQ(event().flags, EventFlags(EventFlag::other_source));
  EXPECT_EQ(event().from, Address::parse("198.51.100.9").value());
  EXPECT_EQ(event().address, Address::parse(host).value());
}

TEST_F(Verdict, AnyoneMayAnswerForAMulticastAddress) {
  Fate fate = answered({.from = Address::parse("198.51.100.9").value()});
  fate.answers.push_back({.delay = milliseconds(3), .from = Address::parse("198.51.100.10").value()});
  ask(fate, asked(), "224.0.0.1");
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply, EventKind::duplicate));
  EXPECT_TRUE(event().flags.empty());
  EXPECT_EQ(event(1).from, Address::parse("198.51.100.10").value());
}

TEST_F(Verdict, ATruncatedAnswerIsAReplyThatSaysSo) {
  ask(answered({.size_change = -20}));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
  EXPECT_EQ(event().flags, EventFlags(EventFlag::truncated));
  EXPECT_EQ(event().bytes, 44u);
}

TEST_F(Verdict, AnAnswerWithBytesAppendedIsAReplyThatSaysSo) {
  ask(answered({.size_change = 4}));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
  EXPECT_EQ(event().flags, EventFlags(EventFlag::extra_bytes));
  EXPECT_EQ(event().bytes, 68u);
}

TEST_F(Verdict, AnAnswerAlteredBehindTheTokenIsAReplyThatSaysSo) {
  for (const bool with_pattern : {false, true}) {
    rig_.book.entries.clear();
    TargetOptions options = asked();
    if (with_pattern) options.pattern = {std::byte{0xab}, std::byte{0xcd}, std::byte{0xef}};
    ask(answered({.corrupt = true}), options);
    ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
    EXPECT_EQ(event().flags, EventFlags(EventFlag::corrupt));
  }
}

TEST_F(Verdict, EveryPayloadSizeComesBackWhole) {
  TargetIndex index = 0;
  for (const std::uint16_t bytes : std::initializer_list<std::uint16_t>{0, 1, 7, 8, 9, 56, 1472, 65'507}) {
    TargetOptions options = asked();
    options.payload_bytes = bytes;
    options.pattern = {std::byte{1}, std::byte{2}, std::byte{3}};
    ask(answered(), options);
    const Event& reply = event(index++);
    ASSERT_EQ(reply.kind, EventKind::reply) << bytes;
    EXPECT_EQ(reply.flags.has(EventFlag::no_token), bytes < 8) << bytes;
    EXPECT_FALSE(reply.flags.has(EventFlag::corrupt)) << bytes;
    EXPECT_EQ(reply.bytes, bytes + 8u);
  }
  EXPECT_GE(rig_.transports.at(0)->expected_bytes, 65'515u);
}

TEST_F(Verdict, WithoutATokenTheSourceHasToBeRight) {
  TargetOptions options = asked();
  options.payload_bytes = 4;
  ask(answered({.from = Address::parse("198.51.100.9").value()}), options);
  ASSERT_THAT(kinds(), ElementsAre(EventKind::rejected, EventKind::lost));
  EXPECT_TRUE(event().flags.has(EventFlag::other_source));
}

TEST_F(Verdict, IpOptionsOfAnAnswerAreTold) {
  ask(answered({.ip_options = true}));
  EXPECT_TRUE(event().flags.has(EventFlag::ip_options));
  EXPECT_EQ(event().ip_options.size(), 4u) << "router alert";
}

// --- Other proofs than an echo ----------------------------------------------------------------------------

TEST_F(Verdict, AQuoteIsBelievedForItsTokenAlsoFromElsewhere) {
  ask(answered({.from = Address::parse("198.51.100.9").value(), .proof = transport::Proof::quote}));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
  EXPECT_EQ(event().flags, EventFlags(EventFlag::other_source));
}

TEST_F(Verdict, AQuoteThatEndsBeforeTheTokenIsBelievedFromTheTargetAlone) {
  ask(answered({.size_change = -56, .proof = transport::Proof::quote}));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
  EXPECT_EQ(event().flags, EventFlags(EventFlag::no_token)) << "cut is not corrupt";
}

TEST_F(Verdict, AShortQuoteFromElsewhereIsRejected) {
  ask(answered({.size_change = -56,
                .from = Address::parse("198.51.100.9").value(),
                .proof = transport::Proof::quote}));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::rejected, EventKind::lost));
}

TEST_F(Verdict, AQuoteWithAnotherTokenIsRejected) {
  ask(answered({.wrong_token = true, .proof = transport::Proof::quote}));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::rejected, EventKind::lost));
  EXPECT_TRUE(event().flags.has(EventFlag::bad_token));
}

TEST_F(Verdict, AServicesAnswerIsBelievedWhateverItSays) {
  ask(answered({.wrong_token = true, .proof = transport::Proof::ports}));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
  EXPECT_EQ(event().flags, EventFlags(EventFlag::no_token));
}

TEST_F(Verdict, AHandshakeIsProvedByTheKernelAndTimedByIt) {
  rig_.network.best_clock = RttClock::user;
  ask(answered({.wrong_token = true,
                .rx_stamp = false,
                .proof = transport::Proof::connection,
                .kernel_rtt = std::chrono::microseconds(900)}));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
  EXPECT_EQ(event().rtt, std::chrono::microseconds(900));
  EXPECT_EQ(event().clock, RttClock::kernel);
  EXPECT_GT(event().host_time, Nanoseconds::zero());
  EXPECT_TRUE(event().flags.empty());
}

TEST_F(Verdict, ARefusedHandshakeIsAnAnswerTimedByTheClock) {
  rig_.network.best_clock = RttClock::user;
  ask(answered({.rx_stamp = false, .proof = transport::Proof::connection, .refused = true}));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
  EXPECT_EQ(event().clock, RttClock::user);
  EXPECT_EQ(event().flags, EventFlags(EventFlag::refused));
}

// --- ICMP errors ------------------------------------------------------------------------------------------

TEST_F(Verdict, AnErrorThatQuotesTheProbeIsItsVerdict) {
  Answer error = icmp_error(milliseconds(12), 3, 13);
  error.from = Address::parse("203.0.113.77").value();
  ask(answered(error));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::error));
  EXPECT_EQ(event().reason, ErrorReason::prohibited);
  EXPECT_EQ(event().icmp_type, 3);
  EXPECT_EQ(event().icmp_code, 13);
  EXPECT_EQ(event().from, Address::parse("203.0.113.77").value());
  EXPECT_EQ(event().sequence, 0u);
  EXPECT_EQ(event().rtt, milliseconds(12));
}

TEST_F(Verdict, ATooBigErrorCarriesTheMtu) {
  Answer error = icmp_error(milliseconds(1), 3, 4);
  error.mtu = 1280;
  ask(answered(error));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::error));
  EXPECT_EQ(event().reason, ErrorReason::fragmentation_needed);
  EXPECT_EQ(event().mtu, 1280u);
}

TEST_F(Verdict, AShortQuoteIsEnough) {
  Answer error = icmp_error(milliseconds(12), 11, 0);
  error.quoted_payload = 0;
  ask(answered(error));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::error));
  EXPECT_EQ(event().reason, ErrorReason::ttl_exceeded);
}

TEST_F(Verdict, AnErrorQuotingAWrongTokenOrDestinationIsRejected) {
  Answer wrong_token = icmp_error(milliseconds(1));
  wrong_token.quotes_wrong_token = true;
  Answer elsewhere = icmp_error(milliseconds(2));
  elsewhere.quotes_other_destination = true;
  Fate fate = answered(wrong_token);
  fate.answers.push_back(elsewhere);
  fate.answers.push_back({.delay = milliseconds(9)});
  ask(fate);
  ASSERT_THAT(kinds(), ElementsAre(EventKind::rejected, EventKind::rejected, EventKind::reply));
  EXPECT_TRUE(event(0).flags.has(EventFlag::unmatched_quote));
  EXPECT_TRUE(event(1).flags.has(EventFlag::unmatched_quote));
}

TEST_F(Verdict, AnErrorAfterTheReplyChangesNothing) {
  Fate fate = answered(milliseconds(1));
  fate.answers.push_back(icmp_error(milliseconds(2)));
  ask(fate);
  EXPECT_THAT(kinds(), ElementsAre(EventKind::reply));
}

TEST_F(Verdict, AReplyAfterTheErrorIsADuplicate) {
  Fate fate = answered(icmp_error(milliseconds(1)));
  fate.answers.push_back({.delay = milliseconds(2)});
  ask(fate);
  EXPECT_THAT(kinds(), ElementsAre(EventKind::error, EventKind::duplicate));
}

TEST_F(Verdict, AnErrorAfterTheLossIsANoteAndTheLossStands) {
  ask(answered(icmp_error(milliseconds(300))));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::lost, EventKind::note));
  EXPECT_EQ(event(1).reason, ErrorReason::host_unreachable);
  EXPECT_EQ(count(EventKind::lost), 1u);
}

TEST_F(Verdict, ASecondErrorSaysNothingNew) {
  Fate fate = answered(icmp_error(milliseconds(1)));
  fate.answers.push_back(icmp_error(milliseconds(2)));
  ask(fate);
  EXPECT_THAT(kinds(), ElementsAre(EventKind::error));
}

TEST_F(Verdict, RedirectAndSourceQuenchAreNotesAndTheAnswerStillCounts) {
  Fate fate = answered(icmp_error(milliseconds(1), 5, 1));
  fate.answers.push_back(icmp_error(milliseconds(2), 4, 0));
  fate.answers.push_back({.delay = milliseconds(5)});
  ask(fate);
  ASSERT_THAT(kinds(), ElementsAre(EventKind::note, EventKind::note, EventKind::reply));
  EXPECT_EQ(event(0).reason, ErrorReason::redirect);
  EXPECT_EQ(event(1).reason, ErrorReason::source_quench);
}

TEST_F(Verdict, WhatANoteQuotesIsToldWhereItsIpHeaderIs) {
  Answer raw = icmp_error(milliseconds(1), 5, 1);
  raw.has_ip_header = true;
  Fate fate = answered(raw);
  fate.answers.push_back(icmp_error(milliseconds(2), 5, 1));
  ask(fate);
  ASSERT_THAT(kinds(), ElementsAre(EventKind::note, EventKind::note, EventKind::lost));
  EXPECT_FALSE(event(0).payload.empty());
  EXPECT_TRUE(event(1).payload.empty());
}

TEST_F(Verdict, AnUnresolvedNeighbourIsSaidToBeOne) {
  // The kernel's own host unreachable comes from an address of this host.
  Answer error = icmp_error(milliseconds(50));
  error.from = Address::loopback(Family::ipv4);
  ask(answered(error));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::error));
  EXPECT_EQ(event().reason, ErrorReason::neighbour);
}

// --- refused sends ----------------------------------------------------------------------------------------

TEST_F(Verdict, ARefusedSendIsLocalWithItsErrno) {
  ask(refused(ENETUNREACH));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::local));
  EXPECT_EQ(event().system_errno, ENETUNREACH);
  EXPECT_EQ(event().reason, ErrorReason::local_error);
  EXPECT_FALSE(event().rtt);
  EXPECT_TRUE(event().flags.empty());
  EXPECT_TRUE(rig_.prober().done());
}

TEST_F(Verdict, RefusedSendsInMidRunLeaveTheOthersRttsAlone) {
  // Ten targets a batch; the third and the eighth of each batch are refused, each with its own RTT otherwise.
  rig_.network.script = [](const Asked& probe) {
    if (probe.count % 5 == 2) return refused(probe.count % 2 == 0 ? EPERM : ENOBUFS);
    return answered(milliseconds(1) +
                    Nanoseconds(probe.to.bytes()[3] == std::byte{0}
                                    ? 0
                                    : std::to_integer<int>(probe.to.bytes()[3]) * 1'000'000));
  };
  TargetOptions options = asked(20);
  options.schedule = FixedInterval{milliseconds(100)};
  for (std::uint32_t i = 0; i < 10; ++i) rig_.add(Address::ipv4(0xc6336400u + i), options);
  ASSERT_TRUE(rig_.run_until_done());
  std::uint64_t replies = 0, locals = 0;
  for (const auto& entry : rig_.book.entries) {
    const int last_byte = std::to_integer<int>(entry.event.address.bytes()[3]);
    if (entry.event.kind == EventKind::reply) {
      ++replies;
      EXPECT_EQ(entry.event.rtt, milliseconds(1 + last_byte));
      EXPECT_EQ(entry.event.clock, RttClock::kernel);
    } else {
      ++locals;
      EXPECT_EQ(entry.event.kind, EventKind::local);
      EXPECT_TRUE(entry.event.system_errno == EPERM || entry.event.system_errno == ENOBUFS);
    }
  }
  EXPECT_EQ(replies, 160u);
  EXPECT_EQ(locals, 40u);
  EXPECT_EQ(rig_.prober().totals().stamp_drops, 0u);
}

// --- who a rejected packet is counted on ------------------------------------------------------------------

TEST_F(Verdict, ARejectedPacketIsCountedOnTheTargetItCameFromElseInTheTotal) {
  ask(answered());
  rig_.book.entries.clear();
  FakeTransport& transport = *rig_.transports.at(0);
  transport.inject(Address::parse(host).value(), 0, std::vector<std::byte>(56));
  transport.inject(Address::parse("198.51.100.200").value(), 0, std::vector<std::byte>(56));
  rig_.prober().process();
  ASSERT_THAT(kinds(), ElementsAre(EventKind::rejected, EventKind::rejected));
  EXPECT_EQ(rig_.book.entries[0].target, target_);
  EXPECT_TRUE(event(0).has_target);
  EXPECT_EQ(rig_.book.entries[1].target, std::nullopt);
  EXPECT_FALSE(event(1).has_target);
  EXPECT_EQ(event(1).address, Address::parse("198.51.100.200").value());
  EXPECT_EQ(rig_.book.foreign, 1u);
}

TEST_F(Verdict, AForgedAnswerToAnotherTargetsProbeIsCountedOnWhoeverSentIt) {
  rig_.network.script = [](const Asked& probe) {
    if (probe.count == 0)
      return answered({.wrong_token = true, .from = Address::parse("192.0.2.99").value()});
    return silent();
  };
  const TargetIndex asked_one = rig_.add(host, asked());
  const TargetIndex forger = rig_.add("192.0.2.99", asked(), milliseconds(1));
  rig_.run(seconds(1));
  EXPECT_EQ(rig_.book.of(forger).count(EventKind::rejected), 1u);
  EXPECT_EQ(rig_.book.of(asked_one).count(EventKind::rejected), 0u);
}

TEST_F(Verdict, AFloodOfForgedAnswersFromEverywhereIsOnlyCounted) {
  ask(answered());
  rig_.book.keep_events = false;
  FakeTransport& transport = *rig_.transports.at(0);
  const std::size_t places = rig_.prober().agenda().places();
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    transport.inject(Address::ipv4(0x0a000000u + i), static_cast<std::uint16_t>(i),
                     std::vector<std::byte>(i % 64));
    if (i % 1000 == 999) rig_.prober().process();
  }
  rig_.run(seconds(1));
  EXPECT_EQ(rig_.book.foreign, 100'000u);
  EXPECT_EQ(rig_.prober().agenda().places(), places);
  rig_.expect_accounted(target_);
}

}  // namespace
}  // namespace sonde::test
