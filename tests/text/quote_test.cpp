// quote_test.cpp: quoted text fits a line, and is UTF-8.
#include "text/quote.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sonde::text {
namespace {

TEST(InQuotes, MakesAnythingFitALine) {
  EXPECT_EQ(in_quotes("a\n\x1b[2J"), "\"a\\x0a\\x1b[2J\"");
  EXPECT_EQ(in_quotes(std::string(100, 'x')), "\"" + std::string(60, 'x') + "...\"");
}

TEST(InQuotes, LettersStayAndBytesThatAreNoneAreEscaped) {
  EXPECT_EQ(in_quotes("m\xc3\xbcnchen"), "\"m\xc3\xbcnchen\"");
  EXPECT_EQ(in_quotes("m\xfcnchen"), "\"m\\xfcnchen\"");
  EXPECT_EQ(in_quotes("\xe2\x80\xae"), "\"\\u202e\"");
}

TEST(InQuotes, ACutLeavesNoPartOfACharacter) {
  const std::string text = std::string(59, 'x') + "\xc3\xbc";
  EXPECT_EQ(in_quotes(text), "\"" + std::string(59, 'x') + "...\"");
}

}  // namespace
}  // namespace sonde::text
