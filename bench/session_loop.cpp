// session_loop.cpp: what bare_loop does, done by sonde: every probe with token, verdict and figures.
//
// Without --interval every target is asked `--rounds` times as fast as the kernel takes; with it, at that
// interval, spread evenly, until `--seconds` have passed. With --slots it also counts how many probes left in
// each slot of 10 ms. Fails when a probe was lost, left unaccounted for or dropped by this host. Prints one
// JSON object.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "process.hpp"
#include "sonde/session.hpp"

namespace {

using namespace std::chrono_literals;
using sonde::bench::check;

struct Options {
  std::string first = "10.1.0.0";
  std::uint32_t targets = 65536;
  std::uint64_t rounds = 5;
  bool stamps = false;
  bool events = false;
  bool slots = false;
  bool fine = false;
  unsigned threads = 1;
  unsigned sockets = 0;
  double interval_s = 0;
  double seconds = 5;
  std::string way = "auto";
};

sonde::Nanoseconds from_seconds(double seconds) {
  return std::chrono::duration_cast<sonde::Nanoseconds>(std::chrono::duration<double>(seconds));
}

// Probes per 10 ms, by the time they left.
class Slots {
 public:
  void add(sonde::UnixTime sent) {
    const std::scoped_lock lock(mutex_);
    ++counts_[sent.time_since_epoch() / 10ms];
  }

  // The fullest slot over the mean, leaving out the first and the last second, which are not whole.
  double max_over_mean() const {
    if (counts_.empty()) return 0;
    const std::int64_t first = counts_.begin()->first + 100, last = counts_.rbegin()->first - 100;
    std::uint64_t sum = 0, fullest = 0;
    for (auto slot = counts_.lower_bound(first); slot != counts_.end() && slot->first < last; ++slot) {
      sum += slot->second;
      fullest = std::max(fullest, slot->second);
    }
    return sum == 0
               ? 0
               : static_cast<double>(fullest) * static_cast<double>(last - first) / static_cast<double>(sum);
  }

 private:
  std::mutex mutex_;
  std::map<std::int64_t, std::uint64_t> counts_;
};

void add_targets(sonde::Session& session, const Options& options) {
  const sonde::Address first = check(sonde::Address::parse(options.first));
  sonde::TargetOptions target;
  target.schedule = sonde::FixedInterval{from_seconds(options.interval_s)};
  target.max_probes = options.interval_s > 0 ? 0 : options.rounds;
  for (std::uint32_t i = 0; i < options.targets; ++i) check(session.add(first.plus(i).value(), target));
}

// Runs to the end (all rounds answered) or, with an interval, for the time asked.
void run(sonde::Session& session, const Options& options) {
  const bool timed = options.interval_s > 0;
  if (options.threads > 1) {
    check(session.start());
    if (timed) std::this_thread::sleep_for(from_seconds(options.seconds));
    while (!timed && !session.done()) std::this_thread::sleep_for(1ms);
  } else {
    std::optional<sonde::MonotonicTime> until;
    if (timed) until = sonde::Clock::system().monotonic() + from_seconds(options.seconds);
    check(session.run_until(until));
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"The bare loop's workload through a sonde session"};
  app.add_option("--first", options.first, "first target; the others follow it");
  app.add_option("--targets", options.targets)->check(CLI::PositiveNumber);
  app.add_option("--rounds", options.rounds, "probes per target");
  app.add_flag("--stamps", options.stamps, "kernel TX and RX stamps on every probe");
  app.add_flag("--events", options.events, "hand every event to a callback");
  app.add_flag("--slots", options.slots, "count probes per 10 ms");
  app.add_flag("--fine", options.fine, "percentiles within 0.5 % instead of 5 %");
  app.add_option("--threads", options.threads)->check(CLI::PositiveNumber);
  app.add_option("--sockets", options.sockets, "per thread; 0: the session chooses");
  app.add_option("--interval", options.interval_s, "seconds; 0: as fast as it goes");
  app.add_option("--way", options.way)->check(CLI::IsMember({"auto", "udp"}));
  app.add_option("--seconds", options.seconds, "with --interval: how long");
  CLI11_PARSE(app, argc, argv);

  sonde::SessionOptions session_options;
  session_options.clock = options.stamps ? sonde::ClockChoice::kernel : sonde::ClockChoice::user;
  session_options.threads = options.threads;
  if (options.way == "udp") session_options.transport = sonde::TransportKind::udp;
  session_options.pace_udp = false;
  session_options.sockets = options.sockets;
  session_options.spread = from_seconds(options.interval_s);
  session_options.compact_figures = !options.fine;
  session_options.events = options.events || options.slots;
  Slots slots;
  std::atomic<std::uint64_t> events = 0;
  sonde::Session::EventCallback on_event;
  if (session_options.events) {
    on_event = [&](const sonde::Event& event) {
      if (options.slots) slots.add(event.sent_at);
      events.fetch_add(1, std::memory_order_relaxed);
    };
  }
  sonde::Session session = check(sonde::Session::open(session_options, on_event));
  add_targets(session, options);

  const auto& clock = sonde::Clock::system();
  const sonde::bench::CpuTime cpu = sonde::bench::CpuTime::now();
  const sonde::MonotonicTime start = clock.monotonic();
  const long slept = sonde::bench::wake_ups();
  run(session, options);
  const double elapsed = std::chrono::duration<double>(clock.monotonic() - start).count();
  const double used = sonde::bench::CpuTime::now() - cpu;
  const long wake_ups = sonde::bench::wake_ups() - slept;
  check(session.stop(1s));

  const sonde::Figures figures = session.merged_figures();
  const sonde::Totals totals = session.totals();
  const bool whole = figures.sent == figures.received && figures.in_flight == 0 &&
                     figures.sent == totals.probes &&
                     (options.interval_s > 0 || figures.sent == options.rounds * options.targets);
  std::printf(
      R"({"probes":%lu,"received":%lu,"lost":%lu,"late":%lu,"errors":%lu,"local":%lu,"receive_drops":%lu,)"
      R"("stamp_drops":%lu,"skipped":%lu,"events":%lu,"elapsed_s":%.6f,"rate":%.0f,"cpu_s":%.6f,"cpu_share":%.4f,"wake_ups":%ld,)"
      R"("lag_p99_us":%.1f,"lag_max_us":%.1f,"slot_max_over_mean":%.3f,"rtt_p50_ns":%ld,"rtt_p99_ns":%ld,"whole":%s})"
      "\n",
      figures.sent, figures.received, figures.lost, figures.late, figures.errors, figures.local,
      totals.receive_drops, totals.stamp_drops, totals.skipped_sends, events.load(), elapsed,
      static_cast<double>(figures.sent) / elapsed, used, used / elapsed, wake_ups,
      static_cast<double>(totals.schedule_lag_p99.count()) / 1e3,
      static_cast<double>(totals.schedule_lag_max.count()) / 1e3, slots.max_over_mean(),
      figures.rtt ? figures.rtt->p50.count() : 0, figures.rtt ? figures.rtt->p99.count() : 0,
      whole ? "true" : "false");
  return whole ? 0 : 1;
}
