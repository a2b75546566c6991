// icmp.cpp: ICMP messages, and what they quote.
#include "wire/icmp.hpp"

#include <algorithm>

#include "wire/bytes.hpp"
#include "wire/checksum.hpp"
#include "wire/ip.hpp"

namespace sonde::wire {
namespace {

constexpr std::size_t checksum_at = 2;

std::uint8_t echo_request_type(Family family) {
  return family == Family::ipv4 ? icmpv4_echo_request : icmpv6_echo_request;
}

std::uint8_t echo_reply_type(Family family) {
  return family == Family::ipv4 ? icmpv4_echo_reply : icmpv6_echo_reply;
}

// `other` for all that is not an echo message.
IcmpKind echo_kind(Family family, std::uint8_t type) {
  if (type == echo_reply_type(family)) return IcmpKind::echo_reply;
  return type == echo_request_type(family) ? IcmpKind::echo_request : IcmpKind::other;
}

IcmpKind kind_of(ErrorReason reason) {
  if (reason == ErrorReason::none) return IcmpKind::other;
  const bool is_note = reason == ErrorReason::redirect || reason == ErrorReason::source_quench;
  return is_note ? IcmpKind::note : IcmpKind::error;
}

// --- The quote --------------------------------------------------------------------------------------------
//
// Behind the 8-byte header comes the packet that caused the error, cut anywhere. RFC 4884 lets extension
// objects (MPLS labels, interfaces) follow it: then a length field in the header, in units of 4 (IPv4) or 8
// bytes (IPv6), says where the quote ends, at least 128 bytes, padded with zeros. Older routers append them
// at byte 128 without saying so; a version of 2 and a right checksum there tell (RFC 4884 section 5.5).
// Routers and NATs also get the field wrong, so a length that cannot be is left aside.

constexpr std::size_t extension_offset = 128;

bool may_carry_extensions(Family family, std::uint8_t type) {
  if (family == Family::ipv6) return type == icmpv6_destination_unreachable || type == icmpv6_time_exceeded;
  return type == icmpv4_destination_unreachable || type == icmpv4_time_exceeded ||
         type == icmpv4_parameter_problem;
}

bool looks_like_extensions(std::span<const std::byte> bytes) {
  return bytes.size() >= 4 && (load_u8(bytes, 0) >> 4) == 2 && load_be16(bytes, 2) != 0 &&
         internet_checksum(bytes) == 0;
}

std::span<const std::byte> without_extensions(Family family, std::span<const std::byte> message) {
  const auto quote = message.subspan(echo_header_bytes);
  if (!may_carry_extensions(family, load_u8(message, 0)) || quote.size() <= extension_offset) return quote;
  const std::size_t length =
      family == Family::ipv4 ? std::size_t{4} * load_u8(message, 5) : std::size_t{8} * load_u8(message, 4);
  if (length >= extension_offset && length <= quote.size()) return quote.first(length);
  if (length == 0 && looks_like_extensions(quote.subspan(extension_offset)))
    return quote.first(extension_offset);
  return quote;
}

// ICMPv6 redirect (RFC 4861 section 4.5): target and destination address, then options of 8-byte units; the
// redirected packet is in option 4, behind 8 bytes.
std::span<const std::byte> redirected_packet(std::span<const std::byte> message) {
  constexpr std::size_t options_at = 40;
  constexpr std::uint8_t redirected_header = 4;
  for (std::size_t at = options_at; at + 8 <= message.size();) {
    const std::size_t bytes = std::size_t{8} * load_u8(message, at + 1);
    if (bytes == 0) return {};
    if (load_u8(message, at) == redirected_header) {
      return message.subspan(at + 8, std::min(bytes - 8, message.size() - at - 8));
    }
    at += bytes;
  }
  return {};
}

std::optional<QuotedProbe> parse_quoted_packet(Family family, std::span<const std::byte> packet) {
  const auto header = parse_ip(packet);
  if (!header || header->family != family || header->fragment_offset != 0) return std::nullopt;
  if (header->protocol != (family == Family::ipv4 ? protocol_icmpv4 : protocol_icmpv6)) return std::nullopt;
  // A total length of less than the header needs (some stacks quote it changed, or byte-swapped) is left
  // aside.
  if (header->total_bytes >= header->header_bytes + echo_header_bytes) {
    packet = packet.first(std::min(packet.size(), header->total_bytes));
  }
  auto quoted = parse_quoted_icmp(family, packet.subspan(header->header_bytes));
  if (!quoted) return std::nullopt;
  quoted->source = header->source;
  quoted->destination = header->destination;
  return quoted;
}

void read_error_fields(Family family, std::span<const std::byte> message, IcmpMessage& result) {
  if (result.reason == ErrorReason::fragmentation_needed) {
    const std::uint32_t mtu = family == Family::ipv4 ? load_be16(message, 6) : load_be32(message, 4);
    if (mtu != 0) result.mtu = mtu;
  } else if (result.reason == ErrorReason::parameter_problem) {
    result.pointer = family == Family::ipv4 ? load_u8(message, 4) : load_be32(message, 4);
  } else if (result.reason == ErrorReason::redirect && family == Family::ipv4) {
    result.gateway = Address::ipv4(load_be32(message, 4));
  }
}

}  // namespace

void write_echo_request(std::span<std::byte> message, Family family, std::uint16_t identifier,
                        std::uint16_t sequence) {
  message[0] = static_cast<std::byte>(echo_request_type(family));
  message[1] = std::byte{0};
  store_be16(message, checksum_at, 0);
  store_be16(message, 4, identifier);
  store_be16(message, 6, sequence);
}

void write_icmpv4_checksum(std::span<std::byte> message) {
  store_be16(message, checksum_at, 0);
  store_checksum(message, checksum_at, internet_checksum(message));
}

bool icmpv4_checksum_valid(std::span<const std::byte> message) {
  return message.size() >= 4 && internet_checksum(message) == 0;
}

std::optional<QuotedProbe> parse_quoted_icmp(Family family, std::span<const std::byte> icmp) {
  if (icmp.size() < echo_header_bytes) return std::nullopt;
  QuotedProbe quoted;
  quoted.family = family;
  quoted.is_echo_request = load_u8(icmp, 0) == echo_request_type(family);
  quoted.identifier = load_be16(icmp, 4);
  quoted.sequence = load_be16(icmp, 6);
  quoted.payload = icmp.subspan(echo_header_bytes);
  return quoted;
}

bool read_icmp(Family family, std::span<const std::byte> message, IcmpMessage& result) {
  if (message.size() < echo_header_bytes) return false;
  result.type = load_u8(message, 0);
  result.code = load_u8(message, 1);
  result.kind = echo_kind(family, result.type);
  if (result.kind == IcmpKind::other) {
    result.reason = classify(family, result.type, result.code);
    result.kind = kind_of(result.reason);
  }
  result.payload = message.subspan(echo_header_bytes);
  switch (result.kind) {
    case IcmpKind::echo_request:
    case IcmpKind::echo_reply:
      result.identifier = load_be16(message, 4);
      result.sequence = load_be16(message, 6);
      break;
    case IcmpKind::error:
    case IcmpKind::note: {
      read_error_fields(family, message, result);
      const bool is_ipv6_redirect = family == Family::ipv6 && result.type == icmpv6_redirect;
      result.quoted = parse_quoted_packet(
          family, is_ipv6_redirect ? redirected_packet(message) : without_extensions(family, message));
      break;
    }
    case IcmpKind::other:
      break;
  }
  return true;
}

}  // namespace sonde::wire
