// transport_words.hpp: transports as people write them: "auto", "icmp", "raw", "udp", "tcp", "tcp:8080", "xdp".
//
// to_string(TransportKind) of the public API gives the same words.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sonde/options.hpp"
#include "text/number.hpp"

namespace sonde::text {

constexpr std::string_view transport_word(TransportKind kind) {
  switch (kind) {
    case TransportKind::automatic:
      return "auto";
    case TransportKind::icmp_datagram:
      return "icmp";
    case TransportKind::icmp_raw:
      return "raw";
    case TransportKind::udp:
      return "udp";
    case TransportKind::tcp:
      return "tcp";
    case TransportKind::xdp:
      return "xdp";
  }
  return "unknown";
}

struct AskedTransport {
  TransportKind kind = TransportKind::automatic;
  std::uint16_t tcp_port = 0;  // 0: the usual ones
};

// One of `kinds` by its word; where TCP is among them, also "tcp:PORT", PORT from 1 to 65535.
Parsed<AskedTransport> parse_transport(std::string_view text, std::span<const TransportKind> kinds);

// The words of `kinds`, for a message: "auto, icmp, raw".
std::string transport_list(std::span<const TransportKind> kinds);

}  // namespace sonde::text
