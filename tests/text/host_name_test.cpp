// host_name_test.cpp: what may be the name of a host.
#include "text/host_name.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sonde::text {
namespace {

TEST(HostNames, WhatMayBeOne) {
  for (const std::string_view name : {"a", "example.net", "example.net.", "_dns.example", "xn--mnchen-3ya.de",
                                      "1host", "1.2.3.example", "m\xc3\xbcnchen.de", "a-b"}) {
    EXPECT_TRUE(is_plausible_host_name(name)) << name;
  }
  for (const std::string_view name : {"", ".", "..", "a..b", ".a", "-a", "a b", "a/b", "a:b", "1", "127.1",
                                      "1.2.3.4.5", "a%lo", "m\xfcnchen.de", "a\n"}) {
    EXPECT_FALSE(is_plausible_host_name(name)) << name;
  }
  EXPECT_TRUE(is_plausible_host_name(std::string(63, 'a')));
  EXPECT_FALSE(is_plausible_host_name(std::string(64, 'a')));
  std::string longest;
  for (int i = 0; i < 127; ++i) longest += "a.";
  EXPECT_TRUE(is_plausible_host_name(longest.substr(0, 253)));
  EXPECT_FALSE(is_plausible_host_name(longest + "aa"));
}

}  // namespace
}  // namespace sonde::text
