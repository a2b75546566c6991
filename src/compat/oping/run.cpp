// run.cpp: rounds of liboping's object, their lines, on a screen or one below the other, and the statistics at the end.
#include "compat/oping/run.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compat/oping/history.hpp"
#include "compat/oping/lines.hpp"
#include "compat/oping/options.hpp"
#include "compat/oping/screen.hpp"
#include "liboping/object.hpp"
#include "net/permissions.hpp"
#include "net/printable.hpp"
#include "process/signals.hpp"
#include "report/repeat_limiter.hpp"

namespace sonde::compat::oping {

namespace {

class Run {
 public:
  Run(const Options& options, bool on_screen) : options_(options), on_screen_(on_screen) {}

  int run() {
    if (const auto& refused = signals_.refused()) {
      fmt::print(stderr, "{}\n", refused->message());
      return 1;
    }
    set_options();
    if (!add_file()) return 1;
    for (const std::string& host : options_.hosts) add(host);
    if (object_.count() == 0 || !open_output()) return 1;
    history_.resize(object_.count());
    if (!begin()) return 1;
    rounds();
    screen_.reset();
    for (const std::string& text : complaints_.rest()) show_complaint(text);
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

  void complain(std::string_view what) {
    const std::string text = net::printable(fmt::format("{}{}", what, object_.error));
    if (const auto behind = complaints_.pass(text)) show_complaint(text + *behind);
  }

  void show_complaint(const std::string& text) const {
    if (screen_) {
      screen_->write(text);
      return screen_->update();
    }
    std::fflush(stdout);
    fmt::print(stderr, "{}\n", text);
  }

  // False, everything said: there is no terminal.
  bool begin() {
    if (!on_screen_) {
      for (const pinghost* host = object_.first(); host != nullptr; host = host->next()) {
        fmt::print("PING {} ({}) {} bytes of data.\n", net::printable(host->host_name), host->address.to_string(),
                   host->data.size());
      }
      return true;
    }
    auto opened = Screen::open(options_);
    if (!opened) {
      fmt::print(stderr, "{}\n", opened.error());
      return false;
    }
    screen_ = std::move(*opened);
    watches_keys_ = ::isatty(STDIN_FILENO) != 0;
    screen_->arrange(object_.count());
    screen_->update();
    return true;
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
      fmt::print(stderr, "Opening {} failed: {}\n", net::printable(options_.file), std::strerror(errno));
      return false;
    }
    std::istream& lines = is_input ? std::cin : file;
    for (std::string line; std::getline(lines, line);) {
      const std::size_t begin = line.find_first_not_of(" \t\r\v\f");
      if (begin == std::string::npos || line[begin] == '#') continue;
      add(line.substr(begin, line.find_first_of(" \t\r\v\f", begin) - begin));
    }
    if (!lines.bad()) return true;
    // Without memory for a line the library's streams are bad, and throw nothing.
    fmt::print(stderr, "Reading {} failed\n", net::printable(options_.file));
    return false;
  }

  bool open_output() {
    if (options_.output_file.empty()) return true;
    output_.open(options_.output_file, std::ios::app);
    if (!output_)
      fmt::print(stderr, "opening \"{}\" failed: {}\n", net::printable(options_.output_file), std::strerror(errno));
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
          report(*host, place++);
        }
        screen_ ? screen_->update() : static_cast<void>(std::fflush(stdout));
      }
      if (round == options_.count || std::ferror(stdout) != 0) return;
      wait_until(next);
    }
  }

  void wait_until(std::chrono::steady_clock::time_point next) {
    for (;;) {
      take_signals();
      if (watches_keys_) take_keys();
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
      if (stopped_ || left.count() <= 0) return;
      // A terminal that is gone has nothing more to read, and says so at once each time.
      std::array<pollfd, 2> waited{
          {{signals_.fd(), POLLIN, 0}, {watches_keys_ ? STDIN_FILENO : -1, POLLIN, 0}}};
      ::poll(waited.data(), waited.size(), static_cast<int>(std::min<std::int64_t>(left.count(), 1'000'000)));
      if ((waited[1].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) watches_keys_ = false;
    }
  }

  void take_signals() {
    while (const auto signal = signals_.next()) {
      stopped_ = stopped_ || *signal == SIGINT || *signal == SIGTERM;
      if (*signal != SIGWINCH || !screen_) continue;
      screen_->fit();
      show_all();
    }
  }

  void take_keys() {
    const Screen::Wish wish = screen_->read_keys();
    if (wish.host) add_later(*wish.host);
    if (wish.redraw || wish.host) show_all();
  }

  // Its graph begins where those of the others are by now.
  void add_later(const std::string& name) {
    add(name);
    const std::size_t entries = history_.front().entries(), before = history_.size();
    if (object_.count() == before) return;
    history_.resize(object_.count());
    history_.back().begin_at(entries);
    screen_->arrange(object_.count());
  }

  void show_all() {
    std::size_t place = 0;
    for (const pinghost* host = object_.first(); host != nullptr; host = host->next(), ++place)
      screen_->show(place, net::printable(host->host_name), history_[place]);
    screen_->update();
  }

  void report(const pinghost& host, std::size_t place) {
    History& history = history_[place];
    history.add(host.latency_ms);
    const ProbeLine line = probe_line(host, options_.qos);
    const bool answered = host.latency_ms >= 0;
    if (screen_) {
      const auto share =
          answered ? std::optional(SortedTimes(history).share_up_to(host.latency_ms)) : std::nullopt;
      screen_->write(line, share);
      screen_->show(place, net::printable(host.host_name), history);
      if (answered && options_.bell) screen_->ring();
    } else {
      fmt::print("{}{}{}\n{}", line.before, line.mark, line.after, answered && options_.bell ? "\a" : "");
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
      fmt::print("\n--- {} ping statistics ---\n", net::printable(host->host_name));
      fmt::print("{}\n", packets_text(history));
      if (history.sent() != 0 && history.lost() > options_.most_lost) ++failed;
      if (const SortedTimes times(history); !times.empty())
        fmt::print("{}\n", times_text(times, options_.percentile));
    }
    return failed;
  }

  const Options& options_;
  bool on_screen_;
  process::Signals signals_;
  pingobj object_;
  std::vector<History> history_;  // in the order of the object's hosts
  std::ofstream output_;
  report::RepeatLimiter complaints_;
  std::unique_ptr<Screen> screen_;  // null: lines on standard output
  bool watches_keys_ = false;
  bool stopped_ = false;
};

int run_as(bool on_screen, int count, char** arguments) {
  // What opens sockets; nothing else needs a privilege.
  net::keep_only({net::Capability::net_raw, net::Capability::net_admin});
  const CommandLine line = read_command_line(count, arguments, on_screen);
  return line.options ? Run(*line.options, on_screen).run() : line.status;
}

}  // namespace

int run(int count, char** arguments) {
  return run_as(false, count, arguments);
}

int run_on_screen(int count, char** arguments) {
  // Which letters the screen has.
  std::setlocale(LC_CTYPE, "");
  return run_as(true, count, arguments);
}

}  // namespace sonde::compat::oping
