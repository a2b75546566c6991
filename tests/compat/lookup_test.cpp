// Names to addresses by the system's resolver.
#include "compat/lookup.hpp"

#include <gtest/gtest.h>
#include <netdb.h>

namespace sonde::compat {
namespace {

TEST(Lookup, TakesAddressesAsTheyAre) {
  const auto found = look_up("192.0.2.7", std::nullopt);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->addresses.size(), 1u);
  EXPECT_EQ(found->addresses[0].to_string(), "192.0.2.7");
  EXPECT_EQ(found->canonical_name, "192.0.2.7");
}

TEST(Lookup, GivesEachAddressOnce) {
  const auto found = look_up("localhost", Family::ipv4);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->addresses.size(), 1u);
}

TEST(Lookup, AFamilyThatAnAddressIsNotOfHasTheResolversWords) {
  const auto found = look_up("192.0.2.7", Family::ipv6);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().text(), gai_strerror(EAI_ADDRFAMILY));
}

TEST(Lookup, AnAddressHasItsName) {
  EXPECT_EQ(name_of(Address::loopback(Family::ipv4)), "localhost");
}

}  // namespace
}  // namespace sonde::compat
