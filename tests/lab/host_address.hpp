// host_address.hpp: addresses and address ranges of the lab. Its own code, so that a fault in sonde's cannot
// hide in it.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::lab {

// An IPv4 or IPv6 address; of an IPv4 address the first four bytes are used, the others are zero.
struct HostAddress {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};

  std::size_t size() const { return v6 ? 16 : 4; }
  std::string text() const;
  static std::optional<HostAddress> parse(std::string_view text);
  friend auto operator<=>(const HostAddress&, const HostAddress&) = default;
};

// All addresses from `first` to `last`, both included, of one family.
struct AddressRange {
  HostAddress first, last;

  bool contains(const HostAddress& address) const { return first <= address && address <= last; }
  // "10.0.0.1", "10.0.0.1-10.0.0.9", "10.0.0.0/24", "fd77::/64".
  static std::optional<AddressRange> parse(std::string_view text);
};

// An address for each family, where one behaviour is written for hosts of both.
struct AddressPair {
  std::optional<HostAddress> v4, v6;

  const std::optional<HostAddress>& of(bool is_v6) const { return is_v6 ? v6 : v4; }
  void set(const HostAddress& address) { (address.v6 ? v6 : v4) = address; }
};

}  // namespace sonde::lab

template <>
struct std::hash<sonde::lab::HostAddress> {
  std::size_t operator()(const sonde::lab::HostAddress& address) const noexcept {
    std::uint64_t value = address.v6 ? 0x9e3779b97f4a7c15u : 0;
    for (const std::uint8_t byte : address.bytes) value = (value ^ byte) * 0x100000001b3u;
    return static_cast<std::size_t>(value ^ (value >> 29));
  }
};
