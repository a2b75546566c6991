// options.hpp: what fping's command line asks for, as plain values.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/time.hpp"

namespace sonde::compat::fping {

// default: until each target has answered or its retries are used up (no -c, -C, -l).
enum class Mode : std::uint8_t { until_answered, count, loop };

enum class TimestampFormat : std::uint8_t { seconds, ctime, iso, rfc3339 };

struct Options {
  std::string program;  // as it was called, for messages

  // --- probing ---
  Mode mode = Mode::until_answered;
  std::optional<Family> family;
  std::uint32_t count = 1;
  std::uint32_t retries = 3;
  double backoff = 1.5;
  Nanoseconds gap = std::chrono::milliseconds(10);  // -i: between any two probes
  Nanoseconds period = std::chrono::seconds(1);     // -p: between two of one target
  Nanoseconds timeout = std::chrono::milliseconds(500);
  std::uint32_t size_bytes = 56;
  bool random_data = false;
  bool icmp_timestamp = false;
  bool check_source = false;
  bool dont_fragment = false;
  std::optional<std::uint8_t> ttl, tos;
  std::optional<std::uint32_t> mark;
  std::optional<Address> source_v4, source_v6;
  std::string interface;           // -I
  std::string outgoing_interface;  // --oiface

  // --- targets ---
  std::vector<std::string> operands;
  std::optional<std::string> file;
  bool generate = false;
  bool all_addresses = false;                         // -m
  bool show_address = false;                          // -A
  bool name_of_address = false, name_of_any = false;  // -n, -d

  // --- output ---
  bool alive = false, unreachable = false;
  bool verbose = true;  // lines about each target in the default mode
  bool quiet = false;
  bool each_probe = false;  // a line for every probe (-c, -C, -l without -q)
  bool all_rtts = false;    // -C
  bool elapsed = false, stats = false, outage = false, timestamps = false;
  TimestampFormat timestamp_format = TimestampFormat::seconds;
  bool json = false, netdata = false, print_ttl = false, print_tos = false;
  Nanoseconds report_interval{};  // -Q; 0: no reports
  bool cumulative = false;
  std::uint32_t min_reachable = 0;  // -x, -X
  bool fast_reachable = false;      // -X

  // --- as it was written; settle() makes of it what is above ---
  bool counted = false, looping = false, size_given = false, timeout_given = false;
  std::uint32_t ttl_wanted = 0;
};

// The program ends here: with this status, after this text.
struct Ending {
  int status = 0;
  std::string output, errors;
};

// `arguments` as main() has them.
std::expected<Options, Ending> read_options(std::span<char* const> arguments);

// What no single option can be blamed for; asked once sockets are known to be there, as fping does. Settles what follows from
// several options together.
std::expected<void, Ending> settle(Options& options);

// The usage text: an answer to -h, or the complaint about what was not understood.
Ending usage(const std::string& program, bool asked_for);

}  // namespace sonde::compat::fping
