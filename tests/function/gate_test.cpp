// gate_test.cpp: what the gate keeps closed: every special-purpose range, and IPv4 inside of IPv6.
#include "function/gate.hpp"

#include <gmock/gmock.h>

#include <set>
#include <string>

#include "net/special_ranges.hpp"
#include "sweep/target_space.hpp"

namespace sonde::function {
namespace {

using testing::HasSubstr;

Address address(std::string_view text) {
  return Address::parse(text).value();
}

bool refused(const Gate& gate, std::string_view text) {
  return gate.refusal(address(text)).has_value();
}

Gate allowing(std::string_view ranges) {
  return Gate(parse_allowed(ranges).value());
}

TEST(SpecialRanges, EveryRowIsARangeWithAMeaning) {
  for (const net::SpecialRange& special : net::special_ranges()) {
    const auto range = AddressRange::parse(special.prefix);
    ASSERT_TRUE(range) << special.prefix;
    EXPECT_FALSE(special.meaning.empty()) << special.prefix;
    EXPECT_TRUE(net::find_special(range->first())) << special.prefix;
    EXPECT_TRUE(net::find_special(range->last())) << special.prefix;
  }
}

// The registries' entries that are not globally reachable, as the registries have them: written once more, so that a row
// that is lost from the table is missed here.
TEST(Gate, RefusesBothEndsOfEveryRegistryEntry) {
  const Gate gate;
  for (const char* prefix : {"0.0.0.0/8",      "0.0.0.0/32",     "10.0.0.0/8",
                             "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
                             "172.16.0.0/12",  "192.0.0.0/24",   "192.0.0.0/29",
                             "192.0.0.8/32",   "192.0.0.170/31", "192.0.2.0/24",
                             "192.168.0.0/16", "198.18.0.0/15",  "198.51.100.0/24",
                             "203.0.113.0/24", "240.0.0.0/4",    "255.255.255.255/32",
                             "224.0.0.0/4",    "192.88.99.0/24", "::/128",
                             "::1/128",        "::ffff:0:0/96",  "64:ff9b:1::/48",
                             "100::/64",       "100:0:0:1::/64", "2001::/32",
                             "2001::/23",      "2001:2::/48",    "2001:10::/28",
                             "2001:20::/28",   "2001:db8::/32",  "3fff::/20",
                             "5f00::/16",      "fc00::/7",       "fe80::/10",
                             "fec0::/10",      "ff00::/8"}) {
    const auto range = AddressRange::parse(prefix).value();
    EXPECT_TRUE(gate.refusal(range.first())) << prefix;
    EXPECT_TRUE(gate.refusal(range.last())) << prefix;
  }
}

TEST(Gate, LetsOrdinaryAddressesPassUpToTheEdges) {
  const Gate gate;
  for (const char* text : {"1.0.0.0",          "9.255.255.255",  "11.0.0.0",
                           "8.8.8.8",          "100.63.255.255", "100.128.0.0",
                           "126.255.255.255",  "128.0.0.0",      "169.253.255.255",
                           "169.255.0.0",      "172.15.255.255", "172.32.0.0",
                           "192.0.1.0",        "192.0.3.0",      "192.167.255.255",
                           "192.169.0.0",      "198.17.255.255", "198.20.0.0",
                           "223.255.255.255",  "2001:200::1",    "2001:4860:4860::8888",
                           "2001:db7:ffff::1", "2001:db9::1",    "2620:fe::fe",
                           "2a00:1450::1",     "3ffe:ffff::1",   "3fff:1000::1"}) {
    EXPECT_FALSE(refused(gate, text)) << text << ": " << gate.refusal(address(text)).value_or("");
  }
}

TEST(Gate, RefusesTheAddressesAtWhichCloudsServeTheirSecrets) {
  const Gate gate;
  for (const char* text : {"169.254.169.254", "169.254.170.2", "169.254.0.23", "100.100.100.200",
                           "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"}) {
    EXPECT_TRUE(refused(gate, text)) << text;
  }
}

TEST(Gate, RefusesWhatIsNoGlobalUnicast) {
  const Gate gate;
  for (const char* text : {"::2", "::8.8.8.8", "64:ff9a::1", "64:ff9b:0:0:0:1::1", "1000::1", "1fff:ffff::1",
                           "4000::1", "8000::1", "fbff::1", "fe00::1"}) {
    EXPECT_TRUE(refused(gate, text)) << text;
  }
}

TEST(Gate, LooksAtTheIpv4AddressInsideOfAnIpv6One) {
  const Gate gate;
  EXPECT_TRUE(refused(gate, "64:ff9b::127.0.0.1"));
  EXPECT_TRUE(refused(gate, "64:ff9b::169.254.169.254"));
  EXPECT_TRUE(refused(gate, "64:ff9b::10.0.0.1"));
  EXPECT_FALSE(refused(gate, "64:ff9b::8.8.8.8"));
  EXPECT_TRUE(refused(gate, "2002:7f00:1::1"));
  EXPECT_TRUE(refused(gate, "2002:a9fe:a9fe::"));
  EXPECT_TRUE(refused(gate, "2002:c0a8:101::5"));
  EXPECT_FALSE(refused(gate, "2002:808:808::1"));
  EXPECT_TRUE(refused(gate, "::ffff:127.0.0.1"));
  EXPECT_TRUE(refused(gate, "::ffff:8.8.8.8")) << "mapped addresses are on no network";
}

TEST(Gate, RefusesWhatASweepLeavesOutAndNothingElse) {
  const Gate gate;
  const auto compare = [&gate](const Address& one) {
    sweep::TargetSpaceBuilder builder;
    builder.add(AddressRange::parse(one.to_string()).value());
    EXPECT_EQ(gate.refusal(one).has_value(), builder.build()->space.size() == 0) << one.to_string();
  };
  for (const AddressRange& range : net::special_address_ranges()) {
    compare(range.first());
    compare(range.last());
    if (const auto behind = range.last().plus(1)) compare(*behind);
  }
  for (const char* text :
       {"64:ff9b::8.8.8.8", "64:ff9b::10.0.0.1", "2002:808:808::1", "2002:a00:1::", "2600::1"})
    compare(address(text));
}

TEST(Gate, AllowingOneFamilyDoesNotOpenTheOtherThroughIt) {
  const Gate gate = allowing("::/0");
  EXPECT_FALSE(refused(gate, "::1"));
  EXPECT_FALSE(refused(gate, "fd00::1"));
  EXPECT_TRUE(refused(gate, "::ffff:127.0.0.1"));
  EXPECT_TRUE(refused(gate, "64:ff9b::10.0.0.1"));
  EXPECT_TRUE(refused(gate, "10.0.0.1"));
}

TEST(Gate, OpensWhatIsAllowedAndNothingElse) {
  const Gate gate = allowing("10.1.0.0/16,,::1,192.168.0.5-9");
  EXPECT_FALSE(refused(gate, "10.1.0.0"));
  EXPECT_FALSE(refused(gate, "10.1.255.255"));
  EXPECT_TRUE(refused(gate, "10.2.0.0"));
  EXPECT_TRUE(refused(gate, "10.0.255.255"));
  EXPECT_FALSE(refused(gate, "::1"));
  EXPECT_FALSE(refused(gate, "192.168.0.9"));
  EXPECT_TRUE(refused(gate, "192.168.0.10"));
  EXPECT_TRUE(refused(gate, "127.0.0.1"));
}

TEST(Gate, AZoneDoesNotLeadAroundIt) {
  const Gate gate;
  const auto bytes = address("fe80::1").padded_bytes();
  EXPECT_TRUE(gate.refusal(Address::ipv6(bytes, 1)));
  EXPECT_FALSE(allowing("fe80::/10").refusal(Address::ipv6(bytes, 1)));
}

TEST(Gate, SaysWhatARefusedAddressIs) {
  EXPECT_THAT(std::string(Gate().refusal(address("192.168.1.1")).value()), HasSubstr("RFC 1918"));
  EXPECT_THAT(std::string(Gate().refusal(address("::1")).value()), HasSubstr("loopback"));
  EXPECT_THAT(std::string(Gate().refusal(address("64:ff9b::10.0.0.1")).value()), HasSubstr("RFC 1918"));
}

TEST(Allowed, RefusesWhatIsNoRange) {
  EXPECT_TRUE(parse_allowed("")->empty());
  for (const char* text : {"10.0.0.0/33", "example.net", "10.0.0.0/8 192.168.0.0/16", "/8", "10.0.0.0/8,x"}) {
    EXPECT_FALSE(parse_allowed(text)) << text;
  }
}

}  // namespace
}  // namespace sonde::function
