// units_test.cpp: values of options: what is read, and what is refused with which words.
#include "cli/units.hpp"

#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

TEST(Durations, EveryUnitAndTheBareNumber) {
  const std::array<std::pair<std::string_view, Nanoseconds>, 15> cases{{{"200ms", 200ms},
                                                                        {"1.5s", 1500ms},
                                                                        {"2m", 2min},
                                                                        {"500us", 500us},
                                                                        {"500\xc2\xb5s", 500us},
                                                                        {"80ns", 80ns},
                                                                        {"1h", 1h},
                                                                        {"1d", 24h},
                                                                        {"3", 3s},
                                                                        {"0.2", 200ms},
                                                                        {".5", 500ms},
                                                                        {"1.", 1s},
                                                                        {"0", 0ns},
                                                                        {"0.000ms", 0ns},
                                                                        {"0.000000001", 1ns}}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(parse_duration(text), expected) << text;
}

TEST(Durations, FractionsAreExactToTheNanosecond) {
  EXPECT_EQ(parse_duration("1.123456789"), 1'123'456'789ns);
  EXPECT_EQ(parse_duration("86400.000000001"), 86'400'000'000'001ns);
  EXPECT_EQ(parse_duration("0.7"), 700ms);
}

TEST(Durations, WhatIsNoDurationIsRefused) {
  for (const std::string_view text :
       {"",    " ",   "s",  "ms", "-1",  "-0",    "+1", "nan",  "inf", "1e3", "0x10",
        "1s2", "1 s", " 1", "1 ", "1,5", "1.2.3", ".",  "1..2", "--1", "1s\n"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Durations, UnknownUnitsAreNamed) {
  EXPECT_EQ(parse_duration("1y").error(), "\"1y\" has an unknown unit; use ns, us, ms, s, m, h or d");
  EXPECT_THAT(parse_duration("1S").error(), HasSubstr("unknown unit"));
  EXPECT_THAT(parse_duration("5sec").error(), HasSubstr("unknown unit"));
}

TEST(Durations, TenYearsIsTheLongest) {
  EXPECT_EQ(parse_duration("3650d"), 3650 * 24h);
  for (const std::string_view text : {"3650.1d", "3651d", "315360001", "99999999999999999999999",
                                      "18446744073709551616ns", "18446744073709551615d"}) {
    ASSERT_FALSE(parse_duration(text)) << text;
    EXPECT_THAT(parse_duration(text).error(), HasSubstr("too long")) << text;
  }
}

TEST(Durations, LessThanANanosecondIsNotSilentlyZero) {
  EXPECT_FALSE(parse_duration("0.1ns"));
  EXPECT_FALSE(parse_duration("0.0000000001"));
}

TEST(Durations, ZeroIsRefusedWhereItMakesNoSense) {
  EXPECT_EQ(parse_positive_duration("0").error(), "\"0\" must be more than 0");
  EXPECT_EQ(parse_positive_duration("1ns"), 1ns);
  EXPECT_FALSE(parse_positive_duration("x"));
}

TEST(Counts, FromOneToTwoToThe63rd) {
  EXPECT_EQ(parse_count("1"), 1u);
  EXPECT_EQ(parse_count("9223372036854775808"), std::uint64_t{1} << 63);
  EXPECT_EQ(parse_count("1x").error(), "\"1x\" is not a whole number (1 or more)");
  for (const std::string_view text : {"", "0", "-1", "+1", "1.5", "1e3", "0x10", "9223372036854775809",
                                      "18446744073709551616", "99999999999999999999999999"}) {
    EXPECT_FALSE(parse_count(text)) << text;
  }
}

TEST(WholeNumbers, HexadecimalOnlyWhereAllowed) {
  EXPECT_EQ(parse_whole("0xff", 0, 255, true), 255u);
  EXPECT_EQ(parse_whole("0XFF", 0, 255, true), 255u);
  EXPECT_FALSE(parse_whole("0xff", 0, 255));
  EXPECT_FALSE(parse_whole("0x", 0, 255, true));
  EXPECT_FALSE(parse_whole("ff", 0, 255, true));
  EXPECT_FALSE(parse_whole("0x-1", 0, 255, true));
}

TEST(Rates, SuffixesAreDecimal) {
  const std::array<std::pair<std::string_view, double>, 8> cases{{{"500", 500},
                                                                  {"100k", 1e5},
                                                                  {"100K", 1e5},
                                                                  {"1M", 1e6},
                                                                  {"2.5M/s", 2.5e6},
                                                                  {"1000/s", 1000},
                                                                  {"1G", 1e9},
                                                                  {"0.5", 0.5}}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(parse_rate(text), expected) << text;
  for (const std::string_view text : {"", "0", "0k", "-1", "1m", "1kk", "k", "/s", "1/m", "nan", "2G", "1e5",
                                      "0.0000000001", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_rate(text)) << text;
  }
}

TEST(BufferSizes, SuffixesAreBinary) {
  EXPECT_EQ(parse_buffer_size("212992"), 212'992);
  EXPECT_EQ(parse_buffer_size("256K"), 262'144);
  EXPECT_EQ(parse_buffer_size("4MiB"), 4'194'304);
  EXPECT_EQ(parse_buffer_size("1024M"), 1 << 30);
  for (const std::string_view text : {"", "0", "-1", "1.5M", "1025M", "1T", "99999999999999999999"}) {
    EXPECT_FALSE(parse_buffer_size(text)) << text;
  }
}

TEST(Tos, NumbersAreTheByteAndNamesAreCodePoints) {
  const std::array<std::pair<std::string_view, int>, 14> cases{{{"0", 0},
                                                                {"255", 255},
                                                                {"0x10", 16},
                                                                {"0xff", 255},
                                                                {"be", 0},
                                                                {"cs0", 0},
                                                                {"cs1", 0x20},
                                                                {"CS7", 0xe0},
                                                                {"af11", 0x28},
                                                                {"af43", 0x98},
                                                                {"ef", 0xb8},
                                                                {"EF", 0xb8},
                                                                {"va", 0xb0},
                                                                {"le", 0x04}}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(parse_tos(text), expected) << text;
  for (const std::string_view text : {"", "256", "-1", "0x100", "cs8", "af14", "af", "efx", "0x"}) {
    EXPECT_FALSE(parse_tos(text)) << text;
  }
}

TEST(Patterns, PairsOfHexadecimalDigits) {
  EXPECT_EQ(parse_pattern("ff00"), bytes({0xff, 0x00}));
  EXPECT_EQ(parse_pattern("0xDEadBEef"), bytes({0xde, 0xad, 0xbe, 0xef}));
  EXPECT_EQ(parse_pattern(std::string(512, 'a'))->size(), 256u);
  for (const std::string_view text : {"", "0x", "f", "fff", "zz", "ff 00", "0xg0"})
    EXPECT_FALSE(parse_pattern(text)) << text;
  EXPECT_THAT(parse_pattern(std::string(514, 'a')).error(), HasSubstr("at most 256 bytes"));
}

TEST(Percentiles, KeepTheirOrder) {
  EXPECT_THAT(*parse_percentiles("50,90,99.9"), ElementsAre(50, 90, 99.9));
  EXPECT_THAT(*parse_percentiles("100,0"), ElementsAre(100, 0));
  for (const std::string_view text :
       {"", ",", "50,", ",50", "50,,90", "101", "100.1", "-1", "50;90", "p50", "nan"}) {
    EXPECT_FALSE(parse_percentiles(text)) << text;
  }
}

TEST(Percentiles, AreLimitedInNumber) {
  std::string list = "1";
  for (int i = 1; i < 32; ++i) list += ",1";
  EXPECT_EQ(parse_percentiles(list)->size(), 32u);
  EXPECT_THAT(parse_percentiles(list + ",1").error(), HasSubstr("too many"));
}

TEST(Percent, IsReadAsARatio) {
  EXPECT_EQ(parse_percent("5"), 0.05);
  EXPECT_EQ(parse_percent("5%"), 0.05);
  EXPECT_EQ(parse_percent("0"), 0.0);
  EXPECT_EQ(parse_percent("100%"), 1.0);
  for (const std::string_view text : {"", "%", "101", "100.5%", "-1", "5%%", "5 %", "nan"}) {
    EXPECT_FALSE(parse_percent(text)) << text;
  }
}

TEST(InQuotes, MakesAnythingFitALine) {
  EXPECT_EQ(in_quotes("a\n\x1b[2J"), "\"a\\x0a\\x1b[2J\"");
  EXPECT_EQ(in_quotes(std::string(100, 'x')), "\"" + std::string(60, 'x') + "...\"");
}

}  // namespace
}  // namespace sonde::cli
