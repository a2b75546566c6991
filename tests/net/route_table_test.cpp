// route_table_test.cpp: which route a destination takes, against a search through all prefixes and against the kernel.
#include "net/route_table.hpp"

#include <gtest/gtest.h>

#include <random>

#include "net/network_namespace.hpp"

namespace sonde::net {
namespace {

using testing::in_network_namespace;
using testing::run;
using Prefix = RouteTable::Prefix;

Address address(const std::string& text) {
  return Address::parse(text).value();
}

constexpr std::uint8_t local = 255, main_table = 254, default_table = 253;

// Of IPv4.
std::optional<std::size_t> by_search(const std::vector<Prefix>& prefixes, std::uint32_t destination) {
  for (const std::uint8_t table : {local, main_table, default_table}) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < prefixes.size(); ++i) {
      const std::uint8_t length = prefixes[i].length;
      const std::uint32_t mask = length == 0 ? 0 : ~std::uint32_t{0} << (32 - length);
      const bool holds = prefixes[i].table == table && prefixes[i].first == Address::ipv4(destination & mask);
      if (holds && (!best || length > prefixes[*best].length)) best = i;
    }
    if (best) return best;
  }
  return std::nullopt;
}

TEST(RouteTable, FindsTheLongestPrefixOfTheFirstTableThatHasOne) {
  std::mt19937 random(7);
  for (int round = 0; round < 100; ++round) {
    // Few bits, so that prefixes meet: 10.0.0.0/24 and its parts, and prefixes at both ends of the family's space.
    std::vector<Prefix> prefixes;
    for (std::size_t i = 0, count = random() % 12; i < count; ++i) {
      const auto length = static_cast<std::uint8_t>(random() % 5 == 0 ? random() % 3 : 24 + random() % 9);
      const std::uint32_t base = random() % 4 == 0 ? 0xffffff00U : 0x0a000000U;
      const std::uint32_t mask = length == 0 ? 0 : ~std::uint32_t{0} << (32 - length);
      prefixes.push_back({.first = Address::ipv4((base | static_cast<std::uint32_t>(random() % 256)) & mask),
                          .length = length,
                          .table = static_cast<std::uint8_t>(default_table + random() % 3)});
    }
    const RouteTable table(prefixes);
    for (const std::uint32_t base : {0x0a000000U, 0xffffff00U, 0U, 0x09ffff00U, 0x0a000100U}) {
      for (std::uint32_t last = 0; last < 256; ++last) {
        ASSERT_EQ(table.find(Address::ipv4(base | last)), by_search(prefixes, base | last)) << (base | last);
      }
    }
  }
}

TEST(RouteTable, OfIPv6LooksAtNoZone) {
  const RouteTable table({{.first = address("fe80::"), .length = 64, .table = main_table},
                          {.first = address("2001:db8::"), .length = 127, .table = main_table}});
  EXPECT_EQ(table.find(Address::ipv6(std::span(address("fe80::1").padded_bytes()), 3)), 0u);
  EXPECT_EQ(table.find(address("2001:db8::1")), 1u);
  EXPECT_EQ(table.find(address("2001:db8::2")), std::nullopt);
}

TEST(RouteTable, IsTheKernels) {
  in_network_namespace([] {
    run("ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up; ip addr add "
        "192.0.2.1/24 dev v0");
    run("ip route add 198.18.0.0/15 via 192.0.2.2; ip route add 198.18.7.0/24 via 192.0.2.3");
    const auto table = RouteTable::read(Family::ipv4);
    ASSERT_TRUE(table.has_value()) << table.error().message();
    const auto wide = table->find(address("198.19.255.255"));
    EXPECT_TRUE(wide.has_value());
    EXPECT_EQ(table->find(address("198.18.6.255")), wide);
    EXPECT_NE(table->find(address("198.18.7.0")), wide);
    EXPECT_EQ(table->find(address("198.18.8.0")), wide);
    EXPECT_NE(table->find(address("192.0.2.1")), table->find(address("192.0.2.4"))) << "its own address";
    EXPECT_EQ(table->find(address("198.20.0.0")), std::nullopt);
    EXPECT_TRUE(RouteTable::read(Family::ipv6).has_value());
  });
}

TEST(RouteTable, IsNoneWhereRulesChoose) {
  in_network_namespace([] {
    run("ip rule add fwmark 7 lookup 77");
    const auto table = RouteTable::read(Family::ipv4);
    ASSERT_FALSE(table.has_value());
    EXPECT_EQ(table.error().code, ErrorCode::unavailable);
    EXPECT_NE(table.error().message().find("ip rule"), std::string::npos);
  });
}

}  // namespace
}  // namespace sonde::net
