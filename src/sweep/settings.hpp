// settings.hpp: how a sweep asks, as plain values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/options.hpp"
#include "sonde/time.hpp"
#include "sweep/permutation.hpp"
#include "sweep/proof.hpp"
#include "sweep/walk.hpp"

namespace sonde::sweep {

struct Settings {
  double rate = 1000;  // probes per second over all threads; 0: as fast as the kernel takes them
  Rounds rounds{};
  Shard shard{};           // of those that several processes share
  std::uint64_t seed = 0;  // of the order
  unsigned threads = 1;
  unsigned sockets = 0;                           // per thread and family; 0: chosen from the rate
  std::uint64_t max_targets = 0;                  // ask no more addresses than this; 0: all
  std::uint64_t max_results = 0;                  // end when so many addresses have answered; 0: no end
  Nanoseconds linger = std::chrono::seconds(10);  // after the last probe, and for each
  Nanoseconds late = std::chrono::seconds(1);     // longer than this is `late`; retries wait so long as well
  std::string contact{};                          // text in the payload
  std::uint16_t payload_bytes = 0;                // at least proof_bytes and the contact; 0: just that
  TransportKind transport = TransportKind::automatic;  // icmp_datagram, icmp_raw, xdp or automatic
  NetworkOptions network{};
  bool headers = true;             // have the TTL of what arrives told; it costs each packet a little
  std::vector<Address> sources{};  // each socket sends from one of these, in turn; empty: routing decides

  friend bool operator==(const Settings&, const Settings&) = default;
};

// Of each probe.
inline std::size_t payload_size(const Settings& settings) {
  return std::max<std::size_t>(settings.payload_bytes, proof_bytes + settings.contact.size());
}

}  // namespace sonde::sweep
