// network_test.cpp: what goes wrong between the send call and the wire, and what must not be blamed on the
// network for it.
#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>

#include "lab/memory.hpp"
#include "trouble/program.hpp"

namespace sonde::trouble {
namespace {

using ::testing::HasSubstr;

class Trouble : public ::testing::TestWithParam<const char*> {
 protected:
  Words with(Words arguments) const { return Words{"--transport", GetParam()} + std::move(arguments); }
  bool is_raw() const { return GetParam() == std::string_view("raw"); }
};
INSTANTIATE_TEST_SUITE_P(, Trouble, ::testing::Values("icmp", "raw"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST_P(Trouble, WithoutARouteAProbeIsLocalAndNothingIsLost) {
  const Loopback space;
  space.ip("route add unreachable 198.51.100.0/24\nroute add unreachable 2001:db8:2::/64\n");
  const Words targets = {"203.0.113.1", "2001:db8:3::1", "198.51.100.1", "2001:db8:2::1", "127.0.0.1", "::1"};
  const SondeRun run =
      read_run(space.run(sonde_json(with({"-c", "4", "-i", "10ms"}) + targets, User::root)), 1);
  expect_balanced(run);
  for (const SondeSummary& summary : run.summaries) {
    if (summary.address == "127.0.0.1" || summary.address == "::1") {
      EXPECT_EQ(summary.received, 4u) << summary.address;
      continue;
    }
    EXPECT_EQ(summary.local, 4u) << summary.address;
    EXPECT_EQ(summary.loss_ratio, std::nullopt) << "no probe left, so none can be lost";
  }
  for (const SondeEvent& event : run.events) {
    if (event.event != "local") continue;
    const bool refused = event.address == "198.51.100.1" || event.address == "2001:db8:2::1";
    EXPECT_EQ(event.system_errno, refused ? EHOSTUNREACH : ENETUNREACH) << event.address;
    EXPECT_EQ(event.reason, "local_error");
  }
}

TEST_P(Trouble, TooLargeForThePathMtuIsLocal) {
  const VethPair pair;
  const SondeRun run = read_run(
      pair.near().run(sonde_json(
          with({"-M", "do", "-s", "2000", "-c", "3", "-i", "10ms", "10.78.0.2", "fd78::2"}), User::root)),
      1);
  expect_balanced(run);
  for (const SondeEvent& event : run.events) {
    EXPECT_EQ(event.event, "local") << event.address;
    EXPECT_EQ(event.system_errno, EMSGSIZE);
    EXPECT_EQ(event.mtu, 1500u);
  }
}

TEST_P(Trouble, WhenNothingComesBackAllIsLost) {
  const VethPair pair;
  pair.far().nft(
      "table inet lab { chain in { type filter hook input priority 0; icmp type echo-request drop; icmpv6 "
      "type echo-request drop; }; }");
  const SondeRun run =
      read_run(pair.near().run(sonde_json(
                   with({"-c", "5", "-i", "10ms", "-W", "50ms", "10.78.0.2", "fd78::2"}), User::root)),
               1);
  expect_balanced(run);
  for (const SondeSummary& summary : run.summaries) {
    EXPECT_EQ(summary.lost, 5u) << summary.address;
    EXPECT_EQ(summary.loss_ratio, 1.0);
    EXPECT_FALSE(summary.has_rtt);
  }
  for (const SondeEvent& event : run.events)
    EXPECT_TRUE(event.flags.empty()) << "they did leave, and nothing was dropped here";
}

// A queue that takes nothing while the run lasts: what the kernel says it dropped is local. IPv6 ping sockets
// are not told: those are lost, without a transmit stamp.
TEST_P(Trouble, AFullQueueIsLocalWhereTheKernelSaysSo) {
  const VethPair pair;
  pair.near().ip(
      "neigh add 10.78.0.2 lladdr 02:00:00:00:00:02 dev near0\nneigh add fd78::2 lladdr 02:00:00:00:00:02 "
      "dev near0\n");
  pair.near().tc("qdisc add dev near0 root tbf rate 8bit burst 200 limit 200\n");
  const SondeRun run = read_run(
      pair.near().run(sonde_json(
          with({"-c", "20", "-i", "5ms", "-W", "100ms", "10.78.0.2", "fd78::2", "10.78.0.1"}), User::root)),
      1);
  expect_balanced(run);
  EXPECT_EQ(run.summary_of("10.78.0.1")->received, 20u) << "by loopback";
  EXPECT_GE(run.summary_of("10.78.0.2")->local, 15u);
  if (is_raw()) {
    EXPECT_GE(run.summary_of("fd78::2")->local, 15u);
  }
  for (const SondeEvent& event : run.events) {
    if (event.event == "local") {
      EXPECT_EQ(event.system_errno, ENOBUFS);
    }
    if (event.event == "lost" && event.address == "fd78::2" && event.sequence > 4) {
      EXPECT_TRUE(event.has("no_tx_stamp"));
    }
  }
}

// A queue that is always nearly full: whatever the verdicts, they add up, and no RTT is credited to another
// probe.
TEST_P(Trouble, UnderLoadAFullQueueSpoilsNoOtherFigure) {
  const VethPair pair;
  pair.near().tc("qdisc add dev near0 root tbf rate 1mbit burst 2000 limit 1000\n");
  const SondeRun run = read_run(
      pair.near().run(sonde_json(
          with({"-c", "300", "-i", "500us", "-W", "1s", "-s", "200", "10.78.0.2", "127.0.0.1"}), User::root)),
      0);
  expect_balanced(run);
  EXPECT_EQ(run.summary_of("127.0.0.1")->received, 300u);
  const SondeSummary& far = *run.summary_of("10.78.0.2");
  EXPECT_GT(far.local, 5u);
  EXPECT_GT(far.received, 30u);
  EXPECT_EQ(far.lost, 0u) << "what did not leave was not lost";
  // The stamp is made behind the queue: to a veth's other end it is microseconds, whatever the queue took.
  EXPECT_LT(far.rtt_p50_ns, 2'000'000);
}

TEST_P(Trouble, AnswersDroppedForWantOfBufferAreCountedAndTheirLossesSuspect) {
  const Loopback space;
  // Few answers fit into the smallest buffer, and as the sends of a batch go before its answers are read,
  // some are dropped.
  const SondeRun run =
      read_run(space.run(sonde_json(with({"-c", "3", "-i", "20ms", "-W", "100ms", "--receive-buffer", "2304",
                                          "--sockets", "1", "-g", "127.0.2.0-127.0.2.255"}),
                                    User::root)),
               1);
  expect_balanced(run);
  std::uint64_t lost = 0;
  for (const SondeEvent& event : run.events) {
    if (event.event != "lost") continue;
    ++lost;
    EXPECT_TRUE(event.has("suspect")) << event.address << " " << event.sequence;
  }
  EXPECT_GT(lost, 0u);
  EXPECT_GE(run.end->receive_drops, lost);
}

TEST_P(Trouble, AnAddressThatChangesInMidRunIsFollowed) {
  const VethPair pair;
  pair.near().ip("addr add 10.78.0.11/24 dev near0\n");
  Process process = pair.near().start(
      sonde_json(with({"-c", "60", "-i", "20ms", "-W", "200ms", "10.78.0.2", "fd78::2"}), User::root));
  ASSERT_TRUE(process.wait_for_output("\"seq\":5"));
  pair.near().ip(
      "addr del 10.78.0.1/24 dev near0\naddr add 10.78.0.12/24 dev near0\naddr del fd78::1/64 dev "
      "near0\naddr add fd78::12/64 dev near0 nodad\n");
  const SondeRun run = read_run(process.wait(), 0);
  expect_balanced(run);
  EXPECT_EQ(run.events.back().event, "reply");
  for (const SondeSummary& summary : run.summaries) {
    EXPECT_EQ(summary.sent, 60u);
    EXPECT_GE(summary.received, 40u) << summary.address;
    EXPECT_EQ(summary.rejected, 0u);
  }
}

TEST_P(Trouble, ASourceAddressThatGoesInMidRunIsToldAsLocal) {
  const VethPair pair;
  Process process = pair.near().start(sonde_json(
      with({"-c", "40", "-i", "20ms", "-W", "200ms", "-S", "10.78.0.1", "10.78.0.2"}), User::root));
  ASSERT_TRUE(process.wait_for_output("\"seq\":5"));
  pair.near().ip("addr del 10.78.0.1/24 dev near0\n");
  ASSERT_TRUE(process.wait_for_output("\"local\"")) << process.output();
  pair.near().ip("addr add 10.78.0.1/24 dev near0\n");
  const SondeRun run = read_run(process.wait(), 0);
  expect_balanced(run);
  EXPECT_EQ(run.events.back().event, "reply") << "and back it is";
}

TEST_P(Trouble, AnInterfaceThatGoesForGoodEndsNothing) {
  const VethPair pair;
  Process process = pair.near().start(sonde_json(
      with({"-c", "20", "-i", "20ms", "-W", "100ms", "-I", "near0", "10.78.0.2", "fd78::2"}), User::root));
  ASSERT_TRUE(process.wait_for_output("\"seq\":5"));
  pair.near().ip("link del near0\n");
  const SondeRun run = read_run(process.wait(), 0);
  expect_balanced(run);
  EXPECT_EQ(run.end->probes, 40u);
  EXPECT_EQ(run.events.back().event, "local");
}

TEST_P(Trouble, ARunThatEndsBeforeATimeoutSaysSo) {
  const VethPair pair;
  const SondeRun run = read_run(
      pair.near().run(sonde_json(with({"-W", "30s", "-w", "100ms", "-i", "50ms", "10.78.0.99"}), User::root)),
      1);
  ASSERT_FALSE(run.events.empty());
  for (const SondeEvent& event : run.events) EXPECT_TRUE(event.has("cut_short")) << event.event;
  EXPECT_EQ(run.end->stamp_drops, 0u) << "they may still come";
}

TEST_P(Trouble, ANeighbourThatDoesNotExistCostsNoStamp) {
  const VethPair pair;
  const SondeRun run =
      read_run(pair.near().run(sonde_json(with({"-W", "5s", "-c", "1", "10.78.0.99"}), User::root)), 1);
  ASSERT_EQ(run.events.size(), 1u);
  EXPECT_EQ(run.events[0].reason, "neighbour");
  EXPECT_TRUE(run.events[0].flags.empty());
  EXPECT_FALSE(run.events[0].rtt_ns) << "it never left";
  EXPECT_EQ(run.end->stamp_drops, 0u);
}

TEST_P(Trouble, ForgeriesAtLineRateLeaveMemoryAndOutputFlat) {
  if (lab::sanitized) GTEST_SKIP() << "a sanitizer's memory says nothing, and its program cannot keep up";
  // 150 forged answers for each of 200 probes a second.
  const lab::SimulatedNetwork network("host 10.77.0.1 fd77::1; delay 4ms; forged 150 before 3ms\n");
  Process process = network.start(sonde_json(with({"-i", "10ms", "-c", "200", "10.77.0.1", "fd77::1"}),
                                             is_raw() ? User::root : User::ordinary));
  ASSERT_TRUE(process.wait_for_output("\"seq\":40,"));
  const std::size_t pages = lab::memory_of(process.id());
  ASSERT_TRUE(process.wait_for_output("\"seq\":195,", std::chrono::seconds(20)));
  constexpr std::size_t noise = 128;  // some 12 bytes for each of the forgeries in between
  EXPECT_LE(lab::memory_of(process.id()), pages + noise);
  const SondeRun run = read_run(process.wait(), 0);
  for (const char* address : {"10.77.0.1", "fd77::1"}) {
    EXPECT_GE(run.summary_of(address)->received + run.end->receive_drops, 200u) << address;
    EXPECT_GT(run.summary_of(address)->rejected + run.end->receive_drops, 15'000u) << address;
  }
  const auto written = std::ranges::count(run.events, "rejected", &SondeEvent::event);
  EXPECT_LE(written, 10 * (2 + run.end->elapsed_ns / 1'000'000'000));
}

}  // namespace
}  // namespace sonde::trouble
