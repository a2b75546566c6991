// message_test.cpp: timestamp requests and node information queries: what is sent, and which answers are believed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rig.hpp"
#include "wire/probe_message.hpp"

namespace sonde::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

constexpr std::string_view host_v4 = "192.0.2.7", host_v6 = "2001:db8::7";

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  result.reserve(values.size());
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

class Message : public testing::TestWithParam<ProbeMessage> {
 protected:
  TargetOptions options(std::uint64_t probes = 1) const {
    TargetOptions options;
    options.schedule = FixedInterval{seconds(10)};
    options.max_probes = probes;
    options.timeout = milliseconds(100);
    options.network.message = GetParam();
    return options;
  }
  bool is_timestamp() const { return GetParam() == ProbeMessage::timestamp; }
  std::string_view host() const { return is_timestamp() ? host_v4 : host_v6; }
  // An answer of the right size.
  Answer right() const {
    Answer answer;
    answer.delay = milliseconds(30);
    answer.contents = is_timestamp() ? bytes({0, 0, 0, 2, 0, 0, 0, 3}) : bytes({0, 0, 0, 0, 1, 'a', 0, 0});
    return answer;
  }
  void ask(const Fate& fate, std::uint64_t probes = 1) {
    rig.network.script = [fate](const Asked&) { return fate; };
    target = rig.add(host(), options(probes));
    rig.run(seconds(5) * static_cast<int>(2 * probes));
    rig.expect_accounted(target);
  }
  std::vector<EventKind> kinds() const {
    std::vector<EventKind> kinds;
    kinds.reserve(rig.book.entries.size());
    for (const auto& entry : rig.book.entries) kinds.push_back(entry.event.kind);
    return kinds;
  }
  const Event& event(std::size_t i = 0) const { return rig.book.entries.at(i).event; }

  Rig rig;
  TargetIndex target = 0;
};
INSTANTIATE_TEST_SUITE_P(, Message, testing::Values(ProbeMessage::timestamp, ProbeMessage::node_information),
                         [](const auto& instance) {
                           return instance.param == ProbeMessage::timestamp ? "Timestamp" : "NodeInformation";
                         });

TEST_P(Message, AnswersAreReplies) {
  ask(answered(right()), 3);
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply, EventKind::reply, EventKind::reply));
  EXPECT_EQ(event().rtt, milliseconds(30));
  EXPECT_EQ(event(2).sequence, 2u);
  EXPECT_EQ(event().bytes, is_timestamp() ? 20u : 24u);
  EXPECT_EQ(event().flags, is_timestamp() ? EventFlags(EventFlag::no_token) : EventFlags());
}

TEST_P(Message, AnswersWithoutTheProofAreRejected) {
  Answer forged = right();
  forged.wrong_token = true;
  ask(answered(forged));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::rejected, EventKind::lost));
  EXPECT_TRUE(event().flags.has(EventFlag::bad_token));
}

TEST_P(Message, AnswersFromElsewhereCountOnlyWhereTheProofIsSecret) {
  Answer elsewhere = right();
  elsewhere.from = Address::parse(is_timestamp() ? "192.0.2.8" : "2001:db8::8").value();
  ask(answered(elsewhere));
  EXPECT_TRUE(event().flags.has(EventFlag::other_source));
  EXPECT_EQ(event().kind, is_timestamp() ? EventKind::rejected : EventKind::reply);
}

TEST_P(Message, AnswersTooShortForTheirFieldsAreRejected) {
  Answer answer = right();
  answer.contents.clear();
  answer.size_change = -1;
  ask(answered(answer));
  EXPECT_THAT(kinds(), ElementsAre(EventKind::rejected, EventKind::lost));
}

TEST_P(Message, ASecondAnswerIsADuplicate) {
  Fate fate = answered(right());
  fate.answers.push_back(right());
  ask(fate);
  EXPECT_THAT(kinds(), ElementsAre(EventKind::reply, EventKind::duplicate));
}

TEST_P(Message, ErrorsThatQuoteItEndIt) {
  const Answer error = is_timestamp() ? icmp_error(milliseconds(5)) : icmp_error(milliseconds(5), 1, 3);
  ask(answered(error));
  EXPECT_THAT(kinds(), ElementsAre(EventKind::error));
}

TEST_P(Message, ErrorsThatQuoteAnotherDoNot) {
  Answer error = is_timestamp() ? icmp_error(milliseconds(5)) : icmp_error(milliseconds(5), 1, 3);
  error.quotes_wrong_token = true;
  ask(answered(error));
  EXPECT_THAT(kinds(), ElementsAre(EventKind::rejected, EventKind::lost));
}

class Timestamps : public Message {};
INSTANTIATE_TEST_SUITE_P(, Timestamps, testing::Values(ProbeMessage::timestamp));

TEST_P(Timestamps, AnswersTellTheThreeTimes) {
  ask(answered(right()));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
  const std::uint32_t sent = wire::icmp_time(event().sent_at);
  EXPECT_EQ(event().icmp_times, (IcmpTimes{sent, 2, 3}));
  EXPECT_FALSE(event().node_answer);
}

TEST_P(Timestamps, AWholeOriginateTimeButCutTimesAreNoAnswer) {
  Answer answer = right();
  answer.size_change = -1;
  ask(answered(answer));
  EXPECT_THAT(kinds(), ElementsAre(EventKind::rejected, EventKind::lost));
}

class NodeInformation : public Message {};
INSTANTIATE_TEST_SUITE_P(, NodeInformation, testing::Values(ProbeMessage::node_information));

TEST_P(NodeInformation, AnswersTellHeadAndData) {
  ask(answered(right()));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
  ASSERT_TRUE(event().node_answer);
  EXPECT_EQ(event().node_answer->type, 2);
  EXPECT_EQ(event().payload, right().contents);
  EXPECT_FALSE(event().icmp_times);
}

}  // namespace
}  // namespace sonde::test
