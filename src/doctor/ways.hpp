// ways.hpp: the ways of asking that doctor tries, and trying to open each.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/file_descriptor.hpp"
#include "sonde/address.hpp"
#include "sonde/options.hpp"

namespace sonde::doctor {

enum class Way : std::uint8_t { icmp, raw, udp, tcp };

// What opens a way, and what asks by it.
struct WaySpec {
  Way way;
  std::string_view name;                                       // as --transport has it
  std::string_view socket_type, protocol_ipv4, protocol_ipv6;  // as the C source spells the arguments
  int type, ipv4, ipv6;
  bool error_queue;  // also needs IP_RECVERR
  TransportKind transport;
};

// The one list of ways, from the most to the least wanted.
extern const std::array<WaySpec, 4> all_ways;
const WaySpec& spec_of(Way way);
std::string_view to_string(Way way);

// What came of opening one way in one family.
struct Opened {
  net::FileDescriptor socket;
  std::string failed_call;  // empty: it is open
  int system_errno = 0;
};
// Makes the system calls that asking this way begins with, with CAP_NET_RAW raised where it is permitted.
// Sends nothing.
Opened open_way(const WaySpec& way, Family family);

}  // namespace sonde::doctor
