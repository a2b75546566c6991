// event.hpp: what became of a probe, and what else was seen on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/time.hpp"

namespace sonde {

// Names a target of one session; never used again within it.
enum class TargetId : std::uint64_t {};

// The first five are verdicts: every probe gets exactly one, and `late` takes the place of an earlier `lost`.
// The others are counted events that change no verdict and touch no RTT figure.
enum class EventKind : std::uint8_t {
  reply,      // answered in time
  lost,       // the timeout passed without an answer (provisional: may become `late`)
  late,       // answered after it was called lost; takes the loss back
  error,      // an ICMP error that quotes this probe
  local,      // the send call itself failed: the probe never left this host
  duplicate,  // a further answer to a probe that has one
  rejected,   // a packet that answers no probe: bad token, other sequence, foreign
  note,       // an ICMP message about a probe that is no verdict (redirect, source quench)
};

std::string_view to_string(EventKind kind);

// Which pair of clock reads an RTT is the difference of.
enum class RttClock : std::uint8_t {
  kernel,    // software stamps: handed to the device, received from it
  hardware,  // the network device's own stamps
  user,      // CLOCK_MONOTONIC around the system calls: contains the host's own time
};

std::string_view to_string(RttClock clock);

// What is particular about an outcome. A set of bits.
enum class EventFlag : std::uint32_t {
  truncated = 1u << 0,     // fewer bytes came back than were sent
  corrupt = 1u << 1,       // the payload behind the token is not what was sent
  other_source = 1u << 2,  // a good token, from another address than the probe was sent to (see `from`)
  extra_bytes = 1u << 3,   // more bytes came back than were sent
  // No room for a token (a short payload, a timestamp message): matched by socket, source and sequence, and of a
  // timestamp reply by the originate time, which anybody can guess.
  no_token = 1u << 4,
  no_tx_stamp = 1u << 5,  // the kernel returned no TX stamp for this probe
  no_rx_stamp = 1u << 6,  // the kernel attached no RX stamp to this answer
  clock_step =
      1u << 7,        // the wall clock was set while the probe was in flight; RTT is from the monotonic pair
  suspect = 1u << 8,  // lost while this process itself dropped answers (receive buffer full)
  bad_checksum =
      1u << 9,  // rejected for its ICMP checksum (raw sockets; the kernel drops such itself elsewhere)
  bad_token = 1u << 10,        // rejected: the token does not prove any probe of ours
  other_sequence = 1u << 11,   // rejected: a good token under another sequence number, or none waiting there
  unmatched_quote = 1u << 12,  // rejected: an ICMP error that quotes no probe of ours
  ip_options = 1u << 13,       // the answer carried IPv4 options (seen on raw sockets only)
  refused = 1u << 14,          // TCP: the port is closed (RST); an answer as good as any
  cut_short = 1u << 15,        // lost because the session ended before the timeout had passed
};

class EventFlags {
 public:
  constexpr EventFlags() = default;
  constexpr EventFlags(EventFlag flag)
      : bits_(static_cast<std::uint32_t>(flag)) {}  // NOLINT: a flag is a set
  constexpr EventFlags& operator|=(EventFlags other) {
    bits_ |= other.bits_;
    return *this;
  }
  friend constexpr EventFlags operator|(EventFlags a, EventFlags b) { return a |= b; }
  constexpr bool has(EventFlag flag) const { return (bits_ & static_cast<std::uint32_t>(flag)) != 0; }
  constexpr std::uint32_t bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  friend constexpr bool operator==(EventFlags, EventFlags) = default;

 private:
  std::uint32_t bits_ = 0;
};

// The flag's name in JSON ("other_source"); flags are listed in the order of their bits.
std::string_view to_string(EventFlag flag);

// Why a probe ended in `error` or `local`, in words that do not depend on the family.
enum class ErrorReason : std::uint8_t {
  none,
  network_unreachable,
  host_unreachable,
  protocol_unreachable,
  port_unreachable,
  fragmentation_needed,  // or ICMPv6 packet too big; `mtu` says how big
  source_route_failed,
  prohibited,  // administratively, by a filter, by policy
  beyond_scope,
  reject_route,
  precedence,
  destination_unreachable,  // a code this table does not know
  ttl_exceeded,
  reassembly_timeout,
  parameter_problem,
  neighbour,      // our own host: nobody answered ARP or neighbour discovery
  redirect,       // note
  source_quench,  // note
  local_error,    // the send call failed, see system_errno
};

// The reason as JSON spells it: "host_unreachable", "neighbour".
std::string_view to_string(ErrorReason reason);

// The times that a timestamp reply brings (RFC 792): milliseconds since midnight UTC; with the highest bit set a time of the
// host's own reckoning.
struct IcmpTimes {
  std::uint32_t originate = 0;  // when the request was made, by this host's clock
  std::uint32_t receive = 0;    // when it reached the host that was asked, by that one's clock
  std::uint32_t transmit = 0;   // when the answer left there, by the same

  friend bool operator==(IcmpTimes, IcmpTimes) = default;
};

// The head of a node information reply (RFC 4620, section 4); its data is in Event::payload.
struct NodeAnswer {
  std::uint8_t code = 0;    // 0: it is answered, 1: refused, 2: the type is unknown there
  std::uint16_t type = 0;   // as in NodeQuery
  std::uint16_t flags = 0;  // as in NodeQuery; 1: not all addresses fitted

  friend bool operator==(NodeAnswer, NodeAnswer) = default;
};

// One thing that happened. Plain value; what does not apply is empty.
struct Event {
  EventKind kind = EventKind::lost;
  TargetId target{};           // not meaningful when has_target is false
  bool has_target = true;      // false: a rejected packet that fits no target, or a probe that has a `tag`
  Address address;             // the target's address; for a rejected packet without target, its source
  std::uint64_t sequence = 0;  // counts the target's probes from 0, never wraps
  UnixTime sent_at{};          // when the probe left
  UnixTime received_at{};      // when the answer came; zero for lost and local
  std::optional<Nanoseconds> rtt;
  RttClock clock = RttClock::kernel;               // what `rtt` was measured with
  std::optional<Nanoseconds> host_time;            // this host's own share, beside the RTT, never inside it
  std::optional<Address> from;                     // who sent the answer or the ICMP error
  std::optional<std::uint8_t> ttl;                 // TTL or hop limit of the answer as it arrived
  std::optional<std::uint8_t> tos;                 // TOS or traffic class of the answer
  std::optional<std::uint16_t> ip_identification;  // of the answer's IPv4 header; told by raw sockets only
  bool dont_fragment = false;                      // the same
  std::vector<std::byte> ip_options;               // IPv4: the answer's options (RFC 791), as they came
  std::uint32_t bytes = 0;                         // ICMP message length of the answer, header included
  EventFlags flags;
  std::optional<std::uint8_t> icmp_type, icmp_code;  // of an error or note
  ErrorReason reason = ErrorReason::none;
  std::optional<std::uint32_t> mtu;
  std::optional<std::uint32_t> pointer;  // parameter problem: which byte of the quoted packet
  std::optional<Address> gateway;        // redirect: by whom the destination is reached (IPv4)
  std::vector<std::uint32_t>
      label_stack;  // error: the MPLS label stack entries (RFC 3032) with which the probe came to
                    // the router that sends it, top first, where it tells (RFC 4950)
  std::optional<IcmpTimes> icmp_times;    // of an answer to ProbeMessage::timestamp
  std::optional<NodeAnswer> node_answer;  // of an answer to ProbeMessage::node_information
  // What came behind the ICMP header of a corrupt answer, and of an IPv4 note (raw sockets); behind a node reply's nonce.
  std::vector<std::byte> payload;
  int system_errno = 0;  // local: errno of the send

  // --- Of a probe that Session::ask() sent; it has no target ---
  std::optional<std::uint64_t> tag;  // the caller's
  // ICMP error: what it quotes of the probe, from its ICMP or TCP header on, of UDP from behind the header, which the kernel
  // keeps to itself; with all that came behind the quote.
  std::vector<std::byte> quote;
  std::optional<std::uint16_t>
      quoted_checksum;  // of the probe's ICMP or TCP header, as it came to who quotes it
  std::optional<std::uint16_t>
      extensions_begin;  // where in `quote` extensions (RFC 4884) do, if there are any
};

}  // namespace sonde
