// icmp.cpp: ICMP messages, and what they quote.
#include "wire/icmp.hpp"

#include <algorithm>

#include "wire/bytes.hpp"
#include "wire/checksum.hpp"
#include "wire/extensions.hpp"
#include "wire/ip.hpp"
#include "wire/probe_message.hpp"

namespace sonde::wire {
namespace {

constexpr std::size_t checksum_at = 2;

// `other` for all that neither asks by nor answers an echo, and for requests but that.
IcmpKind kind_of(Family family, std::uint8_t type) {
  if (type == reply_type(family, ProbeMessage::echo)) return IcmpKind::echo_reply;
  if (type == request_type(family, ProbeMessage::echo)) return IcmpKind::echo_request;
  if (family == Family::ipv4 && type == icmpv4_timestamp_reply) return IcmpKind::timestamp_reply;
  if (family == Family::ipv6 && type == icmpv6_node_reply) return IcmpKind::node_reply;
  return IcmpKind::other;
}

std::optional<ProbeMessage> asked_by(Family family, std::uint8_t type) {
  if (type == request_type(family, ProbeMessage::echo)) return ProbeMessage::echo;
  if (family == Family::ipv4 && type == icmpv4_timestamp_request) return ProbeMessage::timestamp;
  if (family == Family::ipv6 && type == icmpv6_node_query) return ProbeMessage::node_information;
  return std::nullopt;
}

IcmpKind kind_of(ErrorReason reason) {
  if (reason == ErrorReason::none) return IcmpKind::other;
  const bool is_note = reason == ErrorReason::redirect || reason == ErrorReason::source_quench;
  return is_note ? IcmpKind::note : IcmpKind::error;
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

std::uint8_t request_type(Family family, ProbeMessage message) {
  switch (message) {
    case ProbeMessage::timestamp:
      return icmpv4_timestamp_request;
    case ProbeMessage::node_information:
      return icmpv6_node_query;
    case ProbeMessage::echo:
      break;
  }
  return family == Family::ipv4 ? icmpv4_echo_request : icmpv6_echo_request;
}

std::uint8_t reply_type(Family family, ProbeMessage message) {
  switch (message) {
    case ProbeMessage::timestamp:
      return icmpv4_timestamp_reply;
    case ProbeMessage::node_information:
      return icmpv6_node_reply;
    case ProbeMessage::echo:
      break;
  }
  return family == Family::ipv4 ? icmpv4_echo_reply : icmpv6_echo_reply;
}

void write_echo_request(std::span<std::byte> message, Family family, std::uint16_t identifier,
                        std::uint16_t sequence) {
  message[0] = static_cast<std::byte>(request_type(family, ProbeMessage::echo));
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
  quoted.asks = asked_by(family, load_u8(icmp, 0));
  quoted.identifier = load_be16(icmp, 4);
  quoted.sequence = load_be16(icmp, 6);
  quoted.payload = icmp.subspan(echo_header_bytes);
  if (quoted.asks == ProbeMessage::node_information) {
    const auto numbers = nonce_numbers(quoted.payload);
    if (!numbers) quoted.asks.reset();
    quoted.identifier = numbers.value_or(ProbeNumbers{}).identifier;
    quoted.sequence = numbers.value_or(ProbeNumbers{}).sequence;
  }
  return quoted;
}

bool read_icmp(Family family, std::span<const std::byte> message, IcmpMessage& result) {
  if (message.size() < echo_header_bytes) return false;
  result.type = load_u8(message, 0);
  result.code = load_u8(message, 1);
  result.kind = kind_of(family, result.type);
  if (result.kind == IcmpKind::other) {
    result.reason = classify(family, result.type, result.code);
    result.kind = kind_of(result.reason);
  }
  result.payload = message.subspan(echo_header_bytes);
  switch (result.kind) {
    case IcmpKind::echo_request:
    case IcmpKind::echo_reply:
    case IcmpKind::timestamp_reply:
      result.identifier = load_be16(message, 4);
      result.sequence = load_be16(message, 6);
      break;
    case IcmpKind::node_reply: {
      const ProbeNumbers numbers = nonce_numbers(result.payload).value_or(ProbeNumbers{});
      result.identifier = numbers.identifier;
      result.sequence = numbers.sequence;
      break;
    }
    case IcmpKind::error:
    case IcmpKind::note: {
      read_error_fields(family, message, result);
      const bool is_ipv6_redirect = family == Family::ipv6 && result.type == icmpv6_redirect;
      if (is_ipv6_redirect) {
        result.quoted = parse_quoted_packet(family, redirected_packet(message));
        break;
      }
      const QuoteParts parts = split_quote(family, message);
      result.quoted = parse_quoted_packet(family, parts.quote);
      if (result.quoted) {
        const auto* begin = result.quoted->payload.data() - echo_header_bytes;
        result.quote = message.subspan(static_cast<std::size_t>(begin - message.data()));
      }
      result.extensions = parts.extensions;
      result.label_stack = mpls_label_stack(parts.extensions);
      break;
    }
    case IcmpKind::other:
      break;
  }
  return true;
}

}  // namespace sonde::wire
