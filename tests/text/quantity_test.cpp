// quantity_test.cpp: durations, rates and sizes: what is read, and what is refused with which words.
#include "text/quantity.hpp"

#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <string_view>
#include <utility>

namespace sonde::text {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

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

}  // namespace
}  // namespace sonde::text
