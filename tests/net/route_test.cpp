// route_test.cpp: routes and neighbours as the kernel has them.
#include "net/route.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "net/network_namespace.hpp"

namespace sonde::net {
namespace {

using testing::await_address;
using testing::in_network_namespace;
using testing::run;

Address address(const char* text) {
  return Address::parse(text).value();
}

void make_network() {
  run("ip link add v0 type veth peer name v1; ip link set v0 mtu 1400 up; ip link set v1 up");
  run("ip addr add 192.0.2.1/24 dev v0; ip addr add 192.0.2.9/24 dev v0; ip addr add 2001:db8:1::1/64 dev v0 "
      "nodad");
  await_address("2001:db8:1::1");
  run("ip route add 198.51.100.0/24 via 192.0.2.2 mtu 1300; ip -6 route add 2001:db8:2::/64 via "
      "2001:db8:1::2");
  run("ip route add unreachable 203.0.113.0/24");
  run("ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev v0");
}

TEST(FindRoute, TellsInterfaceSourceGatewayAndMtu) {
  in_network_namespace([] {
    make_network();
    const auto route = find_route(address("198.51.100.7"));
    ASSERT_TRUE(route.has_value());
    EXPECT_EQ(route->kind, RouteKind::unicast);
    EXPECT_EQ(route->interface, "v0");
    EXPECT_EQ(route->gateway, address("192.0.2.2"));
    EXPECT_EQ(route->source, address("192.0.2.1"));
    EXPECT_EQ(route->interface_mtu, 1400u);
    EXPECT_EQ(route->path_mtu, 1300u);
    const auto on_link = find_route(address("192.0.2.77"));
    ASSERT_TRUE(on_link.has_value());
    EXPECT_EQ(on_link->gateway, std::nullopt);
    const auto ipv6 = find_route(address("2001:db8:2::7"));
    ASSERT_TRUE(ipv6.has_value());
    EXPECT_EQ(ipv6->gateway, address("2001:db8:1::2"));
    EXPECT_EQ(ipv6->source, address("2001:db8:1::1"));
  });
}

TEST(FindRoute, ToThisHostItselfIsLocal) {
  in_network_namespace([] {
    for (const char* own : {"127.0.0.1", "::1"}) {
      const auto route = find_route(address(own));
      ASSERT_TRUE(route.has_value()) << own;
      EXPECT_EQ(route->kind, RouteKind::local);
      EXPECT_EQ(route->interface, "lo");
    }
  });
}

TEST(FindRoute, FollowsTheOptionsOfTheSocket) {
  in_network_namespace([] {
    make_network();
    const auto from = find_route(address("192.0.2.77"), {{.source = address("192.0.2.9")}, {}});
    ASSERT_TRUE(from.has_value());
    EXPECT_EQ(from->source, address("192.0.2.9"));
    run("ip rule add fwmark 7 lookup 77; ip route add default via 192.0.2.2 table 77");
    EXPECT_FALSE(find_route(address("100.64.0.1")).has_value());
    const auto marked = find_route(address("100.64.0.1"), {{.mark = 7}, {}});
    ASSERT_TRUE(marked.has_value());
    EXPECT_EQ(marked->table, 77u);
    EXPECT_EQ(find_route(address("192.0.2.77"), {{.interface = "nowhere0"}, {}}).error().code,
              ErrorCode::not_found);
  });
}

TEST(FindRoute, OfAnUnreachableNetworkHasTheKernelsErrno) {
  in_network_namespace([] {
    make_network();
    EXPECT_EQ(find_route(address("203.0.113.1")).error().system_errno, EHOSTUNREACH);
    EXPECT_EQ(find_route(address("100.64.0.1")).error().system_errno, ENETUNREACH);
  });
}

TEST(FindNeighbour, TellsItsLinkAddressAndState) {
  in_network_namespace([] {
    make_network();
    const auto route = find_route(address("192.0.2.2"));
    ASSERT_TRUE(route.has_value());
    const auto known = find_neighbour(address("192.0.2.2"), route->interface_index);
    ASSERT_TRUE(known.has_value() && known->has_value());
    EXPECT_EQ(link_address_text((*known)->link_address), "02:00:00:00:00:02");
    EXPECT_EQ((*known)->state, NeighbourState::permanent);
    const auto unknown = find_neighbour(address("192.0.2.3"), route->interface_index);
    ASSERT_TRUE(unknown.has_value());
    EXPECT_FALSE(unknown->has_value());
  });
}

}  // namespace
}  // namespace sonde::net
