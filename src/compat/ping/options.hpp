// options.hpp: ping's command line as values. Syntax, limits and messages are those of iputils 20250605.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "compat/ping/voice.hpp"
#include "sonde/address.hpp"
#include "sonde/options.hpp"
#include "sonde/time.hpp"

namespace sonde::compat::ping {

// -T: what routers are asked to write into the IPv4 timestamp option (RFC 791).
enum class TimestampRequest : std::uint8_t { time_only = 0, time_and_address = 1, listed_addresses = 3 };

struct Options {
  std::optional<Family> family{};
  std::vector<std::string> operands{};  // hops to go through, then the host

  // When to ask, and how long.
  std::uint64_t count = 0;  // 0: endless
  int interval_ms = 1000;
  bool interval_given = false;
  int preload = 1;
  bool adaptive = false, flood = false;
  int deadline_s = 0;                             // 0: none
  Nanoseconds linger = std::chrono::seconds(10);  // -W; 0: no end

  // What is sent, and from where.
  int size_bytes = 56;
  std::optional<std::vector<std::byte>> pattern{};
  std::optional<std::uint16_t> identifier{};
  std::optional<int> ttl{};
  int tos = 0;
  std::optional<std::uint32_t> mark{};
  std::optional<std::uint32_t> flow_label{};
  std::optional<PathMtu> path_mtu{};
  std::string device{};
  std::optional<Address> source_v4{}, source_v6{};
  bool strict_source = false;
  bool broadcast = false, dont_route = false, no_multicast_loop = false;
  bool record_route = false;
  std::optional<TimestampRequest> timestamp{};
  bool user_latency = false;
  bool raw_only = false;                  // -N was given, whatever it asks
  std::optional<NodeQuery> node_query{};  // -N; hosts of IPv4 are asked for an echo all the same

  // What is said.
  bool audible = false, timestamps = false, numeric = false, force_names = false, outstanding = false;
  bool quiet = false, verbose = false, precise = false, json = false;
};

// What the surroundings say beside the command line.
struct Surroundings {
  bool is_root = false;
  bool lookup_switched_off = false;  // IPUTILS_PING_PTR_LOOKUP=0
};

// Reads `arguments` (as of main()) with getopt(3), whose place in the list is the process's own. What -p and -V print goes
// to standard output at once, messages to `voice`.
std::expected<Options, Exit> read_options(int count, char** arguments, Surroundings surroundings,
                                          Voice& voice);

// The options, on standard error.
Exit show_usage(const Voice& voice);

}  // namespace sonde::compat::ping
