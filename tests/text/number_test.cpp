// number_test.cpp: whole numbers, percentiles and shares: what is read, and what is refused with which words.
#include "text/number.hpp"

#include <gmock/gmock.h>

#include <string>
#include <string_view>

namespace sonde::text {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

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

}  // namespace
}  // namespace sonde::text
