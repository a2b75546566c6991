// bytes.hpp: reading and writing integers in network order at a place in a packet.
//
// Requires of all: the span holds the bytes asked for; callers check lengths once, where they parse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sonde::wire {

constexpr std::uint8_t load_u8(std::span<const std::byte> bytes, std::size_t at) {
  return std::to_integer<std::uint8_t>(bytes[at]);
}

constexpr std::uint16_t load_be16(std::span<const std::byte> bytes, std::size_t at) {
  return static_cast<std::uint16_t>((load_u8(bytes, at) << 8) | load_u8(bytes, at + 1));
}

constexpr std::uint32_t load_be32(std::span<const std::byte> bytes, std::size_t at) {
  return (std::uint32_t{load_be16(bytes, at)} << 16) | load_be16(bytes, at + 2);
}

constexpr void store_be16(std::span<std::byte> bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::byte>(value >> 8);
  bytes[at + 1] = static_cast<std::byte>(value & 0xff);
}

constexpr void store_be32(std::span<std::byte> bytes, std::size_t at, std::uint32_t value) {
  store_be16(bytes, at, static_cast<std::uint16_t>(value >> 16));
  store_be16(bytes, at + 2, static_cast<std::uint16_t>(value & 0xffff));
}

}  // namespace sonde::wire
