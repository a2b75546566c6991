// packet.hpp: the lab's own packet code: reads echo requests, writes answers and ICMP errors, both families.
//
// It shares nothing with the code under test, whose faults would otherwise be the oracle's too.
// Sources: RFC 791, 792, 1071, 4443, 4861 (redirect), 8200.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lab/host_address.hpp"
#include "lab/scenario.hpp"

namespace sonde::lab {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline constexpr std::size_t icmp_header_bytes = 8;
inline constexpr std::size_t token_bytes = 8;

// RFC 1071 over the bytes, an odd last one padded with zero; `sum` is what was added up before.
std::uint32_t add_to_sum(ByteView bytes, std::uint32_t sum = 0);
std::uint16_t checksum_of(std::uint32_t sum);
// The checksum over an ICMP message (for IPv6 with its pseudo-header). Over a message that carries its
// checksum: 0.
std::uint16_t icmp_checksum(ByteView message, const HostAddress& source, const HostAddress& destination);

struct EchoRequest {
  HostAddress source, destination;
  std::uint16_t identifier = 0, sequence = 0;
  std::uint8_t ttl = 0, tos = 0;
  bool checksum_right = false;  // the ICMP checksum, and of IPv4 the header's
  std::size_t ip_header_bytes = 0;
  ByteView packet;  // the whole, views the bytes it was read from

  ByteView message() const { return packet.subspan(ip_header_bytes); }
  ByteView payload() const { return message().subspan(icmp_header_bytes); }
};

// nullopt: anything but a whole (not fragmented) echo request.
std::optional<EchoRequest> read_echo_request(ByteView packet);

// In what an answer differs from the true one. Found by comparing bytes, not from what was asked for.
struct Defects {
  bool checksum = false, identifier = false, sequence = false, token = false, payload = false, cut = false,
       extra = false, source = false;
};

// A packet that answers, and what it says.
struct Answer {
  enum class Kind : std::uint8_t { reply, duplicate, forged, error, note };
  Kind kind = Kind::reply;
  HostAddress from;
  std::uint8_t type = 0, code = 0, ttl = 0;
  std::uint32_t mtu = 0;
  std::uint32_t icmp_bytes = 0;
  bool ip_options = false;
  Defects defects;
};

// Writes the echo reply that `behaviour` asks for to `packet`. `forgery` above 0 makes another wrong token of
// each number.
Answer make_echo_reply(const EchoRequest& request, const Behaviour& behaviour, std::uint32_t forgery,
                       Bytes& packet);

// Writes the ICMP error; nullopt where the family knows none such. The behaviour's shifts and alterations
// apply to the quote.
std::optional<Answer> make_icmp_error(const EchoRequest& request, const Behaviour& behaviour,
                                      const IcmpError& error, Bytes& packet);

}  // namespace sonde::lab
