// neighbour_facts_test.cpp: what Linux does with probes to a neighbour that does not exist. Takes seconds:
// the kernel's own patience is being tested.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include "net/network_namespace.hpp"
#include "net/ping_socket.hpp"
#include "net/socket_options.hpp"
#include "net/timestamping.hpp"

namespace sonde::net::testing {
namespace {

class NeighbourFacts : public ::testing::TestWithParam<Family> {};
INSTANTIATE_TEST_SUITE_P(Family, NeighbourFacts, ::testing::ValuesIn(both_families()), family_name);

TEST_P(NeighbourFacts, AnAbsentOneIsToldAfterThreeSecondsByOurOwnAddressWithoutATransmitStamp) {
  in_network_namespace([family = GetParam()] {
    run("ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up");
    run("ip addr add 192.0.2.1/24 dev v0; ip addr add 2001:db8:1::1/64 dev v0 nodad");
    await_address("2001:db8:1::1");
    const bool is_ipv4 = family == Family::ipv4;
    const Address own = is_ipv4 ? address("192.0.2.1") : address("2001:db8:1::1");
    const Address absent = is_ipv4 ? address("192.0.2.99") : address("2001:db8:1::99");
    PingSocket socket(family);
    ASSERT_TRUE(enable_receive_control(socket.fd(), family));
    ASSERT_TRUE(enable_timestamping(socket.fd(), {.transmit = true, .receive = true, .number_sends = true}));
    const MonotonicTime sent_at = Clock::system().monotonic();
    ASSERT_EQ(socket.send(absent, 7), 0) << "the packet waits for the neighbour, and the call succeeds";
    const auto message = socket.receive_error(std::chrono::seconds(10));
    const auto waited = Clock::system().monotonic() - sent_at;
    ASSERT_TRUE(message && message->control.error);
    EXPECT_TRUE(message->control.error->is_icmp()) << "an error, and no stamp before it";
    EXPECT_EQ(message->control.error->type, is_ipv4 ? ICMP_DEST_UNREACH : ICMP6_DST_UNREACH);
    EXPECT_EQ(message->control.error->code, is_ipv4 ? ICMP_HOST_UNREACH : ICMP6_DST_UNREACH_ADDR);
    EXPECT_EQ(message->control.error->offender, own);
    EXPECT_EQ(message->sequence(), 7);
    EXPECT_GT(waited, std::chrono::milliseconds(2500));
    EXPECT_LT(waited, std::chrono::milliseconds(6000));
    EXPECT_TRUE(socket.stamp_numbers().empty());
  });
}

}  // namespace
}  // namespace sonde::net::testing
