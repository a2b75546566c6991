// node_information_test.cpp: names and addresses of node information replies, whole, cut anywhere and misleading.
#include "wire/node_information.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/packet_bytes.hpp"

namespace sonde::wire {
namespace {

using test::Bytes;
using test::cut;
using test::hex;

// What stands in it, "?" last where it ends in the middle.
std::vector<std::string> names_of(const Bytes& data) {
  std::vector<std::string> found;
  NodeNames names(data);
  NodeName name;
  for (NodeStep step = names.next(name); step != NodeStep::end; step = names.next(name)) {
    if (step == NodeStep::truncated) {
      found.emplace_back("?");
      break;
    }
    found.push_back(std::string(name.text.data()) + (name.fully_qualified ? "." : ""));
  }
  return found;
}

std::vector<std::string> addresses_of(const Bytes& data, Family family) {
  std::vector<std::string> found;
  NodeAddresses addresses(data, family);
  NodeAddress address;
  for (NodeStep step = addresses.next(address); step != NodeStep::end; step = addresses.next(address)) {
    if (step == NodeStep::truncated) {
      found.emplace_back("?");
      break;
    }
    found.push_back(std::to_string(address.ttl_s) + " " + address.address.to_string());
  }
  return found;
}

using Found = std::vector<std::string>;

// TTL 0; "a.bc" fully qualified, "d" not.
const auto two_names = "00000000 0161 026263 00 0164 00 00";

TEST(NodeInformation, NamesTellWhetherTheyAreFullyQualified) {
  EXPECT_EQ(names_of(hex(two_names)), (Found{"a.bc.", "d"}));
  EXPECT_EQ(names_of(hex("00000000")), Found{});
}

TEST(NodeInformation, NamesPointBackButNotOutside) {
  EXPECT_EQ(names_of(hex("00000000 0161 026263 00 0164 c004")), (Found{"a.bc.", "d.a.bc."}));
  EXPECT_EQ(names_of(hex("00000000 c004")), (Found{"?"})) << "a circle";
  EXPECT_EQ(names_of(hex("00000000 c0ff")), (Found{"?"}));
}

TEST(NodeInformation, UnprintableNamesAreEscaped) {
  EXPECT_EQ(names_of(hex("00000000 03612007 00")), (Found{"a\\032\\007."}));
}

TEST(NodeInformation, NamesCutAnywhereSaySo) {
  const Bytes whole = hex(two_names);
  for (std::size_t length = node_ttl_bytes; length < whole.size(); ++length) {
    // The first name ends at 10; the second is whole, and then not fully qualified, two bytes behind that.
    Found expected;
    if (length >= 10) expected.emplace_back("a.bc.");
    if (length > 10) expected.emplace_back(length < 13 ? "?" : "d.");
    if (length > 4 && length < 10) expected.emplace_back("?");
    EXPECT_EQ(names_of(cut(whole, length)), expected) << length;
  }
}

TEST(NodeInformation, AddressesHaveATtlEach) {
  EXPECT_EQ(addresses_of(hex("00000001 c0000201 ffffffff c0000202"), Family::ipv4),
            (Found{"1 192.0.2.1", "4294967295 192.0.2.2"}));
  EXPECT_EQ(addresses_of(hex("00000002 20010db8000000000000000000000001"), Family::ipv6),
            (Found{"2 2001:db8::1"}));
  EXPECT_EQ(addresses_of({}, Family::ipv6), Found{});
}

TEST(NodeInformation, AddressesCutAnywhereSaySo) {
  const Bytes whole = hex("00000001 c0000201 00000001 c0000202");
  for (std::size_t length = 1; length < whole.size(); ++length) {
    if (length == 8) continue;
    const Found found = addresses_of(cut(whole, length), Family::ipv4);
    EXPECT_EQ(found, length < 8 ? (Found{"?"}) : (Found{"1 192.0.2.1", "?"})) << length;
  }
}

}  // namespace
}  // namespace sonde::wire
