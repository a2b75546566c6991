// kernel_facts_test.cpp: how Linux treats ping sockets, where sonde's design rests on it. A failure here
// means that the kernel behaves differently from what the code assumes, not that the code is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <cerrno>

#include "net/network_namespace.hpp"
#include "net/ping_socket.hpp"
#include "net/socket_options.hpp"
#include "net/timestamping.hpp"

namespace sonde::net::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

class KernelFacts : public ::testing::TestWithParam<Family> {};
INSTANTIATE_TEST_SUITE_P(Family, KernelFacts, ::testing::ValuesIn(both_families()), family_name);

// Three addresses of the namespace's own, beside the loopback address: .2 and .3 to probe, .9 to forge from.
struct Hosts {
  Address own, second, third, stranger;
};
Hosts make_hosts(Family family) {
  if (family == Family::ipv4) {
    return {address("127.0.0.1"), address("127.0.0.2"), address("127.0.0.3"), address("127.0.0.9")};
  }
  for (const char* host : {"2", "3", "9"}) {
    add_loopback_address("2001:db8::" + std::string(host));
  }
  return {address("::1"), address("2001:db8::2"), address("2001:db8::3"), address("2001:db8::9")};
}

// --- Identifiers ------------------------------------------------------------------------------------------

TEST_P(KernelFacts, ALaterBinderOfTheSameIdentifierTakesAllAnswers) {
  in_network_namespace([family = GetParam()] {
    drop_privileges();
    PingSocket victim(family);
    ASSERT_EQ(victim.bind(4711), 0);
    PingSocket thief(family);
    EXPECT_EQ(thief.bind(4711), 0) << "SO_REUSEADDR is on by default";
    for (std::uint16_t i = 0; i < 6; ++i) ASSERT_EQ(victim.send(Address::loopback(family), i), 0);
    EXPECT_THAT(victim.receive_all(), IsEmpty());
    EXPECT_THAT(thief.receive_all(), SizeIs(6));
  });
}

TEST_P(KernelFacts, ForbiddingAddressReuseBeforeBindStopsTheft) {
  in_network_namespace([family = GetParam()] {
    drop_privileges();
    PingSocket owner(family);
    ASSERT_TRUE(forbid_address_reuse(owner.fd()));
    ASSERT_EQ(owner.bind(4711), 0);
    PingSocket thief(family);
    EXPECT_EQ(thief.bind(4711), EADDRINUSE);
    ASSERT_EQ(owner.send(Address::loopback(family), 1), 0);
    EXPECT_TRUE(owner.receive());
  });
}

TEST(KernelFacts, TheFamiliesShareOneSpaceOfIdentifiers) {
  in_network_namespace([] {
    PingSocket ipv4(Family::ipv4);
    PingSocket ipv6(Family::ipv6);
    ASSERT_TRUE(forbid_address_reuse(ipv4.fd()) && forbid_address_reuse(ipv6.fd()));
    EXPECT_EQ(ipv4.bind(4711), 0);
    EXPECT_EQ(ipv6.bind(4711), EADDRINUSE);
  });
}

TEST_P(KernelFacts, EachSocketHasAnIdentifierAndGetsItsOwnAnswers) {
  // What lets every sending thread have sockets of its own.
  in_network_namespace([family = GetParam()] {
    PingSocket first(family);
    PingSocket second(family);
    ASSERT_EQ(first.bind(0), 0);
    ASSERT_EQ(second.bind(0), 0);
    EXPECT_NE(first.identifier(), second.identifier());
    ASSERT_EQ(first.send(Address::loopback(family), 11), 0);
    ASSERT_EQ(second.send(Address::loopback(family), 22), 0);
    const auto to_first = first.receive_all();
    const auto to_second = second.receive_all();
    ASSERT_THAT(to_first, SizeIs(1));
    ASSERT_THAT(to_second, SizeIs(1));
    EXPECT_EQ(to_first[0].sequence(), 11);
    EXPECT_EQ(to_first[0].identifier(), first.identifier());
    EXPECT_EQ(to_second[0].sequence(), 22);
  });
}

TEST_P(KernelFacts, AConnectedPingSocketStillTakesAnswersFromOthers) {
  in_network_namespace([family = GetParam()] {
    const Hosts hosts = make_hosts(family);
    PingSocket socket(family);
    ASSERT_EQ(socket.connect(hosts.own), 0);
    forge(hosts.stranger, hosts.own, echo_reply(family, socket.identifier(), 5));
    const auto packet = socket.receive();
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->from, hosts.stranger);
    EXPECT_EQ(packet->sequence(), 5);
  });
}

TEST_P(KernelFacts, ARawSocketSeesOtherSocketsAnswers) {
  in_network_namespace([family = GetParam()] {
    PingSocket raw(family, SOCK_RAW);
    PingSocket socket(family);
    ASSERT_EQ(socket.send(Address::loopback(family), 5), 0);
    EXPECT_TRUE(socket.receive());
    EXPECT_THAT(raw.receive_all(), SizeIs(2)) << "the request and the answer, none of them its own";
  });
}

// --- Errors -----------------------------------------------------------------------------------------------

TEST_P(KernelFacts, AnErrorForOneHostFailsTheNextSendToAnother) {
  in_network_namespace([family = GetParam()] {
    const Hosts hosts = make_hosts(family);
    PingSocket socket(family);
    ASSERT_TRUE(enable_receive_control(socket.fd(), family));
    ASSERT_EQ(socket.bind(0), 0);
    forge_unreachable(hosts.stranger, hosts.own, hosts.second, socket.identifier(), 7);
    EXPECT_EQ(socket.send(hosts.third, 8), EHOSTUNREACH);
    EXPECT_EQ(socket.send(hosts.third, 9), 0) << "the error is gone with the send that it failed";
    const auto answers = socket.receive_all();
    ASSERT_THAT(answers, SizeIs(1));
    EXPECT_EQ(answers[0].sequence(), 9) << "the failed send never left";
  });
}

TEST_P(KernelFacts, TakingThePendingErrorFirstSavesTheNextSend) {
  in_network_namespace([family = GetParam()] {
    const Hosts hosts = make_hosts(family);
    PingSocket socket(family);
    ASSERT_TRUE(enable_receive_control(socket.fd(), family));
    ASSERT_EQ(socket.bind(0), 0);
    forge_unreachable(hosts.stranger, hosts.own, hosts.second, socket.identifier(), 7);
    EXPECT_EQ(take_pending_error(socket.fd()), EHOSTUNREACH);
    EXPECT_EQ(socket.send(hosts.third, 8), 0);
    EXPECT_TRUE(socket.receive_error()) << "the error queue keeps its message";
  });
}

TEST_P(KernelFacts, DrainingTheErrorQueueSavesTheNextSend) {
  in_network_namespace([family = GetParam()] {
    const Hosts hosts = make_hosts(family);
    PingSocket socket(family);
    ASSERT_TRUE(enable_receive_control(socket.fd(), family));
    ASSERT_EQ(socket.bind(0), 0);
    forge_unreachable(hosts.stranger, hosts.own, hosts.second, socket.identifier(), 7);
    ASSERT_TRUE(socket.receive_error());
    EXPECT_EQ(socket.send(hosts.third, 8), 0);
  });
}

TEST_P(KernelFacts, TheErrorQueueTellsOffenderTypeCodeAndQuotesTheProbe) {
  in_network_namespace([family = GetParam()] {
    const Hosts hosts = make_hosts(family);
    PingSocket socket(family);
    ASSERT_TRUE(enable_receive_control(socket.fd(), family));
    ASSERT_EQ(socket.bind(0), 0);
    forge_unreachable(hosts.stranger, hosts.own, hosts.second, socket.identifier(), 7);
    const auto message = socket.receive_error();
    ASSERT_TRUE(message && message->control.error);
    const ExtendedError& error = *message->control.error;
    EXPECT_TRUE(error.is_icmp());
    EXPECT_EQ(error.error, EHOSTUNREACH);
    EXPECT_EQ(error.type, family == Family::ipv4 ? ICMP_DEST_UNREACH : ICMP6_DST_UNREACH);
    EXPECT_EQ(error.code, family == Family::ipv4 ? ICMP_HOST_UNREACH : ICMP6_DST_UNREACH_ADDR);
    EXPECT_EQ(error.offender, hosts.stranger);
    EXPECT_EQ(message->from, hosts.second) << "msg_name is where the probe was going";
    EXPECT_EQ(message->identifier(), socket.identifier());
    EXPECT_EQ(message->sequence(), 7);
  });
}

TEST_P(KernelFacts, WithoutErrorReceptionNothingIsDisturbedNorTold) {
  in_network_namespace([family = GetParam()] {
    const Hosts hosts = make_hosts(family);
    PingSocket socket(family);
    ASSERT_EQ(socket.bind(0), 0);
    forge_unreachable(hosts.stranger, hosts.own, hosts.second, socket.identifier(), 7);
    EXPECT_EQ(socket.send(hosts.third, 8), 0);
    EXPECT_FALSE(socket.receive_error(milliseconds(0)));
  });
}

// --- Receive buffer ---------------------------------------------------------------------------------------

TEST_P(KernelFacts, AFullReceiveBufferCountsWhatItDrops) {
  in_network_namespace([family = GetParam()] {
    PingSocket socket(family);
    ASSERT_TRUE(set_receive_buffer(socket.fd(), 1));  // the kernel's least: 2,304 bytes
    EXPECT_EQ(receive_drops(socket.fd()), 0U);
    constexpr std::uint16_t probes = 50;
    for (std::uint16_t i = 0; i < probes; ++i) ASSERT_EQ(socket.send(Address::loopback(family), i), 0);
    const std::size_t answers = socket.receive_all().size();
    EXPECT_THAT(answers, AllOf(Ge(1U), Le(5U)));
    EXPECT_EQ(receive_drops(socket.fd()), probes - answers);
  });
}

// 832 bytes are charged for a 64-byte answer and as much for a stamp on the loopback device (over veth,
// stamps cost some more: 112 pairs were seen).
struct BufferCase {
  int effective_bytes;
  std::size_t answers_alone, least_pairs, most_pairs;
};

TEST_P(KernelFacts, AStockBufferHoldsSomeHundredAnswersWithTheirStamps) {
  in_network_namespace([family = GetParam()] {
    constexpr std::uint16_t probes = 600;
    for (const BufferCase& expected :
         {BufferCase{212'992, 256, 100, 135}, BufferCase{425'984, 512, 200, 270}}) {
      PingSocket plain(family);
      ASSERT_EQ(set_receive_buffer(plain.fd(), expected.effective_bytes / 2), expected.effective_bytes);
      for (std::uint16_t i = 0; i < probes; ++i) ASSERT_EQ(plain.send(Address::loopback(family), i), 0);
      const auto answers = static_cast<double>(plain.receive_all().size());
      EXPECT_NEAR(answers, static_cast<double>(expected.answers_alone), answers / 10);

      PingSocket stamped(family);
      ASSERT_EQ(set_receive_buffer(stamped.fd(), expected.effective_bytes / 2), expected.effective_bytes);
      ASSERT_TRUE(
          enable_timestamping(stamped.fd(), {.transmit = true, .receive = true, .number_sends = true}));
      for (std::uint16_t i = 0; i < probes; ++i) ASSERT_EQ(stamped.send(Address::loopback(family), i), 0);
      EXPECT_THAT(stamped.receive_all().size(), AllOf(Ge(expected.least_pairs), Le(expected.most_pairs)));
    }
  });
}

TEST_P(KernelFacts, StampsLostInAFullBufferAreCountedNowhere) {
  in_network_namespace([family = GetParam()] {
    PingSocket socket(family);
    ASSERT_TRUE(set_receive_buffer(socket.fd(), 20'000));
    ASSERT_TRUE(enable_timestamping(socket.fd(), {.transmit = true, .receive = true, .number_sends = true}));
    constexpr std::uint16_t probes = 200;
    for (std::uint16_t i = 0; i < probes; ++i) ASSERT_EQ(socket.send(Address::loopback(family), i), 0);
    const std::size_t answers = socket.receive_all().size();
    const std::size_t stamps = socket.stamp_numbers().size();
    EXPECT_LT(stamps, probes);
    EXPECT_EQ(receive_drops(socket.fd()), probes - answers) << "the drops of answers alone";
  });
}

}  // namespace
}  // namespace sonde::net::testing
