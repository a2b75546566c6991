// answer_test.cpp: answers as JSON: the fields of docs/json.md, errors in place of them, and what runtimes expect.
#include "function/answer.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace sonde::function {
namespace {

using Json = nlohmann::json;
using std::chrono::microseconds;

Answer sample() {
  Event reply;
  reply.kind = EventKind::reply;
  reply.address = Address::parse("192.0.2.1").value();
  reply.sequence = 0;
  reply.sent_at = UnixTime(Nanoseconds(1'700'000'000'000'001'234));
  reply.rtt = microseconds(43);
  reply.flags = EventFlags(EventFlag::truncated);
  Event lost = reply;
  lost.kind = EventKind::lost;
  lost.sequence = 1;
  lost.rtt.reset();
  lost.flags = {};
  AddressAnswer measured;
  measured.address = reply.address;
  measured.transport =
      TransportNotice{Family::ipv4, TransportKind::icmp_raw, RttClock::kernel, "ping sockets are closed"};
  measured.figures.sent = 2;
  measured.figures.received = measured.figures.lost = 1;
  measured.figures.loss_ratio = 0.5;
  measured.figures.rtt = RttFigures{microseconds(43), microseconds(43), microseconds(43), {},
                                    microseconds(43), microseconds(43), microseconds(43)};
  measured.verdicts = {reply, lost};
  TargetAnswer target;
  target.target = "gw.example";
  target.addresses = {measured};
  return {true, std::chrono::milliseconds(5), {target}};
}

TEST(AnswerJson, SaysHowEachAddressWasAskedAndWhyNotBetter) {
  const Json json = Json::parse(to_json(sample()));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["complete"], true);
  EXPECT_EQ(json["elapsed_ns"], 5'000'000);
  const Json& address = json["targets"][0]["addresses"][0];
  EXPECT_EQ(json["targets"][0]["target"], "gw.example");
  EXPECT_EQ(address["address"], "192.0.2.1");
  EXPECT_EQ(address["ip_version"], 4);
  EXPECT_EQ(address["transport"], "raw");
  EXPECT_EQ(address["clock"], "kernel");
  EXPECT_EQ(address["reason"], "ping sockets are closed");
}

TEST(AnswerJson, AWayThatWasLeftKeepsItsOwnFigures) {
  Answer answer = sample();
  AddressAnswer& address = answer.targets[0].addresses[0];
  WayAnswer left;
  left.transport = TransportNotice{Family::ipv4, TransportKind::icmp_datagram, RttClock::kernel, ""};
  left.figures.sent = 3;
  left.figures.lost = 2;
  left.figures.in_flight = 1;
  left.verdicts = {address.verdicts[1]};
  address.before = {left};
  const Json json = Json::parse(to_json(answer))["targets"][0]["addresses"][0];
  EXPECT_EQ(json["summary"]["sent"], 2);
  ASSERT_EQ(json["before"].size(), 1u);
  const Json& before = json["before"][0];
  EXPECT_EQ(before["transport"], "icmp");
  EXPECT_FALSE(before.contains("reason"));
  EXPECT_EQ(before["summary"]["event"], "interim");
  EXPECT_EQ(before["summary"]["in_flight"], 1);
  EXPECT_EQ(before["probes"].size(), 1u);
}

TEST(AnswerJson, FiguresAndVerdictsAreTheLinesOfTheSchema) {
  const Json json = Json::parse(to_json(sample()));
  const Json& address = json["targets"][0]["addresses"][0];
  const Json& summary = address["summary"];
  EXPECT_EQ(summary["event"], "summary");
  EXPECT_EQ(summary["sent"], 2);
  EXPECT_EQ(summary["loss_ratio"], 0.5);
  EXPECT_TRUE(summary["jitter_ns"].is_null());
  EXPECT_EQ(summary["rtt"]["p50_ns"], 43'000);
  ASSERT_EQ(address["probes"].size(), 2u);
  EXPECT_EQ(address["probes"][0]["event"], "reply");
  EXPECT_EQ(address["probes"][0]["rtt_ns"], 43'000);
  EXPECT_EQ(address["probes"][0]["sent_unix_ns"], 1'700'000'000'000'001'234);
  EXPECT_EQ(address["probes"][0]["flags"], Json::array({"truncated"}));
  EXPECT_EQ(address["probes"][1]["event"], "lost");
  EXPECT_FALSE(address["probes"][1].contains("rtt_ns"));
}

TEST(AnswerJson, WithoutAnswersRttIsNull) {
  Answer answer = sample();
  answer.targets[0].addresses[0].figures.rtt.reset();
  EXPECT_TRUE(Json::parse(to_json(answer))["targets"][0]["addresses"][0]["summary"]["rtt"].is_null());
}

TEST(AnswerJson, AnIncompleteOneHasInterimFiguresWithWhatIsInFlight) {
  Answer answer = sample();
  answer.complete = false;
  answer.targets[0].addresses[0].figures.in_flight = 3;
  const Json json = Json::parse(to_json(answer));
  EXPECT_EQ(json["complete"], false);
  EXPECT_EQ(json["targets"][0]["addresses"][0]["summary"]["event"], "interim");
  EXPECT_EQ(json["targets"][0]["addresses"][0]["summary"]["in_flight"], 3);
}

TEST(AnswerJson, AnErrorTakesThePlaceOfFigures) {
  Answer answer = sample();
  answer.targets[0].addresses[0].error =
      Error{ErrorCode::permission_denied, 13, "cannot open", "IPv4", "a way"};
  const Json json = Json::parse(to_json(answer));
  const Json& address = json["targets"][0]["addresses"][0];
  EXPECT_EQ(address["error"]["code"], "permission_denied");
  EXPECT_THAT(address["error"]["message"].get<std::string>(), testing::HasSubstr("EACCES"));
  EXPECT_FALSE(address.contains("summary"));
}

TEST(AnswerJson, NamesUnmeasuredAddressesWhereThereAreAny) {
  Answer answer = sample();
  EXPECT_FALSE(Json::parse(to_json(answer))["targets"][0].contains("unmeasured"));
  answer.targets[0].unmeasured = {Address::parse("2001:db8::9").value()};
  EXPECT_EQ(Json::parse(to_json(answer))["targets"][0]["unmeasured"], Json::array({"2001:db8::9"}));
}

TEST(AnswerJson, TextThatIsNoUtf8BecomesValidUtf8) {
  Answer answer = sample();
  answer.targets[0].error = Error::invalid("a\xff");
  EXPECT_TRUE(Json::accept(to_json(answer)));
  EXPECT_TRUE(Json::accept(error_json("T", "\xc3")));
}

TEST(ErrorJson, IsTheRuntimesErrorObject) {
  EXPECT_EQ(error_json("InvalidEvent", "say \"x\""),
            R"({"errorMessage":"say \"x\"","errorType":"InvalidEvent","stackTrace":[]})");
}

TEST(GatewayJson, CarriesTheBodyAsAString) {
  const Json json = Json::parse(gateway_json(400, R"({"a":1})"));
  EXPECT_EQ(json["statusCode"], 400);
  EXPECT_EQ(json["body"], R"({"a":1})");
  EXPECT_EQ(json["isBase64Encoded"], false);
  EXPECT_EQ(json["headers"]["Content-Type"], "application/json");
}

}  // namespace
}  // namespace sonde::function
