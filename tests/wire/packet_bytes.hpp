// packet_bytes.hpp: packets in tests, written as hexadecimal text.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "sonde/address.hpp"

namespace sonde::test {

using Bytes = std::vector<std::byte>;

// "45 00 0054" as bytes; spaces are skipped.
inline Bytes hex(std::string_view text) {
  Bytes bytes;
  int high = -1;
  for (const char digit : text) {
    if (digit == ' ' || digit == '\n') continue;
    const std::size_t value = std::string_view("0123456789abcdef").find(digit);
    if (value == std::string_view::npos) throw std::invalid_argument("not hexadecimal");
    if (high < 0) {
      high = static_cast<int>(value);
    } else {
      bytes.push_back(static_cast<std::byte>(high * 16 + static_cast<int>(value)));
      high = -1;
    }
  }
  return bytes;
}

// The IPv6 address of these 16 bytes.
inline Address ipv6(const Bytes& bytes, std::uint32_t scope_id = 0) {
  return Address::ipv6(std::span<const std::byte>(bytes).first<16>(), scope_id);
}

inline Bytes joined(std::initializer_list<std::span<const std::byte>> parts) {
  Bytes bytes;
  for (const auto part : parts) bytes.insert(bytes.end(), part.begin(), part.end());
  return bytes;
}

// A copy of the first `length` bytes in memory of exactly that size, so that a sanitizer sees any read past
// it.
inline Bytes cut(std::span<const std::byte> bytes, std::size_t length) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)};
}

}  // namespace sonde::test
