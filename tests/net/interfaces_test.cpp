// interfaces_test.cpp: devices and addresses of a namespace made for it.
#include "net/interfaces.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "net/network_namespace.hpp"
#include "net/ping_socket.hpp"

namespace sonde::net::testing {
namespace {

using ::testing::Contains;
using ::testing::IsSupersetOf;

constexpr const char* make_devices =
    "ip link add sonde0 mtu 1400 type veth peer name sonde1;"
    "ip addr add 192.0.2.1/24 dev sonde0; ip addr add 192.0.2.2/24 dev sonde0 label sonde0:x;"
    "ip addr add 2001:db8::1/64 dev sonde0 nodad; ip addr add fe80::77/64 dev sonde0 nodad";

const Interface* find(const std::vector<Interface>& interfaces, std::string_view name) {
  const auto found = std::ranges::find(interfaces, name, &Interface::name);
  return found == interfaces.end() ? nullptr : &*found;
}

TEST(Interfaces, AreListedWithStateMtuAndAddresses) {
  in_network_namespace([] {
    run(make_devices);
    run("ip link set sonde0 up");
    const auto interfaces = list_interfaces();
    ASSERT_TRUE(interfaces) << interfaces.error().message();
    ASSERT_EQ(interfaces->size(), 3U);
    const Interface* loopback = find(*interfaces, "lo");
    ASSERT_NE(loopback, nullptr);
    EXPECT_TRUE(loopback->is_up);
    EXPECT_TRUE(loopback->is_loopback);
    EXPECT_THAT(loopback->addresses, IsSupersetOf({address("127.0.0.1"), address("::1")}));
    const Interface* veth = find(*interfaces, "sonde0");
    ASSERT_NE(veth, nullptr);
    EXPECT_EQ(veth->mtu, 1400U);
    EXPECT_FALSE(veth->is_up) << "no carrier while the other end is down";
    EXPECT_FALSE(veth->is_loopback);
    EXPECT_THAT(veth->addresses, IsSupersetOf({address("192.0.2.1"), address("192.0.2.2"),
                                               address("2001:db8::1"), address("fe80::77%sonde0")}));
    run("ip link set sonde1 up");
    // The kernel tells of the carrier a moment later, up to a second on a busy machine.
    run("for try in $(seq 500); do ip -o link show sonde0 | grep -q 'state UP' && exit 0; sleep 0.01; done; "
        "exit 1");
    const auto again = list_interfaces();
    ASSERT_TRUE(again);
    EXPECT_TRUE(find(*again, "sonde0")->is_up);
  });
}

TEST(Interfaces, TranslateNamesAndIndexes) {
  in_network_namespace([] {
    run(make_devices);
    const auto index = interface_index("sonde0");
    ASSERT_TRUE(index);
    EXPECT_EQ(interface_name(*index), "sonde0");
    for (const char* unknown : {"nosuch0", "", "averylongnameofanetworkdevice"}) {
      const auto missing = interface_index(unknown);
      ASSERT_FALSE(missing);
      EXPECT_EQ(missing.error().code, ErrorCode::not_found);
    }
    EXPECT_FALSE(interface_name(60'000));
  });
}

TEST(OwnAddress, IsAnyOfAnyDevice) {
  in_network_namespace([] {
    run(make_devices);
    for (const char* own : {"127.0.0.1", "127.9.9.9", "::1", "192.0.2.1", "192.0.2.2", "2001:db8::1",
                            "fe80::77", "fe80::77%sonde0"}) {
      EXPECT_EQ(is_own_address(address(own)), true) << own;
    }
    for (const char* foreign :
         {"192.0.2.3", "192.0.2.255", "0.0.0.0", "2001:db8::2", "::2", "fe80::77%lo", "::ffff:192.0.2.1"}) {
      EXPECT_EQ(is_own_address(address(foreign)), false) << foreign;
    }
  });
}

}  // namespace
}  // namespace sonde::net::testing
