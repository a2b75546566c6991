// host_address.cpp: addresses of the lab as text, and the prefixes and ranges a scenario names.
#include "lab/host_address.hpp"

#include <arpa/inet.h>

#include <charconv>

namespace sonde::lab {

std::string HostAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), buffer.data(), buffer.size());
  return buffer.data();
}

std::optional<HostAddress> HostAddress::parse(std::string_view text) {
  HostAddress address;
  address.v6 = text.find(':') != std::string_view::npos;
  if (inet_pton(address.v6 ? AF_INET6 : AF_INET, std::string(text).c_str(), address.bytes.data()) != 1)
    return {};
  return address;
}

namespace {

std::optional<AddressRange> parse_prefix(std::string_view address_text, std::string_view length_text) {
  const std::optional<HostAddress> address = HostAddress::parse(address_text);
  std::size_t length = 0;
  const auto [end, error] =
      std::from_chars(length_text.data(), length_text.data() + length_text.size(), length);
  if (!address || error != std::errc() || end != length_text.data() + length_text.size() ||
      length > address->size() * 8) {
    return {};
  }
  AddressRange range{*address, *address};
  for (std::size_t bit = length; bit < address->size() * 8; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80u >> (bit % 8));
    range.first.bytes[bit / 8] &= static_cast<std::uint8_t>(~mask);
    range.last.bytes[bit / 8] |= mask;
  }
  return range;
}

}  // namespace

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    return parse_prefix(text.substr(0, slash), text.substr(slash + 1));
  }
  const std::size_t dash = text.find('-');
  const std::optional<HostAddress> first = HostAddress::parse(text.substr(0, dash));
  const std::optional<HostAddress> last =
      dash == std::string_view::npos ? first : HostAddress::parse(text.substr(dash + 1));
  if (!first || !last || first->v6 != last->v6 || *last < *first) return {};
  return AddressRange{*first, *last};
}

}  // namespace sonde::lab
