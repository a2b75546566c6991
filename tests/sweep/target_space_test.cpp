// target_space_test.cpp: a space holds what was named, less what was taken out, under numbers that lead both ways.
#include "sweep/target_space.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "resolve/scratch_file.hpp"
#include "sweep/space_model.hpp"

namespace sonde::sweep {
namespace {

using Built = TargetSpaceBuilder::Built;

struct Writing {
  std::vector<std::string> ranges = {}, excluded = {};
  std::string file = {};
  bool special = true;
};

Result<Built> try_build(const Writing& writing) {
  TargetSpaceBuilder builder;
  for (const std::string& text : writing.ranges) builder.add(range(text));
  for (const std::string& text : writing.excluded) builder.exclude(range(text));
  if (!writing.file.empty()) {
    const test::ScratchFile file(writing.file);
    const Result<FileReading> reading = builder.add_file(file.path());
    EXPECT_TRUE(reading.has_value() && reading->bad_lines == 0);
  }
  if (writing.special) builder.allow_special();
  return builder.build();
}

Built build(const Writing& writing) {
  return try_build(writing).value();
}

std::vector<std::string> texts(const TargetSpace& space) {
  std::vector<std::string> texts;
  for (std::uint64_t index = 0; index < space.size(); ++index) texts.push_back(space.at(index).to_string());
  return texts;
}

using Texts = std::vector<std::string>;

TEST(TargetSpace, APrefixIsNumberedFromItsFirstAddress) {
  const TargetSpace space = build({.ranges = {"10.9.8.0/30"}}).space;
  EXPECT_EQ(texts(space), (Texts{"10.9.8.0", "10.9.8.1", "10.9.8.2", "10.9.8.3"}));
}

TEST(TargetSpace, NothingNamedIsAnEmptySpace) {
  const Built built = build({});
  EXPECT_EQ(built.space.size(), 0U);
  EXPECT_EQ(built.named, 0U);
  EXPECT_EQ(built.space.index_of(Address()), std::nullopt);
  EXPECT_EQ(TargetSpace().size(), 0U);
  EXPECT_EQ(TargetSpace().digest(), built.space.digest());
}

TEST(TargetSpace, AddressesAscendWhereverTheyCameFrom) {
  const TargetSpace space = build({.ranges = {"2001:db8::/127", "10.0.0.4-5"},
                                   .file = "2001:db8::7\n10.0.0.9\n10.0.0.1\n2001:db8::2\n"})
                                .space;
  EXPECT_EQ(texts(space), (Texts{"10.0.0.1", "10.0.0.4", "10.0.0.5", "10.0.0.9", "2001:db8::", "2001:db8::1",
                                 "2001:db8::2", "2001:db8::7"}));
}

TEST(TargetSpace, OverlapsAndDuplicatesCountOnce) {
  const Built built = build({.ranges = {"10.0.0.0/29", "10.0.0.4-11", "10.0.0.7"},
                             .file = "10.0.0.2\n10.0.0.20\n10.0.0.20\n10.0.0.11\n10.0.0.12\n"});
  EXPECT_EQ(built.named, 14U);
  EXPECT_EQ(built.space.size(), 14U);
}

TEST(TargetSpace, WhatWasTakenOutIsCountedByWhatTookIt) {
  const Built built = build({.ranges = {"9.255.255.0/24", "10.0.0.0/24"},
                             .excluded = {"9.255.255.0/28", "10.0.0.0/28", "11.0.0.0/8"},
                             .special = false});
  EXPECT_EQ(built.named, 512U);
  EXPECT_EQ(built.excluded, 32U);
  EXPECT_EQ(built.special, 240U);
  EXPECT_EQ(built.space.size(), 240U);
}

TEST(TargetSpace, SpecialRangesAreOutUnlessAllowed) {
  const std::vector<std::string> ranges = {"127.0.0.1", "192.0.2.1", "224.0.0.1", "fc00::1",
                                           "::1",       "8.8.8.8",   "2600::1"};
  EXPECT_EQ(texts(build({.ranges = ranges, .special = false}).space), (Texts{"8.8.8.8", "2600::1"}));
  EXPECT_EQ(build({.ranges = ranges, .special = true}).space.size(), 7U);
}

TEST(TargetSpace, TheWholeInternetIsWhatTheRegistriesLeaveOfIt) {
  const Built built = build({.ranges = {"0.0.0.0/0"}, .special = false});
  EXPECT_EQ(built.named, std::uint64_t{1} << 32);
  EXPECT_EQ(built.special + built.space.size(), built.named);
  EXPECT_EQ(built.space.at(0).to_string(), "1.0.0.0");
  EXPECT_EQ(built.space.at(built.space.size() - 1).to_string(), "223.255.255.255");
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t index = random() % built.space.size();
    const Address address = built.space.at(index);
    ASSERT_EQ(net::find_special(address), nullptr) << address.to_string();
    ASSERT_EQ(built.space.index_of(address), index);
  }
}

// Both ways in which IPv6 carries all of IPv4: what is left of them is what is left of IPv4.
TEST(TargetSpace, OfIpv6ThatCarriesIpv4ItLeavesOutWhatItLeavesOutOfIpv4) {
  const std::uint64_t ipv4 = build({.ranges = {"0.0.0.0/0"}, .special = false}).space.size();
  const Built translated = build({.ranges = {"64:ff9b::/96"}, .special = false});
  EXPECT_EQ(translated.space.size(), ipv4);
  EXPECT_EQ(translated.special, (std::uint64_t{1} << 32) - ipv4);
  EXPECT_EQ(translated.space.at(0).to_string(), "64:ff9b::100:0");
  EXPECT_EQ(build({.ranges = {"64:ff9b::/96"}, .special = true}).space.size(), std::uint64_t{1} << 32);
  EXPECT_EQ(
      build({.ranges = {"2002:a00::/24"}, .excluded = {"2002:a00::/25"}, .special = false}).space.size(), 0U);
  const Built both = build({.ranges = {"2002:9ff:ffff::/112", "2002:a00::/112"}, .special = false});
  EXPECT_EQ(both.special, 65'536U);
  EXPECT_EQ(both.space.at(0).to_string(), "2002:9ff:ffff::");
}

TEST(TargetSpace, TheBroadcastAddressIsNeverIn) {
  for (const std::string named : {"255.255.255.0/24", "255.255.255.255"}) {
    const Built built = build({.ranges = {named}, .file = "255.255.255.255\n"});
    EXPECT_EQ(built.special, 1U);
    EXPECT_EQ(built.space.index_of(Address::ipv4(0xffffffff)), std::nullopt);
    EXPECT_EQ(built.space.size(), built.named - 1);
  }
}

TEST(TargetSpace, WhatIsNotInItHasNoNumber) {
  const TargetSpace space =
      build({.ranges = {"10.0.0.4/30", "2001:db8::4/126"}, .file = "10.0.0.9\n10.0.0.12\n"}).space;
  for (const std::string text :
       {"10.0.0.3", "10.0.0.8", "10.0.0.10", "10.0.0.13", "0.0.0.0", "255.255.255.255", "::", "2001:db8::3",
        "2001:db8::8", "ffff::", "a00:4::"}) {
    EXPECT_EQ(space.index_of(*Address::parse(text)), std::nullopt) << text;
  }
}

TEST(TargetSpace, AnAddressWithAZoneHasNoNumber) {
  const TargetSpace space = build({.ranges = {"fe80::/64"}, .special = false}).space;
  EXPECT_EQ(space.index_of(*Address::parse("fe80::1%1")), std::nullopt);
}

TEST(TargetSpace, ARangeWithAZoneIsRefused) {
  const auto built = try_build({.ranges = {"10.0.0.1", "fe80::1%1"}});
  ASSERT_FALSE(built.has_value());
  EXPECT_EQ(built.error().code, ErrorCode::invalid_argument);
  EXPECT_FALSE(try_build({.excluded = {"fe80::1%1"}}).has_value());
}

TEST(TargetSpace, ABuilderIsAsNewAfterBuilding) {
  TargetSpaceBuilder builder;
  builder.add(range("8.8.8.0/24"));
  EXPECT_EQ(builder.build()->space.size(), 256U);
  EXPECT_EQ(builder.build()->space.size(), 0U);
}

TEST(TargetSpace, HugePrefixesAreNumberedToTheLastAddress) {
  // 2^63 is the most there may be.
  const TargetSpace space = build({.ranges = {"2600::/65"}}).space;
  ASSERT_EQ(space.size(), std::uint64_t{1} << 63);
  const Address last = space.at(space.size() - 1);
  EXPECT_EQ(last.to_string(), "2600::7fff:ffff:ffff:ffff");
  EXPECT_EQ(space.index_of(last), space.size() - 1);
  EXPECT_EQ(space.index_of(*Address::parse("2600::8000:0:0:0")), std::nullopt);
}

TEST(TargetSpace, MoreThanTheMostIsRefused) {
  for (const std::vector<std::string>& ranges :
       {Texts{"2600::/64"}, Texts{"::/0"}, Texts{"::/1"}, Texts{"8000::/1", "::/1"},
        Texts{"2600::/65", "10.0.0.1"}, Texts{"2600::/65", "2700::/65"}}) {
    const auto built = try_build({.ranges = ranges});
    ASSERT_FALSE(built.has_value()) << ranges[0];
    EXPECT_EQ(built.error().code, ErrorCode::invalid_argument);
  }
}

TEST(TargetSpace, CountsSaturateWhereTheyMust) {
  const Built built = build(
      {.ranges = {"::/0"}, .excluded = {"::/1", "8000::/2", "c000::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:0"}});
  EXPECT_EQ(built.named, ~std::uint64_t{0});
  EXPECT_EQ(built.excluded, ~std::uint64_t{0});
  EXPECT_EQ(built.space.size(), 0xffffU);
}

TEST(TargetSpace, EqualSetsWrittenDifferentlyHaveEqualDigestsAndNumbers) {
  const std::vector<Writing> writings = {
      {.ranges = {"10.0.0.0/29", "2001:db8::/126"}},
      {.ranges = {"2001:db8::2/127", "10.0.0.4/30", "10.0.0.0/30", "2001:db8::/127"}},
      {.ranges = {"10.0.0.0-3"},
       .file = "10.0.0.7\n10.0.0.5\n2001:db8::3\n10.0.0.6\n10.0.0.4\n2001:db8::/127\n2001:db8::2\n"},
      {.ranges = {"10.0.0.2-3"},
       .file = "10.0.0.0\n10.0.0.1\n10.0.0.4\n10.0.0.5\n10.0.0.6\n10.0.0.7\n2001:db8::/126\n"},
      {.ranges = {"10.0.0.0/28", "2001:db8::/120"}, .excluded = {"10.0.0.8/29", "2001:db8::4-2001:db8::ff"}},
  };
  const TargetSpace first = build(writings[0]).space;
  for (const Writing& writing : writings) {
    const TargetSpace space = build(writing).space;
    EXPECT_EQ(space.digest(), first.digest());
    EXPECT_EQ(texts(space), texts(first));
  }
}

TEST(TargetSpace, DifferentSetsHaveDifferentDigests) {
  const std::vector<Writing> writings = {{},
                                         {.ranges = {"10.0.0.0/29"}},
                                         {.ranges = {"10.0.0.0-6"}},
                                         {.ranges = {"10.0.0.1-7"}},
                                         {.ranges = {"10.0.0.0-2", "10.0.0.4-7"}},
                                         {.ranges = {"a00::/125"}},
                                         {.ranges = {"10.0.0.0/29", "::"}},
                                         {.file = "10.0.0.0\n"},
                                         {.file = "10.0.0.0\n10.0.0.2\n"}};
  std::vector<std::uint64_t> digests;
  digests.reserve(writings.size());
  for (const Writing& writing : writings) digests.push_back(build(writing).space.digest());
  std::ranges::sort(digests);
  EXPECT_EQ(std::ranges::adjacent_find(digests), digests.end());
}

// Checkpoints carry it: a new version may not change it unnoticed.
TEST(TargetSpace, TheDigestIsTheOneOfEarlierVersions) {
  const TargetSpace space =
      build({.ranges = {"10.0.0.0/8", "2001:db8::/80"}, .file = "11.0.0.1\n2001:db9::1\n"}).space;
  EXPECT_EQ(space.digest(), 145'023'397'421'261'666U);
}

// Random ranges, lists and exclusions close together, so that all the ways to touch and overlap come up.
class NearbyAddresses {
 public:
  explicit NearbyAddresses(Family family)
      : base_(*Address::parse(family == Family::ipv4 ? "9.255.255.0"
                                                     : "2001:db7:ffff:ffff:ffff:ffff:ffff:ff00")) {}
  std::string address(std::uint64_t offset) const { return base_.plus(offset)->to_string(); }
  std::string random_range(std::mt19937_64& random) const {
    const std::uint64_t first = random() % 500;
    return address(first) + "-" + address(first + random() % (random() % 60 + 1));
  }

 private:
  Address base_;
};

struct Both {
  Built built;
  SpaceModel model;
};

Both random_space(const NearbyAddresses& nearby, std::mt19937_64& random) {
  TargetSpaceBuilder builder;
  SpaceModel model;
  for (std::uint64_t i = random() % 6; i > 0; --i) {
    const AddressRange named = range(nearby.random_range(random));
    builder.add(named);
    model.add(named);
  }
  const auto lines = [&](std::uint64_t count, std::uint64_t one_range_in, auto take) {
    std::string text;
    for (; count > 0; --count) {
      const std::string named =
          random() % one_range_in == 0 ? nearby.random_range(random) : nearby.address(random() % 600);
      text += named + "\n";
      take(range(named));
    }
    return text;
  };
  const test::ScratchFile named(
      lines(random() % 80, 8, [&](const AddressRange& range) { model.add(range); }));
  EXPECT_TRUE(builder.add_file(named.path()).has_value());
  const test::ScratchFile excluded(
      lines(random() % 12, 2, [&](const AddressRange& range) { model.exclude(range); }));
  EXPECT_TRUE(builder.exclude_file(excluded.path()).has_value());
  if (random() % 2 == 0) {
    builder.allow_special();
    model.allow_special();
  }
  return {builder.build().value(), std::move(model)};
}

void expect_random_spaces_as_modelled(Family family) {
  const NearbyAddresses nearby(family);
  std::mt19937_64 random(4);
  for (int round = 0; round < 400; ++round) {
    const auto [built, model] = random_space(nearby, random);
    const std::vector<Address> expected = model.addresses();
    ASSERT_EQ(built.named, model.named());
    ASSERT_EQ(built.excluded, model.excluded());
    ASSERT_EQ(built.special, model.named() - model.excluded() - expected.size());
    ASSERT_EQ(built.space.size(), expected.size());
    for (std::size_t index = 0; index < expected.size(); ++index)
      ASSERT_EQ(built.space.at(index), expected[index]);
    for (std::uint64_t offset = 0; offset < 700; ++offset) {
      const Address asked = *Address::parse(nearby.address(offset));
      const auto found = std::ranges::lower_bound(expected, asked);
      std::optional<std::uint64_t> index;
      if (found != expected.end() && *found == asked)
        index = static_cast<std::uint64_t>(found - expected.begin());
      ASSERT_EQ(built.space.index_of(asked), index) << asked.to_string();
    }
  }
}

TEST(TargetSpace, RandomSpacesOfIpv4AreThoseOfTheModel) {
  expect_random_spaces_as_modelled(Family::ipv4);
}

TEST(TargetSpace, RandomSpacesOfIpv6AreThoseOfTheModel) {
  expect_random_spaces_as_modelled(Family::ipv6);
}

TEST(TargetSpace, ManyRangesOfVeryDifferentSizesAreFoundByNumber) {
  TargetSpaceBuilder builder;
  builder.allow_special();
  // 20,000 single addresses, then a /8: the look-up table's first entries hold nearly all of the stretches.
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const std::string text = Address::ipv4(0x01000000 + 2 * i).to_string();
    builder.add(range(text + "-" + text));
  }
  builder.add(range("20.0.0.0/8"));
  const TargetSpace space = builder.build()->space;
  ASSERT_EQ(space.size(), 20'000U + (1U << 24));
  for (std::uint32_t i = 0; i < 20'000; ++i) ASSERT_EQ(space.at(i), Address::ipv4(0x01000000 + 2 * i));
  for (std::uint32_t i = 0; i < 1 << 24; i += 4099)
    ASSERT_EQ(space.at(20'000 + i), Address::ipv4(0x14000000 + i));
}

TEST(TargetSpace, LargeUnsortedListsAreSortedAndUnited) {
  std::mt19937_64 random(6);
  std::string lines;
  std::vector<Address> expected;
  for (int i = 0; i < 100'000; ++i) {
    // Few distinct high bytes, as hitlists have them.
    std::array<std::byte, 16> bytes{};
    const bool ipv4 = i % 2 == 0;
    if (!ipv4) bytes = Address::parse("2600:1::")->padded_bytes();
    for (std::size_t at = ipv4 ? 1 : 10; at < (ipv4 ? 4U : 16U); ++at)
      bytes[at] = static_cast<std::byte>(random() % 40);
    if (ipv4) bytes[0] = std::byte{8};
    expected.push_back(ipv4 ? Address::ipv4(std::span(bytes).first<4>()) : Address::ipv6(bytes));
    lines += expected.back().to_string() + "\n";
  }
  std::ranges::sort(expected);
  expected.erase(std::ranges::unique(expected).begin(), expected.end());
  const TargetSpace space = build({.file = lines}).space;
  ASSERT_EQ(space.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(space.at(i), expected[i]);
}

}  // namespace
}  // namespace sonde::sweep
