// responder_main.cpp: sonde_lab_responder: answers on a TUN device as a scenario says.
//
//   sonde_lab_responder --scenario FILE [--tun NAME] [--record FILE] [--summary-only]
//
// Says "ready" on standard output when the device is there (who started it then gives it addresses). SIGUSR1
// writes the record and says "recorded"; SIGTERM and SIGINT write it and end. Needs CAP_NET_ADMIN in its
// network namespace.
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "lab/responder.hpp"

namespace {

using namespace sonde::lab;

struct Options {
  std::string scenario, tun = "lab0", record;
  bool summary_only = false;
};

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { ::close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

std::int64_t read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

Instant now() {
  return {read_clock(CLOCK_MONOTONIC), read_clock(CLOCK_REALTIME)};
}

int open_tun(const std::string& name) {
  const int descriptor = checked(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "/dev/net/tun");
  ifreq request{};
  std::copy_n(name.begin(), std::min<std::size_t>(name.size(), IFNAMSIZ - 1), std::begin(request.ifr_name));
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  checked(::ioctl(descriptor, TUNSETIFF, &request), "TUNSETIFF");
  return descriptor;
}

int open_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGUSR1, SIGTERM, SIGINT}) sigaddset(&signals, number);
  checked(sigprocmask(SIG_BLOCK, &signals, nullptr), "sigprocmask");
  return checked(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC), "signalfd");
}

// The record replaces the file at once, so that a reader never sees half of it.
void write_record(const Responder& responder, const Options& options) {
  if (options.record.empty()) return;
  const std::string beside = options.record + ".new";
  std::ofstream file(beside, std::ios::trunc);
  std::string text;
  const auto flush = [&] {
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    text.clear();
  };
  for (const RequestRecord& request : responder.requests()) {
    append_json(request, text);
    if (text.size() > 1u << 20) flush();
  }
  append_json(responder.summary(), text);
  flush();
  file.close();
  if (!file) throw std::runtime_error("cannot write " + beside);
  checked(std::rename(beside.c_str(), options.record.c_str()), "rename");
}

void say(const char* word) {
  fmt::print("{}\n", word);
  std::fflush(stdout);
}

// True when a signal asked for the end.
bool handle_signals(int signals, const Responder& responder, const Options& options) {
  signalfd_siginfo info{};
  bool end = false;
  while (::read(signals, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGUSR1) {
      write_record(responder, options);
      say("recorded");
    } else {
      end = true;
    }
  }
  return end;
}

void wait_for_work(int tun, int signals, std::optional<std::int64_t> next_due_ns) {
  std::array<pollfd, 2> waits = {{{tun, POLLIN, 0}, {signals, POLLIN, 0}}};
  timespec timeout{};
  if (next_due_ns) {
    const std::int64_t left = std::max<std::int64_t>(0, *next_due_ns - read_clock(CLOCK_MONOTONIC));
    timeout = {left / 1'000'000'000, left % 1'000'000'000};
  }
  ::ppoll(waits.data(), waits.size(), next_due_ns ? &timeout : nullptr, nullptr);
}

void serve(const Options& options) {
  std::ifstream file(options.scenario);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) throw std::runtime_error("cannot read " + options.scenario);
  const Descriptor tun(open_tun(options.tun));
  const Descriptor signals(open_signals());
  Responder responder(
      Scenario::parse(text.str()),
      {[&](ByteView packet) { return ::write(tun.number(), packet.data(), packet.size()) >= 0; }, now},
      !options.summary_only);
  prctl(PR_SET_TIMERSLACK, 1);
  say("ready");

  constexpr int batch = 64;  // packets between two looks at the timers
  const auto buffer = std::make_unique<std::array<std::uint8_t, 65536>>();
  bool end = false;
  while (!end) {
    int packets = 0;
    for (; packets < batch; ++packets) {
      const ssize_t bytes = ::read(tun.number(), buffer->data(), buffer->size());
      if (bytes <= 0) break;
      responder.receive(ByteView(buffer->data(), static_cast<std::size_t>(bytes)), now());
    }
    if (responder.next_due_ns()) responder.send_due(read_clock(CLOCK_MONOTONIC));
    if (packets < batch) wait_for_work(tun.number(), signals.number(), responder.next_due_ns());
    end = handle_signals(signals.number(), responder, options);
  }
  write_record(responder, options);
}

Options parse_options(int count, char** words) {
  Options options;
  for (int at = 1; at < count; ++at) {
    const std::string word = words[at];
    if (word == "--summary-only") {
      options.summary_only = true;
      continue;
    }
    std::string* value = word == "--scenario" ? &options.scenario
                         : word == "--tun"    ? &options.tun
                         : word == "--record" ? &options.record
                                              : nullptr;
    if (value == nullptr || at + 1 == count) throw std::runtime_error("unknown or incomplete option " + word);
    *value = words[++at];
  }
  if (options.scenario.empty()) throw std::runtime_error("--scenario is missing");
  return options;
}

}  // namespace

int main(int count, char** words) {
  try {
    serve(parse_options(count, words));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "sonde_lab_responder: {}\n", error.what());
    return 1;
  }
}
