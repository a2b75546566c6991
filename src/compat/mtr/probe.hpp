// probe.hpp: from a send-probe command to a question of the library. Pure.
#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "compat/mtr/command.hpp"
#include "sonde/address.hpp"
#include "sonde/options.hpp"

namespace sonde::compat::mtr {

// What this process can ask by.
struct Support {
  bool ipv4 = false, ipv6 = false;
  std::optional<TransportKind> icmpv4{}, icmpv6{};  // ping sockets or raw ones

  bool of(Family family) const { return family == Family::ipv4 ? ipv4 : ipv6; }
  std::optional<TransportKind> icmp(Family family) const { return family == Family::ipv4 ? icmpv4 : icmpv6; }
};

struct Probe {
  Address to;
  ProbeOptions options;
};

// Errors: what the answer says behind the token.
std::expected<Probe, std::string_view> read_probe(const Command& command, const Support& support);

}  // namespace sonde::compat::mtr
