// checksum.cpp: one's complement sums, eight bytes at a time.
#include "wire/checksum.hpp"

#include <bit>
#include <cstring>

#include "wire/ip.hpp"

namespace sonde::wire {
namespace {

// RFC 1071 section 2: the sum is the same in any word size and byte order, when carries come back in at the
// end. So whole 64-bit words are taken apart into two 32-bit halves, each added up in 64 bits, where carries
// cannot be lost.
std::uint64_t add_words(std::span<const std::byte> bytes, std::uint64_t sum) {
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t low = 0, high = 0;
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    low += word & 0xffff'ffff;
    high += word >> 32;
  }
  if (left > 0) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, left);
    low += word & 0xffff'ffff;
    high += word >> 32;
  }
  // Neither half can come near 2^63, so one fold each leaves room for the others.
  sum += (low & 0xffff'ffff) + (low >> 32);
  return sum + (high & 0xffff'ffff) + (high >> 32);
}

std::uint16_t fold(std::uint64_t sum) {
  sum = (sum & 0xffff'ffff) + (sum >> 32);
  sum = (sum & 0xffff) + ((sum >> 16) & 0xffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

std::uint16_t to_big_endian(std::uint16_t value) {
  if constexpr (std::endian::native == std::endian::big) return value;
  return __builtin_bswap16(value);
}

}  // namespace

std::uint16_t internet_checksum(std::span<const std::byte> bytes, std::uint32_t initial_sum) {
  return static_cast<std::uint16_t>(~fold(add_words(bytes, initial_sum)));
}

void store_checksum(std::span<std::byte> bytes, std::size_t at, std::uint16_t checksum) {
  std::memcpy(bytes.subspan(at, 2).data(), &checksum, 2);
}

std::uint32_t pseudo_header_sum(const Address& source, const Address& destination,
                                std::uint32_t message_bytes) {
  std::uint64_t sum = add_words(source.padded_bytes(), 0);
  sum = add_words(destination.padded_bytes(), sum);
  sum += to_big_endian(static_cast<std::uint16_t>(message_bytes >> 16));
  sum += to_big_endian(static_cast<std::uint16_t>(message_bytes & 0xffff));
  sum += to_big_endian(protocol_icmpv6);
  return fold(sum);
}

}  // namespace sonde::wire
