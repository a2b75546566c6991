// scenario_test.cpp: that scenarios mean what they say, and that nonsense is refused by line.
#include "lab/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace sonde::lab {
namespace {

using namespace std::chrono_literals;

HostAddress address(std::string_view text) {
  return HostAddress::parse(text).value();
}

Behaviour behaviour(const std::string& statements, std::uint64_t probe = 1) {
  const Scenario scenario = Scenario::parse("host 10.0.0.1\n" + statements);
  return scenario.find(address("10.0.0.1"))->behaviour(probe);
}

std::string complaint(std::string_view text) {
  try {
    Scenario::parse(text);
    return "";
  } catch (const ScenarioError& error) {
    return error.what();
  }
}

TEST(Scenario, HostsAreNamedByAddressRangeAndPrefixInBothFamilies) {
  const Scenario scenario = Scenario::parse("host 10.0.0.1 10.0.1.5-10.0.1.9 10.0.2.0/24 fd77::/64 ; ttl 9");
  for (const char* inside :
       {"10.0.0.1", "10.0.1.5", "10.0.1.9", "10.0.2.0", "10.0.2.255", "fd77::1", "fd77::ffff:1"}) {
    EXPECT_NE(scenario.find(address(inside)), nullptr) << inside;
  }
  for (const char* outside : {"10.0.0.2", "10.0.1.4", "10.0.1.10", "10.0.3.0", "fd78::1", "fd77:0:0:1::"}) {
    EXPECT_EQ(scenario.find(address(outside)), nullptr) << outside;
  }
}

TEST(Scenario, ALaterBlockTakesAnAddressOver) {
  const Scenario scenario = Scenario::parse("host 10.0.0.0/8\n ttl 1\nhost 10.0.0.5\n ttl 2\n");
  EXPECT_EQ(scenario.find(address("10.0.0.4"))->base.ttl, 1);
  EXPECT_EQ(scenario.find(address("10.0.0.5"))->base.ttl, 2);
}

TEST(Scenario, CommentsBlankLinesAndCarriageReturnsMeanNothing) {
  const Scenario scenario = Scenario::parse("# all\r\n\r\nhost 10.0.0.1 # one\r\n  ttl 3\r\n");
  EXPECT_EQ(scenario.find(address("10.0.0.1"))->base.ttl, 3);
}

TEST(Scenario, EveryBehaviourIsRead) {
  const Behaviour read = behaviour(
      "delay uniform 1ms 2.5ms; late 1.5s; loss 10%; reorder every 3 by 15ms; duplicates 2 spacing 300us;"
      "source 10.0.0.9 fd77::9; checksum broken; alter payload; alter byte 20; cut 8; cut to 4; append 16;"
      "identifier 4242; identifier +1; sequence +2; forged 3 before 2ms; options timestamp; ttl 57; tos 0x20;"
      "dies after 5; dies after 300ms; flaps up 3 down 2; udp closed; tcp closed; tcp open 443; node 1; node "
      "0 flags 1 data 00ff");
  EXPECT_EQ(read.delay.kind, Delay::Kind::uniform);
  EXPECT_EQ(read.delay.first, 1ms);
  EXPECT_EQ(read.delay.second, 2500us);
  EXPECT_EQ(read.late, 1500ms);
  EXPECT_DOUBLE_EQ(read.loss.ratio, 0.1);
  EXPECT_EQ(read.reorder.every, 3u);
  EXPECT_EQ(read.reorder_by, 15ms);
  EXPECT_EQ(read.duplicates, 2u);
  EXPECT_EQ(read.duplicate_spacing, 300us);
  EXPECT_EQ(read.source.v4, address("10.0.0.9"));
  EXPECT_EQ(read.source.v6, address("fd77::9"));
  EXPECT_TRUE(read.broken_checksum);
  EXPECT_TRUE(read.alter_payload);
  EXPECT_EQ(read.alter_byte, 20);
  EXPECT_EQ(read.cut_bytes, 8);
  EXPECT_EQ(read.cut_to, 4);
  EXPECT_EQ(read.append_bytes, 16);
  EXPECT_EQ(read.identifier, 4242);
  EXPECT_EQ(read.identifier_shift, 1);
  EXPECT_EQ(read.sequence_shift, 2);
  EXPECT_EQ(read.forged, 3u);
  EXPECT_EQ(read.forged_before, 2ms);
  EXPECT_EQ(read.ip_option, IpOption::timestamp);
  EXPECT_EQ(read.ttl, 57);
  EXPECT_EQ(read.tos, 0x20);
  EXPECT_EQ(read.dies_after_probes, 5u);
  EXPECT_EQ(read.dies_after, 300ms);
  EXPECT_EQ(read.flap_up, 3u);
  EXPECT_EQ(read.flap_down, 2u);
  EXPECT_TRUE(read.udp_closed);
  EXPECT_TRUE(read.tcp_closed);
  EXPECT_EQ(read.tcp_open_port, 443);
}

TEST(Scenario, ErrorsAreNamedForBothFamiliesOrNumbered) {
  const Behaviour named = behaviour("error host-unreachable from 10.0.0.9 fd77::9 quote whole");
  EXPECT_EQ(named.error->v4, (IcmpCode{3, 1}));
  EXPECT_EQ(named.error->v6, (IcmpCode{1, 3}));
  EXPECT_EQ(named.error->from.v4, address("10.0.0.9"));
  EXPECT_EQ(named.error->quoted_bytes, std::nullopt);
  const Behaviour numbered = behaviour("error 3/4 mtu 1400 quote 28");
  EXPECT_EQ(numbered.error->v4, (IcmpCode{3, 4}));
  EXPECT_EQ(numbered.error->mtu, 1400u);
  EXPECT_EQ(numbered.error->quoted_bytes, 28);
  EXPECT_EQ(behaviour("error beyond-scope").error->v4, std::nullopt);
}

TEST(Scenario, ConditionsPickProbes) {
  const std::string text = "probe 3: silence; probe 5-6: silence; probe 9-: silence; probe every 4: ttl 4";
  for (const std::uint64_t probe : {3u, 5u, 6u, 9u, 100u})
    EXPECT_TRUE(behaviour(text, probe).silence) << probe;
  for (const std::uint64_t probe : {1u, 2u, 4u, 7u, 8u})
    EXPECT_FALSE(behaviour(text, probe).silence) << probe;
  EXPECT_EQ(behaviour(text, 8).ttl, 4);
  EXPECT_EQ(behaviour(text, 7).ttl, 64);
}

TEST(Scenario, HopsPickProbesByTheirTtl) {
  const Scenario scenario = Scenario::parse("host 10.0.0.1; ttl 9; hop 2: silence; hop 2: ttl 4");
  const HostBlock& host = *scenario.find(address("10.0.0.1"));
  EXPECT_TRUE(host.behaviour(1, 2).silence);
  EXPECT_EQ(host.behaviour(7, 2).ttl, 4);
  EXPECT_FALSE(host.behaviour(1, 3).silence);
  EXPECT_EQ(host.behaviour(2, 1).ttl, 9);
}

TEST(Scenario, ErrorsCarryLabels) {
  const Behaviour read = behaviour("error ttl-exceeded mpls 24015/3/1 17/0/254 unmarked from 10.0.0.9");
  EXPECT_THAT(read.error->label_stack,
              testing::ElementsAre(24015u << 12 | 3u << 9 | 1u, 17u << 12 | 1u << 8 | 254u));
  EXPECT_TRUE(read.error->unmarked_extensions);
  EXPECT_EQ(read.error->from.v4, address("10.0.0.9"));
  EXPECT_FALSE(behaviour("error ttl-exceeded mpls 1/0/1").error->unmarked_extensions);
  for (const char* text :
       {"error ttl-exceeded mpls", "error ttl-exceeded mpls 5", "error ttl-exceeded mpls 5/1",
        "error ttl-exceeded mpls 1048576/0/1", "error ttl-exceeded mpls 1/8/1",
        "error ttl-exceeded mpls 1/0/256", "hop 2 silence", "hop 256: silence"})
    EXPECT_THROW(behaviour(text), ScenarioError) << text;
}

TEST(Scenario, TheLastStatementThatAppliesHolds) {
  EXPECT_FALSE(behaviour("silence; probe 2: answer", 2).silence);
  EXPECT_TRUE(behaviour("silence; probe 2: answer", 1).silence);
  EXPECT_TRUE(behaviour("probe 2: answer; silence", 2).silence);
  EXPECT_FALSE(behaviour("error 3/1; probe 2: answer", 2).error.has_value());
}

TEST(Scenario, NonsenseIsRefusedWithItsLine) {
  EXPECT_THAT(complaint("\nhost 10.0.0.1\n  wobble 3"),
              testing::HasSubstr("line 3: unknown behaviour 'wobble'"));
  for (const char* text :
       {"ttl 3", "host", "host 10.0.0", "host 10.0.0.9-10.0.0.1", "host 10.0.0.1-fd77::1", "host 10.0.0.0/33",
        "host 10.0.0.1; delay", "host 10.0.0.1; delay 5", "host 10.0.0.1; delay -5ms",
        "host 10.0.0.1; delay xs", "host 10.0.0.1; loss 101%", "host 10.0.0.1; ttl 256",
        "host 10.0.0.1; ttl 5 6", "host 10.0.0.1; probe 0: silence", "host 10.0.0.1; probe 5-3: silence",
        "host 10.0.0.1; error nothing", "host 10.0.0.1; source nowhere", "host 10.0.0.1; flaps up 0 down 0",
        "host 10.0.0.1; sequence 4"}) {
    EXPECT_THAT(complaint(text), testing::HasSubstr("line 1: ")) << text;
  }
}

TEST(Sample, RepeatsWithTheSeedAndDiffersWithout) {
  const Delay delay{Delay::Kind::uniform, 0ms, 1000ms};
  const HostAddress host = address("10.0.0.1");
  EXPECT_EQ(sample(delay, 1, host, 5), sample(delay, 1, host, 5));
  EXPECT_NE(sample(delay, 1, host, 5), sample(delay, 2, host, 5));
  EXPECT_NE(sample(delay, 1, host, 5), sample(delay, 1, host, 6));
  EXPECT_NE(sample(delay, 1, host, 5), sample(delay, 1, address("10.0.0.2"), 5));
}

TEST(Sample, DistributionsHaveTheirMoments) {
  const HostAddress host = address("10.0.0.1");
  const auto moments = [&](Delay delay) {
    double sum = 0, squares = 0;
    constexpr int count = 20'000;
    for (std::uint64_t probe = 1; probe <= count; ++probe) {
      const double value = std::chrono::duration<double, std::milli>(sample(delay, 1, host, probe)).count();
      sum += value;
      squares += value * value;
    }
    const double mean = sum / count;
    return std::pair(mean, std::sqrt(squares / count - mean * mean));
  };
  const auto [uniform_mean, uniform_deviation] = moments({Delay::Kind::uniform, 10ms, 20ms});
  EXPECT_NEAR(uniform_mean, 15, 0.1);
  EXPECT_NEAR(uniform_deviation, 10 / std::sqrt(12), 0.1);
  const auto [normal_mean, normal_deviation] = moments({Delay::Kind::normal, 50ms, 5ms});
  EXPECT_NEAR(normal_mean, 50, 0.2);
  EXPECT_NEAR(normal_deviation, 5, 0.1);
  const auto [exponential_mean, exponential_deviation] = moments({Delay::Kind::exponential, 10ms, 4ms});
  EXPECT_NEAR(exponential_mean, 14, 0.15);
  EXPECT_NEAR(exponential_deviation, 4, 0.15);
}

TEST(Share, HitsItsRatioOrEveryNth) {
  const HostAddress host = address("10.0.0.1");
  int random = 0, every = 0;
  for (std::uint64_t probe = 1; probe <= 10'000; ++probe) {
    random += hits({0.1, 0}, 1, host, probe, 1) ? 1 : 0;
    every += hits({0, 4}, 1, host, probe, 1) ? 1 : 0;
  }
  EXPECT_NEAR(random, 1000, 120);
  EXPECT_EQ(every, 2500);
  EXPECT_FALSE(hits({}, 1, host, 1, 1));
}

}  // namespace
}  // namespace sonde::lab
