// siphash.hpp: SipHash-2-4, a keyed hash (Aumasson and Bernstein, 2012), in the header because every probe
// needs it.
//
// State of four words; each 8-byte block (little endian) is xored into v3, mixed by two rounds and xored into
// v0. The last block carries the remaining bytes and, in its top byte, the length modulo 256. Four more
// rounds end it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace sonde::wire {

static_assert(std::endian::native == std::endian::little || std::endian::native == std::endian::big);

// The 8 bytes at `bytes`, little endian, as a number.
inline std::uint64_t load_le64(const std::byte* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
  return value;
}

class SipHash {
 public:
  constexpr SipHash(std::uint64_t key0, std::uint64_t key1)
      : v0_(key0 ^ 0x736f6d6570736575),
        v1_(key1 ^ 0x646f72616e646f6d),
        v2_(key0 ^ 0x6c7967656e657261),
        v3_(key1 ^ 0x7465646279746573) {}

  // One whole block of 8 bytes, read as little endian.
  constexpr void block(std::uint64_t word) {
    v3_ ^= word;
    round();
    round();
    v0_ ^= word;
  }

  // The last block, `tail` holding the remaining 0 to 7 bytes, and the whole message's length.
  constexpr std::uint64_t finish(std::uint64_t tail, std::size_t message_bytes) {
    block(tail | (std::uint64_t{message_bytes & 0xff} << 56));
    v2_ ^= 0xff;
    round();
    round();
    round();
    round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  constexpr void round() {
    v0_ += v1_;
    v2_ += v3_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v1_;
    v0_ += v3_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ = std::rotl(v2_, 32);
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

// SipHash-2-4 of a whole message.
inline std::uint64_t siphash24(const std::array<std::byte, 16>& key, std::span<const std::byte> message) {
  SipHash hash(load_le64(key.data()), load_le64(key.data() + 8));
  std::size_t at = 0;
  for (; at + 8 <= message.size(); at += 8) hash.block(load_le64(message.data() + at));
  std::uint64_t tail = 0;
  for (std::size_t i = at; i < message.size(); ++i) {
    tail |= std::uint64_t{std::to_integer<std::uint8_t>(message[i])} << (8 * (i - at));
  }
  return hash.finish(tail, message.size());
}

}  // namespace sonde::wire
