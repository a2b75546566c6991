// address.cpp: addresses from text, to text, and counted on.
#include "sonde/address.hpp"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <string>

#include "text/printable.hpp"

namespace sonde {
namespace {

constexpr std::size_t longest_address_text = INET6_ADDRSTRLEN;

Result<std::uint32_t> parse_zone(std::string_view zone, std::string_view text) {
  std::uint32_t index = 0;
  const auto [end, failure] = std::from_chars(zone.data(), zone.data() + zone.size(), index);
  if (failure == std::errc{} && end == zone.data() + zone.size()) {
    if (index != 0) return index;
    return std::unexpected(Error::invalid("interface index 0 is not a zone", std::string(text)));
  }
  if (zone.empty()) {
    return std::unexpected(
        Error::invalid("nothing behind '%'", std::string(text), "name the interface: fe80::1%eth0"));
  }
  // A number with something behind it is a name again.
  index = zone.size() < IF_NAMESIZE ? ::if_nametoindex(std::string(zone).c_str()) : 0;
  if (index != 0) return index;
  return std::unexpected(
      Error{ErrorCode::not_found, 0, "no such interface", std::string(zone), "`ip link` lists them"});
}

// Many thousands are written at the end of a run; inet_ntop() goes through sprintf().
std::string ipv4_text(std::span<const std::byte> bytes) {
  std::array<char, sizeof "255.255.255.255"> text{};
  char* end = text.data();
  for (const std::byte byte : bytes) {
    if (end != text.data()) *end++ = '.';
    end = std::to_chars(end, text.data() + text.size(), std::to_integer<unsigned>(byte)).ptr;
  }
  return {text.data(), end};
}

}  // namespace

Address Address::ipv4(std::span<const std::byte, 4> bytes) {
  Address address;
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

Address Address::ipv4(std::uint32_t host_order) {
  Address address;
  for (std::size_t i = 0; i < 4; ++i) address.bytes_[i] = static_cast<std::byte>(host_order >> (24 - 8 * i));
  return address;
}

Address Address::ipv6(std::span<const std::byte, 16> bytes, std::uint32_t scope_id) {
  Address address;
  address.family_ = Family::ipv6;
  address.scope_id_ = scope_id;
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

Address Address::any(Family family) {
  Address address;
  address.family_ = family;
  return address;
}

Address Address::loopback(Family family) {
  Address address = family == Family::ipv4 ? ipv4(INADDR_LOOPBACK) : any(family);
  if (family == Family::ipv6) address.bytes_[15] = std::byte{1};
  return address;
}

Result<Address> Address::parse(std::string_view text) {
  const std::size_t percent = text.find('%');
  const std::string numeric(text.substr(0, percent));
  Address address;
  // inet_pton stops at a zero byte, which a text must not hide anything behind.
  const bool is_text = numeric.size() < longest_address_text && numeric.find('\0') == std::string::npos;
  if (is_text && percent == std::string_view::npos &&
      ::inet_pton(AF_INET, numeric.c_str(), address.bytes_.data()) == 1) {
    return address;
  }
  address.bytes_.fill(std::byte{});
  if (!is_text || ::inet_pton(AF_INET6, numeric.c_str(), address.bytes_.data()) != 1) {
    return std::unexpected(
        Error::invalid(text.empty() ? "an empty text is no IP address" : "not an IP address",
                       std::string(text.substr(0, 100))));
  }
  address.family_ = Family::ipv6;
  if (percent != std::string_view::npos) {
    const Result<std::uint32_t> zone = parse_zone(text.substr(percent + 1), text);
    if (!zone) return std::unexpected(zone.error());
    address.scope_id_ = *zone;
  }
  return address;
}

bool Address::is_any() const {
  return std::ranges::all_of(bytes_, [](std::byte byte) { return byte == std::byte{}; });
}

bool Address::is_loopback() const {
  if (is_ipv4()) return bytes_[0] == std::byte{127};
  return bytes_ == loopback(Family::ipv6).bytes_;
}

bool Address::is_multicast() const {
  return is_ipv4() ? (bytes_[0] & std::byte{0xf0}) == std::byte{0xe0} : bytes_[0] == std::byte{0xff};
}

bool Address::is_link_local() const {
  if (is_ipv4()) return bytes_[0] == std::byte{169} && bytes_[1] == std::byte{254};
  return bytes_[0] == std::byte{0xfe} && (bytes_[1] & std::byte{0xc0}) == std::byte{0x80};
}

bool Address::is_broadcast() const {
  return is_ipv4() && std::ranges::all_of(bytes(), [](std::byte byte) { return byte == std::byte{0xff}; });
}

std::string Address::to_string() const {
  if (is_ipv4()) return ipv4_text(bytes());
  std::array<char, longest_address_text> numeric{};
  ::inet_ntop(AF_INET6, bytes_.data(), numeric.data(), numeric.size());
  std::string text(numeric.data());
  if (scope_id_ != 0) {
    std::array<char, IF_NAMESIZE> name{};
    const bool is_named =
        ::if_indextoname(scope_id_, name.data()) != nullptr && text::printable(name.data()) == name.data();
    text += '%';
    text += is_named ? std::string(name.data()) : std::to_string(scope_id_);
  }
  return text;
}

std::optional<Address> Address::plus(std::uint64_t offset) const {
  Address sum = *this;
  std::uint64_t carry = 0;
  for (std::size_t i = bytes().size(); i-- > 0;) {
    const std::uint64_t digit = std::to_integer<std::uint64_t>(sum.bytes_[i]) + (offset & 0xff) + carry;
    sum.bytes_[i] = static_cast<std::byte>(digit & 0xff);
    carry = digit >> 8;
    offset >>= 8;
  }
  if (carry != 0 || offset != 0) return std::nullopt;
  return sum;
}

}  // namespace sonde

std::size_t std::hash<sonde::Address>::operator()(const sonde::Address& address) const noexcept {
  const auto& bytes = address.padded_bytes();
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    high = high << 8 | std::to_integer<std::uint64_t>(bytes[i]);
    low = low << 8 | std::to_integer<std::uint64_t>(bytes[i + 8]);
  }
  // Two rounds of SplitMix64's finaliser: neighbouring addresses must not fall into neighbouring buckets
  // only.
  const auto mix = [](std::uint64_t value) {
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ value >> 27) * 0x94d049bb133111ebULL;
    return value ^ value >> 31;
  };
  const std::uint64_t rest =
      low + address.scope_id() + static_cast<std::uint64_t>(address.family()) * 0x9e3779b97f4a7c15ULL;
  return static_cast<std::size_t>(mix(mix(high) + rest));
}
