// packet_bytes_test.cpp: TOS bytes and payload patterns.
#include "text/packet_bytes.hpp"

#include <gmock/gmock.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::text {
namespace {

using testing::HasSubstr;

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
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

}  // namespace
}  // namespace sonde::text
