// checksum_test.cpp: the Internet checksum against RFC 1071's example, a slow reference, and real packets.
#include "wire/checksum.hpp"

#include <gtest/gtest.h>

#include <random>

#include "wire/bytes.hpp"
#include "wire/packet_bytes.hpp"

namespace sonde::wire {
namespace {

using test::Bytes;
using test::hex;

// RFC 1071 as it is written: 16-bit words, carries folded back.
std::uint16_t reference(std::span<const std::byte> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += static_cast<std::uint32_t>(load_u8(bytes, i) << 8);
    if (i + 1 < bytes.size()) sum += load_u8(bytes, i + 1);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

std::uint16_t stored(std::uint16_t checksum) {
  Bytes bytes(2);
  store_checksum(bytes, 0, checksum);
  return load_be16(bytes, 0);
}

TEST(Checksum, Rfc1071Example) {
  EXPECT_EQ(stored(internet_checksum(hex("0001 f203 f4f5 f6f7"))), 0xffff - 0xddf2);
}

TEST(Checksum, OddLengthIsPaddedWithZero) {
  EXPECT_EQ(internet_checksum(hex("0102030405")), internet_checksum(hex("010203040500")));
  EXPECT_EQ(stored(internet_checksum(hex("ab"))), 0xffff - 0xab00);
}

TEST(Checksum, NothingSumsToAllOnes) {
  EXPECT_EQ(internet_checksum({}), 0xffff);
}

TEST(Checksum, RealIpv4HeaderIsZeroOverItsOwnChecksum) {
  EXPECT_EQ(internet_checksum(hex("4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7")), 0);
  EXPECT_EQ(stored(internet_checksum(hex("4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7"))), 0xb861);
}

TEST(Checksum, EqualsTheReferenceAtEveryLengthAndAlignment) {
  std::mt19937 random(1);
  Bytes bytes(300);
  for (auto& byte : bytes) byte = static_cast<std::byte>(random() & 0xff);
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t length = 0; length <= 256; ++length) {
      const auto part = std::span(bytes).subspan(from, length);
      ASSERT_EQ(stored(internet_checksum(part)), reference(part)) << from << "+" << length;
    }
  }
}

TEST(Checksum, CarriesSurviveTheLargestPacketOfOnes) {
  const Bytes ones(65535, std::byte{0xff});
  EXPECT_EQ(stored(internet_checksum(ones)), reference(ones));
}

TEST(Checksum, InitialSumCountsIn) {
  const Bytes whole = hex("0102 0304 0506 0708 090a");
  const auto first = static_cast<std::uint16_t>(~internet_checksum(std::span(whole).first(4)));
  EXPECT_EQ(internet_checksum(std::span(whole).subspan(4), first), internet_checksum(whole));
}

TEST(Checksum, PseudoHeaderOfARealIcmpv6EchoRequest) {
  const Bytes source = hex("fe80 0000 0000 0000 0000 0000 0000 0001"),
              target = hex("2001 0db8 ffff 0000 0000 0000 0000 0002");
  const Bytes message = hex("8000 0000 1234 0001 aabb ccdd 01");
  const Bytes pseudo = test::joined({source, target, hex("0000 000d 0000 003a"), message});
  const auto sum = pseudo_header_sum(test::ipv6(source), test::ipv6(target), 13);
  EXPECT_EQ(stored(internet_checksum(message, sum)), reference(pseudo));
}

TEST(Checksum, PseudoHeaderCountsAllFourLengthBytes) {
  const Address loopback = test::ipv6(hex("00000000000000000000000000000001"));
  const Bytes pseudo =
      hex("00000000000000000000000000000001 00000000000000000000000000000001 0001 86a0 0000 003a");
  EXPECT_EQ(stored(internet_checksum({}, pseudo_header_sum(loopback, loopback, 100000))), reference(pseudo));
}

}  // namespace
}  // namespace sonde::wire
