// options.hpp: the command line of oping and noping. As there, what cannot be read is said and left out, and the run goes on.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compat/oping/graph.hpp"
#include "compat/streams.hpp"

namespace sonde::compat::oping {

struct Options {
  std::vector<std::string> hosts;
  std::string file;  // of further hosts; "-": standard input; empty: none
  int family = AF_UNSPEC;
  std::optional<std::uint64_t> count;  // rounds; unset: endless
  double interval_s = 1;
  double timeout_s = 1;
  int ttl = 64;
  std::uint8_t qos = 0;
  std::string source, device;
  std::optional<int> mark;
  std::string output_file;  // of every RTT as CSV; empty: none
  double percentile = 95;
  double most_lost = 1;  // 0 to 1: a host that lost more is counted in the exit status
  bool bell = false;

  // noping's alone.
  static constexpr int most_box_lines = 5;
  Graph graph = Graph::over_time;
  int box_lines = most_box_lines;  // of each host's box
  std::optional<bool> utf8{};      // unset: as the locale says
};

// Either options or the status to exit with, everything said.
struct CommandLine {
  std::optional<Options> options;
  int status = 0;
};

// `on_screen`: with noping's options too.
CommandLine read_command_line(int count, char** arguments, bool on_screen, Streams& streams);

}  // namespace sonde::compat::oping
