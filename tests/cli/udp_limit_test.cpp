// udp_limit_test.cpp: what looks like a host's limit on port unreachables, and what does not.
#include "cli/udp_limit.hpp"

#include <gtest/gtest.h>

namespace sonde::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Figures figures(std::uint64_t sent, std::uint64_t received) {
  Figures result;
  result.sent = sent;
  result.received = received;
  result.lost = sent - received;
  return result;
}

TEST(UdpLimit, SixAnswersAndOneASecondLookLikeIt) {
  EXPECT_TRUE(looks_limited(figures(20, 6), milliseconds(400)));
  EXPECT_TRUE(looks_limited(figures(1000, 15), seconds(9)));
}

TEST(UdpLimit, LossOfAnotherKindDoesNot) {
  EXPECT_FALSE(looks_limited(figures(20, 20), milliseconds(400))) << "nothing is lost";
  EXPECT_FALSE(looks_limited(figures(20, 15), milliseconds(400)))
      << "more answers than the limit lets through";
  EXPECT_FALSE(looks_limited(figures(20, 3), milliseconds(400))) << "fewer";
  EXPECT_FALSE(looks_limited(figures(10, 9), seconds(10))) << "asked no faster than that";
  EXPECT_FALSE(looks_limited(figures(20, 0), seconds(1)));
}

bool limited_together(const Figures& each, int targets, Nanoseconds elapsed, Nanoseconds waited) {
  UdpLimits limits(elapsed, waited);
  for (int i = 0; i < targets; ++i) limits.hear(each);
  return limits.limited_together();
}

// So many targets asked once, of which some answered.
bool limited_once(int targets, int answering, Nanoseconds asking = milliseconds(10)) {
  UdpLimits limits(asking + milliseconds(100), milliseconds(100));
  for (int i = 0; i < targets; ++i) limits.hear(figures(1, i < answering ? 1 : 0));
  return limits.limited_together();
}

TEST(UdpLimits, WhatOneHostGivesInAllIsSeen) {
  EXPECT_TRUE(limited_once(1022, 6)) << "to one asker";
  EXPECT_TRUE(limited_once(1022, 42));
  EXPECT_TRUE(limited_once(1022, 64));
  EXPECT_TRUE(limited_together(figures(100, 20), 500, seconds(11), seconds(1)));
}

TEST(UdpLimits, OtherLossOfManyIsNot) {
  EXPECT_FALSE(limited_once(1022, 900));
  EXPECT_FALSE(limited_once(1022, 20));
  EXPECT_FALSE(limited_once(1022, 0));
  EXPECT_FALSE(limited_once(10, 6)) << "few targets, of which some are down";
  EXPECT_FALSE(limited_together(figures(100, 95), 105, seconds(11), seconds(1))) << "hardly any loss";
}

TEST(UdpLimits, WhereATargetIsAnsweredEveryTimeTheOthersAreSilentForAnotherReason) {
  UdpLimits limits(seconds(10), seconds(1));
  limits.hear(figures(10, 10));
  for (int i = 0; i < 99; ++i) limits.hear(figures(10, 0));
  EXPECT_FALSE(limits.limited_together());
}

}  // namespace
}  // namespace sonde::cli
