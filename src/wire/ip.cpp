// ip.cpp: IPv4 and IPv6 headers.
#include "wire/ip.hpp"

#include <algorithm>

#include "wire/bytes.hpp"
#include "wire/checksum.hpp"

namespace sonde::wire {
namespace {

constexpr std::size_t ipv4_fixed_bytes = 20, ipv6_fixed_bytes = 40;
constexpr std::uint16_t ipv4_dont_fragment = 0x4000, ipv4_more_fragments = 0x2000, ipv4_offset_mask = 0x1fff;
constexpr std::uint8_t fragment_header = 44, authentication_header = 51;
constexpr int max_extension_headers = 16;  // more than any real packet has; bounds the walk

std::optional<IpHeader> parse_ipv4(std::span<const std::byte> packet) {
  if (packet.size() < ipv4_fixed_bytes) return std::nullopt;
  const std::size_t header_bytes = std::size_t{4} * (load_u8(packet, 0) & 0x0fu);
  if (header_bytes < ipv4_fixed_bytes || header_bytes > packet.size()) return std::nullopt;
  const std::uint16_t fragment = load_be16(packet, 6);
  IpHeader header;
  header.family = Family::ipv4;
  header.header_bytes = header_bytes;
  header.total_bytes = load_be16(packet, 2);
  header.tos = load_u8(packet, 1);
  header.identification = load_be16(packet, 4);
  header.dont_fragment = (fragment & ipv4_dont_fragment) != 0;
  header.more_fragments = (fragment & ipv4_more_fragments) != 0;
  header.fragment_offset = 8u * (fragment & ipv4_offset_mask);
  header.ttl = load_u8(packet, 8);
  header.protocol = load_u8(packet, 9);
  header.source = Address::ipv4(packet.subspan<12, 4>());
  header.destination = Address::ipv4(packet.subspan<16, 4>());
  header.options = packet.subspan(ipv4_fixed_bytes, header_bytes - ipv4_fixed_bytes);
  header.has_options = !header.options.empty();
  return header;
}

// The headers that RFC 8200, 4302, 6275, 7401 and 5533 put between IPv6 and the upper protocol.
bool is_extension_header(std::uint8_t protocol) {
  constexpr std::array<std::uint8_t, 10> numbers{
      0, 43, fragment_header, authentication_header, 60, 135, 139, 140, 253, 254};
  return std::find(numbers.begin(), numbers.end(), protocol) != numbers.end();
}

// Walks from behind the fixed header to the upper protocol. False when the packet ends first.
bool skip_extension_headers(std::span<const std::byte> packet, IpHeader& header) {
  for (int count = 0; is_extension_header(header.protocol) && header.fragment_offset == 0; ++count) {
    if (count == max_extension_headers || packet.size() - header.header_bytes < 8) return false;
    const auto extension = packet.subspan(header.header_bytes);
    std::size_t bytes = 8;
    if (header.protocol == fragment_header) {
      const std::uint16_t fragment = load_be16(extension, 2);
      header.fragment_offset = fragment & 0xfff8u;
      header.more_fragments = (fragment & 1) != 0;
    } else if (header.protocol == authentication_header) {
      bytes = 4 * (load_u8(extension, 1) + std::size_t{2});
    } else {
      bytes = 8 * (load_u8(extension, 1) + std::size_t{1});
    }
    if (bytes > extension.size()) return false;
    header.protocol = load_u8(extension, 0);
    header.header_bytes += bytes;
  }
  return true;
}

std::optional<IpHeader> parse_ipv6(std::span<const std::byte> packet) {
  if (packet.size() < ipv6_fixed_bytes) return std::nullopt;
  const std::uint32_t first = load_be32(packet, 0);
  IpHeader header;
  header.family = Family::ipv6;
  header.header_bytes = ipv6_fixed_bytes;
  header.total_bytes = ipv6_fixed_bytes + load_be16(packet, 4);
  header.tos = static_cast<std::uint8_t>((first >> 20) & 0xff);
  header.flow_label = first & 0xfffff;
  header.protocol = load_u8(packet, 6);
  header.ttl = load_u8(packet, 7);
  header.source = Address::ipv6(packet.subspan<8, 16>());
  header.destination = Address::ipv6(packet.subspan<24, 16>());
  if (!skip_extension_headers(packet, header)) return std::nullopt;
  header.options = packet.subspan(ipv6_fixed_bytes, header.header_bytes - ipv6_fixed_bytes);
  header.has_options = !header.options.empty();
  return header;
}

}  // namespace

std::optional<IpHeader> parse_ip(std::span<const std::byte> packet) {
  if (packet.empty()) return std::nullopt;
  switch (load_u8(packet, 0) >> 4) {
    case 4:
      return parse_ipv4(packet);
    case 6:
      return parse_ipv6(packet);
    default:
      return std::nullopt;
  }
}

std::array<std::byte, 20> ipv4_header(const IpFields& fields) {
  std::array<std::byte, ipv4_fixed_bytes> header{};
  header[0] = std::byte{0x45};
  header[1] = static_cast<std::byte>(fields.tos);
  store_be16(header, 2, static_cast<std::uint16_t>(ipv4_fixed_bytes + fields.payload_bytes));
  store_be16(header, 4, fields.identification);
  store_be16(header, 6, fields.dont_fragment ? ipv4_dont_fragment : std::uint16_t{0});
  header[8] = static_cast<std::byte>(fields.ttl);
  header[9] = static_cast<std::byte>(fields.protocol);
  std::copy_n(fields.source.padded_bytes().begin(), 4, header.begin() + 12);
  std::copy_n(fields.destination.padded_bytes().begin(), 4, header.begin() + 16);
  store_checksum(header, 10, internet_checksum(header));
  return header;
}

std::array<std::byte, 40> ipv6_header(const IpFields& fields) {
  std::array<std::byte, ipv6_fixed_bytes> header{};
  store_be32(header, 0, (6u << 28) | (std::uint32_t{fields.tos} << 20) | (fields.flow_label & 0xfffff));
  store_be16(header, 4, fields.payload_bytes);
  header[6] = static_cast<std::byte>(fields.protocol);
  header[7] = static_cast<std::byte>(fields.ttl);
  std::copy_n(fields.source.padded_bytes().begin(), 16, header.begin() + 8);
  std::copy_n(fields.destination.padded_bytes().begin(), 16, header.begin() + 24);
  return header;
}

}  // namespace sonde::wire
