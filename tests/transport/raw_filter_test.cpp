// raw_filter_test.cpp: a raw socket, which the kernel shows every ICMP packet of the host, sees its own
// answers alone.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transport/socket_under_test.hpp"

namespace sonde::transport::testing {
namespace {

using net::testing::echo_reply;
using net::testing::forge;
using net::testing::forge_unreachable;

class RawFilter : public ::testing::TestWithParam<Family> {};
INSTANTIATE_TEST_SUITE_P(, RawFilter, ::testing::ValuesIn(net::testing::both_families()),
                         net::testing::family_name);

constexpr std::uint16_t ours = 0x5bde;

Way raw(Family family) {
  return {family, TransportKind::icmp_raw};
}

TEST_P(RawFilter, LetsOurIdentifiersAnswersIn) {
  in_network_namespace([family = GetParam()] {
    const Address loopback = Address::loopback(family);
    SocketUnderTest socket(raw(family));
    for (const int identifier : {0x5bdd, 0x5bdf, 0, 0x5b, 0xffff}) {
      forge(loopback, loopback, echo_reply(family, static_cast<std::uint16_t>(identifier), 7));
    }
    forge(loopback, loopback, echo_reply(family, ours, 8));
    ASSERT_TRUE(socket.receive_answer_to(8));
    ASSERT_EQ(socket.answers.size(), 1u);
    EXPECT_EQ(socket.answers.front().arrival.message.identifier, ours);
    EXPECT_EQ(socket.transport().receive_drops(), 0u) << "what is refused is no drop";
  });
}

TEST_P(RawFilter, KeepsRequestsOut) {
  in_network_namespace([family = GetParam()] {
    const Address loopback = Address::loopback(family);
    SocketUnderTest socket(raw(family));
    auto request = echo_reply(family, ours, 9);
    request[0] = family == Family::ipv4 ? wire::icmpv4_echo_request : wire::icmpv6_echo_request;
    forge(loopback, loopback, request);
    // The kernel answers it, and that we are to see: our own request is on loopback too.
    ASSERT_TRUE(socket.receive_answer_to(9));
    ASSERT_EQ(socket.answers.size(), 1u);
    EXPECT_EQ(socket.answers.front().kind(), wire::IcmpKind::echo_reply);
  });
}

TEST_P(RawFilter, LetsErrorsInThatQuoteOurIdentifier) {
  in_network_namespace([family = GetParam()] {
    const Network network = make_network(family);
    SocketUnderTest socket(raw(family));
    forge_unreachable(network.own, network.own, network.neighbour, ours + 1, 3);
    forge_unreachable(network.own, network.own, network.neighbour, ours, 4);
    ASSERT_TRUE(socket.receive_until([&] { return socket.error_about(4) != nullptr; }));
    ASSERT_EQ(socket.answers.size(), 1u);
    const Arrival& error = socket.answers.front().arrival;
    EXPECT_EQ(error.message.reason, ErrorReason::host_unreachable);
    EXPECT_EQ(error.from, network.own);
    EXPECT_EQ(error.probed, network.neighbour);
    EXPECT_FALSE(error.bad_checksum);
  });
}

// With IP_RECVERR on, anybody's errors are pending on every raw socket, and would fail its next call.
TEST_P(RawFilter, ErrorsOfOthersFailNoSendAndAreNotShown) {
  in_network_namespace([family = GetParam()] {
    const Network network = make_network(family);
    SocketUnderTest socket(raw(family));
    for (int round = 0; round < 20; ++round) {
      for (int i = 0; i < 5; ++i) {
        forge_unreachable(network.own, network.own, network.neighbour, ours + 1,
                          static_cast<std::uint16_t>(i));
      }
      const auto departures = socket.send(std::vector<SocketUnderTest::Probe>(3, {network.loopback}));
      for (const Departure& departure : departures) {
        EXPECT_EQ(departure.system_errno, 0);
        ASSERT_TRUE(socket.receive_answer_to(departure.number));
      }
      expect_all_stamps_right(socket, departures);
    }
    EXPECT_EQ(socket.answers.size(), 60u) << "ours alone";
  });
}

TEST_P(RawFilter, SurvivesWhatIsTooShortToTell) {
  in_network_namespace([family = GetParam()] {
    const Address loopback = Address::loopback(family);
    SocketUnderTest socket(raw(family));
    const bool is_ipv4 = family == Family::ipv4;
    const std::uint8_t unreachable =
        is_ipv4 ? wire::icmpv4_destination_unreachable : wire::icmpv6_destination_unreachable;
    for (std::size_t bytes = 8; bytes < 60; bytes += 3) {
      std::vector<std::uint8_t> error(bytes);
      error[0] = unreachable;
      if (bytes > 8) error[8] = is_ipv4 ? 0x45 : 0x60;
      forge(loopback, loopback, error);
    }
    forge(loopback, loopback, echo_reply(family, ours, 5));
    ASSERT_TRUE(socket.receive_answer_to(5));
    EXPECT_EQ(socket.answers.size(), 1u);
  });
}

// The system's ping beside us, by the same kind of socket.
TEST_P(RawFilter, SeesNoAnswersToOthers) {
  in_network_namespace([family = GetParam()] {
    const Address loopback = Address::loopback(family);
    SocketUnderTest first(raw(family));
    TransportOptions options;
    options.identifier = ours + 1;
    SocketUnderTest second(raw(family), options);
    const pid_t others = ::fork();
    ASSERT_GE(others, 0);
    if (others == 0) {
      const std::string ping = "ping -q -c 40 -i 0.005 " + loopback.to_string() + " > /dev/null";
      ::execl("/bin/sh", "sh", "-c", (ping + " & " + ping + "; wait").c_str(), nullptr);
      ::_exit(127);
    }
    int status = 0;
    std::uint32_t sent = 0;
    while (::waitpid(others, &status, WNOHANG) == 0) {
      ++sent;
      ASSERT_TRUE(first.receive_answer_to(first.send(loopback).number));
      ASSERT_TRUE(second.receive_answer_to(second.send(loopback).number));
      ::usleep(2000);
    }
    EXPECT_EQ(status, 0) << "nor did ping miss any of its own";
    EXPECT_GT(sent, 5u);
    for (SocketUnderTest* socket : {&first, &second}) {
      EXPECT_EQ(socket->answers.size(), sent) << "each its own answers, once";
      EXPECT_EQ(socket->transport().receive_drops(), 0u);
    }
  });
}

}  // namespace
}  // namespace sonde::transport::testing
