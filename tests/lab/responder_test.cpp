// responder_test.cpp: who is answered, when, how often, and that the record tells it, with a clock of the
// test's own.
#include "lab/responder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lab/hex.hpp"

namespace sonde::lab {
namespace {

using Kind = Answer::Kind;
constexpr std::int64_t ms = 1'000'000;

// A responder whose time stands still until told, and whose packets are kept.
struct Stage {
  explicit Stage(const std::string& scenario, bool keep_requests = true)
      : responder(Scenario::parse(scenario),
                  {[this](ByteView packet) {
                     sent.emplace_back(packet.begin(), packet.end());
                     return true;
                   },
                   [this] { return now; }},
                  keep_requests) {}

  void ask(std::uint16_t sequence = 0, int host = 1) {
    Bytes packet = from_hex("4500002c 00000000 40010000 0a000909 0a000000 08000000 1234 0000");
    packet[19] = static_cast<std::uint8_t>(host);
    packet[26] = static_cast<std::uint8_t>(sequence >> 8);
    packet[27] = static_cast<std::uint8_t>(sequence);
    packet.resize(44, 0x11);
    const auto put = [&](std::size_t at, std::uint16_t sum) {
      packet[at] = static_cast<std::uint8_t>(sum >> 8);
      packet[at + 1] = static_cast<std::uint8_t>(sum);
    };
    put(10, checksum_of(add_to_sum(ByteView(packet).first(20))));
    put(22, checksum_of(add_to_sum(ByteView(packet).subspan(20))));
    responder.receive(packet, now);
  }
  // Lets time pass from one due answer to the next.
  void pass(std::int64_t nanoseconds) {
    const std::int64_t end = now.monotonic_ns + nanoseconds;
    while (responder.next_due_ns().value_or(end + 1) <= end) {
      set(*responder.next_due_ns());
      responder.send_due(now.monotonic_ns);
    }
    set(end);
  }
  void set(std::int64_t monotonic_ns) { now = {monotonic_ns, 1'000'000 * ms + monotonic_ns}; }

  const RequestRecord& request(std::size_t number) const { return responder.requests().at(number); }
  std::vector<Fate> fates() const {
    std::vector<Fate> result;
    for (const RequestRecord& one : responder.requests()) result.push_back(one.fate);
    return result;
  }
  // When each answer to a request was sent after it, in milliseconds.
  std::vector<std::int64_t> times(std::size_t number) const {
    std::vector<std::int64_t> result;
    for (const AnswerRecord& answer : request(number).answers) {
      result.push_back(answer.sent ? (answer.before.monotonic_ns - request(number).received.monotonic_ns) / ms
                                   : -1);
    }
    return result;
  }

  Instant now{0, 1'000'000 * ms};
  std::vector<Bytes> sent;
  Responder responder;
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Responder, AnswersAtOnceWithoutDelay) {
  Stage stage("host 10.0.0.1");
  stage.ask();
  EXPECT_EQ(stage.sent.size(), 1u);
  EXPECT_THAT(stage.times(0), ElementsAre(0));
  EXPECT_EQ(stage.request(0).token, 0x1111111111111111u);
}

TEST(Responder, UnknownHostIsSilentAndCounted) {
  Stage stage("host 10.0.0.1");
  stage.ask(0, 2);
  EXPECT_THAT(stage.sent, IsEmpty());
  EXPECT_THAT(stage.fates(), ElementsAre(Fate::unknown_host));
  EXPECT_EQ(stage.responder.summary().unknown_hosts, 1u);
}

TEST(Responder, DelayAndLateAddUp) {
  Stage stage("host 10.0.0.1; delay 5ms; probe 2: late 400ms");
  stage.ask();
  stage.ask();
  EXPECT_THAT(stage.times(0), ElementsAre(-1));
  stage.pass(1000 * ms);
  EXPECT_THAT(stage.times(0), ElementsAre(5));
  EXPECT_THAT(stage.times(1), ElementsAre(405));
}

TEST(Responder, DuplicatesFollowInTheirSpacing) {
  Stage stage("host 10.0.0.1; delay 1ms; duplicates 2 spacing 3ms");
  stage.ask();
  stage.pass(100 * ms);
  EXPECT_THAT(stage.times(0), ElementsAre(1, 4, 7));
  EXPECT_EQ(stage.request(0).answers[0].answer.kind, Kind::reply);
  EXPECT_EQ(stage.request(0).answers[2].answer.kind, Kind::duplicate);
  EXPECT_EQ(stage.sent[0], stage.sent[2]);
}

TEST(Responder, ReorderedAnswersAreOvertaken) {
  Stage stage("host 10.0.0.1; delay 1ms; reorder every 2 by 15ms");
  for (std::uint16_t sequence = 0; sequence < 3; ++sequence) {
    stage.ask(sequence);
    stage.pass(5 * ms);
  }
  stage.pass(100 * ms);
  ASSERT_EQ(stage.sent.size(), 3u);
  EXPECT_EQ(stage.sent[0][27], 0);
  EXPECT_EQ(stage.sent[1][27], 2);
  EXPECT_EQ(stage.sent[2][27], 1);
}

TEST(Responder, ForgeriesComeBeforeTheTrueAnswerAndNeverBeforeTheRequest) {
  Stage stage("host 10.0.0.1; delay 5ms; forged 2 before 3ms; probe 2: forged 1 before 50ms");
  stage.ask();
  stage.ask();
  stage.pass(100 * ms);
  EXPECT_THAT(stage.times(0), ElementsAre(2, 2, 5));
  EXPECT_THAT(stage.times(1), ElementsAre(0, 5));
  EXPECT_EQ(stage.request(0).answers[0].answer.kind, Kind::forged);
}

TEST(Responder, EveryNthIsLost) {
  Stage stage("host 10.0.0.1; loss every 3");
  for (int probe = 0; probe < 6; ++probe) stage.ask();
  EXPECT_THAT(stage.fates(), ElementsAre(Fate::answered, Fate::answered, Fate::lost, Fate::answered,
                                         Fate::answered, Fate::lost));
}

TEST(Responder, HostsDieByCountAndByTime) {
  Stage stage("host 10.0.0.1; dies after 2\nhost 10.0.0.2; dies after 10ms");
  for (int probe = 0; probe < 3; ++probe) stage.ask();
  stage.ask(0, 2);
  stage.pass(9 * ms);
  stage.ask(0, 2);
  stage.pass(1 * ms);
  stage.ask(0, 2);
  EXPECT_THAT(stage.fates(), ElementsAre(Fate::answered, Fate::answered, Fate::dead, Fate::answered,
                                         Fate::answered, Fate::dead));
}

TEST(Responder, HostFlaps) {
  Stage stage("host 10.0.0.1; flaps up 2 down 1");
  for (int probe = 0; probe < 5; ++probe) stage.ask();
  EXPECT_THAT(stage.fates(),
              ElementsAre(Fate::answered, Fate::answered, Fate::down, Fate::answered, Fate::answered));
}

TEST(Responder, ErrorReplacesTheAnswerAndANoteDoesNot) {
  Stage stage("host 10.0.0.1; error host-unreachable\nhost 10.0.0.2; note source-quench");
  stage.ask();
  stage.ask(0, 2);
  EXPECT_EQ(stage.request(0).answers.size(), 1u);
  EXPECT_EQ(stage.request(0).answers[0].answer.kind, Kind::error);
  ASSERT_EQ(stage.request(1).answers.size(), 2u);
  EXPECT_EQ(stage.request(1).answers[0].answer.kind, Kind::note);
  EXPECT_EQ(stage.request(1).answers[1].answer.kind, Kind::reply);
}

TEST(Responder, PortsAreSilentUnlessTheScenarioSaysOtherwise) {
  // UDP to port 9, and a SYN to 443.
  const Bytes datagram = from_hex("4500001c 00000000 40110000 0a000909 0a000001 1234 0009 0008 0000");
  const Bytes syn = from_hex(
      "45000028 00000000 40060000 0a000909 0a000001"
      "1234 01bb 00001000 00000000 5002 ffff 0000 0000");
  for (const auto& [scenario, answers] : {std::pair("host 10.0.0.1", 0u),
                                          {"host 10.0.0.1; udp closed", 1u},
                                          {"host 10.0.0.1; tcp open 80", 0u},
                                          {"host 10.0.0.1; tcp open 443", 1u},
                                          {"host 10.0.0.1; tcp closed; probe 2: udp closed", 1u}}) {
    Stage stage(scenario);
    stage.responder.receive(datagram, stage.now);
    stage.responder.receive(syn, stage.now);
    EXPECT_EQ(stage.responder.requests().size(), answers) << scenario;
    EXPECT_EQ(stage.sent.size(), answers) << scenario;
    EXPECT_EQ(stage.responder.summary().other_packets, 2u - answers) << scenario;
  }
}

TEST(Responder, EachHostCountsItsOwnProbes) {
  Stage stage("host 10.0.0.1-10.0.0.9; probe 2: silence");
  stage.ask(0, 1);
  stage.ask(0, 2);
  stage.ask(1, 1);
  EXPECT_THAT(stage.fates(), ElementsAre(Fate::answered, Fate::answered, Fate::silence));
}

TEST(Responder, RandomBehaviourDoesNotDependOnTheOrderHostsAreAskedIn) {
  const std::string scenario = "seed 5\nhost 10.0.0.1-10.0.0.9; delay uniform 0ms 1s; loss 50%";
  Stage one(scenario), other(scenario);
  for (const int host : {1, 1, 2, 2}) one.ask(0, host);
  for (const int host : {2, 1, 2, 1}) other.ask(0, host);
  EXPECT_EQ(one.request(0).fate, other.request(1).fate);
  EXPECT_EQ(one.request(1).fate, other.request(3).fate);
  EXPECT_EQ(one.request(2).fate, other.request(0).fate);
}

TEST(Responder, SummaryOnlyCountsAndKeepsNothing) {
  Stage stage("host 10.0.0.1; delay 5ms; duplicates 1", false);
  for (int probe = 0; probe < 10; ++probe) stage.ask();
  stage.pass(100 * ms);
  EXPECT_THAT(stage.responder.requests(), IsEmpty());
  EXPECT_EQ(stage.responder.summary().requests, 10u);
  EXPECT_EQ(stage.responder.summary().answers, 20u);
}

TEST(Record, ComesBackAsItWasWritten) {
  Stage stage(
      "host 10.0.0.1; delay 5ms; forged 1 before 2ms; ttl 9; cut 3; alter payload; options timestamp\n"
      "host 10.0.0.2; error 3/4 mtu 1400 from 10.0.0.7; udp closed");
  stage.ask(300);
  stage.ask(0, 2);
  stage.responder.receive(from_hex("4500001c 00000000 40110000 0a000909 0a000002 1234 0009 0008 0000"),
                          stage.now);
  stage.pass(100 * ms);
  std::string text;
  for (const RequestRecord& request : stage.responder.requests()) append_json(request, text);
  append_json(stage.responder.summary(), text);
  const ResponderRecord record = ResponderRecord::parse(text);
  ASSERT_EQ(record.requests.size(), 3u);
  const RequestRecord& first = record.requests[0];
  EXPECT_EQ(first.sequence, 300);
  EXPECT_EQ(first.destination.text(), "10.0.0.1");
  EXPECT_EQ(first.token, 0x1111111111111111u);
  EXPECT_TRUE(first.checksum_right);
  ASSERT_EQ(first.answers.size(), 2u);
  EXPECT_EQ(first.answers[0].answer.kind, Kind::forged);
  EXPECT_TRUE(first.answers[0].answer.defects.token);
  EXPECT_TRUE(first.answers[1].answer.defects.cut);
  EXPECT_TRUE(first.answers[1].answer.defects.payload);
  EXPECT_FALSE(first.answers[1].answer.defects.token);
  EXPECT_TRUE(first.answers[1].answer.ip_options);
  EXPECT_EQ(first.answers[1].answer.ttl, 9);
  EXPECT_EQ(first.answers[1].before.monotonic_ns, 5 * ms);
  const Answer& error = record.requests[1].answers.at(0).answer;
  EXPECT_EQ(error.from.text(), "10.0.0.7");
  EXPECT_EQ(error.mtu, 1400u);
  EXPECT_EQ(error.code, 4);
  EXPECT_EQ(record.requests[0].protocol, Protocol::icmp);
  EXPECT_EQ(record.requests[2].protocol, Protocol::udp);
  EXPECT_EQ(record.summary.requests, 3u);
  EXPECT_EQ(record.requests_to(HostAddress::parse("10.0.0.2").value()).size(), 2u);
}

}  // namespace
}  // namespace sonde::lab
