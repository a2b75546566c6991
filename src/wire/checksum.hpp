// checksum.hpp: the Internet checksum (RFC 1071) and the pseudo-header of ICMPv6 (RFC 8200 section 8.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sonde/address.hpp"

namespace sonde::wire {

// The checksum of `bytes`, an odd length padded with a zero byte.
//
// The result is in network order: it is stored by copying its two bytes in memory (store_checksum), not
// through store_be16. Over bytes that contain their own, right checksum it is 0. `initial_sum` is a sum of
// 16-bit words as they lie in memory (pseudo_header_sum), to be counted in.
std::uint16_t internet_checksum(std::span<const std::byte> bytes, std::uint32_t initial_sum = 0);

// Copies a result of internet_checksum to `bytes[at]` and the byte behind.
void store_checksum(std::span<std::byte> bytes, std::size_t at, std::uint16_t checksum);

// The sum to start an ICMPv6 checksum with: both addresses, the message's length, next header 58.
// Requires: both addresses are IPv6.
std::uint32_t pseudo_header_sum(const Address& source, const Address& destination,
                                std::uint32_t message_bytes);

}  // namespace sonde::wire
