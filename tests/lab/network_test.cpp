// network_test.cpp: that the simulated network, the veth pair and the way programs are run in them do what
// they say.
#include "lab/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <string>

#include "lab/tap.hpp"

namespace sonde::lab {
namespace {

using testing::HasSubstr;

Command ping(std::string address, std::vector<std::string> options = {}) {
  Command command{.arguments = {"ping", "-n", "-i", "0.01", "-c", "3", "-W", "0.3"}};
  command.arguments.insert(command.arguments.end(), options.begin(), options.end());
  command.arguments.push_back(std::move(address));
  return command;
}

TEST(Process, ReportsStatusAndBothOutputs) {
  const Finished finished =
      Process({.arguments = {"sh", "-c", "cat; echo no >&2; exit 3"}, .input = "yes"}).wait();
  EXPECT_EQ(finished.status, 3);
  EXPECT_EQ(finished.output, "yes");
  EXPECT_EQ(finished.errors, "no\n");
  EXPECT_FALSE(finished.timed_out);
}

TEST(Process, IsKilledWhenItsTimeIsUp) {
  const Finished finished =
      Process({.arguments = {"sleep", "60"}, .time_limit = std::chrono::milliseconds(50)}).wait();
  EXPECT_TRUE(finished.timed_out);
  EXPECT_EQ(finished.signal, SIGKILL);
}

TEST(Process, TakesSignalsAndCanBeAwaited) {
  Process process(
      {.arguments = {"sh", "-c", "trap 'echo term; exit 5' TERM; echo ready; while :; do sleep 0.01; done"}});
  ASSERT_TRUE(process.wait_for_output("ready"));
  process.signal(SIGTERM);
  const Finished finished = process.wait();
  EXPECT_EQ(finished.status, 5);
  EXPECT_THAT(finished.output, HasSubstr("term"));
}

TEST(Process, ThatDoesNotExistIsALabError) {
  EXPECT_THROW(Process({.arguments = {"no-such-program"}}), LabError);
}

TEST(Process, DescriptorLimitHolds) {
  const Finished finished = Process({.arguments = {"sh", "-c", "ulimit -n"}, .descriptor_limit = 20}).wait();
  EXPECT_EQ(finished.output, "20\n");
}

TEST(Namespace, OrdinaryUserHasNoCapabilities) {
  const Namespace space;
  const Finished finished = space.run(
      {.arguments = {"sh", "-c", "grep -E '^Cap(Eff|Prm)' /proc/self/status"}, .user = User::ordinary});
  EXPECT_EQ(finished.output, "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n");
}

TEST(Namespace, PingSocketsAreClosedUntilOpened) {
  const Namespace space;
  const auto range = [&] {
    return space.run({.arguments = {"cat", "/proc/sys/net/ipv4/ping_group_range"}}).output;
  };
  EXPECT_THAT(range(), testing::Not(testing::StartsWith("0\t")));
  space.open_ping_sockets(true);
  EXPECT_THAT(range(), testing::StartsWith("0\t"));
}

TEST(Namespace, HasItsOwnDevicesAndLeavesNoneBehind) {
  const Namespace space;
  space.ip("link add nothing type veth peer name nobody\n");
  EXPECT_THAT(space.run({.arguments = {"ip", "link"}}).output, HasSubstr("nothing"));
  EXPECT_THAT(Namespace().run({.arguments = {"ip", "link"}}).output, testing::Not(HasSubstr("nothing")));
}

TEST(SimulatedNetwork, AnswersTheSystemsPingInBothFamilies) {
  // For its last answer ping waits no longer than two round trips.
  SimulatedNetwork network("host 10.77.0.1 fd77::1; delay 60ms; ttl 57");
  for (const char* address : {"10.77.0.1", "fd77::1"}) {
    const Finished finished = network.run(ping(address));
    EXPECT_EQ(finished.status, 0) << finished.output << finished.errors;
    EXPECT_THAT(finished.output, HasSubstr("3 received"));
    EXPECT_THAT(finished.output, HasSubstr("ttl=57"));
  }
  const ResponderRecord record = network.record();
  ASSERT_EQ(record.requests.size(), 6u);
  for (const RequestRecord& request : record.requests) {
    EXPECT_TRUE(request.checksum_right);
    EXPECT_EQ(request.bytes, 64u);
    EXPECT_GE(request.answers.at(0).before.monotonic_ns - request.received.monotonic_ns, 60'000'000);
    EXPECT_GE(request.answers.at(0).after.unix_ns, request.answers.at(0).before.unix_ns);
  }
}

TEST(SimulatedNetwork, AnswersPingSocketsOfAnOrdinaryUser) {
  const SimulatedNetwork network("host 0.0.0.0/0 ::/0");
  for (const char* address : {"192.0.2.1", "2001:db8::1"}) {
    Command command = ping(address);
    command.user = User::ordinary;
    const Finished finished = network.run(std::move(command));
    EXPECT_EQ(finished.status, 0) << finished.output << finished.errors;
  }
}

TEST(SimulatedNetwork, SilenceAndErrorsReachThePinger) {
  SimulatedNetwork network(
      "host 10.77.0.1 fd77::1; silence\n"
      "host 10.77.0.2 fd77::2; error prohibited from 10.77.0.254 fd77::254\n"
      "host 10.77.0.3 fd77::3; error ttl-exceeded from 10.77.0.254 fd77::254 quote whole\n"
      "host 10.77.0.4 fd77::4; error packet-too-big mtu 1300 quote whole\n");
  for (const char* address : {"10.77.0.1", "fd77::1"})
    EXPECT_THAT(network.run(ping(address)).output, HasSubstr("0 received"));
  EXPECT_THAT(network.run(ping("10.77.0.2")).output,
              HasSubstr("From 10.77.0.254 icmp_seq=1 Packet filtered"));
  EXPECT_THAT(network.run(ping("fd77::2")).output, HasSubstr("Administratively prohibited"));
  EXPECT_THAT(network.run(ping("10.77.0.3")).output, HasSubstr("Time to live exceeded"));
  EXPECT_THAT(network.run(ping("fd77::3")).output, HasSubstr("Time exceeded: Hop limit"));
  EXPECT_THAT(network.run(ping("10.77.0.4")).output, HasSubstr("mtu = 1300"));
  EXPECT_THAT(network.run(ping("fd77::4")).output, HasSubstr("Packet too big: mtu=1300"));
}

TEST(SimulatedNetwork, DefectsAreWhatTheSystemsPingSees) {
  SimulatedNetwork network(
      "host 10.77.0.1 fd77::1; checksum broken\n"
      "host 10.77.0.2 fd77::2; alter byte 20\n"
      "host 10.77.0.3 fd77::3; duplicates 1\n"
      "host 10.77.0.4; options record-route\n"
      "host 10.77.0.5 fd77::5; source 10.77.0.99 fd77::99\n");
  // An ordinary user's ping sockets: the kernel itself drops the broken checksum.
  Command broken = ping("10.77.0.1");
  broken.user = User::ordinary;
  EXPECT_THAT(network.run(std::move(broken)).output, HasSubstr("0 received"));
  EXPECT_THAT(network.run(ping("fd77::1")).output, HasSubstr("0 received"));
  EXPECT_THAT(network.run(ping("10.77.0.2")).output, HasSubstr("wrong data byte #20"));
  EXPECT_THAT(network.run(ping("fd77::2")).output, HasSubstr("wrong data byte #20"));
  EXPECT_THAT(network.run(ping("10.77.0.3")).output, HasSubstr("DUP!"));
  EXPECT_THAT(network.run(ping("fd77::3")).output, HasSubstr("DUP!"));
  EXPECT_THAT(network.run(ping("10.77.0.4", {"-R"})).output, HasSubstr("RR: \t10.77.0.4"));
  EXPECT_THAT(network.run(ping("fd77::5")).output, HasSubstr("from fd77::99"));
}

TEST(SimulatedNetwork, AnswersManyHostsToFping) {
  SimulatedNetwork network("host 10.77.0.0/16; delay uniform 1ms 20ms\nhost 10.77.4.7; silence");
  const Finished finished = network.run(
      {.arguments = {"fping", "-q", "-a", "-r", "0", "-t", "500", "-i", "0.1", "-g", "10.77.4.0/22"},
       .user = User::root});
  EXPECT_EQ(std::ranges::count(finished.output, '\n'), 1021);
  const ResponderRecord record = network.record();
  EXPECT_EQ(record.summary.requests, 1022u);
  EXPECT_EQ(record.summary.answers, 1021u);
  EXPECT_EQ(record.summary.wrong_checksums, 0u);
}

TEST(SimulatedNetwork, BadScenarioIsALabErrorWithItsLine) {
  try {
    const SimulatedNetwork network("host 10.77.0.1\n  wobble");
    FAIL() << "no error";
  } catch (const LabError& error) {
    EXPECT_THAT(error.what(), HasSubstr("line 2: unknown behaviour 'wobble'"));
  }
}

TEST(VethPair, BothKernelsAnswerInBothFamilies) {
  const VethPair pair;
  for (const char* address : {"10.78.0.2", "fd78::2"}) {
    const Finished finished = pair.near().run(ping(address));
    EXPECT_EQ(finished.status, 0) << finished.output << finished.errors;
  }
  EXPECT_EQ(pair.far().run(ping("fd78::1")).status, 0);
}

TEST(VethPair, FirewallRefusesSends) {
  const VethPair pair;
  pair.near().nft(
      "table inet lab { chain out { type filter hook output priority 0; ip daddr 10.78.0.2 drop; }; }");
  EXPECT_THAT(pair.near().run(ping("10.78.0.2")).output, HasSubstr("0 received"));
  pair.near().nft("delete table inet lab");
  EXPECT_EQ(pair.near().run(ping("10.78.0.2")).status, 0);
}

TEST(VethPair, FullQueueRefusesSends) {
  const VethPair pair;
  ASSERT_EQ(pair.near().run(ping("10.78.0.2")).status, 0);  // from here on its neighbour is known
  pair.near().tc("qdisc replace dev near0 root bfifo limit 1\n");
  EXPECT_THAT(pair.near().run(ping("10.78.0.2")).errors, HasSubstr("No buffer space available"));
  pair.near().tc("qdisc del dev near0 root\n");
  EXPECT_EQ(pair.near().run(ping("10.78.0.2")).status, 0);
}

TEST(SimulatedNetwork, AKernelBelievesWhatPortsAnswer) {
  const SimulatedNetwork network("host 10.77.0.1 fd77::1; udp closed; tcp closed; tcp open 443");
  const auto connect = [&](const std::string& to) {
    return network.run({.arguments = {"bash", "-c", "exec 3<>/dev/" + to}}).errors;
  };
  for (const std::string host : {"10.77.0.1", "fd77::1"}) {
    EXPECT_EQ(connect("tcp/" + host + "/443"), "");
    EXPECT_THAT(connect("tcp/" + host + "/444"), HasSubstr("refused"));
    // The first datagram's port unreachable fails the second's send.
    const std::string twice = "exec 3>/dev/udp/" + host + "/444; until ! echo >&3; do :; done";
    EXPECT_THAT(network.run({.arguments = {"bash", "-c", twice}}).errors, HasSubstr("refused"));
  }
}

TEST(Tap, SeesWhatPassesInBothDirectionsWithItsTime) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const SimulatedNetwork network("host 10.77.0.1; delay 5ms");
  Tap tap(network.space(), "lab0");
  ASSERT_EQ(network.run(ping("10.77.0.1")).status, 0);
  const std::vector<TappedPacket> packets = tap.packets();
  ASSERT_EQ(packets.size(), 6u);
  for (std::size_t at = 0; at < packets.size(); at += 2) {
    EXPECT_TRUE(packets[at].outgoing);
    EXPECT_FALSE(packets[at + 1].outgoing);
    EXPECT_TRUE(read_echo_request(packets[at].bytes));
    EXPECT_GE(packets[at + 1].unix_ns - packets[at].unix_ns, 5'000'000);
  }
  EXPECT_EQ(tap.packets().size(), 0u);
}

}  // namespace
}  // namespace sonde::lab
