// icmp.hpp: ICMPv4 (RFC 792, 1122, 1812, 4884) and ICMPv6 (RFC 4443, 4620, 4861, 8883) messages to and from values.
//
// Nothing here allocates, keeps state, or reads past the span it is given. Spans in results point into the
// message that was parsed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sonde/address.hpp"
#include "sonde/event.hpp"
#include "sonde/options.hpp"

namespace sonde::wire {

inline constexpr std::size_t echo_header_bytes = 8;

inline constexpr std::uint8_t icmpv4_echo_reply = 0, icmpv4_destination_unreachable = 3,
                              icmpv4_source_quench = 4, icmpv4_redirect = 5, icmpv4_echo_request = 8,
                              icmpv4_time_exceeded = 11, icmpv4_parameter_problem = 12,
                              icmpv4_timestamp_request = 13, icmpv4_timestamp_reply = 14;
inline constexpr std::uint8_t icmpv6_destination_unreachable = 1, icmpv6_packet_too_big = 2,
                              icmpv6_time_exceeded = 3, icmpv6_parameter_problem = 4,
                              icmpv6_echo_request = 128, icmpv6_echo_reply = 129, icmpv6_redirect = 137,
                              icmpv6_node_query = 139, icmpv6_node_reply = 140;

// Writes the header of an echo request, code 0, checksum zero (the kernel fills it in on ping sockets and for
// ICMPv6; for ICMPv4 on raw sockets see write_icmpv4_checksum). Requires: message holds at least
// echo_header_bytes.
void write_echo_request(std::span<std::byte> message, Family family, std::uint16_t identifier,
                        std::uint16_t sequence);

// Computes the checksum over the whole message and writes it.
// Requires: message holds at least echo_header_bytes.
void write_icmpv4_checksum(std::span<std::byte> message);

// Whether the message's checksum is right. False for fewer than 4 bytes.
bool icmpv4_checksum_valid(std::span<const std::byte> message);

// The types of what a probe asks and of what answers it. Requires: the family knows the message.
std::uint8_t request_type(Family family, ProbeMessage message);
std::uint8_t reply_type(Family family, ProbeMessage message);

enum class IcmpKind : std::uint8_t {
  echo_request,
  echo_reply,
  timestamp_reply,
  node_reply,
  error,  // ends the probe that it quotes
  note,   // about a probe, but no verdict: redirect, source quench
  other,
};

// The ICMP message quoted in an error: what is left of the probe that caused it.
struct QuotedProbe {
  Family family = Family::ipv4;
  std::optional<Address> source, destination;  // only when the quote has its IP header
  // Of a node information query, which has no such fields, from its nonce (probe_message.hpp).
  std::uint16_t identifier = 0, sequence = 0;
  std::optional<ProbeMessage> asks;    // nullopt: it is no request, or cut before its nonce
  std::span<const std::byte> payload;  // behind the 8-byte header, as far as it was quoted; may be empty
};

struct IcmpMessage {
  IcmpKind kind = IcmpKind::other;
  std::uint8_t type = 0, code = 0;
  std::uint16_t identifier = 0, sequence = 0;  // of echo and timestamp messages and as above, else 0
  std::span<const std::byte> payload;          // behind the 8-byte header
  ErrorReason reason = ErrorReason::none;      // of errors and notes
  std::optional<std::uint32_t>
      mtu;  // fragmentation needed (absent where the router left it 0), packet too big
  std::optional<std::uint32_t>
      pointer;                        // parameter problem: offset of the offending byte in the quoted packet
  std::optional<Address> gateway;     // IPv4 redirect: the next hop it names
  std::optional<QuotedProbe> quoted;  // errors and notes that quote enough of an ICMP message
  // Of errors: what they quote of the probe, from its ICMP or TCP header on (UDP: behind the header), to the message's end;
  // and the extensions (RFC 4884) in it.
  std::span<const std::byte> quote, extensions;
  std::span<const std::byte> label_stack;  // of errors: MPLS label stack entries (RFC 4950), 4 bytes each
};

// Reads a message without its IP header into `result`, a fresh one. The checksum is not looked at.
// Errors: false when there are fewer than 8 bytes.
bool read_icmp(Family family, std::span<const std::byte> message, IcmpMessage& result);

// The same, where copies do not count.
inline std::optional<IcmpMessage> parse_icmp(Family family, std::span<const std::byte> message) {
  IcmpMessage result;
  return read_icmp(family, message, result) ? std::optional(result) : std::nullopt;
}

// Reads a quoted ICMP message without its IP header, as Linux's error queue hands it over.
// Errors: nullopt when there are fewer than 8 bytes, which hold identifier and sequence.
std::optional<QuotedProbe> parse_quoted_icmp(Family family, std::span<const std::byte> icmp);

// What a type and code say. `none` for messages that are neither errors nor notes; a code unknown here falls
// back to what its type says.
ErrorReason classify(Family family, std::uint8_t type, std::uint8_t code);

// The same for people: "destination host unreachable". Never empty.
std::string_view describe(Family family, std::uint8_t type, std::uint8_t code);

}  // namespace sonde::wire
