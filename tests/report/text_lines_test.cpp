// text_lines_test.cpp: what -v adds to a line: the IP header of the answer.
#include "report/text_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>

namespace sonde::report {
namespace {

using testing::HasSubstr;
using testing::Not;

Event answer() {
  Event event;
  event.kind = EventKind::reply;
  event.address = Address::parse("192.0.2.1").value();
  event.from = event.address;
  event.ttl = 57;
  event.tos = 0xb8;
  return event;
}

std::string detail(const Event& event) {
  return detail_text(event, LineContext{});
}

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

TEST(DetailText, DecodesTheHeaderOfTheAnswer) {
  Event event = answer();
  event.ip_identification = 4711;
  event.dont_fragment = true;
  EXPECT_THAT(detail(event),
              HasSubstr("IPv4 from 192.0.2.1, TTL 57, TOS 0xb8 (DSCP 46, ECN 0), id 4711, do not fragment"));
}

TEST(DetailText, SaysNothingOfAnIdentificationThatAPingSocketDoesNotTell) {
  EXPECT_THAT(detail(answer()), Not(HasSubstr("id ")));
}

TEST(DetailText, ShowsTheHopsThatARecordedRouteHas) {
  Event event = answer();
  // Room for three hops, two filled in.
  event.ip_options = bytes({7, 15, 12, 10, 0, 0, 1, 10, 0, 0, 2, 0, 0, 0, 0, 0});
  EXPECT_THAT(detail(event), HasSubstr("record route 10.0.0.1 10.0.0.2"));
  EXPECT_THAT(detail(event), Not(HasSubstr("0.0.0.0")));
}

TEST(DetailText, ShowsTimeStampsWithTheAddressesTheyAreOf) {
  Event event = answer();
  event.ip_options = bytes({68, 12, 13, 1, 10, 0, 0, 1, 0, 0, 3, 0xe8});
  EXPECT_THAT(detail(event), HasSubstr("time stamps 10.0.0.1 1000 ms"));
  event.ip_options = bytes({68, 12, 13, 0, 0, 0, 0, 5, 0, 0, 3, 0xe8});
  EXPECT_THAT(detail(event), HasSubstr("time stamps 5 ms 1000 ms"));
}

TEST(DetailText, SurvivesOptionsThatLieAboutThemselves) {
  Event event = answer();
  event.ip_options = bytes({7, 7, 255, 10, 0, 0, 1});
  EXPECT_THAT(detail(event), HasSubstr("record route 10.0.0.1"));
  event.ip_options = bytes({7, 2, 68, 2, 200, 4, 0, 0});
  EXPECT_THAT(detail(event), HasSubstr("record route, time stamps, option 200"));
}

}  // namespace
}  // namespace sonde::report
