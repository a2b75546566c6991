// reach_test.cpp: the ways of asking where the better ones are closed, against a real kernel at the other end.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>

#include "lab/sanitized.hpp"
#include "trouble/program.hpp"

namespace sonde::trouble {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Two kernels; the far one answers every port unreachable, not one a second.
class Reach : public ::testing::Test {
 protected:
  Reach() {
    pair_.near().open_ping_sockets(false);
    pair_.far().set_sysctl("net.ipv4.icmp_ratelimit", "0");
    pair_.far().set_sysctl("net.ipv4.icmp_ratemask", "0");
    pair_.far().set_sysctl("net.ipv6.icmp.ratelimit", "0");
  }
  const Words both_ = {"10.78.0.2", "fd78::2"};
  VethPair pair_;
};

TEST_F(Reach, UdpIsTakenWhereIcmpIsClosedAndSaysWhy) {
  const SondeRun run = read_run(pair_.near().run(sonde_json(Words{"-c", "5", "-i", "10ms"} + both_)), 0);
  expect_balanced(run);
  expect_all_answered(run, both_, 5);
  EXPECT_EQ(run.start["transport"], "udp");
  for (const auto& family : run.start["families"]) {
    EXPECT_EQ(family["clock"], "kernel");
    EXPECT_THAT(family["reason"].get<std::string>(),
                AllOf(HasSubstr("ping sockets EACCES ("), HasSubstr("raw sockets EPERM (needs CAP_NET_RAW")));
  }
}

TEST_F(Reach, ByUdpNobodyIsAskedMoreThanALinuxHostAnswers) {
  pair_.far().set_sysctl("net.ipv4.icmp_ratelimit", "1000");
  pair_.far().set_sysctl("net.ipv4.icmp_ratemask", "6168");
  // As fast as it is told, six answers come and no more.
  const Finished hurried =
      pair_.near().run(sonde_json({"--unpaced", "-i", "20ms", "-c", "20", "-W", "300ms", "10.78.0.2"}));
  EXPECT_LE(read_run(hurried, 0).summary_of("10.78.0.2")->received, 8u);
  EXPECT_THAT(hurried.errors, HasSubstr("the loss is probably that limit, not the network's"));
  const SondeRun paced =
      read_run(pair_.near().run(sonde_json({"-i", "20ms", "-w", "1200ms", "10.78.0.2"})), 0);
  EXPECT_LE(paced.summary_of("10.78.0.2")->sent, 2u);
  EXPECT_THAT(paced.start["families"][0]["reason"].get<std::string>(), HasSubstr("--unpaced"));
}

TEST_F(Reach, ManyTargetsByUdpLoseNothing) {
  pair_.far().ip("route add local 10.99.0.0/22 dev lo\n");
  pair_.near().ip("route add 10.99.0.0/22 via 10.78.0.2\n");
  pair_.far().set_sysctl("net.ipv4.icmp_msgs_per_sec", "1000000");
  const SondeRun run = read_run(
      pair_.near().run(sonde_json({"--transport", "udp", "-c", "2", "-i", "500ms", "-g", "10.99.0.0/22"})),
      0);
  expect_balanced(run);
  EXPECT_EQ(run.summaries.size(), 1022u);
  for (const SondeSummary& summary : run.summaries) EXPECT_EQ(summary.received, 2u) << summary.address;
}

// With the kernel's own limit on what a host sends in all, and none on what one asker gets.
TEST_F(Reach, ByUdpAThousandAddressesOfOneHostAreAskedNoFasterThanItAnswers) {
  pair_.far().ip("route add local 10.99.0.0/22 dev lo\n");
  pair_.near().ip("route add 10.99.0.0/22 via 10.78.0.2\n");
  pair_.far().set_sysctl("net.ipv4.icmp_msgs_per_sec", "1000");
  pair_.far().set_sysctl("net.ipv4.icmp_ratemask", "6168");
  const SondeRun run = read_run(pair_.near().run(sonde_json({"--transport", "udp", "-q", "-c", "1", "-i", "0",
                                                             "-W", "5s", "-g", "10.99.0.0/22"})),
                                0);
  expect_balanced(run, false);
  EXPECT_EQ(run.end->probes, 1022u);
  EXPECT_THAT(run.start["families"][0]["reason"].get<std::string>(), HasSubstr("800 times a second"));
}

// Faster than it answers; a sanitized program is not.
TEST_F(Reach, UnpacedLossThatLooksLikeOneHostsLimitInAllIsCalledSo) {
  if (lab::sanitized) GTEST_SKIP() << "a sanitized program asks too slowly to meet the limit";
  pair_.far().ip("route add local 10.99.0.0/22 dev lo\n");
  pair_.near().ip("route add 10.99.0.0/22 via 10.78.0.2\n");
  pair_.far().set_sysctl("net.ipv4.icmp_msgs_per_sec", "1000");
  pair_.far().set_sysctl("net.ipv4.icmp_ratemask", "6168");
  const Finished finished = pair_.near().run(sonde(
      {"--transport", "udp", "--unpaced", "-q", "-c", "1", "-i", "0", "-W", "100ms", "-g", "10.99.0.0/22"}));
  EXPECT_THAT(finished.errors,
              HasSubstr("all targets together gave as many answers by UDP as one Linux host"));
}

TEST_F(Reach, WhatTheFarEndDropsIsLost) {
  pair_.far().nft(
      "table inet lab { chain in { type filter hook input priority 0; udp dport 49152-65535 drop; }; }");
  const SondeRun run = read_run(pair_.near().run(sonde_json({"--transport", "udp", "-c", "2", "-i", "10ms",
                                                             "-W", "200ms", "10.78.0.2"})),
                                1);
  expect_balanced(run);
  EXPECT_EQ(run.summary_of("10.78.0.2")->lost, 2u);
}

TEST_F(Reach, TcpIsAnsweredByClosedPortsWithoutPrivilege) {
  const SondeRun run = read_run(
      pair_.near().run(sonde_json(Words{"--transport", "tcp:8099", "-c", "5", "-i", "10ms"} + both_)), 0);
  expect_balanced(run);
  expect_all_answered(run, both_, 5);
  EXPECT_EQ(run.start["transport"], "tcp");
}

TEST_F(Reach, AThousandTcpTargetsFitIntoFewDescriptors) {
  pair_.far().ip("route add local 10.99.0.0/22 dev lo\n");
  pair_.near().ip("route add 10.99.0.0/22 via 10.78.0.2\n");
  Command command = sonde_json({"--transport", "tcp:8099", "-c", "1", "-i", "0", "-g", "10.99.0.0/22"});
  command.descriptor_limit = 64;
  const SondeRun run = read_run(pair_.near().run(std::move(command)), 0);
  expect_balanced(run);
  EXPECT_EQ(run.end->probes, 1022u);
}

TEST_F(Reach, AWayThatNobodyAnswersIsLeftForTheNextThatSomebodyDoes) {
  pair_.near().open_ping_sockets(true);
  pair_.far().nft(
      "table inet lab { chain in { type filter hook input priority 0; icmp type echo-request drop; icmpv6 "
      "type "
      "echo-request drop; }; }");
  const Finished finished = pair_.near().run(
      sonde_json({"-i", "20ms", "-W", "100ms", "-c", "5", "10.78.0.2", "10.78.0.3", "fd78::2"}));
  EXPECT_THAT(finished.errors,
              HasSubstr("IPv4: asked by udp from here on, as nobody answered 3 probes by icmp"));
  const SondeRun run = read_run(finished, 1);
  int by_icmp = 0, by_udp = 0;
  for (const SondeSummary& summary : run.summaries) {
    if (summary.transport == "icmp") {
      ++by_icmp;
      EXPECT_EQ(summary.received, 0u);
    } else if (summary.address == "10.78.0.2") {
      ++by_udp;
      EXPECT_EQ(summary.transport, "udp");
      EXPECT_EQ(summary.received, 5u) << "with all its probes anew";
    }
  }
  EXPECT_EQ(by_icmp, 3) << "both families";
  EXPECT_EQ(by_udp, 1);
}

TEST_F(Reach, WhereOnlyTcpIsLeftOutThatIsFound) {
  pair_.near().open_ping_sockets(true);
  pair_.near().nft(
      "table inet lab { chain out { type filter hook output priority 0; ip protocol { icmp, udp } drop; }; "
      "}");
  const SondeRun run =
      read_run(pair_.near().run(sonde_json({"-i", "20ms", "-W", "100ms", "-c", "5", "10.78.0.2"})), 0);
  ASSERT_EQ(run.summaries.size(), 2u) << "also for one target, as this host itself refuses";
  EXPECT_EQ(run.summaries[0].local, run.summaries[0].sent);
  EXPECT_EQ(run.summaries[1].transport, "tcp");
  EXPECT_EQ(run.summaries[1].received, 5u);
}

TEST_F(Reach, AFilterOfThisHostIsLeftForOneTargetTooThoughPingSocketsOfIpv6AreNotToldOfIt) {
  pair_.near().open_ping_sockets(true);
  pair_.near().nft(
      "table inet lab { chain out { type filter hook output priority 0; icmpv6 type echo-request drop; }; }");
  const Finished finished = pair_.near().run(sonde_json({"-i", "20ms", "-W", "100ms", "-c", "4", "fd78::2"}));
  EXPECT_THAT(finished.errors, HasSubstr("nor was one stamped as sent: a packet filter of this host"));
  const SondeRun run = read_run(finished, 0);
  ASSERT_EQ(run.summaries.size(), 2u);
  EXPECT_EQ(run.summaries[1].transport, "udp");
  EXPECT_EQ(run.summaries[1].received, 4u);
}

TEST_F(Reach, WhatOpensAWayIsNotRuledOutByWhatSondeItselfGaveUp) {
  const Finished finished = pair_.near().run(sonde({"--transport", "raw", "10.78.0.2"}));
  EXPECT_THAT(finished.errors, HasSubstr("sudo setcap cap_net_raw+p "));
  EXPECT_THAT(finished.errors, ::testing::Not(HasSubstr("no_new_privs")));
}

TEST_F(Reach, OneSilentTargetIsAskedByOtherWaysOnlyWhenToldTo) {
  pair_.near().open_ping_sockets(true);
  pair_.far().nft(
      "table inet lab { chain in { type filter hook input priority 0; icmp type echo-request drop; }; }");
  const Words words{"-i", "20ms", "-W", "100ms", "-c", "5", "10.78.0.2"};
  const SondeRun silent = read_run(pair_.near().run(sonde_json(words)), 1);
  EXPECT_EQ(silent.summaries.size(), 1u);
  const SondeRun found = read_run(pair_.near().run(sonde_json(words + Words{"--try-all"})), 0);
  ASSERT_EQ(found.summaries.size(), 2u);
  EXPECT_EQ(found.summaries[1].received, 5u);
}

std::string status_of(const Process& process) {
  std::ifstream status(fmt::format("/proc/{}/status", process.id()));
  return {std::istreambuf_iterator<char>(status), {}};
}

TEST_F(Reach, WhileItMeasuresRootHasNoPrivilegeLeft) {
  pair_.near().open_ping_sockets(true);
  for (const Words& words : {Words{"--transport", "icmp"}, Words{"--transport", "icmp", "-m", "7"},
                             Words{"--transport", "raw", "-m", "7"}, Words{"--transport", "udp", "--unpaced"},
                             Words{"--transport", "tcp:8099"}, Words{}}) {
    Process process =
        pair_.near().start(sonde_json(words + Words{"-i", "5ms", "10.78.0.2", "localhost"}, User::root));
    ASSERT_TRUE(process.wait_for_output("\"seq\":3")) << process.errors();
    EXPECT_THAT(status_of(process),
                AllOf(HasSubstr("CapEff:\t0000000000000000"), HasSubstr("CapPrm:\t0000000000000000"),
                      HasSubstr("NoNewPrivs:\t1")))
        << ::testing::PrintToString(words);
    process.signal(SIGINT);
    EXPECT_EQ(process.wait().status, 0);
  }
}

// A handshake takes a socket of its own, and a mark a capability.
TEST_F(Reach, MarkedHandshakesKeepWhatAMarkTakesPermittedAndNotInForce) {
  Process process = pair_.near().start(
      sonde_json({"--transport", "tcp:8099", "-i", "5ms", "-m", "7", "10.78.0.2"}, User::root));
  ASSERT_TRUE(process.wait_for_output("\"seq\":3")) << process.errors();
  EXPECT_THAT(status_of(process),
              AllOf(HasSubstr("CapEff:\t0000000000000000"), HasSubstr("CapPrm:\t0000000000003000")));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait().status, 0);
}

TEST_F(Reach, WithoutAnyRouteEveryProbeSaysThatItDidNotLeave) {
  pair_.near().open_ping_sockets(true);
  const SondeRun run =
      read_run(pair_.near().run(sonde_json({"-i", "20ms", "-c", "4", "203.0.113.1", "2001:db8:3::1"})), 1);
  expect_balanced(run);
  for (const SondeSummary& summary : run.summaries) EXPECT_EQ(summary.local, 4u) << summary.address;
  for (const SondeEvent& event : run.events) EXPECT_EQ(event.event, "local");
}

TEST_F(Reach, WithIpv6AloneThatIsAsked) {
  pair_.near().ip("addr del 10.78.0.1/24 dev near0\n");
  const SondeRun run = read_run(pair_.near().run(sonde_json({"-i", "20ms", "-c", "3", "fd78::2"})), 0);
  expect_all_answered(run, {"fd78::2"}, 3);
  EXPECT_EQ(run.start["transport"], "udp");
}

TEST_F(Reach, WhatAWayCannotDoIsRefusedWithItsReason) {
  const auto refusal = [&](Words words) {
    const Finished finished = pair_.near().run(sonde(words + Words{"10.78.0.2"}));
    EXPECT_EQ(finished.status, 2) << finished.output;
    return finished.errors;
  };
  EXPECT_THAT(refusal({"--transport", "tcp", "-s", "100"}),
              HasSubstr("--size: a TCP handshake carries no data"));
  EXPECT_THAT(refusal({"--transport", "tcp:0"}), HasSubstr("tcp: "));
  EXPECT_THAT(refusal({"--transport", "tcp", "--clock", "hardware"}), HasSubstr("--clock: "));
  EXPECT_THAT(refusal({"--transport", "udp", "--pcap", "/dev/null"}), HasSubstr("--pcap: "));
}

TEST_F(Reach, OptionsOfTheNetworkHoldForEveryWay) {
  pair_.far().nft(
      "table inet lab {\n counter marked { }\n chain in {\n type filter hook input priority 0;\n"
      " ip ttl 7 ip dscp cs4 ip saddr 10.78.0.1 counter name marked\n }\n}\n");
  for (const char* way : {"udp", "tcp:8099"}) {
    const SondeRun run =
        read_run(pair_.near().run(sonde_json({"--transport", way, "-c", "2", "-i", "10ms", "-t", "7", "-Q",
                                              "cs4", "-S", "10.78.0.1", "-I", "near0", "10.78.0.2"})),
                 0);
    expect_all_answered(run, {"10.78.0.2"}, 2);
  }
  EXPECT_THAT(pair_.far().run({.arguments = {"nft", "list", "counter", "inet", "lab", "marked"}}).output,
              HasSubstr("packets 4 "));
}

}  // namespace
}  // namespace sonde::trouble
