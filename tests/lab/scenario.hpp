// scenario.hpp: what the simulated hosts do: the scenario file, parsed.
//
// A scenario is plain text. A statement ends with its line or with `;`; `#` starts a comment; indentation is
// free.
//
//   seed 7                              random behaviour repeats exactly with the same seed (default 1)
//   host 10.77.0.1 fd77::1              opens a block: addresses, ranges (A-B), prefixes (A/24); a later
//   block that
//                                       names the same address takes it over
//     delay 5ms                         how long an answer takes (default 0)
//     delay uniform 5ms 20ms            ... evenly between the two
//     delay normal 10ms 2ms             ... mean and standard deviation, never below 0
//     delay exponential 10ms 2ms        ... 10 ms and an exponential part with a mean of 2 ms
//     late 400ms                        added to the delay: beyond the prober's timeout
//     loss 10%   loss every 3           no answer
//     reorder 10% by 15ms               these answers take so much longer that others overtake them
//     reorder every 3 by 15ms
//     duplicates 2 spacing 1ms          so many copies after the answer
//     silence                           no answer at all
//     answer                            takes back `silence` and `error` (useful after `probe N:`)
//     source 10.77.9.9 fd77::9:9        the answer comes from there
//     checksum broken                   the ICMP checksum of the answer is wrong
//     alter token|payload|byte N        a flipped bit: in the first 8 bytes, behind them, in payload byte N
//     (from 0) cut 8   cut to 4                  payload shortened by, or to, so many bytes append 16 so many
//     bytes more identifier 4242   identifier +1   the answer carries another identifier sequence +1 ...
//     another sequence number forged 2 before 3ms               so many answers with a wrong token, that much
//     before the true one error WHAT [code] [from A [A6]] [mtu N] [quote whole|N] [gateway A [A6]]
//                                       an ICMP error in place of the answer. WHAT is TYPE/CODE or a name of
//                                       icmp_names(); `from` is the sender (default: the host itself);
//                                       `quote` how many bytes behind the quoted IP header (default 8)
//     error WHAT mpls 24015/3/1 ...     ... with a label stack (RFC 4950): label, traffic class, TTL, from the top;
//                                       `unmarked`: as routers did before RFC 4884, without a length field
//     note WHAT ...                     the same, beside the answer (redirect, source quench)
//     options record-route|timestamp    IPv4 options in the answer
//     udp closed                        a UDP datagram is answered by a port unreachable (default: by nothing)
//     tcp closed   tcp open 443         a SYN is answered by a reset, to this port by a SYN-ACK (default: by nothing)
//     node CODE [flags N] [data HEX]    a node information query is answered by this (default: by nothing): the reply's code
//                                       and flags, and what stands behind the nonce
//     ttl 57   tos 0x20                 of the answer
//     dies after 5   dies after 300ms   after so many probes, or so long after the host's first one: silence
//     flaps up 3 down 2                 answers three probes, ignores two, and so on
//     probe 3: S   probe 3-5: S   probe 6-: S   probe every 4: S
//                                       statement S holds for these probes only; a host's probes count
//                                       from 1. Of statements about the same thing the last that applies
//                                       holds.
//     hop 2: S                            statement S holds for probes that came with this TTL: with
//                                       `error ttl-exceeded from A`, A is the second router on the way here
// Durations: 300us, 5ms, 1.5s.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "lab/host_address.hpp"

namespace sonde::lab {

using Duration = std::chrono::nanoseconds;

struct Delay {
  enum class Kind : std::uint8_t { fixed, uniform, normal, exponential };
  Kind kind = Kind::fixed;
  Duration first{}, second{};
};

// Which of the probes: a random share, or every n-th. Neither: none.
struct Share {
  double ratio = 0;
  std::uint64_t every = 0;
};

struct IcmpCode {
  std::uint8_t type = 0, code = 0;
  friend bool operator==(IcmpCode, IcmpCode) = default;
};

// A kind of ICMP error by name; a family that has no such error gives nullopt.
struct IcmpName {
  std::string_view name;
  std::optional<IcmpCode> v4, v6;
};
const std::vector<IcmpName>& icmp_names();

struct IcmpError {
  std::optional<IcmpCode> v4, v6;
  AddressPair from, gateway;
  std::uint32_t mtu = 0;
  std::optional<std::uint16_t> quoted_bytes = 8;  // behind the IP header; nullopt: the whole packet
  std::vector<std::uint32_t> label_stack;         // entries as RFC 3032 has them, top first
  bool unmarked_extensions = false;

  const std::optional<IcmpCode>& code(bool is_v6) const { return is_v6 ? v6 : v4; }
};

// A node information reply (RFC 4620).
struct NodeReply {
  std::uint8_t code = 0;
  std::uint16_t flags = 0;
  std::vector<std::uint8_t> data;
};

enum class IpOption : std::uint8_t { none, record_route, timestamp };

// What a host does with one probe.
struct Behaviour {
  Delay delay;
  Duration late{};
  Share loss, reorder;
  Duration reorder_by{};
  std::uint32_t duplicates = 0;
  Duration duplicate_spacing{};
  bool silence = false;
  AddressPair source;
  bool broken_checksum = false;
  bool alter_payload = false;               // the first byte behind the token
  std::optional<std::uint16_t> alter_byte;  // this byte of the payload
  std::uint16_t cut_bytes = 0;
  std::optional<std::uint16_t> cut_to;
  std::uint16_t append_bytes = 0;
  std::optional<std::uint16_t> identifier;
  std::uint16_t identifier_shift = 0, sequence_shift = 0;
  std::uint32_t forged = 0;
  Duration forged_before{};
  std::optional<IcmpError> error, note;
  IpOption ip_option = IpOption::none;
  bool udp_closed = false, tcp_closed = false;
  std::optional<std::uint16_t> tcp_open_port;
  std::optional<NodeReply> node;
  std::uint8_t ttl = 64, tos = 0;
  std::uint64_t dies_after_probes = std::numeric_limits<std::uint64_t>::max();
  std::optional<Duration> dies_after;
  std::uint32_t flap_up = 0, flap_down = 0;
};

// Probes `first` to `last` of a host, counted from 1, or every n-th; those that come with this TTL.
struct Condition {
  std::uint64_t first = 1, last = std::numeric_limits<std::uint64_t>::max(), every = 1;
  std::optional<std::uint8_t> ttl{};
  bool holds(std::uint64_t probe, std::uint8_t probe_ttl) const {
    return probe >= first && probe <= last && probe % every == 0 && ttl.value_or(probe_ttl) == probe_ttl;
  }
};

struct HostBlock {
  struct Rule {
    Condition condition;
    std::function<void(Behaviour&)> apply;
  };
  std::vector<AddressRange> addresses;
  Behaviour base;           // what holds without any condition
  std::vector<Rule> rules;  // every statement in order, as soon as one has a condition; else empty

  // The behaviour towards the host's n-th probe, counted from 1, which came with this TTL.
  Behaviour behaviour(std::uint64_t probe, std::uint8_t ttl = 64) const;
};

class ScenarioError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;  // "line 3: ..."
};

struct Scenario {
  std::uint64_t seed = 1;
  std::vector<HostBlock> hosts;

  // Throws ScenarioError naming the line.
  static Scenario parse(std::string_view text);
  // The last block that names the address; null where none does.
  const HostBlock* find(const HostAddress& address) const;
};

// A number in [0, 1) that depends on the arguments alone: `use` tells apart what it is drawn for.
double random_share(std::uint64_t seed, const HostAddress& host, std::uint64_t probe, std::uint32_t use);
Duration sample(const Delay& delay, std::uint64_t seed, const HostAddress& host, std::uint64_t probe);
bool hits(const Share& share, std::uint64_t seed, const HostAddress& host, std::uint64_t probe,
          std::uint32_t use);

}  // namespace sonde::lab
