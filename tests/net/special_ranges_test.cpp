// special_ranges_test.cpp: the table of special-purpose ranges is whole, and finds what lies in it and nothing else.
#include "net/special_ranges.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

namespace sonde::net {
namespace {

Address address(std::string_view text) {
  return Address::parse(text).value();
}

std::string_view meaning(std::string_view text) {
  const SpecialRange* const found = find_special(address(text));
  return found == nullptr ? std::string_view() : found->meaning;
}

TEST(SpecialRanges, EveryRowHoldsItsOwnEnds) {
  for (const SpecialRange& special : special_ranges()) {
    const auto range = AddressRange::parse(special.prefix);
    ASSERT_TRUE(range) << special.prefix;
    EXPECT_NE(find_special(range->first()), nullptr) << special.prefix;
    EXPECT_NE(find_special(range->last()), nullptr) << special.prefix;
  }
}

TEST(SpecialRanges, BothFamiliesAreThere) {
  EXPECT_EQ(meaning("10.1.2.3"), "private use (RFC 1918)");
  EXPECT_EQ(meaning("2001:db8::1"), "documentation (RFC 3849)");
}

TEST(SpecialRanges, OrdinaryAddressesAreNot) {
  for (const std::string_view text :
       {"1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.128.0.0", "172.32.0.0", "192.0.1.0",
        "223.255.255.255", "2000::", "2600::1", "2a00::1", "64:ff9b::8.8.8.8",
        "2002:808:808::", "2002:808:808:ffff::1"}) {
    EXPECT_EQ(meaning(text), "") << text;
  }
}

TEST(SpecialRanges, TheFirstThatHoldsAnAddressNamesIt) {
  EXPECT_EQ(meaning("::1"), "loopback (RFC 4291)");
  EXPECT_EQ(meaning("::2"), "IPv4-compatible (RFC 4291)");
  EXPECT_EQ(meaning("2001::1"), "Teredo (RFC 4380)");
  EXPECT_EQ(meaning("255.255.255.255"), "limited broadcast (RFC 919)");
}

TEST(SpecialRanges, AnIpv6AddressIsWhatTheIpv4AddressInItIs) {
  EXPECT_EQ(meaning("64:ff9b::10.0.0.0"), "private use (RFC 1918)");
  EXPECT_EQ(meaning("64:ff9b::10.255.255.255"), "private use (RFC 1918)");
  EXPECT_EQ(meaning("64:ff9b::9.255.255.255"), "");
  EXPECT_EQ(meaning("64:ff9b::11.0.0.0"), "");
  EXPECT_EQ(meaning("2002:a00::"), "private use (RFC 1918)");
  EXPECT_EQ(meaning("2002:aff:ffff:ffff:ffff:ffff:ffff:ffff"), "private use (RFC 1918)");
  EXPECT_EQ(meaning("2002:9ff:ffff:ffff:ffff:ffff:ffff:ffff"), "");
  EXPECT_EQ(meaning("2002:b00::"), "");
  EXPECT_EQ(meaning("2002:a9fe:a9fe::1"), "link local (RFC 3927)");
}

TEST(SpecialRanges, FormsThatAreOnNoNetworkAreSpecialWhateverTheyCarry) {
  for (const std::string_view text : {"::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b:1::8.8.8.8", "2001::8.8.8.8"})
    EXPECT_NE(meaning(text), "") << text;
}

TEST(SpecialRanges, TheRangesHoldWhatIsFoundAndNothingElse) {
  const auto ranges = special_address_ranges();
  const auto within = [&ranges](const Address& one) {
    return std::ranges::any_of(ranges, [&one](const AddressRange& range) { return contains(range, one); });
  };
  for (const AddressRange& range : ranges) {
    for (const Address& end : {range.first(), range.last()})
      EXPECT_NE(find_special(end), nullptr) << end.to_string();
    if (const auto behind = range.last().plus(1)) {
      EXPECT_EQ(find_special(*behind) != nullptr, within(*behind)) << behind->to_string();
    }
  }
}

TEST(SpecialRanges, AZoneIsNotLookedAt) {
  EXPECT_EQ(meaning("fe80::1%1"), "link local (RFC 4291)");
}

TEST(SpecialRanges, ARangeHoldsItsEndsAndNothingBeyond) {
  const AddressRange range = AddressRange::parse("10.0.0.4-10.0.0.9").value();
  EXPECT_TRUE(contains(range, address("10.0.0.4")));
  EXPECT_TRUE(contains(range, address("10.0.0.9")));
  EXPECT_FALSE(contains(range, address("10.0.0.3")));
  EXPECT_FALSE(contains(range, address("10.0.0.10")));
}

TEST(SpecialRanges, FamiliesNeverMatchEachOther) {
  EXPECT_FALSE(contains(AddressRange::parse("a00::/8").value(), address("10.0.0.1")));
  EXPECT_FALSE(contains(AddressRange::parse("0.0.0.0/0").value(), address("::1")));
}

}  // namespace
}  // namespace sonde::net
