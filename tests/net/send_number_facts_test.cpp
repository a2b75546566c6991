// send_number_facts_test.cpp: which sends use up a number of SOF_TIMESTAMPING_OPT_ID, on Linux. A failure
// here means that the kernel behaves differently from what the crediting of stamps assumes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>

#include "net/network_namespace.hpp"
#include "net/ping_socket.hpp"
#include "net/socket_options.hpp"
#include "net/timestamping.hpp"

namespace sonde::net::testing {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;

constexpr TimestampingOptions numbered{.transmit = true, .receive = true, .number_sends = true};

class SendNumberFacts : public ::testing::TestWithParam<Family> {};
INSTANTIATE_TEST_SUITE_P(Family, SendNumberFacts, ::testing::ValuesIn(both_families()), family_name);

// IPv6 ping sockets never learn what became of a packet behind the socket (icmpv6_push_pending_frames() drops
// the result): a firewall's refusal and a full queue look like success there, and the missing TX stamp alone
// tells.
int seen_by(Family family, int failure) {
  return family == Family::ipv4 ? failure : 0;
}

// A device with a route, and addresses behind it: reachable by the link layer, refused by a route, without
// any route.
struct Network {
  Address loopback, on_link, unreachable, no_route;
};
Network make_network(Family family) {
  run("ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up");
  if (family == Family::ipv4) {
    run("ip addr add 192.0.2.1/24 dev v0; ip route add unreachable 198.51.100.0/24");
    run("ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev v0");
    return {Address::loopback(family), address("192.0.2.2"), address("198.51.100.1"), address("203.0.113.1")};
  }
  run("ip addr add 2001:db8:1::1/64 dev v0 nodad; ip -6 route add unreachable 2001:db8:2::/64");
  await_address("2001:db8:1::1");
  run("ip neigh add 2001:db8:1::2 lladdr 02:00:00:00:00:02 dev v0");
  return {Address::loopback(family), address("2001:db8:1::2"), address("2001:db8:2::1"),
          address("2001:db8:3::1")};
}

TEST_P(SendNumberFacts, AFirewallsRefusalUsesUpANumber) {
  in_network_namespace([family = GetParam()] {
    const Network network = make_network(family);
    const bool is_ipv4 = family == Family::ipv4;
    run("nft 'add table inet sonde; add chain inet sonde out { type filter hook output priority 0; }'");
    run(std::string("nft add rule inet sonde out ") + (is_ipv4 ? "ip" : "ip6") + " daddr " +
        network.on_link.to_string() + " drop");
    PingSocket socket(family);
    ASSERT_TRUE(enable_timestamping(socket.fd(), numbered));
    EXPECT_EQ(socket.send(network.loopback, 0), 0);
    EXPECT_EQ(socket.send(network.on_link, 1), seen_by(family, EPERM));
    EXPECT_EQ(socket.send(network.loopback, 2), 0);
    EXPECT_THAT(socket.stamp_numbers(), ElementsAre(0, 2));
  });
}

TEST_P(SendNumberFacts, AFullQueueUsesUpANumber) {
  in_network_namespace([family = GetParam()] {
    const Network network = make_network(family);
    run("tc qdisc add dev v0 root tbf rate 8bit burst 200 limit 200");
    for (const bool with_error_reception : {false, true}) {
      PingSocket socket(family);
      if (with_error_reception) {
        ASSERT_TRUE(enable_receive_control(socket.fd(), family));
      }
      ASSERT_TRUE(enable_timestamping(socket.fd(), numbered));
      constexpr std::uint32_t tries = 20;
      int failure = 0;
      for (std::uint32_t i = 0; i < tries; ++i) failure = socket.send(network.on_link, 0);
      EXPECT_EQ(failure, seen_by(family, ENOBUFS));
      EXPECT_EQ(socket.send(network.loopback, 0), 0);
      const auto numbers = socket.stamp_numbers();
      ASSERT_FALSE(numbers.empty());
      EXPECT_LT(numbers.size(), tries) << "most never left";
      EXPECT_EQ(numbers.back(), tries);
    }
  });
}

TEST_P(SendNumberFacts, RefusalsBeforeThePacketIsBuiltUseUpNone) {
  in_network_namespace([family = GetParam()] {
    const Network network = make_network(family);
    PingSocket socket(family);
    ASSERT_TRUE(enable_timestamping(socket.fd(), numbered));
    ASSERT_TRUE(set_path_mtu(socket.fd(), family, PathMtu::always));
    EXPECT_EQ(socket.send(network.loopback, 0), 0);
    EXPECT_EQ(socket.send(network.unreachable, 1), EHOSTUNREACH);
    EXPECT_EQ(socket.send(network.no_route, 2), ENETUNREACH);
    EXPECT_EQ(socket.send(network.on_link, 3, 2000), EMSGSIZE) << "larger than the device takes";
    EXPECT_EQ(socket.send(network.loopback, 4, 65'530), EMSGSIZE) << "larger than a packet";
    const std::array<std::byte, 4> too_short{};
    const SocketAddress to = SocketAddress::from(network.loopback);
    EXPECT_EQ(::sendto(socket.fd(), too_short.data(), too_short.size(), 0, to.data(), to.size()), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(socket.send(network.loopback, 6), 0);
    EXPECT_THAT(socket.stamp_numbers(), ElementsAre(0, 1));
  });
}

TEST_P(SendNumberFacts, AnErrorPendingOnTheSocketUsesUpNone) {
  in_network_namespace([family = GetParam()] {
    const Network network = make_network(family);
    PingSocket socket(family);
    ASSERT_TRUE(enable_receive_control(socket.fd(), family));
    ASSERT_TRUE(enable_timestamping(socket.fd(), numbered));
    EXPECT_EQ(socket.send(network.loopback, 0), 0);
    EXPECT_THAT(socket.stamp_numbers(), ElementsAre(0));
    forge_unreachable(network.loopback, network.loopback, network.on_link, socket.identifier(), 1);
    EXPECT_EQ(socket.send(network.loopback, 1), EHOSTUNREACH);
    EXPECT_EQ(socket.send(network.loopback, 2), 0);
    EXPECT_THAT(socket.stamp_numbers(), ElementsAre(1));
  });
}

TEST_P(SendNumberFacts, ACallersNumberStaysOnTheSocket) {
  if (!kernel_takes_send_numbers()) GTEST_SKIP() << "needs Linux 6.13";
  in_network_namespace([family = GetParam()] {
    PingSocket socket(family);
    ASSERT_TRUE(enable_timestamping(socket.fd(), numbered));
    ControlBuffer<64> control;
    control.add_send_number(50);
    ASSERT_EQ(socket.send(Address::loopback(family), 0), 0);
    ASSERT_EQ(socket.send(Address::loopback(family), 1, 56, control.bytes()), 0);
    ASSERT_EQ(socket.send(Address::loopback(family), 2), 0);
    // Linux 6.18 repeats the number on the send that has none; should a later one go on counting, that is
    // right for us too: sonde gives every send a number, or none.
    EXPECT_THAT(socket.stamp_numbers(),
                AnyOf(ElementsAre(0, 50, 50), ElementsAre(0, 50, 1), ElementsAre(0, 50, 2)));
  });
}

TEST_P(SendNumberFacts, AFragmentedProbeHasOneStamp) {
  in_network_namespace([family = GetParam()] {
    run("ip link set lo mtu 1500");
    PingSocket socket(family);
    ASSERT_TRUE(enable_timestamping(socket.fd(), numbered));
    ASSERT_EQ(socket.send(Address::loopback(family), 0, 9000), 0);
    ASSERT_EQ(socket.send(Address::loopback(family), 1), 0);
    EXPECT_THAT(socket.stamp_numbers(), ElementsAre(0, 1));
  });
}

}  // namespace
}  // namespace sonde::net::testing
