// run.cpp: rounds of liboping's object, their lines, on a screen or one below the other, and the statistics at the end.
#include "compat/oping/run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <clocale>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compat/files.hpp"
#include "compat/oping/history.hpp"
#include "compat/oping/lines.hpp"
#include "compat/oping/options.hpp"
#include "compat/oping/screen.hpp"
#include "compat/streams.hpp"
#include "liboping/object.hpp"
#include "net/permissions.hpp"
#include "net/wait.hpp"
#include "process/signals.hpp"
#include "report/output.hpp"
#include "report/repeat_limiter.hpp"
#include "text/printable.hpp"

namespace sonde::compat::oping {

namespace {

// Opened first and complained about when it is their turn.
struct Files {
  explicit Files(const Options& options) {
    if (!options.file.empty()) hosts.emplace(options.file);
    if (options.output_file.empty()) return;
    rows = open_to_append(options.output_file);
    if (!rows) rows_error = errno;
  }

  std::optional<HostFile> hosts;
  net::FileDescriptor rows;
  int rows_error = 0;
};

class Run {
 public:
  Run(const Options& options, Files files, bool on_screen, std::string program, Streams& streams)
      : options_(options),
        files_(std::move(files)),
        on_screen_(on_screen),
        program_(std::move(program)),
        streams_(streams) {}

  int run() {
    set_options();
    if (!add_file()) return 1;
    for (const std::string& host : options_.hosts) add(host);
    if (object_.count() == 0 || !open_output()) return 1;
    history_.resize(object_.count());
    // Until here, where it reads and resolves, a signal ends it as it ends any program.
    signals_.emplace();
    if (const auto& refused = signals_->refused()) {
      streams_.err(refused->message() + '\n');
      return 1;
    }
    if (!begin()) return 1;
    rounds();
    screen_.reset();
    for (const std::string& text : complaints_.rest()) show_complaint(text);
    const int failed = std::min(summarize(), 255);
    // Where nothing could be sent, no host is to blame.
    const int status = rounds_sent_ == 0 ? 1 : failed;
    return streams_.finish(program_, finish_rows(status), &*signals_);
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
    const std::string text = text::printable(fmt::format("{}{}", what, object_.error));
    if (const auto behind = complaints_.pass(text)) show_complaint(text + *behind);
  }

  void show_complaint(const std::string& text) {
    if (screen_) {
      screen_->write(text);
      return screen_->update();
    }
    streams_.err(text + '\n');
  }

  // False, everything said: there is no terminal.
  bool begin() {
    if (!on_screen_) {
      for (const pinghost* host = object_.first(); host != nullptr; host = host->next()) {
        streams_.out(fmt::format("PING {} ({}) {} bytes of data.\n", text::printable(host->host_name),
                                 host->address.to_string(), host->data.size()));
      }
      return true;
    }
    auto opened = Screen::open(options_);
    if (!opened) {
      streams_.err(opened.error() + '\n');
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

  bool add_file() {
    if (!files_.hosts) return true;
    const auto failed = [this](std::string_view what) {
      streams_.err(fmt::format("{} {} failed: {}\n", what, text::printable(options_.file),
                               std::strerror(files_.hosts->error())));
      return false;
    };
    if (files_.hosts->error() != 0) return failed("Opening");
    while (const auto host = files_.hosts->next()) add(*host);
    return files_.hosts->error() == 0 || failed("Reading");
  }

  bool open_output() {
    if (options_.output_file.empty()) return true;
    if (!files_.rows) {
      streams_.err(fmt::format("opening \"{}\" failed: {}\n", text::printable(options_.output_file),
                               std::strerror(files_.rows_error)));
      return false;
    }
    rows_.emplace(files_.rows.get(), options_.output_file);
    return true;
  }

  void rounds() {
    for (std::uint64_t round = 1; !stopped_; ++round) {
      streams_.flush();
      const auto next = Clock::system().monotonic() + std::chrono::duration_cast<Nanoseconds>(
                                                          std::chrono::duration<double>(options_.interval_s));
      if (object_.send() < 0) {
        complain("ping_send failed: ");
      } else {
        ++rounds_sent_;
        std::size_t place = 0;
        for (const pinghost* host = object_.first(); host != nullptr; host = host->next()) {
          report(*host, place++);
        }
        if (screen_) screen_->update();
      }
      write_out();
      if (round == options_.count || failed()) return;
      wait_until(next);
    }
  }

  // What the readers take now; where too much waits for them it is waited for.
  void write_out() {
    streams_.flush();
    streams_.make_room(signals_->fd());
    if (!rows_) return;
    rows_->flush(std::chrono::milliseconds(0));
    if (rows_->is_full()) rows_->drain(signals_->fd());
  }

  bool failed() const { return streams_.failed() || (rows_ && rows_->error()); }

  // All rows are in their file, or it is said why not.
  int finish_rows(int status) {
    if (!rows_) return status;
    streams_.flush();
    while (!rows_->drain(signals_->fd()) && !rows_->error()) {
      stopped_ = false;
      take_signals();
      if (stopped_) {
        streams_.err(
            fmt::format("{}: {} was not read to its end\n", program_, text::printable(options_.output_file)));
        return output_failed_status;
      }
    }
    if (!rows_->error()) return status;
    streams_.err(fmt::format("{}: {}\n", program_, rows_->error()->message()));
    return output_failed_status;
  }

  void wait_until(MonotonicTime next) {
    for (;;) {
      take_signals();
      if (watches_keys_) take_keys();
      if (stopped_ || failed() || Clock::system().monotonic() >= next) return;
      // A terminal that is gone has nothing more to read, and says so at once each time.
      const auto [output, errors] = streams_.waited_for();
      std::array<pollfd, 5> waited{{{signals_->fd(), POLLIN, 0},
                                    {watches_keys_ ? STDIN_FILENO : -1, POLLIN, 0},
                                    {rows_ && rows_->pending() > 0 ? rows_->descriptor() : -1, POLLOUT, 0},
                                    output,
                                    errors}};
      net::wait_until(waited, next);
      if ((waited[1].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) watches_keys_ = false;
      write_out();
    }
  }

  void take_signals() {
    while (const auto signal = signals_->next()) {
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
      screen_->show(place, text::printable(host->host_name), history_[place]);
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
      screen_->show(place, text::printable(host.host_name), history);
      if (answered && options_.bell) screen_->ring();
    } else {
      streams_.out(fmt::format("{}{}{}\n{}", line.before, line.mark, line.after,
                               answered && options_.bell ? "\a" : ""));
    }
    if (!rows_) return;
    if (host.sequence % 32 == 0) rows_->write("#time,host,latency[ms]\n");
    const double now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    rows_->write(fmt::format("{:.3f},\"{}\",{:.2f}\n", now, host.host_name, host.latency_ms));
  }

  // How many hosts lost more than they may.
  int summarize() {
    int failed = 0;
    std::size_t place = 0;
    for (const pinghost* host = object_.first(); host != nullptr; host = host->next()) {
      const History& history = history_[place++];
      streams_.out(fmt::format("\n--- {} ping statistics ---\n", text::printable(host->host_name)));
      streams_.out(packets_text(history) + '\n');
      if (history.sent() != 0 && history.lost() > options_.most_lost) ++failed;
      if (const SortedTimes times(history); !times.empty())
        streams_.out(times_text(times, options_.percentile) + '\n');
    }
    return failed;
  }

  const Options& options_;
  Files files_;
  bool on_screen_;
  std::string program_;
  Streams& streams_;
  std::optional<process::Signals> signals_;
  pingobj object_;
  std::vector<History> history_;        // in the order of the object's hosts
  std::optional<report::Output> rows_;  // of -O
  report::RepeatLimiter complaints_;
  std::unique_ptr<Screen> screen_;  // null: lines on standard output
  std::uint64_t rounds_sent_ = 0;
  bool watches_keys_ = false;
  bool stopped_ = false;
};

int run_as(bool on_screen, int count, char** arguments) {
  // What opens sockets; nothing else needs a privilege, once the files are open.
  const auto needed = {net::Capability::net_raw, net::Capability::net_admin};
  Streams streams;
  const std::string program = text::printable(count > 0 ? arguments[0] : "oping");
  const CommandLine line = read_command_line(count, arguments, on_screen, streams);
  if (!line.options) return streams.finish(program, line.status);
  prepare_to_open_files(needed);
  Files files(*line.options);
  net::keep_only(needed);
  return streams.finish(program, Run(*line.options, std::move(files), on_screen, program, streams).run());
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
