// proof_test.cpp: a payload proves the one probe it was written for, and nothing else does.
#include "sweep/proof.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

namespace sonde::sweep {
namespace {

std::array<std::byte, 16> key(unsigned char start) {
  std::array<std::byte, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(start + 17 * i);
  return bytes;
}

const Address ipv4 = Address::ipv4(0x0a090807);
const Address ipv6 = *Address::parse("2001:db8::1");
constexpr ProbeNumbers numbers{.index = 0x0123456789abcdef, .ordinal = 0xfedcba987654, .probe = 0x1357};

using Payload = std::array<std::byte, 56>;

Payload written(const Proof& proof, const Address& address, const ProbeNumbers& of = numbers) {
  Payload payload{};
  proof.write(payload, address, of);
  return payload;
}

TEST(Proof, ItsOwnPayloadIsProvedAndReadsBack) {
  const Proof proof(key(1));
  for (const Address& address : {ipv4, ipv6}) {
    const Payload payload = written(proof, address);
    EXPECT_EQ(Proof::read(payload), numbers);
    EXPECT_TRUE(proof.proves(payload, address));
  }
}

TEST(Proof, TheLargestNumbersReadBack) {
  const Proof proof(key(1));
  const ProbeNumbers largest{
      .index = (std::uint64_t{1} << 63) - 1, .ordinal = 0xffffffffffff, .probe = 0xffff};
  const Payload payload = written(proof, ipv4, largest);
  EXPECT_EQ(Proof::read(payload), largest);
  EXPECT_TRUE(proof.proves(payload, ipv4));
}

TEST(Proof, TheNumbersLieWhereTheHeaderSays) {
  const Payload payload = written(Proof(key(1)), ipv4);
  EXPECT_EQ(payload[8], std::byte{0xef});
  EXPECT_EQ(payload[15], std::byte{0x01});
  EXPECT_EQ(payload[16], std::byte{0x54});
  EXPECT_EQ(payload[21], std::byte{0xfe});
  EXPECT_EQ(payload[22], std::byte{0x57});
  EXPECT_EQ(payload[23], std::byte{0x13});
}

TEST(Proof, NothingBehindTheProofIsWrittenTo) {
  const Payload payload = written(Proof(key(1)), ipv4);
  for (std::size_t i = proof_bytes; i < payload.size(); ++i) EXPECT_EQ(payload[i], std::byte{});
}

TEST(Proof, EveryFlippedBitIsRefused) {
  const Proof proof(key(1));
  for (const Address& address : {ipv4, ipv6}) {
    Payload payload = written(proof, address);
    for (std::size_t bit = 0; bit < 8 * proof_bytes; ++bit) {
      payload[bit / 8] ^= std::byte{1} << (bit % 8);
      EXPECT_FALSE(proof.proves(payload, address)) << "bit " << bit;
      payload[bit / 8] ^= std::byte{1} << (bit % 8);
    }
    EXPECT_TRUE(proof.proves(payload, address));
  }
}

TEST(Proof, WhatLiesBehindTheProofDoesNotMatter) {
  const Proof proof(key(1));
  Payload payload = written(proof, ipv4);
  payload[proof_bytes] = std::byte{0xff};
  EXPECT_TRUE(proof.proves(payload, ipv4));
}

TEST(Proof, AnotherAddressIsRefused) {
  const Proof proof(key(1));
  const Payload payload = written(proof, ipv4);
  EXPECT_FALSE(proof.proves(payload, Address::ipv4(0x0a090806)));
  EXPECT_FALSE(proof.proves(payload, ipv6));
  // The same bytes in the other family.
  EXPECT_FALSE(proof.proves(payload, Address::ipv6(std::span<const std::byte, 16>(ipv4.padded_bytes()))));
}

TEST(Proof, AnotherKeyIsRefused) {
  EXPECT_FALSE(Proof(key(2)).proves(written(Proof(key(1)), ipv4), ipv4));
}

TEST(Proof, NumbersOfAnotherProbeUnderThisTokenAreRefused) {
  const Proof proof(key(1));
  const Payload payload = written(proof, ipv4);
  for (const ProbeNumbers other : {ProbeNumbers{numbers.index + 1, numbers.ordinal, numbers.probe},
                                   ProbeNumbers{numbers.index, numbers.ordinal + 1, numbers.probe},
                                   ProbeNumbers{numbers.index, numbers.ordinal, numbers.probe + 1}}) {
    Payload forged = written(Proof(key(9)), ipv4, other);
    std::copy_n(payload.begin(), 8, forged.begin());
    EXPECT_FALSE(proof.proves(forged, ipv4));
  }
}

TEST(Proof, AShortPayloadIsRefused) {
  const Proof proof(key(1));
  const Payload payload = written(proof, ipv4);
  for (std::size_t size = 0; size < proof_bytes; ++size) {
    EXPECT_EQ(Proof::read(std::span(payload).first(size)), std::nullopt);
    EXPECT_FALSE(proof.proves(std::span(payload).first(size), ipv4));
  }
  EXPECT_TRUE(proof.proves(std::span(payload).first(proof_bytes), ipv4));
}

TEST(Proof, TheSequenceNumberIsTheAddressesAlone) {
  const Proof proof(key(1));
  EXPECT_EQ(proof.sequence(ipv4), proof.sequence(Address::ipv4(0x0a090807)));
  EXPECT_NE(proof.sequence(ipv4), proof.sequence(ipv6));
  EXPECT_NE(proof.sequence(ipv4), Proof(key(2)).sequence(ipv4));
}

TEST(Proof, SequenceNumbersOfNeighboursFillAllOf16Bits) {
  const Proof proof(key(1));
  constexpr std::uint32_t addresses = 1 << 20;
  std::vector<double> counts(65'536);
  for (std::uint32_t i = 0; i < addresses; ++i) counts[proof.sequence(Address::ipv4(0x0a000000 + i))] += 1;
  double statistic = 0;
  for (const double count : counts) statistic += (count - 16) * (count - 16) / 16;
  // Chi-square with 65,535 degrees of freedom: a standard deviation of 362.
  EXPECT_NEAR(statistic, 65'535, 5 * 362);
}

}  // namespace
}  // namespace sonde::sweep
