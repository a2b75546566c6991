// bare_loop.cpp: the reference for every rate: send a batch, take the answers, take the stamps, again.
//
// Each thread has its own ping sockets and sends its share of the probes round robin over the targets, never
// more than
// `--in-flight` unanswered, so that no buffer overflows and nothing is lost. With --stamps every probe asks
// for its TX and RX stamp, which are received (not looked at). With --rate it sends on a clock instead,
// waking every `--wake` milliseconds, and the figure is the CPU time. Prints one JSON object.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include "ping_socket.hpp"

namespace {

using namespace sonde::bench;

struct Options {
  std::string first = "10.1.0.0";
  std::uint32_t targets = 65536;
  std::uint64_t probes = 1'000'000;
  bool stamps = false;
  unsigned threads = 1;
  unsigned sockets = 1;
  std::size_t batch = 64;
  std::uint64_t in_flight = 1024;
  double rate = 0;
  double wake_ms = 1;
};

struct Counts {
  std::uint64_t sent = 0, received = 0, stamps = 0;
};

class Loop {
 public:
  Loop(const Options& options, const Targets& targets, std::uint64_t probes, std::uint32_t first_target)
      : options_(options),
        targets_(targets),
        probes_(probes),
        next_target_(first_target),
        send_batch_(targets, options.batch),
        receive_batch_(options.batch) {
    for (unsigned i = 0; i < options.sockets; ++i) sockets_.emplace_back(targets.family(), options.stamps);
    waiting_.resize(options.sockets);
    stamps_waiting_.resize(options.sockets);
  }

  Counts run() {
    while (counts_.sent < probes_) {
      const std::size_t turn = turns_++ % sockets_.size();
      send(turn, std::min<std::uint64_t>(send_batch_.size(), probes_ - counts_.sent));
      take(turn);
      while (waiting_[turn] >= options_.in_flight && sockets_[turn].wait(POLLIN, 200)) take(turn);
      if (waiting_[turn] >= options_.in_flight) waiting_[turn] = 0;  // lost: go on, the sum will tell
    }
    return finish();
  }

  // Sends what is due at every wake-up, in as few batches as it takes.
  Counts run_paced() {
    const double start = wall_seconds();
    for (std::uint64_t wake = 1; counts_.sent < probes_; ++wake) {
      const double next = start + static_cast<double>(wake) * options_.wake_ms * 1e-3;
      const timespec at{static_cast<time_t>(next),
                        static_cast<long>((next - static_cast<double>(static_cast<time_t>(next))) * 1e9)};
      clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
      const auto due =
          std::min(probes_, static_cast<std::uint64_t>((wall_seconds() - start) * options_.rate));
      while (counts_.sent < due) {
        const std::size_t turn = turns_++ % sockets_.size();
        send(turn, std::min<std::uint64_t>(send_batch_.size(), due - counts_.sent));
        take(turn);
      }
    }
    return finish();
  }

 private:
  void send(std::size_t turn, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      send_batch_.set(i, next_target_, static_cast<std::uint16_t>(counts_.sent + i));
      if (++next_target_ == targets_.count()) next_target_ = 0;
    }
    const std::size_t sent = send_batch_.send(sockets_[turn].fd(), count);
    counts_.sent += sent;
    waiting_[turn] += sent;
    stamps_waiting_[turn] += options_.stamps ? sent : 0;
  }

  // A batch that comes back short says that the queue is empty, so it is not asked again.
  void take(std::size_t turn) {
    counts_.received += take(turn, waiting_[turn], 0);
    if (options_.stamps) counts_.stamps += take(turn, stamps_waiting_[turn], MSG_ERRQUEUE);
  }
  std::uint64_t take(std::size_t turn, std::uint64_t& waiting, int flags) {
    std::uint64_t taken = 0;
    while (waiting > 0) {
      const std::size_t n = receive_batch_.receive(sockets_[turn].fd(), flags);
      waiting -= std::min<std::uint64_t>(n, waiting);
      taken += n;
      if (n < receive_batch_.size()) break;
    }
    return taken;
  }

  Counts finish() {
    for (std::size_t turn = 0; turn < sockets_.size(); ++turn) {
      while ((waiting_[turn] > 0 || stamps_waiting_[turn] > 0) && sockets_[turn].wait(POLLIN, 300))
        take(turn);
    }
    return counts_;
  }

  const Options& options_;
  const Targets& targets_;
  std::uint64_t probes_;
  std::uint32_t next_target_;
  SendBatch send_batch_;
  ReceiveBatch receive_batch_;
  std::vector<PingSocket> sockets_;
  std::vector<std::uint64_t> waiting_, stamps_waiting_;
  std::uint64_t turns_ = 0;
  Counts counts_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"A bare sendmmsg/recvmmsg loop over ping sockets"};
  app.add_option("--first", options.first, "first target; the others follow it");
  app.add_option("--targets", options.targets)->check(CLI::PositiveNumber);
  app.add_option("--probes", options.probes, "over all threads");
  app.add_flag("--stamps", options.stamps, "TX and RX stamps on every probe");
  app.add_option("--threads", options.threads)->check(CLI::PositiveNumber);
  app.add_option("--sockets", options.sockets, "per thread")->check(CLI::PositiveNumber);
  app.add_option("--batch", options.batch)->check(CLI::Range(1, 1024));
  app.add_option("--in-flight", options.in_flight, "unanswered per socket");
  app.add_option("--rate", options.rate, "probes per second over all threads; 0: as fast as it goes");
  app.add_option("--wake", options.wake_ms, "with --rate: milliseconds between wake-ups");
  CLI11_PARSE(app, argc, argv);

  const Targets targets(options.first, options.targets);
  options.rate /= options.threads;
  std::vector<std::thread> threads;
  std::vector<Counts> counts(options.threads);
  const double wall = wall_seconds(), cpu = cpu_seconds();
  for (unsigned i = 0; i < options.threads; ++i) {
    threads.emplace_back([&, i] {
      const std::uint64_t share =
          options.probes * (i + 1) / options.threads - options.probes * i / options.threads;
      Loop loop(options, targets, share,
                static_cast<std::uint32_t>(std::uint64_t{options.targets} * i / options.threads));
      counts[i] = options.rate > 0 ? loop.run_paced() : loop.run();
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double elapsed = wall_seconds() - wall, used = cpu_seconds() - cpu;
  Counts all;
  for (const Counts& one : counts) {
    all.sent += one.sent;
    all.received += one.received;
    all.stamps += one.stamps;
  }
  std::printf(
      R"({"probes":%lu,"received":%lu,"stamps":%lu,"elapsed_s":%.6f,"rate":%.0f,"cpu_s":%.6f,"cpu_share":%.4f})"
      "\n",
      all.sent, all.received, all.stamps, elapsed, static_cast<double>(all.sent) / elapsed, used,
      used / elapsed);
  return all.received == all.sent && (!options.stamps || all.stamps == all.sent) ? 0 : 1;
}
