// explanation.hpp: the life of one probe: what was measured of it, and what this host knew of its way.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/route.hpp"
#include "sonde/address.hpp"
#include "sonde/event.hpp"
#include "sonde/options.hpp"
#include "sonde/time.hpp"

namespace sonde::explain {

// The seven instants, in the order in which a packet that nobody delays passes them.
enum class Instant : std::uint8_t {
  send_called,      // before sendmmsg()
  scheduled,        // SCM_TSTAMP_SCHED: given to the queueing discipline
  sent,             // SCM_TSTAMP_SND: handed to the device
  send_returned,    // sendmmsg() is back
  arrived,          // the answer's RX stamp
  poll_woke,        // poll() is back
  receive_returned  // recvmmsg() is back, with the answer
};
inline constexpr std::size_t instant_count = 7;
std::string_view to_string(Instant instant);  // as in JSON: "send_called", …
std::string_view describe(Instant instant);   // for people
// Whether the kernel's stamp tells it; the others are this program's own reading of the clock.
bool is_stamp(Instant instant);

struct Measured {
  Instant instant = Instant::send_called;
  UnixTime at{};
};

// From one measured instant to the next: these follow each other without a gap, so that their durations sum to the
// whole. A span that ends with a stamp that nobody took has no duration; its time is within the next that has one.
struct Span {
  Instant from = Instant::send_called, to = Instant::send_called;
  std::optional<Nanoseconds> duration;
};

// What was measured, earliest first, and the spans between.
struct Timeline {
  std::vector<Measured> instants;
  std::vector<Span> spans;

  std::optional<UnixTime> at(Instant instant) const;
  Nanoseconds whole() const;  // from the first instant to the last; 0 without any
};

// The socket as /proc/net/{icmp,icmp6,raw,raw6,udp,udp6} has it.
struct SocketRow {
  std::string table;    // "icmp6"
  std::string heading;  // the table's first line
  std::string line;     // the socket's own
};

// How far away the sender of a packet with this TTL probably is.
struct Distance {
  std::uint8_t initial_ttl = 0;  // what it most likely started with
  unsigned hops = 0;             // routers on the way back
};

struct Explanation {
  std::string name;  // as the user gave it
  Address address;
  TransportKind transport = TransportKind::icmp_datagram;
  std::string transport_reason;  // why not the first choice; empty when it was

  EventKind verdict = EventKind::lost;  // reply, error, lost or local
  ErrorReason reason = ErrorReason::none;
  std::string reason_text;  // of an ICMP error; empty without
  int system_errno = 0;     // of a send that this host refused
  std::optional<Address> from;
  std::optional<std::uint8_t> ttl;
  std::optional<Distance> distance;
  std::uint32_t bytes = 0;  // of the answer
  Nanoseconds timeout{};

  Timeline timeline;
  std::optional<Nanoseconds> rtt;       // by the kernel's stamps
  std::optional<Nanoseconds> user_rtt;  // what a clock around the system calls says
  bool clock_was_set = false;           // while the probe was on its way: stamps are left out

  std::optional<SocketRow> socket;
  std::optional<net::Route> route;
  std::string route_failure;  // why there is no route
  std::optional<Address> next_hop;
  std::optional<net::Neighbour> neighbour;  // after the probe
  bool neighbour_was_known = false;         // before it
};

}  // namespace sonde::explain
