// diagnosis.hpp: everything `sonde doctor` found out, as plain values; docs/doctor.md says what each means.
//
// Whatever could not be found out is empty, never a guess. Text and JSON are made from this alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "doctor/ways.hpp"
#include "net/interfaces.hpp"
#include "net/permissions.hpp"
#include "net/refusal_cause.hpp"
#include "net/timestamping.hpp"
#include "sonde/address.hpp"
#include "sonde/event.hpp"
#include "sonde/time.hpp"

namespace sonde::doctor {

// A part of an id map (user_namespaces(7)): `count` ids from `inside` on are `outside` and up in the parent.
struct IdRange {
  std::uint64_t inside = 0, outside = 0, count = 0;
};

// What the process runs on and in.
struct Host {
  std::string kernel;   // release, "6.1.0-18-amd64"
  std::string machine;  // "x86_64"
  std::vector<std::string>
      environments;                  // "docker", "podman", "kubernetes", "gvisor", "lambda", …; none seen
  bool user_namespace = false;       // ids are mapped: not the first user namespace
  std::optional<bool> owns_network;  // the network namespace belongs to this process's user namespace
  bool proc_sys_read_only = false;   // no sysctl can be set from inside, as in most containers
  std::vector<IdRange> groups;       // the group ids that are mapped here

  bool is_in(std::string_view environment) const;
};

using net::ClosedBy;

// One way tried in one family.
struct Attempt {
  Family family{};
  bool open = false;
  std::string failed_call;  // "socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)"; empty when open
  int system_errno = 0;     // of that call
  ClosedBy closed_by = ClosedBy::nothing;
  std::string because;  // one line for a person; empty when open
  // Whether the kernel stamped what this host sent to itself. nullopt: not tested, see `stamps_remark`.
  std::optional<bool> transmit_stamp, receive_stamp;
  std::string stamps_remark;
  int loopback_errno = 0;  // of sending to this host itself, where that fails
};

// What opens a closed way.
struct Fix {
  std::string id;    // "sysctl", "setcap", "systemd", "docker", "kubernetes", "seccomp"
  std::string what;  // one line for a person
  std::string file;  // where the lines go; empty: they are commands
  std::vector<std::string> lines;
  std::string remark;  // may be empty
};
// What is often recommended and cannot work here.
struct RuledOut {
  std::string id;
  std::string because;
};
struct Remedy {
  std::vector<Fix> fixes;  // from least to most privilege
  std::vector<RuledOut> ruled_out;
};

struct WayFound {
  Way way{};
  std::vector<Attempt> attempts;  // one for each family asked for
  Remedy remedy;                  // for the families in which it is closed

  bool open() const;
};

// How far a family gets: whether the routing table has a way out of this host. Nothing is sent.
struct Route {
  Family family{};
  bool exists = false;
  int system_errno = 0;           // why not
  std::optional<Address> source;  // what packets would leave from
};

struct InterfaceFound {
  net::Interface interface;
  std::optional<net::DeviceTimestamping> stamping;  // nullopt: the device does not say
};

// How full a kernel table is.
struct Fill {
  std::uint64_t entries = 0;
  std::optional<std::uint64_t> limit;
};

struct ReceiveBuffer {
  std::optional<std::int64_t> default_bytes, max_bytes;  // net.core.rmem_default, rmem_max
  std::optional<std::int64_t> granted_bytes;  // what a socket of ours gets, as packets are charged against it
  bool force_works = false;                   // SO_RCVBUFFORCE: with CAP_NET_ADMIN the maximum does not count
  int force_errno = 0;
  std::uint64_t answers = 0;            // with their stamps, in granted_bytes
  std::uint64_t probes_per_second = 0;  // that this carries when it is read every 5 ms
};

struct Limits {
  ReceiveBuffer receive_buffer;
  // Of the ICMP errors (and, by the mask, answers) that this host sends itself.
  std::optional<std::int64_t> icmp_ratelimit_ms, icmp_ratemask, icmp_messages_per_second, icmp_messages_burst;
  std::optional<std::int64_t> icmpv6_ratelimit_ms;
  std::optional<bool> echo_ignored;  // net.ipv4.icmp_echo_ignore_all: this host answers no ping
  std::optional<Fill> conntrack, neighbours_ipv4, neighbours_ipv6;
};

struct FirewallChain {
  std::string family, table, chain, hook, policy;  // "inet", "filter", "input", "input", "accept"
};
struct Firewall {
  std::optional<std::vector<std::string>> iptables, ip6tables;  // tables; nullopt: not for us to read
  std::optional<bool> nftables_seen;  // traces of nf_tables in this kernel; nullopt: none to see
  std::optional<std::vector<FirewallChain>> chains;  // on input and output; nullopt: not for us to list
  int chains_errno = 0;                              // why not
};

// A socket of another process in /proc/net/icmp, icmp6, raw or raw6.
struct SocketHolder {
  std::string table;         // "icmp", "icmp6", "raw", "raw6"
  std::uint32_t number = 0;  // ICMP identifier; of a raw socket the protocol
  std::uint32_t user = 0;
  std::uint64_t drops = 0;
  std::uint64_t inode = 0;
  std::optional<std::int64_t> process;  // nullopt: its descriptors are not for us to read
  std::string command;
};

// The system's own ping.
struct PingBinary {
  std::string path;  // empty: none found
  bool has_capability = false;
  bool effective = false;  // +ep rather than +p
  bool set_user_id = false;
};

// A sentence found on the web, held against this kernel.
enum class Basis : std::uint8_t { not_tested, tested, documented };
struct Belief {
  std::string id;
  std::string says;
  std::optional<bool> holds;  // nullopt: not tested
  Basis basis = Basis::not_tested;
  std::string evidence;  // or the reason why it was not tested
};

// One way to the target.
struct TargetWay {
  Way way{};
  Address address;
  bool tried = false;
  std::uint64_t sent = 0, received = 0;
  std::optional<Nanoseconds> min, median, max;
  std::optional<RttClock> clock;
  std::string failure;  // why it was not tried, or not everything was answered
};
struct TargetFound {
  std::string name;
  std::string failure;  // why the name gave no address
  std::vector<TargetWay> ways;

  bool answered() const;
};

struct Diagnosis {
  std::string version;
  Host host;
  std::optional<net::Permissions> permissions;  // nullopt: /proc is not readable
  std::string permissions_failure;
  bool executable_on_nosuid = false;  // file capabilities of this program have no effect where it lies
  std::vector<WayFound> ways;
  std::vector<Route> routes;
  std::vector<InterfaceFound> interfaces;
  std::optional<bool> send_numbers;  // SCM_TS_OPT_ID
  Limits limits;
  Firewall firewall;
  std::vector<SocketHolder> holders;
  PingBinary ping;
  std::vector<Belief> beliefs;
  std::optional<TargetFound> target;

  // Some way is open; with a target: some way got an answer from it.
  bool works() const;
};

}  // namespace sonde::doctor
