// sockets.hpp: which ICMP sockets this process may open, found out before anything else, as ping does.
#pragma once

#include <expected>
#include <optional>

#include "compat/ping/options.hpp"
#include "compat/ping/voice.hpp"
#include "sonde/options.hpp"

namespace sonde::compat::ping {

struct OpenWays {
  std::optional<TransportKind> ipv4{}, ipv6{};

  std::optional<TransportKind> of(Family family) const { return family == Family::ipv4 ? ipv4 : ipv6; }
};

// Ping sockets are tried first, but where only a raw one does.
std::expected<OpenWays, Exit> find_open_ways(const Options& options, const Voice& voice);

}  // namespace sonde::compat::ping
