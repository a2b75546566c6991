// event_test.cpp: what an event may say, in which shapes, and what is said of one that is wrong.
#include "function/event.hpp"

#include <gmock/gmock.h>

#include <string>

#include "function/text_values.hpp"

namespace sonde::function {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

// The event's request; fails the test when it is none.
Request read(std::string_view event) {
  const auto parsed = parse_event(event);
  EXPECT_TRUE(parsed) << event << ": " << parsed.error().message();
  return parsed ? parsed->request : Request{};
}

std::string error_of(std::string_view event) {
  const auto parsed = parse_event(event);
  EXPECT_FALSE(parsed) << event;
  if (parsed) return {};
  EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
  return parsed.error().message();
}

TEST(Event, TargetAloneGetsTheDefaults) {
  const Request request = read(R"({"target": "example.net"})");
  EXPECT_THAT(request.targets, ElementsAre("example.net"));
  EXPECT_EQ(request.count, 5u);
  EXPECT_EQ(request.interval, milliseconds(200));
  EXPECT_EQ(request.timeout, milliseconds(1000));
  EXPECT_EQ(request.transport, TransportKind::automatic);
  EXPECT_EQ(request.size_bytes, 56);
}

TEST(Event, EveryFieldIsRead) {
  const Request request = read(
      R"({"target":["192.0.2.1","2001:db8::1"],"count":3,"interval":0.05,"timeout":"250ms","transport":"raw","size":8})");
  EXPECT_THAT(request.targets, ElementsAre("192.0.2.1", "2001:db8::1"));
  EXPECT_EQ(request.count, 3u);
  EXPECT_EQ(request.interval, milliseconds(50));
  EXPECT_EQ(request.timeout, milliseconds(250));
  EXPECT_EQ(request.transport, TransportKind::icmp_raw);
  EXPECT_EQ(request.size_bytes, 8);
}

TEST(Event, TryAllIsTrueUnlessToldOtherwise) {
  EXPECT_TRUE(read(R"({"target":"a.example"})").try_all);
  for (const char* no : {"false", "\"false\"", "0", "\"0\""})
    EXPECT_FALSE(read(R"({"target":"a.example","try_all":)" + std::string(no) + "}").try_all) << no;
  for (const char* yes : {"true", "\"true\"", "1"})
    EXPECT_TRUE(read(R"({"target":"a.example","try_all":)" + std::string(yes) + "}").try_all) << yes;
  EXPECT_THAT(error_of(R"({"target":"a.example","try_all":"maybe"})"), HasSubstr("neither true nor false"));
  const auto asked = parse_query("target=a.example&try_all=false");
  ASSERT_TRUE(asked);
  EXPECT_FALSE(asked->try_all);
}

TEST(Event, NumbersMayBeWrittenAsStrings) {
  const Request request = read(R"({"target":"a.example","count":"7","interval":"1","size":"0"})");
  EXPECT_EQ(request.count, 7u);
  EXPECT_EQ(request.interval, std::chrono::seconds(1));
  EXPECT_EQ(request.size_bytes, 0);
}

TEST(Event, BareStringIsTheTarget) {
  EXPECT_THAT(read(R"("example.net")").targets, ElementsAre("example.net"));
  EXPECT_THAT(read("example.net\n").targets, ElementsAre("example.net"));
  EXPECT_THAT(read("192.0.2.7").targets, ElementsAre("192.0.2.7"));
  EXPECT_THAT(read("2001:db8::7").targets, ElementsAre("2001:db8::7"));
}

TEST(Event, WhatIsNoJsonIsSaidToBeNone) {
  for (const char* event :
       {"{", "{\"target\":", "[", "hello world", "{\"target\":\"\xff\"}", "'a'", "-c 5"}) {
    EXPECT_THAT(error_of(event), HasSubstr("no JSON")) << event;
  }
}

TEST(Event, ShapeOtherThanAnObjectOrStringIsRefused) {
  for (const char* event : {"[]", "[\"a.example\"]", "17", "null", "true"}) error_of(event);
  EXPECT_THAT(error_of(""), HasSubstr("empty"));
  EXPECT_THAT(error_of(" \r\n"), HasSubstr("empty"));
}

TEST(Event, TargetMustBeThereAndNameHosts) {
  EXPECT_THAT(error_of("{}"), HasSubstr("no target"));
  EXPECT_THAT(error_of(R"({"target":[]})"), HasSubstr("no target"));
  for (const char* target :
       {R"("")", R"("a b")", R"("-c")", R"("a..b")", R"("a/b")", R"("127.1")", R"("x\u0000y")",
        R"("2130706433")", R"("bücher..example")", R"("[::1]")", R"("1.2.3.4:80")"}) {
    EXPECT_THAT(error_of(std::string(R"({"target":)") + target + "}"),
                HasSubstr("neither an address nor a name"))
        << target;
  }
  for (const char* target : {"7", "null", "{}", "[7]", R"([["a.example"]])", "true"}) {
    EXPECT_THAT(error_of(std::string(R"({"target":)") + target + "}"), HasSubstr("target")) << target;
  }
}

TEST(Event, LongestNameIsTakenAndALongerOneRefused) {
  std::string name;
  while (name.size() + 64 < 253) name += std::string(63, 'a') + '.';
  const std::string longest = name + std::string(253 - name.size(), 'b');
  EXPECT_THAT(read("\"" + longest + "\"").targets, ElementsAre(longest));
  error_of("\"" + longest + "b\"");
  error_of("\"" + std::string(64, 'a') + ".example\"");
}

TEST(Event, NamesMayHaveLettersBeyondAscii) {
  EXPECT_THAT(read(R"({"target":"bücher.example"})").targets, ElementsAre("bücher.example"));
  EXPECT_THAT(error_of("{\"target\":\"b\xfc"
                       "cher.example\"}"),
              HasSubstr("no JSON"));
}

TEST(Event, CountIsAWholeNumberFrom1To100) {
  EXPECT_EQ(read(R"({"target":"a.example","count":100})").count, 100u);
  for (const char* count :
       {"0", "-1", "101", "1.5", "1e2", "null", "[]", R"("ten")", R"("")", "18446744073709551617"}) {
    EXPECT_THAT(error_of(std::string(R"({"target":"a.example","count":)") + count + "}"), HasSubstr("count"))
        << count;
  }
}

TEST(Event, WaitsAreFromAMillisecondToAMinute) {
  EXPECT_EQ(read(R"({"target":"a.example","interval":0.001})").interval, milliseconds(1));
  EXPECT_EQ(read(R"({"target":"a.example","timeout":"1m"})").timeout, std::chrono::seconds(60));
  EXPECT_EQ(read(R"({"target":"a.example","timeout":"0.01h"})").timeout, std::chrono::seconds(36));
  EXPECT_EQ(read(R"({"target":"a.example","timeout":"2000µs"})").timeout, milliseconds(2));
  EXPECT_EQ(read(R"({"target":"a.example","timeout":".5"})").timeout, milliseconds(500));
  for (const char* wait :
       {"0", "0.0009", "61", R"("-1s")", R"("1h")", R"("s")", R"("nan")", R"("inf")", "1e999"}) {
    error_of(std::string(R"({"target":"a.example","interval":)") + wait + "}");
    error_of(std::string(R"({"target":"a.example","timeout":)") + wait + "}");
  }
}

TEST(Event, EveryTransportIsReadByTheNameItIsReportedBy) {
  for (const TransportKind kind :
       {TransportKind::automatic, TransportKind::icmp_datagram, TransportKind::icmp_raw}) {
    EXPECT_EQ(
        read(std::string(R"({"target":"a.example","transport":")") + std::string(to_string(kind)) + "\"}")
            .transport,
        kind);
  }
  EXPECT_THAT(error_of(R"({"target":"a.example","transport":"smoke"})"),
              HasSubstr("auto, icmp, raw, udp, tcp, tcp:PORT"));
  const Request with_port = read(R"({"target":"a.example","transport":"tcp:8443"})");
  EXPECT_EQ(with_port.transport, TransportKind::tcp);
  EXPECT_EQ(with_port.tcp_port, 8443);
  EXPECT_NE(error_of(R"({"target":"a.example","transport":"tcp:0"})"), "");
}

TEST(Event, SizeEndsAtOneEthernetFrame) {
  EXPECT_EQ(read(R"({"target":"a.example","size":1472})").size_bytes, 1472);
  error_of(R"({"target":"a.example","size":1473})");
}

TEST(Event, SixteenTargetsAndAHundredProbesAreTheMost) {
  const auto event = [](int targets, int count) {
    std::string text = R"({"count":)" + std::to_string(count) + R"(,"target":["h0.example")";
    for (int i = 1; i < targets; ++i) text += ",\"h" + std::to_string(i) + ".example\"";
    return text + "]}";
  };
  EXPECT_EQ(read(event(16, 6)).targets.size(), 16u);
  EXPECT_EQ(read(event(10, 10)).count, 10u);
  EXPECT_THAT(error_of(event(17, 1)), HasSubstr("more than 16 targets"));
  EXPECT_THAT(error_of(event(16, 7)), HasSubstr("more than 100 in all"));
  EXPECT_THAT(error_of(event(3'000, 1)), HasSubstr("more than 16 targets"));
}

TEST(Event, UnknownFieldIsNamed) {
  EXPECT_THAT(error_of(R"({"target":"a.example","cuont":3})"), HasSubstr("cuont"));
}

TEST(Event, LargerOrDeeperThanAnyEventIsRefusedUnread) {
  EXPECT_THAT(error_of("\"" + std::string(most_event_bytes, 'a') + "\""), HasSubstr("larger"));
  EXPECT_THAT(error_of(std::string(30'000, '[')), HasSubstr("no JSON"));
  EXPECT_THAT(error_of(std::string(20'000, '[') + std::string(20'000, ']')), HasSubstr("no JSON"));
}

// --- gateways

TEST(GatewayEvent, QueryParametersHoldTheEvent) {
  const auto parsed = parse_event(
      R"({"version":"2.0","rawPath":"/","requestContext":{"http":{"method":"GET"}},"headers":{"host":"x"},)"
      R"("queryStringParameters":{"target":"a.example,b.example","count":"3"},"isBase64Encoded":false})");
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_TRUE(parsed->from_gateway);
  EXPECT_THAT(parsed->request.targets, ElementsAre("a.example", "b.example"));
  EXPECT_EQ(parsed->request.count, 3u);
}

TEST(GatewayEvent, BodyComesBeforeParameters) {
  const auto parsed = parse_event(
      R"({"httpMethod":"POST","queryString":{"target":"no.example"},"body":"{\"target\":\"a.example\",\"count\":2}"})");
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_TRUE(parsed->from_gateway);
  EXPECT_THAT(parsed->request.targets, ElementsAre("a.example"));
  EXPECT_EQ(parsed->request.count, 2u);
}

TEST(GatewayEvent, TencentsParametersAreRead) {
  const auto parsed = parse_event(R"({"requestContext":{},"queryString":{"target":"a.example"},"body":""})");
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_THAT(parsed->request.targets, ElementsAre("a.example"));
}

TEST(GatewayEvent, BodyInBase64IsOpened) {
  // {"target":"a.example"}
  EXPECT_THAT(
      read(R"({"requestContext":{},"body":"eyJ0YXJnZXQiOiJhLmV4YW1wbGUifQ==","isBase64Encoded":true})")
          .targets,
      ElementsAre("a.example"));
  EXPECT_THAT(error_of(R"({"requestContext":{},"body":"e*","isBase64Encoded":true})"), HasSubstr("base64"));
}

TEST(GatewayEvent, WithoutAnyEventHasNoTarget) {
  EXPECT_THAT(error_of(R"({"requestContext":{},"body":null,"queryStringParameters":null})"),
              HasSubstr("no target"));
}

TEST(GatewayEvent, ABrokenOneIsStillOneOfAGateway) {
  EXPECT_TRUE(is_gateway_event(R"({"requestContext":{},"body":"{"})"));
  EXPECT_FALSE(is_gateway_event(R"({"target":"a.example"})"));
  EXPECT_FALSE(is_gateway_event("{"));
}

TEST(GatewayEvent, WithinAnotherIsNotOpened) {
  error_of(R"({"requestContext":{},"body":"{\"requestContext\":{},\"body\":\"a.example\"}"})");
}

// --- query strings

TEST(Query, IsReadLikeAnEvent) {
  const auto request =
      parse_query("target=a.example&count=2&interval=10ms&target=2001%3adb8%3A%3a1,b.example");
  ASSERT_TRUE(request) << request.error().message();
  EXPECT_THAT(request->targets, ElementsAre("a.example", "2001:db8::1", "b.example"));
  EXPECT_EQ(request->count, 2u);
  EXPECT_EQ(request->interval, milliseconds(10));
}

TEST(Query, WithoutATargetOrWithABrokenEscapeIsRefused) {
  for (const char* query : {"", "count=2", "target=", "target", "target=a%2", "target=%zz",
                            "target=a.example&x=1", "target=a%00b", "&&&", "target=,"}) {
    EXPECT_FALSE(parse_query(query)) << query;
  }
}

TEST(TextValues, Base64IsReadWithAndWithoutPadding) {
  EXPECT_EQ(base64_decoded("Zm9vYg=="), "foob");
  EXPECT_EQ(base64_decoded("Zm9vYg"), "foob");
  EXPECT_EQ(base64_decoded("Zm9vYmFy"), "foobar");
  EXPECT_EQ(base64_decoded(""), "");
  EXPECT_FALSE(base64_decoded("Zm9vY"));
  EXPECT_FALSE(base64_decoded("Zm=v"));
}

}  // namespace
}  // namespace sonde::function
