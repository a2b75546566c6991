// ip.hpp: IPv4 (RFC 791) and IPv6 (RFC 8200) headers to values, and written for captures.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "sonde/address.hpp"

namespace sonde::wire {

inline constexpr std::uint8_t protocol_icmpv4 = 1, protocol_icmpv6 = 58;

// Of a header without IPv4 options or IPv6 extension headers.
constexpr std::size_t ip_header_bytes(Family family) {
  return family == Family::ipv4 ? 20 : 40;
}

struct IpHeader {
  Family family = Family::ipv4;
  std::size_t header_bytes =
      0;  // with IPv4 options or IPv6 extension headers: where the upper protocol starts
  std::size_t total_bytes = 0;        // as the header claims; may be more or less than what was captured
  std::uint8_t ttl = 0, tos = 0;      // hop limit and traffic class in IPv6
  std::uint8_t protocol = 0;          // the upper protocol, behind all extension headers
  std::uint16_t identification = 0;   // IPv4 only
  bool dont_fragment = false;         // IPv4 only
  std::uint32_t fragment_offset = 0;  // bytes; when not 0, the upper protocol's header is in another packet
  bool more_fragments = false;
  std::uint32_t flow_label = 0;  // IPv6 only
  Address source, destination;
  bool has_options = false;            // IPv4 options or IPv6 extension headers
  std::span<const std::byte> options;  // these bytes
};

// Reads a packet's header, of either family by its version nibble. The header checksum is not looked at.
// Errors: nullopt when the header is cut, its length field impossible, or the version neither 4 nor 6.
std::optional<IpHeader> parse_ip(std::span<const std::byte> packet);

// What a header is written from. Lengths: payload_bytes is what follows the header.
struct IpFields {
  Address source, destination;
  std::uint8_t protocol = 0;
  std::uint16_t payload_bytes = 0;
  std::uint8_t ttl = 64, tos = 0;
  std::uint16_t identification = 0;  // IPv4 only
  bool dont_fragment = false;        // IPv4 only
  std::uint32_t flow_label = 0;      // IPv6 only, 20 bits
};

// With its checksum. Requires: both addresses are IPv4, payload_bytes ≤ 65,515.
std::array<std::byte, 20> ipv4_header(const IpFields& fields);
// Requires: both addresses are IPv6.
std::array<std::byte, 40> ipv6_header(const IpFields& fields);

}  // namespace sonde::wire
