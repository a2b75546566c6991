// run.cpp: rounds of liboping's object, their lines, and the statistics at the end.
#include "compat/oping/run.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "compat/oping/options.hpp"
#include "compat/oping/qos.hpp"
#include "liboping/object.hpp"
#include "net/permissions.hpp"
#include "process/signals.hpp"

namespace sonde::compat::oping {

namespace {

// What is kept of one host beside what the object knows.
struct History {
  std::uint64_t sent = 0, received = 0;
  double latency_sum_ms = 0;
  std::deque<double> latencies_ms;  // the last answered ones, for percentiles

  void add(double latency_ms) {
    constexpr std::size_t most = 900;
    ++sent;
    if (latency_ms < 0) return;
    ++received;
    latency_sum_ms += latency_ms;
    latencies_ms.push_back(latency_ms);
    if (latencies_ms.size() > most) latencies_ms.pop_front();
  }
  double lost() const {
    return sent == 0 ? 0 : 1 - static_cast<double>(received) / static_cast<double>(sent);
  }
  // By nearest rank. Requires: received != 0.
  double percentile(double percent) const {
    std::vector<double> sorted(latencies_ms.begin(), latencies_ms.end());
    std::ranges::sort(sorted);
    const double rank = std::ceil(percent / 100 * static_cast<double>(sorted.size()));
    return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
  }
};

class Run {
 public:
  explicit Run(const Options& options) : options_(options) {}

  int run() {
    set_options();
    if (!add_file()) return 1;
    for (const std::string& host : options_.hosts) add(host);
    if (object_.count() == 0 || !open_output()) return 1;
    history_.resize(object_.count());
    for (const pinghost* host = object_.first(); host != nullptr; host = host->next()) {
      fmt::print("PING {} ({}) {} bytes of data.\n", host->host_name, host->address.to_string(),
                 host->data.size());
    }
    rounds();
    return std::min(summarize(), 255);
  }

 private:
  void set_options() {
    int ttl = options_.ttl, family = options_.family;
    std::uint8_t qos = options_.qos;
    double timeout_s = options_.timeout_s;
    ping_setopt(&object_, PING_OPT_TTL, &ttl);
    ping_setopt(&object_, PING_OPT_QOS, &qos);
    if (ping_setopt(&object_, PING_OPT_TIMEOUT, &timeout_s) != 0) complain("Setting timeout failed: ");
    if (family != AF_UNSPEC) ping_setopt(&object_, PING_OPT_AF, &family);
    std::string source = options_.source;
    if (!source.empty() && ping_setopt(&object_, PING_OPT_SOURCE, source.data()) != 0)
      complain("Setting source address failed: ");
    object_.network.interface = options_.device;
    if (options_.mark) object_.network.mark = static_cast<std::uint32_t>(*options_.mark);
  }

  void complain(std::string_view what) const {
    std::fflush(stdout);
    fmt::print(stderr, "{}{}\n", what, object_.error);
  }

  void add(const std::string& host) {
    if (!object_.add(host)) complain(fmt::format("Adding host `{}' failed: ", host));
  }

  // One host a line, the first word; `#` begins a comment.
  bool add_file() {
    if (options_.file.empty()) return true;
    std::ifstream file;
    const bool is_input = options_.file == "-";
    if (!is_input) file.open(options_.file);
    if (!is_input && !file) {
      fmt::print(stderr, "Opening {} failed: {}\n", options_.file, std::strerror(errno));
      return false;
    }
    std::istream& lines = is_input ? std::cin : file;
    for (std::string line; std::getline(lines, line);) {
      const std::size_t begin = line.find_first_not_of(" \t\r\v\f");
      if (begin == std::string::npos || line[begin] == '#') continue;
      add(line.substr(begin, line.find_first_of(" \t\r\v\f", begin) - begin));
    }
    return true;
  }

  bool open_output() {
    if (options_.output_file.empty()) return true;
    output_.open(options_.output_file, std::ios::app);
    if (!output_)
      fmt::print(stderr, "opening \"{}\" failed: {}\n", options_.output_file, std::strerror(errno));
    return output_.good();
  }

  void rounds() {
    std::fflush(stdout);
    for (std::uint64_t round = 1; !stopped_; ++round) {
      const auto next =
          std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::nanoseconds>(
                                                 std::chrono::duration<double>(options_.interval_s));
      if (object_.send() < 0) {
        complain("ping_send failed: ");
      } else {
        std::size_t place = 0;
        for (const pinghost* host = object_.first(); host != nullptr; host = host->next()) {
          report(*host, history_[place++]);
        }
        std::fflush(stdout);
      }
      if (round == options_.count || std::ferror(stdout) != 0) return;
      wait_until(next);
    }
  }

  void wait_until(std::chrono::steady_clock::time_point next) {
    for (;;) {
      while (const auto signal = signals_.next())
        stopped_ = stopped_ || *signal == SIGINT || *signal == SIGTERM;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
      if (stopped_ || left.count() <= 0) return;
      pollfd waited{signals_.fd(), POLLIN, 0};
      ::poll(&waited, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1'000'000)));
    }
  }

  void report(const pinghost& host, History& history) {
    history.add(host.latency_ms);
    const std::string who =
        fmt::format("{} ({}): icmp_seq={}", host.host_name, host.address.to_string(), host.sequence);
    if (host.latency_ms < 0) {
      fmt::print("echo reply from {} timeout\n", who);
    } else {
      fmt::print("{} bytes from {} ttl={} ", host.data.size(), who, host.received_ttl);
      if (host.received_qos != 0 || options_.qos != 0) fmt::print("qos={} ", qos_text(host.received_qos));
      fmt::print("time={:.2f} ms\n{}", host.latency_ms, options_.bell ? "\a" : "");
    }
    if (!output_.is_open()) return;
    if (host.sequence % 32 == 0) output_ << "#time,host,latency[ms]\n";
    const double now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    output_ << fmt::format("{:.3f},\"{}\",{:.2f}\n", now, host.host_name, host.latency_ms);
  }

  // How many hosts lost more than they may.
  int summarize() const {
    int failed = 0;
    std::size_t place = 0;
    for (const pinghost* host = object_.first(); host != nullptr; host = host->next()) {
      const History& history = history_[place++];
      fmt::print("\n--- {} ping statistics ---\n", host->host_name);
      fmt::print("{} packets transmitted, {} received, {:.2f}% packet loss, time {:.1f}ms\n", history.sent,
                 history.received, 100 * history.lost(), history.latency_sum_ms);
      if (history.sent != 0 && history.lost() > options_.most_lost) ++failed;
      if (history.received == 0) continue;
      fmt::print("RTT[ms]: min = {:.0f}, median = {:.0f}, p({:.0f}) = {:.0f}, max = {:.0f}\n",
                 history.percentile(0), history.percentile(50), options_.percentile,
                 history.percentile(options_.percentile), history.percentile(100));
    }
    return failed;
  }

  const Options& options_;
  process::Signals signals_;
  pingobj object_;
  std::vector<History> history_;  // in the order of the object's hosts
  std::ofstream output_;
  bool stopped_ = false;
};

}  // namespace

int run(int count, char** arguments) {
  // What opens sockets; nothing else needs a privilege.
  net::keep_only({net::Capability::net_raw, net::Capability::net_admin});
  const CommandLine line = read_command_line(count, arguments);
  return line.options ? Run(*line.options).run() : line.status;
}

}  // namespace sonde::compat::oping
