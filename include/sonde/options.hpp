// options.hpp: how a session asks: sockets, clocks, schedules, packets.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/time.hpp"

namespace sonde {

// A way of asking. `automatic` takes the least privileged that works and says why (Session::notices()).
enum class TransportKind : std::uint8_t {
  automatic,
  icmp_datagram,  // echo requests by a ping socket; needs a group in net.ipv4.ping_group_range
  icmp_raw,       // the same by a raw socket; needs CAP_NET_RAW permitted, raised only while it is opened
  udp,            // datagrams to closed ports, answered by port unreachable; needs nothing
  tcp,            // the time of a handshake, or of its refusal; needs nothing
  xdp,            // echo requests past the kernel's IP stack; `sonde sweep` alone, sessions refuse it
};

std::string_view to_string(TransportKind kind);  // "auto", "icmp", "raw", "udp", "tcp", "xdp"

// What a probe asks. All but echo requests go by raw sockets: `automatic` then means these, another way is refused.
enum class ProbeMessage : std::uint8_t {
  echo,              // echo request (RFC 792, RFC 4443)
  timestamp,         // timestamp request (RFC 792), IPv4 only; the answer's times are in Event::icmp_times
  node_information,  // node information query (RFC 4620), IPv6 only: TargetOptions::node_query, Event::node_answer
};

// A node information query: what is asked (Qtype), and about whom (subject).
struct NodeQuery {
  std::uint16_t type = 2;         // 2: the node's name, 3: its IPv6 addresses, 4: its IPv4 addresses
  std::uint16_t flags = 0;        // of the type, as RFC 4620 numbers them: 2 wants all addresses
  std::uint8_t subject_type = 0;  // of `subject`: 0: IPv6 address, 1: name as DNS writes it, 2: IPv4 address
  std::vector<std::byte>
      subject{};  // at most 1,024 bytes; empty: the target's address, whatever subject_type says

  friend bool operator==(const NodeQuery&, const NodeQuery&) = default;
};

// Where RTTs come from. `automatic` is kernel stamps where the sockets give them.
enum class ClockChoice : std::uint8_t { automatic, kernel, user, hardware };

enum class PathMtu : std::uint8_t {
  system,
  want,
  always,
  never,
  probe
};  // IP_MTU_DISCOVER; -M want|do|dont|probe

// What is set on the socket that a target's probes leave by. Targets with equal options share sockets.
struct SocketOptions {
  std::optional<std::uint32_t> mark{};  // SO_MARK, needs CAP_NET_ADMIN (or CAP_NET_RAW from Linux 5.17)
  std::optional<Address> source{};      // must be an address of this host
  std::string interface{};              // bind to this device; empty: routing decides
  bool receive_anywhere = false;        // of `interface`: only send by it; answers may come in by any
  PathMtu path_mtu = PathMtu::system;
  TransportKind transport = TransportKind::automatic;  // this way only; automatic: the session's
  ProbeMessage message = ProbeMessage::echo;           // a socket takes answers to one kind of message only
  std::uint16_t tcp_port = 0;                          // 0: 443, or 80 where nothing answers on that
  // The ICMP identifier, instead of one of our own that is free: only one socket at a time can have it.
  std::optional<std::uint16_t> identifier{};
  std::vector<std::byte> ip_options{};  // IPv4 header options as they are sent (RFC 791); at most 40 bytes
  bool broadcast = false;               // SO_BROADCAST: a broadcast address may be asked
  bool dont_route = false;              // SO_DONTROUTE: hosts on a link of ours only
  bool multicast_loop = true;           // false: this host gets no copy of its own multicast probes

  friend bool operator==(const SocketOptions&, const SocketOptions&) = default;
};

// What a single probe carries in its IP header. It is no matter of sockets: probes with thirty TTLs leave by one socket, with
// one ICMP identifier. What is unset is the system's choice. (Of TCP's first packet the kernel sets the two ECN bits of
// `tos` itself.)
struct PacketOptions {
  std::optional<std::uint8_t> ttl{};          // 1-255; TTL or hop limit
  std::optional<std::uint8_t> tos{};          // TOS or traffic class byte
  std::optional<std::uint32_t> flow_label{};  // IPv6, 20 bits

  friend bool operator==(const PacketOptions&, const PacketOptions&) = default;
};

// All that is said about the way of a target's probes: the socket that they leave by, and the header they leave with.
struct NetworkOptions : SocketOptions, PacketOptions {
  friend bool operator==(const NetworkOptions&, const NetworkOptions&) = default;
};

// --- When to ask: a policy, not a loop. -------------------------------------------------------------------------

// A probe every `interval`, at absolute times that never drift, whatever comes back. Interval 0: as fast as the
// kernel takes. Sends missed in a stall are skipped and counted, never sent in a burst.
struct FixedInterval {
  Nanoseconds interval = std::chrono::seconds(1);

  friend bool operator==(const FixedInterval&, const FixedInterval&) = default;
};

// The next probe when the last is answered or given up, but not before `min_interval` after it; `preload` probes
// are sent at once at the start. With `flood_interval`, also when that passes without an answer (ping -f: 10 ms).
struct OnAnswer {
  Nanoseconds min_interval{};
  std::uint32_t preload = 1;
  std::optional<Nanoseconds> flood_interval{};

  friend bool operator==(const OnAnswer&, const OnAnswer&) = default;
};

// A probe, and if it is not answered within the timeout up to `retries` more, each waiting `backoff` times longer
// than the one before. Ends with the first answer.
struct UntilAnswered {
  std::uint16_t retries = 3;
  double backoff = 1.0;  // 1 to 5

  friend bool operator==(const UntilAnswered&, const UntilAnswered&) = default;
};

// All targets of the session with this policy are asked together; the next round starts when every one has its verdict and
// `interval` has passed since the round began.
struct SynchronousRounds {
  Nanoseconds interval = std::chrono::seconds(1);

  friend bool operator==(const SynchronousRounds&, const SynchronousRounds&) = default;
};

using Schedule = std::variant<FixedInterval, OnAnswer, UntilAnswered, SynchronousRounds>;

// How one target is asked.
struct TargetOptions {
  Schedule schedule = FixedInterval{};
  std::uint64_t max_probes = 0;                   // stop after this many were sent; 0: endless
  std::uint64_t max_replies = 0;                  // stop after this many were answered; 0: endless
  Nanoseconds timeout = std::chrono::seconds(1);  // per probe; may exceed the interval
  // When, after the session's start (or after being added), the first probe goes. Unset: the session spreads
  // targets evenly over `SessionOptions::spread`.
  std::optional<Nanoseconds> phase{};
  // Of echo requests, behind the 8-byte ICMP header: 0 to 65,507 (IPv6: 65,527). Other messages have a size of their own.
  std::uint16_t payload_bytes = 56;
  std::vector<std::byte> pattern{};  // repeated behind the token; empty: bytes counting up
  // An answer from another address than was asked is rejected, even one that proves itself. (Multicast then has none.)
  bool same_source = false;
  NodeQuery node_query{};  // with ProbeMessage::node_information
  NetworkOptions network{};

  friend bool operator==(const TargetOptions&, const TargetOptions&) = default;
};

// How Session::ask() asks: what TargetOptions says of a single probe.
struct ProbeOptions {
  Nanoseconds timeout = std::chrono::seconds(1);
  std::uint16_t payload_bytes = 56;
  std::vector<std::byte> pattern{};
  bool same_source = false;
  NodeQuery node_query{};
  NetworkOptions network{};
};

// What Session::change() gives a target that is there already. What is unset stays as it is.
struct TargetChange {
  std::optional<Nanoseconds> interval{};  // of FixedInterval and SynchronousRounds
  std::optional<Nanoseconds> timeout{};   // of the probes that leave from now on
  std::optional<PacketOptions> packet{};  // as a whole: what is unset in it is the system's choice again
};

struct SessionOptions {
  TransportKind transport = TransportKind::automatic;
  ClockChoice clock = ClockChoice::automatic;
  std::uint32_t stamp_every = 1;  // kernel TX stamps on every n-th probe only; 1: on all
  unsigned threads = 1;           // with start(): one prober each, sharing nothing. process() wants 1.
  unsigned sockets = 0;  // per thread, family and SocketOptions; 0: chosen from rate and receive buffer
  double max_rate = 0;   // probes per second over all targets; 0: as fast as schedules ask
  // By UDP a target is asked at most once a second, after its first six, and all together 800 times a second: a Linux
  // host sends no more port unreachables to one asker (net.ipv4.icmp_ratelimit), and 1,000 a second in all, off which
  // it takes a random few (net.ipv4.icmp_msgs_per_sec); all targets may be addresses of one. False: as schedules say.
  bool pace_udp = true;
  Nanoseconds spread = std::chrono::seconds(1);  // first probes of targets without a phase spread over this
  int receive_buffer_bytes = 0;                  // SO_RCVBUF; 0: as large as the system allows
  bool compact_figures = false;  // percentiles within 5 % in at most 256 bytes a target, instead of 0.5 %
  bool events = true;            // false: figures only, no Event is built
  bool packets = false;          // hand every probe and answer to the packet callback (pcap)
  std::size_t event_capacity =
      65536;                     // events kept for poll_events() before the oldest are dropped and counted
  bool own_send_numbers = true;  // false: as on kernels before 6.13, which number TX stamps themselves
  const Clock* clock_source = nullptr;  // tests; null: the system's clocks
};

}  // namespace sonde
