// target_file_test.cpp: hitlists and lists of exclusions as people, zmap and masscan write them.
#include "sweep/target_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "resolve/scratch_file.hpp"
#include "sweep/target_file_address.hpp"

namespace sonde::sweep {
namespace {

using Texts = std::vector<std::string>;

struct Read {
  Texts named;  // sorted as they were named within: addresses of IPv4, of IPv6, ranges
  FileReading reading;
};

template <typename Word>
std::string text(const WordRange<Word>& range) {
  return address_of(range.first).to_string() + "-" + address_of(range.last).to_string();
}

Read gathered(const NamedAddresses& addresses, FileReading reading) {
  Read read{.named = {}, .reading = std::move(reading)};
  for (const Ipv4Word word : addresses.ipv4.list) read.named.push_back(address_of(word).to_string());
  for (const Ipv6Word word : addresses.ipv6.list) read.named.push_back(address_of(word).to_string());
  for (const auto& range : addresses.ipv4.ranges) read.named.push_back(text(range));
  for (const auto& range : addresses.ipv6.ranges) read.named.push_back(text(range));
  return read;
}

Read read(std::string_view bytes, FileKind kind = FileKind::targets) {
  NamedAddresses addresses;
  const test::ScratchFile file{std::string(bytes)};
  FileReading reading = read_target_file(file.path(), kind, addresses).value();
  return gathered(addresses, std::move(reading));
}

Read excluded(std::string_view bytes) {
  return read(bytes, FileKind::exclusions);
}

TEST(TargetFile, AddressesPrefixesAndRangesAreTaken) {
  const Read lines =
      read("192.0.2.1\n2001:db8::1\n10.0.0.0/30\n10.1.0.1-10.1.0.9\n10.2.0.1-9\n2001:db8::/127\n");
  EXPECT_EQ(lines.named, (Texts{"192.0.2.1", "2001:db8::1", "10.0.0.0-10.0.0.3", "10.1.0.1-10.1.0.9",
                                "10.2.0.1-10.2.0.9", "2001:db8::-2001:db8::1"}));
  EXPECT_EQ(lines.reading.taken, 6U);
  EXPECT_EQ(lines.reading.bad_lines, 0U);
}

TEST(TargetFile, TheLastLineNeedsNoNewline) {
  EXPECT_EQ(read("192.0.2.1\n192.0.2.2").named, (Texts{"192.0.2.1", "192.0.2.2"}));
}

TEST(TargetFile, CarriageReturnsAreLeftOut) {
  const Read lines = read("192.0.2.1\r\n2001:db8::1\r\n10.0.0.0/30\r\n\r\n# comment\r\n192.0.2.2\r");
  EXPECT_EQ(lines.named, (Texts{"192.0.2.1", "192.0.2.2", "2001:db8::1", "10.0.0.0-10.0.0.3"}));
  EXPECT_EQ(lines.reading.bad_lines, 0U);
}

TEST(TargetFile, AByteOrderMarkIsLeftOut) {
  EXPECT_EQ(read("\xef\xbb\xbf"
                 "192.0.2.1\n")
                .named,
            (Texts{"192.0.2.1-192.0.2.1"}));
}

TEST(TargetFile, EmptyFilesAndLinesNameNothing) {
  for (const std::string_view bytes : {"", "\n", "\n\n\n", "  \n\t\n", "\r\n", "#", "# x\n ; y\n// z\n"}) {
    const Read lines = read(bytes);
    EXPECT_TRUE(lines.named.empty()) << bytes;
    EXPECT_EQ(lines.reading.taken + lines.reading.bad_lines, 0U) << bytes;
  }
}

TEST(TargetFile, CommentsMayFollowALine) {
  const Read lines = read("192.0.2.1 # one\n192.0.2.2# two\n10.0.0.0/30\t# three\n2001:db8::1# four\n");
  EXPECT_EQ(lines.reading.taken, 4U);
  EXPECT_EQ(lines.reading.bad_lines, 0U);
}

TEST(TargetFile, OtherColumnsOfAHitlistAreNotLookedAt) {
  const Read lines =
      read("192.0.2.1,echoreply,192.0.2.9\n 192.0.2.2 router\n2001:db8::1\t64\n10.0.0.0/30, x\n");
  EXPECT_EQ(lines.named, (Texts{"192.0.2.1", "2001:db8::1", "192.0.2.2-192.0.2.2", "10.0.0.0-10.0.0.3"}));
  EXPECT_EQ(lines.reading.bad_lines, 0U);
}

TEST(TargetFile, ALineOfExclusionsMayNameSeveral) {
  const Read lines = excluded("10.0.0.0/30,10.1.0.0/30 10.2.0.1 , 2001:db8::1,\n192.0.2.1\n");
  EXPECT_EQ(lines.named, (Texts{"192.0.2.1", "10.0.0.0-10.0.0.3", "10.1.0.0-10.1.0.3", "10.2.0.1-10.2.0.1",
                                "2001:db8::1-2001:db8::1"}));
  EXPECT_EQ(lines.reading.taken, 2U);
}

// What is not understood there would be probed.
TEST(TargetFile, ALineOfExclusionsThatGoesOnWithAnythingElseIsBad) {
  const Read lines = excluded("10.0.0.0/30 private\n10.0.0.1 10.1.0.0/33\n");
  EXPECT_EQ(lines.reading.bad_lines, 2U);
  EXPECT_EQ(lines.reading.taken, 0U);
}

TEST(TargetFile, SpacesMayStandAroundARangesDash) {
  for (const std::string_view bytes :
       {"10.0.0.1 - 10.0.0.9\n", "10.0.0.1- 10.0.0.9\n", "10.0.0.1 -10.0.0.9 # x\n", "10.0.0.1\t-\t9"}) {
    EXPECT_EQ(read(bytes).named, (Texts{"10.0.0.1-10.0.0.9"})) << bytes;
    EXPECT_EQ(excluded(bytes).named, (Texts{"10.0.0.1-10.0.0.9"})) << bytes;
  }
}

TEST(TargetFile, BadLinesAreToldByNumberAndReason) {
  const Read lines = read(
      "192.0.2.1\nexample.com\n\n10.0.0.0/33\n10.0.0.9-10.0.0.1\n192.0.2.2\n010.0.0.1\n256.0.0.1\n1.2.3\n");
  EXPECT_EQ(lines.named, (Texts{"192.0.2.1", "192.0.2.2"}));
  EXPECT_EQ(lines.reading.taken, 2U);
  ASSERT_EQ(lines.reading.bad_lines, 6U);
  ASSERT_EQ(lines.reading.bad.size(), 6U);
  EXPECT_EQ(lines.reading.bad[0].line, 2U);
  EXPECT_EQ(lines.reading.bad[0].why, "example.com: not an IP address");
  EXPECT_EQ(lines.reading.bad[1].line, 4U);
  EXPECT_EQ(lines.reading.bad[1].why, "10.0.0.0/33: a prefix length is 0 to 32");
  EXPECT_EQ(lines.reading.bad[2].why, "10.0.0.9-10.0.0.1: the last address is before the first");
  EXPECT_EQ(lines.reading.bad[5].line, 9U);
}

TEST(TargetFile, AZoneIsABadLine) {
  const Read lines = read("fe80::1%1\nfe80::%1/64\nfe80::1%lo\n");
  EXPECT_TRUE(lines.named.empty());
  ASSERT_EQ(lines.reading.bad_lines, 3U);
  EXPECT_EQ(lines.reading.bad[0].why, "fe80::1%1: a sweep has no zones");
}

TEST(TargetFile, OnlyTheFirstBadLinesAreToldAndAllCounted) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += "x\n";
  const Read lines = read(bytes);
  EXPECT_EQ(lines.reading.bad.size(), 20U);
  EXPECT_EQ(lines.reading.bad_lines, 1000U);
}

TEST(TargetFile, WhatIsToldOfABadLineIsPrintable) {
  std::string bytes = "a\x1b[31m\x07";
  bytes += '\0';
  bytes += "\xff\n" + std::string(5000, 'y') + "\n" + std::string(300, 'z') + "\n";
  const Read lines = read(bytes);
  ASSERT_EQ(lines.reading.bad.size(), 3U);
  for (const auto& bad : lines.reading.bad) {
    EXPECT_LT(bad.why.size(), 200U);
    EXPECT_TRUE(std::ranges::all_of(bad.why, [](char c) { return c >= 0x20 && c < 0x7f; })) << bad.why;
  }
  EXPECT_EQ(lines.reading.bad[1].why, "longer than 4096 bytes");
}

TEST(TargetFile, LongCommentsAreNoBadLines) {
  const Read lines = read("#" + std::string(1'000'000, 'x') + "\n192.0.2.1\n");
  EXPECT_EQ(lines.named, (Texts{"192.0.2.1"}));
  EXPECT_EQ(lines.reading.bad_lines, 0U);
}

TEST(TargetFile, PiecesOfAnySizeGiveTheSame) {
  const std::string bytes =
      "192.0.2.1\r\n# c\n10.0.0.0/30 x\n2001:db8::1\nbad\n" + std::string(5000, 'y') + "\n\n192.0.2.2";
  const Read whole = read(bytes);
  for (std::size_t size = 1; size < 80; ++size) {
    NamedAddresses addresses;
    TargetFileReader reader(FileKind::targets, addresses);
    for (std::size_t at = 0; at < bytes.size(); at += size)
      reader.feed(std::string_view(bytes).substr(at, size));
    const Read pieces = gathered(addresses, reader.finish());
    EXPECT_EQ(pieces.named, whole.named) << size;
    ASSERT_EQ(pieces.reading.bad.size(), whole.reading.bad.size()) << size;
    EXPECT_EQ(pieces.reading.bad[1].line, whole.reading.bad[1].line) << size;
  }
}

TEST(TargetFile, APipeIsReadLikeAFile) {
  const test::ScratchFile place("");
  ::unlink(place.path().c_str());
  ASSERT_EQ(::mkfifo(place.path().c_str(), 0600), 0);
  std::string bytes;
  for (std::uint32_t i = 0; i < 50'000; ++i) bytes += Address::ipv4(0x0a000000 + i).to_string() + "\n";
  std::jthread writer([&] { std::ofstream(place.path()) << bytes; });
  NamedAddresses addresses;
  const auto reading = read_target_file(place.path(), FileKind::targets, addresses);
  ASSERT_TRUE(reading.has_value());
  EXPECT_EQ(reading->taken, 50'000U);
  EXPECT_EQ(addresses.ipv4.list.back(), 0x0a000000U + 49'999);
}

TEST(TargetFile, AListTakesNoMoreThanItsEntriesNeed) {
  std::string bytes;
  for (std::uint32_t i = 0; i < 100'000; ++i) bytes += Address::ipv4(0x0a000000 + i).to_string() + "\n";
  const test::ScratchFile file{std::string(bytes)};
  NamedAddresses addresses;
  ASSERT_TRUE(read_target_file(file.path(), FileKind::targets, addresses).has_value());
  EXPECT_LE(addresses.ipv4.list.capacity(), 100'001U);
}

TEST(TargetFile, AFileThatIsNotThereIsAnError) {
  NamedAddresses addresses;
  const auto reading = read_target_file("/nonexistent/hitlist", FileKind::targets, addresses);
  ASSERT_FALSE(reading.has_value());
  EXPECT_EQ(reading.error().code, ErrorCode::not_found);
  EXPECT_EQ(reading.error().subject, "/nonexistent/hitlist");
}

TEST(TargetFile, ADirectoryIsAnError) {
  NamedAddresses addresses;
  EXPECT_FALSE(read_target_file("/", FileKind::targets, addresses).has_value());
}

// The quick readers against the one that the rest of the program has.
template <typename Word>
void expect_same_as_address_parse(const std::string& text) {
  Word word = 0;
  std::string_view rest = text;
  const bool quick = take_address(rest, word) && rest.empty();
  const Result<Address> parsed = Address::parse(text);
  const bool same_family = parsed && parsed->is_ipv4() == (sizeof(Word) == sizeof(Ipv4Word));
  if (quick) {
    ASSERT_TRUE(same_family) << text;
    ASSERT_EQ(address_of(word), *parsed) << text;
  } else if (same_family) {
    ASSERT_TRUE(parsed->scope_id() != 0 || text.contains('.')) << text;
    ASSERT_FALSE(parsed->is_ipv4()) << text;
  }
}

TEST(TakeAddress, MadeUpTextsMeanWhatTheyMeanToAddressParse) {
  std::mt19937_64 random(9);
  const std::vector<std::string> parts = {":",    "::", ":", ":",   "0",   "1",  "ffff", "12345",
                                          "ABCD", "a",  ".", "255", "256", "01", "-"};
  const std::vector<std::string> ipv4_parts = {".",   ".",  ".",  "0",  "1", "25",  "255",
                                               "256", "00", "09", "99", "a", "2555"};
  for (int i = 0; i < 200'000; ++i) {
    std::string ipv6;
    for (std::uint64_t left = random() % 18; left > 0; --left) ipv6 += parts[random() % parts.size()];
    expect_same_as_address_parse<Ipv6Word>(ipv6);
    std::string ipv4;
    for (std::uint64_t left = random() % 9; left > 0; --left)
      ipv4 += ipv4_parts[random() % ipv4_parts.size()];
    expect_same_as_address_parse<Ipv4Word>(ipv4);
    if (HasFatalFailure()) return;
  }
}

TEST(TakeAddress, EveryAddressIsReadBackFromItsText) {
  std::mt19937_64 random(10);
  for (int i = 0; i < 50'000; ++i) {
    std::array<std::byte, 16> bytes{};
    // Runs of zeros, so that "::" comes in every place.
    for (std::byte& byte : bytes) byte = random() % 3 == 0 ? static_cast<std::byte>(random()) : std::byte{};
    for (const Address& address : {Address::ipv4(std::span(bytes).first<4>()), Address::ipv6(bytes)}) {
      const std::string text = address.to_string();
      std::string_view rest = text;
      if (address.is_ipv4()) {
        Ipv4Word word = 0;
        ASSERT_TRUE(take_address(rest, word)) << text;
        ASSERT_EQ(address_of(word), address);
      } else if (!text.contains('.')) {
        Ipv6Word word = 0;
        ASSERT_TRUE(take_address(rest, word)) << text;
        ASSERT_EQ(address_of(word), address);
      }
    }
  }
}

}  // namespace
}  // namespace sonde::sweep
