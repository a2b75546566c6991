// payload_test.cpp: what stands behind the token, and that a changed byte is seen.
#include "wire/payload.hpp"

#include <gtest/gtest.h>

#include "wire/packet_bytes.hpp"
#include "wire/token.hpp"

namespace sonde::wire {
namespace {

using test::Bytes;
using test::hex;

Bytes filled(std::size_t length, const Bytes& pattern = {}) {
  Bytes payload(length, std::byte{0xee});
  fill_payload(payload, pattern);
  return payload;
}

TEST(Payload, CountsUpAndLeavesTheTokenAlone) {
  EXPECT_EQ(filled(12), hex("eeeeeeeeeeeeeeee 08090a0b"));
  const Bytes large = filled(600);
  for (std::size_t i = token_bytes; i < large.size(); ++i) {
    ASSERT_EQ(large[i], static_cast<std::byte>(i & 0xff)) << i;
  }
}

TEST(Payload, RepeatsAPatternFromBehindTheToken) {
  EXPECT_EQ(filled(15, hex("aabbcc")), hex("eeeeeeeeeeeeeeee aabbcc aabbcc aa"));
}

TEST(Payload, TooShortForATokenIsAllPattern) {
  EXPECT_EQ(filled(5), hex("0001020304"));
  EXPECT_EQ(filled(3, hex("ab")), hex("ababab"));
  EXPECT_EQ(filled(8), hex("eeeeeeeeeeeeeeee"));
}

TEST(Payload, UnchangedMatchesAtEveryLength) {
  const Bytes pattern = hex("0102030405"), longer(400, std::byte{7});
  for (std::size_t length = 0; length < 600; ++length) {
    EXPECT_TRUE(payload_matches(filled(length))) << length;
    EXPECT_TRUE(payload_matches(filled(length, pattern), pattern)) << length;
    EXPECT_TRUE(payload_matches(filled(length, longer), longer)) << length;
  }
}

TEST(Payload, AnyChangedByteBehindTheTokenIsSeen) {
  for (const Bytes& pattern : {Bytes{}, hex("010203"), hex("00")}) {
    Bytes payload = filled(600, pattern);
    for (std::size_t i = 0; i < payload.size(); ++i) {
      payload[i] ^= std::byte{0x40};
      EXPECT_EQ(payload_matches(payload, pattern), i < token_bytes) << i;
      payload[i] ^= std::byte{0x40};
    }
  }
}

TEST(Payload, AChangedLastByteIsSeenAtEveryLength) {
  for (std::size_t length = token_bytes + 1; length < 600; ++length) {
    Bytes payload = filled(length, hex("0102030405"));
    payload.back() ^= std::byte{1};
    EXPECT_FALSE(payload_matches(payload, hex("0102030405"))) << length;
  }
}

TEST(Payload, AShortenedOneIsComparedAsFarAsItCame) {
  const Bytes payload = filled(56);
  EXPECT_TRUE(payload_matches(std::span(payload).first(20)));
}

}  // namespace
}  // namespace sonde::wire
