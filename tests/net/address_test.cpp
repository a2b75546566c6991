// address_test.cpp: addresses from text and back, their kinds and their order.
#include "sonde/address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>

#include <string>
#include <unordered_set>

namespace sonde {
namespace {

Address parsed(std::string_view text) {
  const auto address = Address::parse(text);
  EXPECT_TRUE(address) << text << ": " << address.error().message();
  return address.value_or(Address());
}

TEST(Address, ReadsAndWritesIpv4) {
  EXPECT_EQ(parsed("192.0.2.1").to_string(), "192.0.2.1");
  EXPECT_EQ(parsed("0.0.0.0"), Address());
  EXPECT_EQ(parsed("255.255.255.255"), Address::ipv4(0xffffffffU));
  EXPECT_EQ(parsed("192.0.2.1").bytes().size(), 4U);
}

TEST(Address, WritesTheShortestIpv6TextOfRfc5952) {
  // RFC 5952 section 4: no leading zeros, the longest run (first of equals) shortened, never a run of one,
  // lower case.
  EXPECT_EQ(parsed("2001:0DB8::0001").to_string(), "2001:db8::1");
  EXPECT_EQ(parsed("2001:db8:0:0:1:0:0:1").to_string(), "2001:db8::1:0:0:1");
  EXPECT_EQ(parsed("2001:db8:0:1:1:1:1:1").to_string(), "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(parsed("2001:0:0:1:0:0:0:1").to_string(), "2001:0:0:1::1");
  EXPECT_EQ(parsed("::").to_string(), "::");
  EXPECT_EQ(parsed("::ffff:192.0.2.1").to_string(), "::ffff:192.0.2.1");
}

TEST(Address, KeepsAnIpv4MappedAddressInIpv6) {
  EXPECT_EQ(parsed("::ffff:192.0.2.1").family(), Family::ipv6);
}

class NotAnAddress : public testing::TestWithParam<std::string> {};

TEST_P(NotAnAddress, IsRefusedAsInvalid) {
  const auto address = Address::parse(GetParam());
  ASSERT_FALSE(address) << address->to_string();
  EXPECT_EQ(address.error().code, ErrorCode::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Texts, NotAnAddress,
                         testing::Values("", " ", "localhost", "192.0.2", "192.0.2.1.1", "192.0.2.256",
                                         "192.0.2.01x", "192.0.2.1 ", " 192.0.2.1", "192.0.2.1/24",
                                         "192.0.2.1%lo", "0x7f.0.0.1", "1", ":::", "2001:db8::1::2",
                                         "2001:db8::12345", "[::1]", "::1%", "::1%0", "%lo",
                                         std::string("192.0.2.1\0x", 11), std::string(5000, '1')));

TEST(Address, ReadsAZoneByNameAndByNumber) {
  const std::uint32_t index = ::if_nametoindex("lo");
  ASSERT_NE(index, 0U);
  EXPECT_EQ(parsed("fe80::1%lo").scope_id(), index);
  EXPECT_EQ(parsed("fe80::1%" + std::to_string(index)), parsed("fe80::1%lo"));
  EXPECT_EQ(parsed("fe80::1%lo").to_string(), "fe80::1%lo");
}

TEST(Address, WritesAZoneWithoutAnInterfaceAsItsNumber) {
  EXPECT_EQ(parsed("fe80::1%2000000001").to_string(), "fe80::1%2000000001");
}

TEST(Address, AnUnknownZoneIsNotFound) {
  for (const char* text : {"fe80::1%nosuchdevice", "fe80::1%averylongnameofanetworkdevice"}) {
    const auto address = Address::parse(text);
    ASSERT_FALSE(address);
    EXPECT_EQ(address.error().code, ErrorCode::not_found);
    EXPECT_NE(address.error().subject, "");
  }
}

TEST(Address, KnowsItsKinds) {
  EXPECT_TRUE(parsed("127.8.8.8").is_loopback());
  EXPECT_TRUE(parsed("::1").is_loopback());
  EXPECT_FALSE(parsed("::2").is_loopback());
  EXPECT_FALSE(parsed("128.0.0.1").is_loopback());
  EXPECT_TRUE(parsed("224.0.0.1").is_multicast());
  EXPECT_TRUE(parsed("239.255.255.255").is_multicast());
  EXPECT_FALSE(parsed("240.0.0.1").is_multicast());
  EXPECT_FALSE(parsed("223.255.255.255").is_multicast());
  EXPECT_TRUE(parsed("ff02::1").is_multicast());
  EXPECT_TRUE(parsed("169.254.1.1").is_link_local());
  EXPECT_FALSE(parsed("169.253.1.1").is_link_local());
  EXPECT_TRUE(parsed("febf::1").is_link_local());
  EXPECT_FALSE(parsed("fec0::1").is_link_local());
  EXPECT_TRUE(parsed("0.0.0.0").is_any());
  EXPECT_TRUE(parsed("::").is_any());
  EXPECT_FALSE(parsed("::1").is_any());
  EXPECT_TRUE(parsed("255.255.255.255").is_broadcast());
  EXPECT_FALSE(parsed("192.0.2.255").is_broadcast());
  EXPECT_FALSE(parsed("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").is_broadcast());
}

TEST(Address, MakesTheWellKnownOnes) {
  EXPECT_EQ(Address::loopback(Family::ipv4), parsed("127.0.0.1"));
  EXPECT_EQ(Address::loopback(Family::ipv6), parsed("::1"));
  EXPECT_EQ(Address::any(Family::ipv6), parsed("::"));
}

TEST(Address, PlusCarriesAndEndsWithTheFamily) {
  EXPECT_EQ(parsed("192.0.2.255").plus(1), parsed("192.0.3.0"));
  EXPECT_EQ(parsed("0.0.0.0").plus(0xffffffffU), parsed("255.255.255.255"));
  EXPECT_EQ(parsed("255.255.255.255").plus(1), std::nullopt);
  EXPECT_EQ(parsed("0.0.0.0").plus(1ULL << 32), std::nullopt);
  EXPECT_EQ(parsed("2001:db8::ffff:ffff:ffff:ffff").plus(1), parsed("2001:db8:0:1::"));
  EXPECT_EQ(parsed("::1").plus(~0ULL), parsed("0:0:0:1::"));
  EXPECT_EQ(parsed("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").plus(1), std::nullopt);
  EXPECT_EQ(parsed("192.0.2.1").plus(0), parsed("192.0.2.1"));
}

TEST(Address, PlusKeepsTheZone) {
  EXPECT_EQ(parsed("fe80::1%lo").plus(1), parsed("fe80::2%lo"));
}

TEST(Address, OrdersByFamilyThenZoneThenBytes) {
  EXPECT_LT(parsed("9.0.0.0"), parsed("10.0.0.0"));
  EXPECT_LT(parsed("255.0.0.0"), parsed("::"));
  EXPECT_NE(parsed("fe80::1%1"), parsed("fe80::1"));
}

TEST(Address, ZerosOfBothFamiliesDiffer) {
  EXPECT_NE(Address::any(Family::ipv4), Address::any(Family::ipv6));
  EXPECT_NE(std::hash<Address>()(Address::any(Family::ipv4)),
            std::hash<Address>()(Address::any(Family::ipv6)));
}

TEST(AddressHash, SpreadsNeighboursOverTheLowBits) {
  // Libraries with tables of 2^n buckets use the low bits alone: 4,096 neighbours must fill most of 4,096
  // buckets' share.
  std::unordered_set<std::size_t> buckets;
  for (std::uint32_t i = 0; i < 4096; ++i)
    buckets.insert(std::hash<Address>()(Address::ipv4(0x0a000000U + i)) & 4095U);
  EXPECT_GT(buckets.size(), 2400U);  // 4,096 x (1 - 1/e) = 2,589 by chance
}

}  // namespace
}  // namespace sonde
