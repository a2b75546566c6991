// token_test.cpp: SipHash-2-4 against its reference vectors, and the token made of it.
#include "wire/token.hpp"

#include <gtest/gtest.h>

#include <set>

#include "wire/packet_bytes.hpp"

namespace sonde::wire {
namespace {

using test::Bytes;
using test::hex;

std::array<std::byte, 16> counting_key() {
  std::array<std::byte, 16> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i);
  return key;
}

// The 64 vectors of the reference implementation (github.com/veorq/SipHash, vectors.h): key 00..0f, message
// 00 01 02 ... of 0 to 63 bytes.
constexpr std::array<std::uint64_t, 64> reference_vectors{
    0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d, 0xcf2794e0277187b7,
    0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137, 0x93f5f5799a932462, 0x9e0082df0ba9e4b0,
    0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7, 0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee,
    0xa129ca6149be45e5, 0x3f2acc7f57c29bdb, 0x699ae9f52cbe4794, 0x4bc1b3f0968dd39c, 0xbb6dc91da77961bd,
    0xbed65cf21aa2ee98, 0xd0f2cbb02e3b67c7, 0x93536795e3a33e88, 0xa80c038ccd5ccec8, 0xb8ad50c6f649af94,
    0xbce192de8a85b8ea, 0x17d835b85bbb15f3, 0x2f2e6163076bcfad, 0xde4daaaca71dc9a5, 0xa6a2506687956571,
    0xad87a3535c49ef28, 0x32d892fad841c342, 0x7127512f72f27cce, 0xa7f32346f95978e3, 0x12e0b01abb051238,
    0x15e034d40fa197ae, 0x314dffbe0815a3b4, 0x027990f029623981, 0xcadcd4e59ef40c4d, 0x9abfd8766a33735c,
    0x0e3ea96b5304a7d0, 0xad0c42d6fc585992, 0x187306c89bc215a9, 0xd4a60abcf3792b95, 0xf935451de4f21df2,
    0xa9538f0419755787, 0xdb9acddff56ca510, 0xd06c98cd5c0975eb, 0xe612a3cb9ecba951, 0xc766e62cfcadaf96,
    0xee64435a9752fe72, 0xa192d576b245165a, 0x0a8787bf8ecb74b2, 0x81b3e73d20b49b6f, 0x7fa8220ba3b2ecea,
    0x245731c13ca42499, 0xb78dbfaf3a8d83bd, 0xea1ad565322a1a0b, 0x60e61c23a3795013, 0x6606d7e446282b93,
    0x6ca4ecb15c5f91e1, 0x9f626da15c9625f3, 0xe51b38608ef25f57, 0x958a324ceb064572};

TEST(SipHash, ReferenceVectors) {
  Bytes message;
  for (std::size_t length = 0; length < reference_vectors.size(); ++length) {
    EXPECT_EQ(siphash24(counting_key(), message), reference_vectors[length]) << length;
    message.push_back(static_cast<std::byte>(length));
  }
}

TEST(Token, IsSipHashOverAddressSequenceCounterFamilyAndZone) {
  const Bytes message =
      hex("fe80 0000 0000 0000 0000 0000 0000 00aa  0807060504030201  1817161514131211  06  03000000");
  ASSERT_EQ(message.size(), token_message_bytes);
  EXPECT_EQ(TokenKey(counting_key())
                .token(test::ipv6(hex("fe80000000000000 00000000000000aa"), 3), 0x0102030405060708,
                       0x1112131415161718),
            siphash24(counting_key(), message));
}

TEST(Token, DiffersWithEveryInput) {
  const TokenKey key(counting_key());
  auto other_bytes = counting_key();
  other_bytes[15] ^= std::byte{1};
  const Address address = Address::ipv4(0xc0000201);
  const std::set<std::uint64_t> tokens{
      key.token(address, 1, 1),
      key.token(Address::ipv4(0xc0000202), 1, 1),
      key.token(address, 2, 1),
      key.token(address, 1, 2),
      TokenKey(other_bytes).token(address, 1, 1),
      key.token(test::ipv6(hex("c0000201000000000000000000000000")), 1, 1),
      key.token(test::ipv6(hex("c0000201000000000000000000000000"), 7), 1, 1),
  };
  EXPECT_EQ(tokens.size(), 7u);
}

TEST(Token, IsReadBackFromThePayload) {
  Bytes payload(12, std::byte{0xee});
  write_token(payload, 0x0123456789abcdef);
  EXPECT_EQ(read_token(payload), 0x0123456789abcdef);
  EXPECT_EQ(payload[8], std::byte{0xee});
}

TEST(Token, IsAbsentFromAShortPayload) {
  for (std::size_t length = 0; length < token_bytes; ++length)
    EXPECT_FALSE(read_token(Bytes(length))) << length;
  EXPECT_TRUE(read_token(Bytes(token_bytes)));
}

}  // namespace
}  // namespace sonde::wire
