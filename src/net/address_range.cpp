// address_range.cpp: ranges of addresses from text, and how many they hold.
#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

#include "sonde/address.hpp"

namespace sonde {
namespace {

Error not_a_range(std::string_view why, std::string_view text) {
  return Error::invalid(std::string(why), std::string(text.substr(0, 200)),
                        "write 192.0.2.0/24, 192.0.2.1-192.0.2.9, 192.0.2.1-9 or one address");
}

std::optional<std::uint8_t> parse_byte(std::string_view text) {
  std::uint8_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// `address` with the bits behind the first `prefix_length` all set to `ones`.
Address with_host_bits(const Address& address, std::uint8_t prefix_length, bool ones) {
  std::array<std::byte, 16> bytes = address.padded_bytes();
  for (std::size_t i = 0; i < address.bytes().size(); ++i) {
    const int network_bits = std::clamp(static_cast<int>(prefix_length) - static_cast<int>(8 * i), 0, 8);
    const auto host_mask = static_cast<std::byte>(0xff >> network_bits);
    bytes[i] = ones ? bytes[i] | host_mask : bytes[i] & ~host_mask;
  }
  if (address.is_ipv4()) return Address::ipv4(std::span(bytes).first<4>());
  return Address::ipv6(bytes, address.scope_id());
}

// The end of "first-end": a whole address, which takes the zone of `first` when it has none, or the last IPv4
// byte.
std::optional<Address> parse_last(const Address& first, std::string_view text) {
  if (const auto byte = parse_byte(text); byte && first.is_ipv4()) {
    std::array<std::byte, 16> bytes = first.padded_bytes();
    bytes[3] = std::byte{*byte};
    return Address::ipv4(std::span(bytes).first<4>());
  }
  const Result<Address> last = Address::parse(text);
  if (!last) return std::nullopt;
  if (last->is_ipv4() || last->scope_id() != 0) return *last;
  return Address::ipv6(std::span(last->padded_bytes()), first.scope_id());
}

std::uint64_t word(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) value = value << 8 | std::to_integer<std::uint64_t>(byte);
  return value;
}

}  // namespace

Result<AddressRange> AddressRange::parse(std::string_view text) {
  AddressRange range;
  if (const std::size_t slash = text.rfind('/'); slash != std::string_view::npos) {
    const Result<Address> address = Address::parse(text.substr(0, slash));
    if (!address) return std::unexpected(address.error());
    const auto length = parse_byte(text.substr(slash + 1));
    if (!length || *length > 8 * address->bytes().size()) {
      return std::unexpected(not_a_range(
          address->is_ipv4() ? "a prefix length is 0 to 32" : "a prefix length is 0 to 128", text));
    }
    range.first_ = with_host_bits(*address, *length, false);
    range.last_ = with_host_bits(*address, *length, true);
    range.is_prefix_ = true;
    range.prefix_length_ = *length;
    return range;
  }

  const Result<Address> single = Address::parse(text);
  if (single) {
    range.first_ = range.last_ = *single;
    return range;
  }
  // A zone may hold a '-' of its own ("fe80::1%br-lan-fe80::9"), so every one is tried as the separator.
  for (std::size_t dash = text.find('-'); dash != std::string_view::npos; dash = text.find('-', dash + 1)) {
    const Result<Address> first = Address::parse(text.substr(0, dash));
    if (!first) continue;
    const std::optional<Address> last = parse_last(*first, text.substr(dash + 1));
    if (!last) continue;
    if (first->family() != last->family())
      return std::unexpected(not_a_range("a range has one family", text));
    if (first->scope_id() != last->scope_id())
      return std::unexpected(not_a_range("a range has one zone", text));
    if (*last < *first) return std::unexpected(not_a_range("the last address is before the first", text));
    range.first_ = *first;
    range.last_ = *last;
    return range;
  }
  if (text.find('-') == std::string_view::npos) return std::unexpected(single.error());
  return std::unexpected(not_a_range("not a range of addresses", text));
}

std::uint64_t AddressRange::size() const {
  const auto first = std::span(first_.padded_bytes());
  const auto last = std::span(last_.padded_bytes());
  if (first_.is_ipv4()) return word(last.first(4)) - word(first.first(4)) + 1;
  const std::uint64_t low = word(last.last(8)) - word(first.last(8));
  const std::uint64_t borrow = word(last.last(8)) < word(first.last(8)) ? 1 : 0;
  const std::uint64_t high = word(last.first(8)) - word(first.first(8)) - borrow;
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  return high != 0 || low == most ? most : low + 1;
}

AddressRange AddressRange::hosts() const {
  if (!is_prefix_ || !first_.is_ipv4() || prefix_length_ >= 31) return *this;
  AddressRange inner;
  inner.first_ = *first_.plus(1);
  inner.last_ = Address::ipv4(static_cast<std::uint32_t>(word(last_.bytes()) - 1));
  return inner;
}

}  // namespace sonde
