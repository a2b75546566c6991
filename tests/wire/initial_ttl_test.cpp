// initial_ttl_test.cpp: the guess of the TTL that a packet left with.
#include "wire/initial_ttl.hpp"

#include <gtest/gtest.h>

namespace sonde::wire {
namespace {

TEST(InitialTtl, IsTheNextValueThatStacksStartWith) {
  EXPECT_EQ(likely_initial_ttl(0), 32);
  EXPECT_EQ(likely_initial_ttl(32), 32);
  EXPECT_EQ(likely_initial_ttl(33), 64);
  EXPECT_EQ(likely_initial_ttl(64), 64);
  EXPECT_EQ(likely_initial_ttl(65), 128);
  EXPECT_EQ(likely_initial_ttl(128), 128);
  EXPECT_EQ(likely_initial_ttl(129), 255);
  EXPECT_EQ(likely_initial_ttl(255), 255);
}

}  // namespace
}  // namespace sonde::wire
