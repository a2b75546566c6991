// own_address_test.cpp: the address that packets are sent from, peer by peer.
#include "net/own_address.hpp"

#include <gtest/gtest.h>

#include "net/network_namespace.hpp"

namespace sonde::net {
namespace {

using testing::await_address;
using testing::in_network_namespace;
using testing::run;

Address address(const char* text) {
  return Address::parse(text).value();
}

TEST(OwnAddress, IsTheRoutesForEachPeerAnew) {
  in_network_namespace([] {
    run("ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up");
    run("ip addr add 192.0.2.1/24 dev v0; ip addr add 198.51.100.1/24 dev v0; ip addr add 2001:db8::1/64 dev "
        "v0 nodad");
    await_address("2001:db8::1");
    OwnAddress own({});
    EXPECT_EQ(own.towards(address("192.0.2.7")), address("192.0.2.1"));
    EXPECT_EQ(own.towards(address("198.51.100.7")), address("198.51.100.1"));
    EXPECT_EQ(own.towards(address("127.0.0.7")), address("127.0.0.1"));
    EXPECT_EQ(own.towards(address("2001:db8::7")), address("2001:db8::1"));
    EXPECT_EQ(own.towards(address("203.0.113.1")), std::nullopt);
    EXPECT_EQ(own.towards(address("192.0.2.7")), address("192.0.2.1")) << "also after a peer without a route";
  });
}

TEST(OwnAddress, IsTheSourceThatWasAskedFor) {
  in_network_namespace([] {
    run("ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up");
    run("ip addr add 192.0.2.1/24 dev v0; ip addr add 192.0.2.9/24 dev v0");
    OwnAddress own({{.source = address("192.0.2.9")}, {}});
    EXPECT_EQ(own.towards(address("192.0.2.7")), address("192.0.2.9"));
    EXPECT_EQ(own.towards(address("192.0.2.8")), address("192.0.2.9"));
    EXPECT_EQ(own.towards(address("::1")), std::nullopt);
  });
}

}  // namespace
}  // namespace sonde::net
