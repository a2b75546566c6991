// icmp_codes_test.cpp: what each type and code says, both families, from the RFCs' own lists.
#include <gtest/gtest.h>

#include <set>

#include "wire/icmp.hpp"

namespace sonde::wire {
namespace {

using enum ErrorReason;

struct Expected {
  Family family;
  std::uint8_t type, code;
  ErrorReason reason;
};

class IcmpCode : public testing::TestWithParam<Expected> {};

TEST_P(IcmpCode, HasItsReasonAndPhrase) {
  const auto& [family, type, code, reason] = GetParam();
  EXPECT_EQ(classify(family, type, code), reason);
  EXPECT_FALSE(describe(family, type, code).empty());
  EXPECT_NE(describe(family, type, code), "unknown ICMP message");
}

constexpr auto v4 = Family::ipv4;
constexpr auto v6 = Family::ipv6;

INSTANTIATE_TEST_SUITE_P(
    Ipv4, IcmpCode,
    testing::Values(Expected{v4, 3, 0, network_unreachable}, Expected{v4, 3, 1, host_unreachable},
                    Expected{v4, 3, 2, protocol_unreachable}, Expected{v4, 3, 3, port_unreachable},
                    Expected{v4, 3, 4, fragmentation_needed}, Expected{v4, 3, 5, source_route_failed},
                    Expected{v4, 3, 6, network_unreachable}, Expected{v4, 3, 7, host_unreachable},
                    Expected{v4, 3, 8, host_unreachable}, Expected{v4, 3, 9, prohibited},
                    Expected{v4, 3, 10, prohibited}, Expected{v4, 3, 11, network_unreachable},
                    Expected{v4, 3, 12, host_unreachable}, Expected{v4, 3, 13, prohibited},
                    Expected{v4, 3, 14, precedence}, Expected{v4, 3, 15, precedence},
                    Expected{v4, 3, 16, destination_unreachable},
                    Expected{v4, 3, 255, destination_unreachable}, Expected{v4, 4, 0, source_quench},
                    Expected{v4, 5, 0, redirect}, Expected{v4, 5, 1, redirect}, Expected{v4, 5, 2, redirect},
                    Expected{v4, 5, 3, redirect}, Expected{v4, 11, 0, ttl_exceeded},
                    Expected{v4, 11, 1, reassembly_timeout}, Expected{v4, 12, 0, parameter_problem},
                    Expected{v4, 12, 1, parameter_problem}, Expected{v4, 12, 2, parameter_problem},
                    Expected{v4, 0, 0, none}, Expected{v4, 8, 0, none}, Expected{v4, 13, 0, none}));

INSTANTIATE_TEST_SUITE_P(
    Ipv6, IcmpCode,
    testing::Values(Expected{v6, 1, 0, network_unreachable}, Expected{v6, 1, 1, prohibited},
                    Expected{v6, 1, 2, beyond_scope}, Expected{v6, 1, 3, host_unreachable},
                    Expected{v6, 1, 4, port_unreachable}, Expected{v6, 1, 5, prohibited},
                    Expected{v6, 1, 6, reject_route}, Expected{v6, 1, 7, source_route_failed},
                    Expected{v6, 1, 8, destination_unreachable},
                    Expected{v6, 1, 200, destination_unreachable}, Expected{v6, 2, 0, fragmentation_needed},
                    Expected{v6, 3, 0, ttl_exceeded}, Expected{v6, 3, 1, reassembly_timeout},
                    Expected{v6, 4, 0, parameter_problem}, Expected{v6, 4, 1, parameter_problem},
                    Expected{v6, 4, 2, parameter_problem}, Expected{v6, 4, 10, parameter_problem},
                    Expected{v6, 137, 0, redirect}, Expected{v6, 128, 0, none}, Expected{v6, 129, 0, none}));

TEST(IcmpCodes, SpecificPhrasesAreDistinctWithinAFamily) {
  for (const auto& [family, types] : {std::pair{v4, std::set<int>{3}}, std::pair{v6, std::set<int>{1}}}) {
    std::set<std::string_view> phrases;
    const int codes = family == v4 ? 16 : 9;
    for (int code = 0; code < codes; ++code) {
      EXPECT_TRUE(phrases
                      .insert(describe(family, static_cast<std::uint8_t>(*types.begin()),
                                       static_cast<std::uint8_t>(code)))
                      .second)
          << code;
    }
  }
}

TEST(IcmpCodes, EveryTypeAndCodeHasAPhrase) {
  for (const auto family : {v4, v6}) {
    for (unsigned type = 0; type < 256; ++type) {
      for (unsigned code = 0; code < 256; ++code) {
        ASSERT_FALSE(
            describe(family, static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(code)).empty());
      }
    }
  }
}

TEST(IcmpCodes, WordsForPeople) {
  EXPECT_EQ(describe(v4, 3, 1), "destination host unreachable");
  EXPECT_EQ(describe(v6, 2, 0), "packet too big");
  EXPECT_EQ(describe(v4, 200, 0), "unknown ICMP message");
}

}  // namespace
}  // namespace sonde::wire
