// address.hpp: IPv4 and IPv6 addresses, prefixes and ranges as small values.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sonde/error.hpp"

namespace sonde {

enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

constexpr std::string_view to_string(Family family) {
  return family == Family::ipv4 ? "IPv4" : "IPv6";
}

// One numeric address. An IPv4 address keeps its four bytes first and zeros behind, so that equal addresses
// have equal bytes in both families. `scope_id` is the interface index of a zone ("fe80::1%eth0"), 0 for none.
class Address {
 public:
  constexpr Address() = default;  // 0.0.0.0

  static Address ipv4(std::span<const std::byte, 4> bytes);
  static Address ipv4(std::uint32_t host_order);
  static Address ipv6(std::span<const std::byte, 16> bytes, std::uint32_t scope_id = 0);
  static Address any(Family family);
  static Address loopback(Family family);

  // Reads "192.0.2.1", "2001:db8::1", "fe80::1%eth0", "fe80::1%2". Never resolves a name.
  // Errors: invalid_argument when it is not an address; not_found when the zone names no interface.
  static Result<Address> parse(std::string_view text);

  Family family() const { return family_; }
  bool is_ipv4() const { return family_ == Family::ipv4; }
  std::uint32_t scope_id() const { return scope_id_; }
  // 4 or 16 bytes in network order.
  std::span<const std::byte> bytes() const { return std::span(bytes_).first(is_ipv4() ? 4 : 16); }
  const std::array<std::byte, 16>& padded_bytes() const { return bytes_; }
  bool is_any() const;
  bool is_loopback() const;    // 127.0.0.0/8, ::1
  bool is_multicast() const;   // 224.0.0.0/4, ff00::/8
  bool is_link_local() const;  // 169.254.0.0/16, fe80::/10
  bool is_broadcast() const;   // 255.255.255.255 (a subnet's own broadcast address is not known here)

  // The shortest standard text (RFC 5952), with the zone's interface name behind '%' (or number,
  // where it has none or one that a terminal would obey).
  std::string to_string() const;
  // The address `offset` further on; nullopt past the end of the family's space.
  std::optional<Address> plus(std::uint64_t offset) const;

  friend auto operator<=>(const Address&, const Address&) = default;
  friend bool operator==(const Address&, const Address&) = default;

 private:
  Family family_ = Family::ipv4;
  std::uint32_t scope_id_ = 0;
  std::array<std::byte, 16> bytes_{};
};

// An inclusive range of addresses of one family, as a prefix or as first-last.
class AddressRange {
 public:
  // Reads "192.0.2.0/24", "2001:db8::/120", "192.0.2.1-192.0.2.9", "192.0.2.1-9" (last byte), or one address.
  // Host bits behind a prefix are allowed and ignored.
  // Errors: invalid_argument (not a range, families mixed, last before first, prefix length too long).
  static Result<AddressRange> parse(std::string_view text);

  Address first() const { return first_; }
  Address last() const { return last_; }
  // How many addresses; saturates at 2^64 - 1.
  std::uint64_t size() const;
  // The same range without the network and broadcast address, when it was written as an IPv4 prefix shorter than
  // /31 (RFC 3021); otherwise unchanged.
  AddressRange hosts() const;

 private:
  Address first_, last_;
  bool is_prefix_ = false;
  std::uint8_t prefix_length_ = 0;
};

}  // namespace sonde

template <>
struct std::hash<sonde::Address> {
  std::size_t operator()(const sonde::Address& address) const noexcept;
};
