// resolution_test.cpp: addresses filtered by family, without duplicates, best first.
#include "resolve/resolution.hpp"

#include <gtest/gtest.h>

namespace sonde::resolve {
namespace {

ResolvedAddress at(std::string_view text, int ttl = 10) {
  return {*Address::parse(text), std::chrono::seconds(ttl)};
}

TEST(Resolution, TtlIsTheShortest) {
  EXPECT_EQ((Resolution{{at("192.0.2.1", 30), at("192.0.2.2", 20)}, {}}.ttl()), std::chrono::seconds(20));
}

TEST(Resolution, FilterKeepsTheFamilyAndDropsDuplicates) {
  const Resolution all{{at("192.0.2.1"), at("2001:db8::1"), at("192.0.2.1", 99)}, "host"};
  EXPECT_EQ(filtered(all, "host", FamilyFilter::any)->addresses.size(), 2u);
  EXPECT_EQ(filtered(all, "host", FamilyFilter::ipv6)->addresses, std::vector{at("2001:db8::1")});
  const auto none = filtered({{at("192.0.2.1")}, "host"}, "host", FamilyFilter::ipv6);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
}

TEST(Resolution, OrderKeepsEqualsAndPutsWhatHasNoRouteLast) {
  // A link-local address without its zone cannot be reached; loopback always can.
  std::vector addresses{at("127.0.0.3"), at("fe80::1"), at("127.0.0.2")};
  order_destinations(addresses);
  EXPECT_EQ(addresses[0], at("127.0.0.3"));
  EXPECT_EQ(addresses[1], at("127.0.0.2"));
}

}  // namespace
}  // namespace sonde::resolve
