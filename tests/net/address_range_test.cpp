// address_range_test.cpp: prefixes and ranges from text.
#include <gtest/gtest.h>

#include <string>

#include "sonde/address.hpp"

namespace sonde {
namespace {

struct RangeCase {
  std::string text, first, last;
  std::uint64_t size;
  std::string hosts_first, hosts_last;
};

class AddressRangeCase : public testing::TestWithParam<RangeCase> {};

TEST_P(AddressRangeCase, HasItsEndsSizeAndHosts) {
  const RangeCase& expected = GetParam();
  const auto range = AddressRange::parse(expected.text);
  ASSERT_TRUE(range) << range.error().message();
  EXPECT_EQ(range->first().to_string(), expected.first);
  EXPECT_EQ(range->last().to_string(), expected.last);
  EXPECT_EQ(range->size(), expected.size);
  EXPECT_EQ(range->hosts().first().to_string(), expected.hosts_first);
  EXPECT_EQ(range->hosts().last().to_string(), expected.hosts_last);
}

constexpr std::uint64_t most = ~0ULL;
INSTANTIATE_TEST_SUITE_P(
    Texts, AddressRangeCase,
    testing::Values(
        RangeCase{"192.0.2.0/24", "192.0.2.0", "192.0.2.255", 256, "192.0.2.1", "192.0.2.254"},
        RangeCase{"192.0.2.77/24", "192.0.2.0", "192.0.2.255", 256, "192.0.2.1", "192.0.2.254"},
        RangeCase{"10.1.2.3/9", "10.0.0.0", "10.127.255.255", 1U << 23, "10.0.0.1", "10.127.255.254"},
        RangeCase{"0.0.0.0/0", "0.0.0.0", "255.255.255.255", 1ULL << 32, "0.0.0.1", "255.255.255.254"},
        RangeCase{"192.0.2.4/30", "192.0.2.4", "192.0.2.7", 4, "192.0.2.5", "192.0.2.6"},
        RangeCase{"192.0.2.4/31", "192.0.2.4", "192.0.2.5", 2, "192.0.2.4", "192.0.2.5"},
        RangeCase{"192.0.2.4/32", "192.0.2.4", "192.0.2.4", 1, "192.0.2.4", "192.0.2.4"},
        RangeCase{"192.0.2.1-192.0.2.9", "192.0.2.1", "192.0.2.9", 9, "192.0.2.1", "192.0.2.9"},
        RangeCase{"192.0.2.0-192.0.2.255", "192.0.2.0", "192.0.2.255", 256, "192.0.2.0", "192.0.2.255"},
        RangeCase{"192.0.2.1-9", "192.0.2.1", "192.0.2.9", 9, "192.0.2.1", "192.0.2.9"},
        RangeCase{"192.0.2.9-9", "192.0.2.9", "192.0.2.9", 1, "192.0.2.9", "192.0.2.9"},
        RangeCase{"0.0.0.0-255.255.255.255", "0.0.0.0", "255.255.255.255", 1ULL << 32, "0.0.0.0",
                  "255.255.255.255"},
        RangeCase{"192.0.2.1", "192.0.2.1", "192.0.2.1", 1, "192.0.2.1", "192.0.2.1"},
        RangeCase{"::1", "::1", "::1", 1, "::1", "::1"},
        RangeCase{"2001:db8::/120", "2001:db8::", "2001:db8::ff", 256, "2001:db8::", "2001:db8::ff"},
        RangeCase{"2001:db8::1:2/65", "2001:db8::", "2001:db8::7fff:ffff:ffff:ffff", 1ULL << 63,
                  "2001:db8::", "2001:db8::7fff:ffff:ffff:ffff"},
        RangeCase{"2001:db8::/64", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff", most,
                  "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"},
        RangeCase{"::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", most,
                  "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        RangeCase{"::1-::ffff", "::1", "::ffff", 0xffff, "::1", "::ffff"},
        // Over the border between the two words, with a borrow.
        RangeCase{"0:0:0:1:ffff:ffff:ffff:fff0-0:0:0:2::f", "::1:ffff:ffff:ffff:fff0", "::2:0:0:0:f", 32,
                  "::1:ffff:ffff:ffff:fff0", "::2:0:0:0:f"},
        RangeCase{"fe80::1%lo-fe80::9", "fe80::1%lo", "fe80::9%lo", 9, "fe80::1%lo", "fe80::9%lo"},
        RangeCase{"fe80::1%lo-fe80::9%lo", "fe80::1%lo", "fe80::9%lo", 9, "fe80::1%lo", "fe80::9%lo"},
        RangeCase{"fe80::%lo/127", "fe80::%lo", "fe80::1%lo", 2, "fe80::%lo", "fe80::1%lo"}),
    [](const auto& instance) { return "Case" + std::to_string(instance.index); });

class NotARange : public testing::TestWithParam<const char*> {};

TEST_P(NotARange, IsRefusedAsInvalid) {
  const auto range = AddressRange::parse(GetParam());
  ASSERT_FALSE(range) << range->first().to_string() << " to " << range->last().to_string();
  EXPECT_EQ(range.error().code, ErrorCode::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Texts, NotARange,
                         testing::Values("", "-", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1",
                                         "192.0.2.0/ 8", "192.0.2.0/256", "192.0.2.0/24/24", "/24",
                                         "example.com/24", "2001:db8::/129", "192.0.2.9-192.0.2.1",
                                         "192.0.2.9-8", "192.0.2.1-256", "192.0.2.1-", "-192.0.2.1",
                                         "192.0.2.1-::1", "::1-192.0.2.1", "::1-9x", "::9-::1",
                                         "192.0.2.1-2-3", "my-host", "fe80::1%1-fe80::9%2000000"));

TEST(AddressRange, ADefaultOneIsASingleAddress) {
  EXPECT_EQ(AddressRange().size(), 1U);
}

}  // namespace
}  // namespace sonde
