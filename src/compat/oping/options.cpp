// options.cpp: see options.hpp.
#include "compat/oping/options.hpp"

#include <fmt/format.h>
#include <strings.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "compat/oping/qos.hpp"
#include "text/printable.hpp"

namespace sonde::compat::oping {

namespace {

constexpr std::string_view usage =
    "Usage: {} [OPTIONS] -f filename | host [host [host ...]]\n"
    "\n"
    "Available options:\n"
    "  -4|-6        IPv4 or IPv6 addresses only\n"
    "  -c count     how many times to ask each host\n"
    "  -i interval  seconds from one round to the next (1)\n"
    "  -w timeout   seconds to wait for answers (1)\n"
    "  -t ttl       TTL or hop limit of what is sent (64)\n"
    "  -Q qos       TOS or traffic class of what is sent; \"-Q help\" lists the names\n"
    "  -I srcaddr   address to send from\n"
    "  -D device    interface to send by\n"
    "  -m mark      firewall mark of what is sent\n"
    "  -f filename  read hosts from a file, \"-\" for standard input\n"
    "  -O filename  append every RTT to a file, as CSV\n"
    "  -P percent   percentile of the RTTs to report\n"
    "  -Z percent   exit with the number of hosts that lost more than this\n"
    "  -b           ring the bell with every answer\n"
    "{}";

constexpr std::string_view screen_usage =
    "  -g graph     what is drawn of each host: prettyping, histogram, boxplot or none\n"
    "  -H lines     height of each host's box, 1 to 5\n"
    "  -u | -U      with or without UTF-8, whatever the locale says\n";

constexpr std::string_view qos_usage =
    "Valid QoS arguments (option \"-Q\") are:\n"
    "\n"
    "    be, ef, va             best effort, expedited forwarding (RFC 3246), voice admit (RFC 5865)\n"
    "    af[1-4][1-3]           assured forwarding, class and drop precedence (RFC 2597)\n"
    "    cs[0-7]                class selector (RFC 2474)\n"
    "    lowdelay, throughput, reliability, mincost\n"
    "                           type of service (RFC 1349)\n"
    "    0 - 255, 0x00 - 0xff   the byte itself\n";

std::optional<Graph> graph_called(const char* name) {
  constexpr std::array<std::pair<const char*, Graph>, 4> graphs = {{{"none", Graph::none},
                                                                    {"prettyping", Graph::over_time},
                                                                    {"histogram", Graph::histogram},
                                                                    {"boxplot", Graph::box_plot}}};
  for (const auto& [text, graph] : graphs) {
    if (::strcasecmp(text, name) == 0) return graph;
  }
  return std::nullopt;
}

std::optional<double> whole_number(const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (*text == 0 || *end != 0) return std::nullopt;
  return value;
}

class Reader {
 public:
  Reader(bool on_screen, Streams& streams) : on_screen_(on_screen), streams_(streams) {}

  CommandLine read(int count, char** arguments) {
    ::optind = 1;
    const std::string letters = std::string("46c:hi:I:t:Q:f:D:Z:O:P:m:w:b") + (on_screen_ ? "uUg:H:" : "");
    for (int letter = 0; (letter = ::getopt(count, arguments, letters.c_str())) != -1;) {
      if (const auto status = take(static_cast<char>(letter), arguments[0])) return {std::nullopt, *status};
    }
    for (int place = ::optind; place < count; ++place) options_.hosts.emplace_back(arguments[place]);
    if (options_.hosts.empty() && options_.file.empty()) {
      return {std::nullopt, show_usage(arguments[0], 1)};
    }
    // With few answers the highest is no outlier yet: the percentile is that of all but one.
    constexpr std::uint64_t few = 20;
    const bool is_few = options_.count && *options_.count < few;
    if (!percentile_ && is_few) {
      const auto rounds = static_cast<double>(*options_.count);
      percentile_ = 100 * (rounds - 1) / rounds;
    }
    if (percentile_ && *percentile_ > 0) options_.percentile = *percentile_;
    return {options_, 0};
  }

 private:
  // The status to exit with, if that is what it says.
  std::optional<int> take(char letter, const char* program) {
    switch (letter) {
      case '4':
      case '6':
        options_.family = letter == '4' ? AF_INET : AF_INET6;
        break;
      case 'f':
        options_.file = ::optarg;
        break;
      case 'I':
        options_.source = ::optarg;
        break;
      case 'D':
        options_.device = ::optarg;
        break;
      case 'O':
        options_.output_file = ::optarg;
        break;
      case 'b':
        options_.bell = true;
        break;
      case 'Q':
        return take_qos();
      case 'u':
      case 'U':
        options_.utf8 = letter == 'u';
        break;
      case 'g':
        take_graph();
        break;
      case 'h':
        return show_usage(program, 0);
      case '?':
        return show_usage(program, 1);
      default:
        take_number(letter);
    }
    return std::nullopt;
  }

  void take_number(char letter) {
    switch (letter) {
      case 'c':
        return take_count();
      case 'i':
        return take_interval();
      case 'w':
        return take_timeout();
      case 't':
        return take_ttl();
      case 'm':
        return take_mark();
      case 'P':
        return take_percentile();
      case 'H':
        return take_box_lines();
      default:
        return take_most_lost();
    }
  }

  void take_count() {
    if (const long value = std::strtol(::optarg, nullptr, 10); value > 0) {
      options_.count = static_cast<std::uint64_t>(value);
    } else {
      ignore("count");
    }
  }
  void take_interval() {
    const double value = std::strtod(::optarg, nullptr);
    constexpr double most = 1e6;
    if (value < 0.001 || !(value <= most)) return ignore("interval");
    options_.interval_s = value;
  }
  void take_timeout() {
    const auto value = whole_number(::optarg);
    if (!value) return ignore("timeout");
    options_.timeout_s = *value;
  }
  void take_ttl() {
    const long value = std::strtol(::optarg, nullptr, 10);
    if (value < 1 || value > 255) return ignore("TTL argument");
    options_.ttl = static_cast<int>(value);
  }
  void take_mark() {
    char* end = nullptr;
    const long value = std::strtol(::optarg, &end, 0);
    if (*::optarg == 0 || *end != 0) return ignore("mark");
    options_.mark = static_cast<int>(value);
  }
  void take_percentile() {
    const double value = std::strtod(::optarg, nullptr);
    if (std::isnan(value) || value < 0.1 || value > 100) return ignore("percentile");
    percentile_ = value;
  }
  void take_most_lost() {
    const auto value = whole_number(::optarg);
    if (!value || *value < 0 || *value > 100) {
      say(fmt::format("Ignoring invalid -Z argument: {}", ::optarg));
      return say("The \"-Z\" option requires a numeric argument between 0 and 100.");
    }
    options_.most_lost = *value / 100;
  }
  std::optional<int> take_qos() {
    if (std::string_view(::optarg) == "help") {
      streams_.err(qos_usage);
      return 0;
    }
    const auto value = read_qos(::optarg);
    if (!value) {
      streams_.err(fmt::format("Invalid QoS argument: \"{}\"\n\n{}", text::printable(::optarg), qos_usage));
      return 1;
    }
    options_.qos = *value;
    return std::nullopt;
  }

  void take_graph() {
    if (const auto graph = graph_called(::optarg)) {
      options_.graph = *graph;
    } else {
      say(fmt::format("Unknown graph option: {}", ::optarg));
    }
  }
  void take_box_lines() {
    const long value = std::strtol(::optarg, nullptr, 10);
    if (value < 1 || value > Options::most_box_lines) return ignore("window height");
    options_.box_lines = static_cast<int>(value);
  }

  int show_usage(const char* program, int status) {
    streams_.err(fmt::format(fmt::runtime(usage), text::printable(program), on_screen_ ? screen_usage : ""));
    return status;
  }
  void say(std::string_view text) { streams_.err(text::printable(text) + '\n'); }
  void ignore(std::string_view what) { say(fmt::format("Ignoring invalid {}: {}", what, ::optarg)); }

  bool on_screen_;
  Streams& streams_;
  Options options_;
  std::optional<double> percentile_;
};

}  // namespace

CommandLine read_command_line(int count, char** arguments, bool on_screen, Streams& streams) {
  return Reader(on_screen, streams).read(count, arguments);
}

}  // namespace sonde::compat::oping
