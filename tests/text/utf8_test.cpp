// utf8_test.cpp: what is UTF-8, and what is not.
#include "text/utf8.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace sonde::text {
namespace {

TEST(Utf8, OverlongFormsAndSurrogatesAreInvalid) {
  for (const std::string_view text :
       {"", "abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(text));
  }
  for (const std::string_view text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xc3(", "\xff"}) {
    EXPECT_FALSE(is_utf8(text));
  }
}

TEST(DecodeUtf8, RefusesWhatIsNotUtf8) {
  for (const std::string_view bad :
       {"\x80", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xf8\x88\x80\x80\x80"}) {
    EXPECT_FALSE(decode_utf8(bad).valid);
    EXPECT_EQ(decode_utf8(bad).length, 1u);
  }
  EXPECT_EQ(decode_utf8("€").code_point, U'€');
  EXPECT_EQ(decode_utf8("😀").length, 4u);
}

}  // namespace
}  // namespace sonde::text
