// The face of mtr-packet in the lab: what it says of a path, with ping sockets and with raw ones, and beside mtr-packet 0.95.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "compat/sides.hpp"

namespace sonde::compat_test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

// Routers at 1 to 4, of which the second tells its labels and the third is silent; errors and silence behind.
constexpr std::string_view scenario =
    "host 10.77.0.1 fd77::1; delay 4ms; udp closed; tcp open 80\n"
    "  hop 1: error ttl-exceeded from 10.77.9.1 fd77:9::1\n"
    "  hop 2: error ttl-exceeded from 10.77.9.2 fd77:9::2 quote whole mpls 24015/3/1 17/0/254\n"
    "  hop 3: silence\n"
    "  hop 4: error ttl-exceeded from 10.77.9.4 fd77:9::4 quote whole mpls 16/0/1 unmarked\n"
    "host 10.77.0.2 fd77::2; silence\n"
    "host 10.77.0.3 fd77::3; delay 1ms; error host-unreachable from 10.77.9.9 fd77:9::9\n"
    "host 10.77.0.4 fd77::4; error port-unreachable\n"
    "host 10.77.0.5; error prohibited\n"
    "host 10.77.0.6 fd77::6; tcp closed; error parameter-problem\n"
    "host 10.77.0.7 fd77::7; error reassembly-timeout\n"
    "host 10.77.1.0/24; delay 2ms\n";

std::vector<std::string> lines_of(const std::string& text) {
  static const std::regex time(R"(round-trip-time [0-9]+)");
  std::istringstream stream(std::regex_replace(text, time, "round-trip-time T"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

lab::Command with_input(std::string input, lab::User user) {
  lab::Command command;
  command.input = std::move(input);
  command.user = user;
  return command;
}

// A probe with each TTL up to 6.
std::string hops(const std::string& to) {
  std::string input;
  for (int ttl = 1; ttl <= 6; ++ttl)
    input += fmt::format("{} send-probe {} ttl {} timeout 1 local-ip-{}\n", ttl, to, ttl,
                         to.find(':') == std::string::npos ? "4 10.77.255.254" : "6 fd77::ffff");
  return input;
}

// Without privileges by ping sockets, or as root where those are closed.
enum class Way : std::uint8_t { rootless, raw };

lab::SimulatedNetworkOptions network_options(Way way) {
  lab::SimulatedNetworkOptions options;
  options.ping_sockets_open = way == Way::rootless;
  return options;
}

lab::User user_of(Way way) {
  return way == Way::rootless ? lab::User::ordinary : lab::User::root;
}

class MtrPacket : public ::testing::TestWithParam<Way> {
 protected:
  lab::Finished finish(const std::string& input) const {
    return network_.run(face("mtr-packet", {}, with_input(input, user_of(GetParam()))));
  }
  std::vector<std::string> answers(const std::string& input) const {
    const lab::Finished finished = finish(input);
    EXPECT_EQ(finished.status, 0);
    EXPECT_EQ(finished.errors, "");
    return lines_of(finished.output);
  }

  const lab::SimulatedNetwork network_{scenario, network_options(GetParam())};
};

TEST_P(MtrPacket, TellsThePathHopByHop) {
  EXPECT_THAT(
      answers("1 send-probe ip-4 10.77.0.1 ttl 1\n2 send-probe ip-4 10.77.0.1 ttl 2\n"
              "3 send-probe ip-4 10.77.0.1 ttl 3 timeout 1\n4 send-probe ip-4 10.77.0.1 ttl 4\n"
              "5 send-probe ip-4 10.77.0.1 ttl 5\n"),
      UnorderedElementsAre("1 ttl-expired ip-4 10.77.9.1 round-trip-time T",
                           "2 ttl-expired ip-4 10.77.9.2 round-trip-time T mpls 24015,3,0,1,17,0,1,254",
                           "3 no-reply", "4 ttl-expired ip-4 10.77.9.4 round-trip-time T mpls 16,0,1,1",
                           "5 reply ip-4 10.77.0.1 round-trip-time T"));
}

TEST_P(MtrPacket, TellsThePathByIpv6) {
  EXPECT_THAT(
      answers("1 send-probe ip-6 fd77::1 ttl 1\n2 send-probe ip-6 fd77::1 ttl 2\n"
              "4 send-probe ip-6 fd77::1 ttl 4\n5 send-probe ip-6 fd77::1 ttl 5\n"),
      UnorderedElementsAre("1 ttl-expired ip-6 fd77:9::1 round-trip-time T",
                           "2 ttl-expired ip-6 fd77:9::2 round-trip-time T mpls 24015,3,0,1,17,0,1,254",
                           "4 ttl-expired ip-6 fd77:9::4 round-trip-time T mpls 16,0,1,1",
                           "5 reply ip-6 fd77::1 round-trip-time T"));
}

// mtr-packet itself says `no-route` here whenever it hears of an error from the probe's socket before it does from its raw one.
TEST_P(MtrPacket, TellsThePathByTcp) {
  EXPECT_THAT(answers(hops("ip-4 10.77.0.1 protocol tcp")),
              UnorderedElementsAre(
                  "1 ttl-expired ip-4 10.77.9.1 round-trip-time T",
                  "2 ttl-expired ip-4 10.77.9.2 round-trip-time T mpls 24015,3,0,1,17,0,1,254", "3 no-reply",
                  "4 ttl-expired ip-4 10.77.9.4 round-trip-time T mpls 16,0,1,1",
                  "5 reply ip-4 10.77.0.1 round-trip-time T", "6 reply ip-4 10.77.0.1 round-trip-time T"));
  EXPECT_THAT(answers(hops("ip-6 fd77::1 protocol tcp")),
              UnorderedElementsAre(
                  "1 ttl-expired ip-6 fd77:9::1 round-trip-time T",
                  "2 ttl-expired ip-6 fd77:9::2 round-trip-time T mpls 24015,3,0,1,17,0,1,254", "3 no-reply",
                  "4 ttl-expired ip-6 fd77:9::4 round-trip-time T mpls 16,0,1,1",
                  "5 reply ip-6 fd77::1 round-trip-time T", "6 reply ip-6 fd77::1 round-trip-time T"));
}

TEST_P(MtrPacket, AsksByUdpAndTcpAsWell) {
  EXPECT_THAT(
      answers("1 send-probe ip-4 10.77.0.1 protocol udp ttl 1\n2 send-probe ip-4 10.77.0.1 protocol udp\n"
              "3 send-probe ip-6 fd77::1 protocol udp ttl 1\n4 send-probe ip-6 fd77::1 protocol udp\n"
              "5 send-probe ip-4 10.77.0.1 protocol tcp ttl 1\n6 send-probe ip-4 10.77.0.1 protocol tcp\n"
              "7 send-probe ip-6 fd77::1 protocol tcp ttl 1\n8 send-probe ip-6 fd77::1 protocol tcp\n"
              "9 send-probe ip-4 10.77.0.1 protocol udp ttl 2\n"
              "10 send-probe ip-4 10.77.0.1 protocol tcp port 81 timeout 1\n"),
      UnorderedElementsAre(
          "1 ttl-expired ip-4 10.77.9.1 round-trip-time T", "2 reply ip-4 10.77.0.1 round-trip-time T",
          "3 ttl-expired ip-6 fd77:9::1 round-trip-time T", "4 reply ip-6 fd77::1 round-trip-time T",
          "5 ttl-expired ip-4 10.77.9.1 round-trip-time T", "6 reply ip-4 10.77.0.1 round-trip-time T",
          "7 ttl-expired ip-6 fd77:9::1 round-trip-time T", "8 reply ip-6 fd77::1 round-trip-time T",
          "9 ttl-expired ip-4 10.77.9.2 round-trip-time T mpls 24015,3,0,1,17,0,1,254", "10 no-reply"));
}

TEST_P(MtrPacket, RttsAreTheNetworksInMicroseconds) {
  const std::string output = finish("1 send-probe ip-4 10.77.0.1\n").output;
  std::smatch found;
  ASSERT_TRUE(std::regex_search(output, found, std::regex("round-trip-time ([0-9]+)")));
  EXPECT_GE(std::stol(found[1]), 4'000);
  EXPECT_LT(std::stol(found[1]), 1'000'000);
}

TEST_P(MtrPacket, KeepsHundredsOfProbesApart) {
  std::string input;
  std::vector<std::string> expected;
  for (int host = 1; host <= 250; ++host) {
    input +=
        fmt::format("{} send-probe ip-4 10.77.1.{} ttl {} size {}\n", host, host, host % 32 + 2, 28 + host);
    expected.push_back(fmt::format("{} reply ip-4 10.77.1.{} round-trip-time T", host, host));
  }
  EXPECT_THAT(answers(input), ::testing::UnorderedElementsAreArray(expected));
}

// More probes than one session takes, in several bursts.
TEST_P(MtrPacket, GoesOnForThousandsOfProbes) {
  const std::string script =
      "i=0; while [ $i -lt 100 ]; do j=0; while [ $j -lt 50 ]; do"
      " echo \"$i send-probe ip-4 10.77.1.1 ttl 9 size $((28 + i)) timeout 2\"; j=$((j + 1));"
      " done; i=$((i + 1)); sleep 0.01; done | " SONDE_FACES "/mtr-packet | grep -c ' reply ip-4 10.77.1.1 '";
  lab::Command command = with_input({}, user_of(GetParam()));
  command.arguments = {"/bin/sh", "-c", script};
  EXPECT_EQ(network_.run(command).output, "5000\n");
}

TEST_P(MtrPacket, SaysWhenTooManyAreUnderWay) {
  std::string input;
  for (int token = 1; token <= 1030; ++token)
    input += fmt::format("{} send-probe ip-4 10.77.0.2 timeout 1\n", token);
  const auto lines = answers(input);
  ASSERT_EQ(lines.size(), 1030);
  EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line.ends_with(" no-reply"); }), 1024);
  for (int token = 1025; token <= 1030; ++token)
    EXPECT_EQ(std::ranges::count(lines, fmt::format("{} probes-exhausted", token)), 1);
}

TEST_P(MtrPacket, ReadsCommandsInPiecesAndAnswersEachAtOnce) {
  lab::Command command = with_input({}, user_of(GetParam()));
  command.arguments = {
      "/bin/sh", "-c",
      "(printf '7 check-sup'; sleep 0.1; printf 'port feature ip-4\\n8 '; sleep 9) | " SONDE_FACES
      "/mtr-packet"};
  lab::Process process = network_.start(command);
  EXPECT_TRUE(process.wait_for_output("7 feature-support support ok\n", 3s));
}

TEST_P(MtrPacket, EndsWithItsInputWhenEveryProbeHasItsAnswer) {
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THAT(answers("15 send-probe ip-4 10.77.0.2 timeout 1\n16 send-probe ip-4 10.77.1.1"),
              ElementsAre("15 no-reply"));
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_GE(took, 900ms);
  EXPECT_LT(took, 5s);
}

TEST_P(MtrPacket, WaitsNoLongerThanItIsTold) {
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THAT(answers("1 send-probe ip-4 10.77.0.2 timeout 0\n"), ElementsAre("1 no-reply"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 900ms);
}

INSTANTIATE_TEST_SUITE_P(Ways, MtrPacket, ::testing::Values(Way::rootless, Way::raw),
                         [](const auto& named) { return named.param == Way::rootless ? "Rootless" : "Raw"; });

// --- what is not supported or not permitted ----------------------------------------------------------------

class MtrPacketAlone : public ::testing::Test {
 protected:
  const lab::SimulatedNetwork network_{scenario};
};

// mtr-packet does not start; UDP and TCP take no privilege.
TEST(MtrPacketClosed, SaysWhatItMayNot) {
  const lab::SimulatedNetwork network(scenario, network_options(Way::raw));
  const std::string input =
      "1 check-support feature icmp\n2 check-support feature udp\n3 check-support feature ip-4\n"
      "4 send-probe ip-4 10.77.0.1\n5 send-probe ip-4 10.77.0.1 protocol udp ttl 1\n";
  const lab::Finished finished = network.run(face("mtr-packet", {}, with_input(input, lab::User::ordinary)));
  EXPECT_EQ(finished.status, 0);
  EXPECT_THAT(lines_of(finished.output),
              ElementsAre("1 feature-support support no", "2 feature-support support ok",
                          "3 feature-support support ok", "4 permission-denied",
                          "5 ttl-expired ip-4 10.77.9.1 round-trip-time T"));
}

// Every new TTL opens a socket, so what that takes stays permitted.
TEST(MtrPacketPrivilege, IsNotInForceWhileItAsks) {
  const lab::Namespace space;
  space.open_ping_sockets(false);
  lab::Command command;
  command.arguments = {"/bin/bash", "-c",
                       "exec " SONDE_FACES "/mtr-packet < <(echo '1 send-probe ip-4 127.0.0.1'; sleep 9)"};
  lab::Process process = space.start(command);
  ASSERT_TRUE(process.wait_for_output("1 reply ip-4 127.0.0.1")) << process.errors();
  std::ifstream file("/proc/" + std::to_string(process.id()) + "/status");
  const std::string status{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(status, AllOf(HasSubstr("CapEff:\t0000000000000000"), HasSubstr("CapPrm:\t0000000000003000"),
                            HasSubstr("NoNewPrivs:\t1")));
}

TEST_F(MtrPacketAlone, MarksOnlyWithAPrivilege) {
  const auto answer = [&](lab::User user) {
    return lines_of(
        network_.run(face("mtr-packet", {}, with_input("1 send-probe ip-4 10.77.1.1 mark 7\n", user)))
            .output);
  };
  EXPECT_THAT(answer(lab::User::ordinary), ElementsAre("1 permission-denied"));
  EXPECT_THAT(answer(lab::User::root), ElementsAre("1 reply ip-4 10.77.1.1 round-trip-time T"));
}

TEST_F(MtrPacketAlone, SendsWhatItIsToldTo) {
  lab::SimulatedNetwork network(scenario);
  network.run(face("mtr-packet", {},
                   with_input("1 send-probe ip-4 10.77.1.1 size 512 tos 62 ttl 77\n"
                              "2 send-probe ip-6 fd77::1 size 256 tos 77\n",
                              lab::User::ordinary)));
  auto requests = network.record().requests;
  ASSERT_EQ(requests.size(), 2);
  if (requests[0].destination.v6) std::swap(requests[0], requests[1]);
  EXPECT_EQ(requests[0].bytes, 512 - 20);
  EXPECT_EQ(requests[0].tos, 62);
  EXPECT_EQ(requests[0].ttl, 77);
  EXPECT_EQ(requests[1].bytes, 256 - 40);
  EXPECT_EQ(requests[1].tos, 77);
}

TEST_F(MtrPacketAlone, WithoutARouteSaysSo) {
  const lab::Namespace space;
  space.open_ping_sockets(true);
  const std::string input =
      "1 send-probe ip-4 192.0.2.1\n2 send-probe ip-6 2001:db8::1\n"
      "3 send-probe ip-4 127.0.0.1 local-ip-4 192.0.2.7\n4 send-probe ip-4 127.0.0.1\n";
  EXPECT_THAT(lines_of(space.run(face("mtr-packet", {}, with_input(input, lab::User::ordinary))).output),
              UnorderedElementsAre("1 no-route", "2 no-route", "3 address-not-available",
                                   "4 reply ip-4 127.0.0.1 round-trip-time T"));
}

// --- beside mtr-packet 0.95 --------------------------------------------------------------------------------

class MtrPacketSides : public ::testing::TestWithParam<std::string> {
 protected:
  const lab::SimulatedNetwork network_{scenario, network_options(Way::raw)};
};

TEST_P(MtrPacketSides, AnswerTheSame) {
  const Sides sides = run_sides(network_.space(), "mtr-packet", {}, with_input(GetParam(), lab::User::root));
  auto original = lines_of(sides.original.output), ours = lines_of(sides.face.output);
  std::ranges::sort(original);
  std::ranges::sort(ours);
  EXPECT_FALSE(original.empty());
  EXPECT_EQ(ours, original);
  EXPECT_EQ(sides.face.status, sides.original.status);
  EXPECT_EQ(sides.face.errors, sides.original.errors);
}

INSTANTIATE_TEST_SUITE_P(
    Commands, MtrPacketSides,
    ::testing::Values(
        "13 argle-bargle\n", "malformed\n", "\n\n", "1 send-probe ip-4\n", "x y\n", "7\n",
        "1 check-support\n2 check-support feature\n3 check-support feature nothing\n",
        "1 check-support feature version\n2 check-support feature ip-4\n3 check-support feature ip-6\n"
        "4 check-support feature send-probe\n5 check-support feature icmp\n6 check-support feature udp\n"
        "7 check-support feature tcp\n8 check-support feature mark\n9 check-support feature bogus\n",
        "22 send-probe\n23 send-probe ip-4 words\n24 send-probe ip-4 10.77.0.1 timeout words\n"
        "25 send-probe ip-4 10.77.0.1 ttl words\n26 send-probe ip-4 10.77.0.1 protocol gre\n"
        "27 send-probe ip-4 10.77.0.1 size 9001\n28 send-probe ip-4 10.77.0.1 local-ip-4 words\n"
        "29 send-probe ip-4 10.77.0.1 local-port 22\n30 send-probe ip-4 10.77.0.1 local-ip-6 fd77::ffff\n"
        "31 send-probe ip-6 fd77::1 tos 300\n32 send-probe ip-6 fd77::1 local-ip-6 fd77::dead\n",
        fmt::format("{:x<65536}\n1 check-support feature ip-4\n", ""),
        fmt::format("{:x<4094}\n{:x<4095}\n", "", ""), hops("ip-4 10.77.0.1"), hops("ip-6 fd77::1"),
        hops("ip-4 10.77.0.1 protocol udp"),
        "1 send-probe ip-4 10.77.0.2 timeout 0\n2 send-probe ip-4 10.77.0.2 timeout 1\n",
        "1 send-probe ip-4 10.77.0.3\n2 send-probe ip-6 fd77::3\n",
        "1 send-probe ip-4 10.77.0.4\n2 send-probe ip-6 fd77::4\n3 send-probe ip-4 10.77.0.5\n",
        "1 send-probe ip-4 10.77.0.6 timeout 1\n2 send-probe ip-6 fd77::6 timeout 1\n",
        "1 send-probe ip-4 10.77.0.7\n2 send-probe ip-6 fd77::7\n",
        "1 send-probe ip-4 10.77.1.1 size 0\n2 send-probe ip-4 10.77.1.2 size -7\n"
        "3 send-probe ip-4 10.77.1.3 size 1500\n4 send-probe ip-4 10.77.1.4 size 29 bit-pattern 300\n",
        "1 send-probe ip-4 10.77.1.1 tos 62 mark 7 bit-pattern 255\n2 send-probe ip-4 127.0.0.1\n"
        "3 send-probe ip-6 ::1\n4 send-probe ip-4 10.77.1.9 unknown thing ttl 64\n",
        "1 send-probe ip-4 127.0.0.1 protocol udp\n2 send-probe ip-4 127.0.0.1 protocol tcp port 164\n"
        "3 send-probe ip-6 ::1 protocol tcp port 164\n"));

}  // namespace
}  // namespace sonde::compat_test
