// ping_options.hpp: what `sonde ping` was asked to do, as validated plain values.
//
// Made by parse_command_line() (cli/command_line.hpp), read by run_ping() (cli/ping.hpp). The initialisers
// here are the program's defaults; the option table tells them to the user as text, and a test compares the
// two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/format.hpp"
#include "sonde/address.hpp"
#include "sonde/options.hpp"
#include "sonde/time.hpp"

namespace sonde::cli {

using report::ColourChoice;
using OutputFormat = report::Format;

struct PingOptions {
  // Targets, as given; cli/target_list.hpp makes one list of them.
  std::vector<std::string> targets;  // names and addresses; checked to be one or the other
  std::vector<std::string> files;    // "-" at most once: standard input
  std::vector<std::string> ranges;   // prefixes and FIRST-LAST; checked to be ranges
  bool all_addresses = false;        // probe every address of a name, not only the first
  // Of -4 or -6, else that of `source`. Numeric targets of the other family are refused.
  std::optional<Family> family;

  // When to ask.
  std::uint64_t count =
      0;  // probes per target; 0: endless. 1 with `alive` and `unreachable` unless told otherwise.
  Nanoseconds interval =
      std::chrono::seconds(1);  // between probes to one target; 0: as fast as the kernel takes
  Nanoseconds timeout = std::chrono::seconds(1);  // per probe, more than 0; may exceed the interval
  std::optional<Nanoseconds> deadline;            // end of the whole run, more than 0
  double rate = 0;                                // probes per second over all targets; 0: no limit

  // The packet.
  std::uint16_t size_bytes = 56;    // payload behind the ICMP header, 0 to 65,507
  std::vector<std::byte> pattern;   // 1 to 256 bytes; empty: bytes counting up
  std::optional<std::uint8_t> ttl;  // 1 to 255
  std::optional<std::uint8_t> tos;
  std::optional<std::uint32_t> mark;
  std::optional<std::uint32_t> flow_label;  // 20 bits, IPv6 only: never set with an IPv4 `family`
  PathMtu path_mtu = PathMtu::system;
  std::string interface;          // a name, not checked to exist; empty: routing decides
  std::optional<Address> source;  // not checked to be ours

  // How it is measured.
  TransportKind transport = TransportKind::automatic;
  std::uint16_t tcp_port = 0;  // 0: the usual ones
  bool pace_udp = true;
  bool try_all = false;  // leave a way also when a single target is silent
  ClockChoice clock = ClockChoice::automatic;
  unsigned threads = 1;           // 1 to 256
  unsigned sockets = 0;           // 1 to 4096; 0: chosen by the session
  std::uint32_t stamp_every = 1;  // TX stamps on every n-th probe
  int receive_buffer_bytes = 0;   // 0: as large as the system allows

  // What is told.
  OutputFormat format = OutputFormat::text;
  std::vector<double> percentiles = {50, 90, 99};  // each in [0, 100], in the order given
  bool histogram = false;
  bool numeric = false;      // no reverse look-ups
  bool timestamps = false;   // a Unix time before every line
  bool alive = false;        // list only targets that answered; never together with `unreachable`
  bool unreachable = false;  // list only targets that did not answer
  bool verbose = false;
  bool quiet = false;
  std::optional<bool> live;  // unset: when there are several targets and standard output is a terminal
  ColourChoice colour = ColourChoice::automatic;
  std::string pcap_file;                  // empty: none; "-": standard output
  bool force = false;                     // replace a file that holds something else
  std::optional<Nanoseconds> warn_rtt;    // more than 0
  std::optional<double> warn_loss_ratio;  // 0 to 1; warn when loss is above it

  friend bool operator==(const PingOptions&, const PingOptions&) = default;
};

}  // namespace sonde::cli
