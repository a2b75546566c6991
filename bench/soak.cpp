// soak.cpp: a long run while targets come and go: memory flat, no descriptor leaked, every probe accounted
// for.
//
// `--targets` targets, each asked once a second, on the session's own threads. All along `--churn` of them a
// second are removed and as many new ones added. Every target's figures, from remove() or at the end, must
// sum up; all of them together must be what the session says it sent. Prints a line a minute on standard
// error, then one JSON object.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <thread>
#include <vector>

#include "process.hpp"
#include "sonde/session.hpp"

namespace {

using namespace std::chrono_literals;
using sonde::bench::check;

struct Options {
  std::string first = "10.32.0.0";
  std::uint32_t targets = 20'000;
  std::uint32_t churn = 200;
  double seconds = 60;
  unsigned threads = 1;
};

struct Sum {
  std::uint64_t sent = 0, received = 0, lost = 0, late = 0, errors = 0, local = 0, unaccounted = 0;

  void add(const sonde::Figures& f) {
    sent += f.sent;
    received += f.received;
    lost += f.lost;
    late += f.late;
    errors += f.errors;
    local += f.local;
    if (f.sent != f.received + f.lost + f.late + f.errors + f.local + f.in_flight) ++unaccounted;
  }
};

// Takes the oldest targets out and puts as many new ones in, never the same address twice in a row.
class Churn {
 public:
  Churn(sonde::Session& session, const Options& options)
      : session_(session), first_(check(sonde::Address::parse(options.first))) {
    for (std::uint32_t i = 0; i < options.targets; ++i) add();
  }

  void replace(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      remove();
      add();
    }
  }
  void remove() {
    sum_.add(check(session_.remove(targets_.front())));
    targets_.pop_front();
    ++removed_;
  }
  void remove_all() {
    while (!targets_.empty()) remove();
  }

  const Sum& sum() const { return sum_; }
  std::uint64_t removed() const { return removed_; }

 private:
  void add() { targets_.push_back(check(session_.add(first_.plus(next_++ & 0xfffff).value()))); }

  sonde::Session& session_;
  sonde::Address first_;
  std::deque<sonde::TargetId> targets_;
  std::uint32_t next_ = 0;
  std::uint64_t removed_ = 0;
  Sum sum_;
};

struct Sample {
  std::size_t resident, descriptors;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"A long run with targets added and removed all along"};
  app.add_option("--first", options.first);
  app.add_option("--targets", options.targets, "asked once a second each")->check(CLI::PositiveNumber);
  app.add_option("--churn", options.churn, "targets replaced per second");
  app.add_option("--seconds", options.seconds)->check(CLI::PositiveNumber);
  app.add_option("--threads", options.threads)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);

  const std::size_t descriptors_before = sonde::bench::open_descriptors();
  Sum sum;
  sonde::Totals totals;
  std::uint64_t removed = 0;
  std::vector<Sample> samples;
  {
    sonde::SessionOptions session_options;
    session_options.threads = options.threads;
    session_options.compact_figures = true;
    session_options.events = false;
    sonde::Session session = check(sonde::Session::open(session_options));
    Churn churn(session, options);
    check(session.start());
    const auto start = std::chrono::steady_clock::now();
    const auto seconds = static_cast<int>(options.seconds);
    constexpr int steps = 10;  // per second
    for (int step = 1; step <= seconds * steps; ++step) {
      std::this_thread::sleep_until(start + step * 1000ms / steps);
      churn.replace(options.churn / steps);
      if (step % steps != 0) continue;
      samples.push_back({sonde::bench::resident_bytes(), sonde::bench::open_descriptors()});
      if (step % (60 * steps) == 0) {
        std::fprintf(stderr, "soak: %d s, %zu KiB, %zu descriptors, %lu probes\n", step / steps,
                     samples.back().resident / 1024, samples.back().descriptors, session.totals().probes);
      }
    }
    check(session.stop(1s));
    removed = churn.removed();
    churn.remove_all();
    totals = session.totals();
    sum = churn.sum();
  }
  const std::size_t descriptors_after = sonde::bench::open_descriptors();
  // Flat: the most of the last quarter against the most of the second, when everything has been used once.
  const auto most = [&](std::size_t from, std::size_t to) {
    std::size_t found = 0;
    for (std::size_t i = from; i < to; ++i) found = std::max(found, samples[i].resident);
    return static_cast<double>(found);
  };
  const std::size_t n = samples.size();
  const double growth = n < 8 ? 0 : most(n * 3 / 4, n) / most(n / 4, n / 2) - 1;
  const bool same_descriptors = n < 8 || samples[n / 4].descriptors == samples.back().descriptors;
  const bool accounted = sum.unaccounted == 0 && sum.sent == totals.probes &&
                         sum.sent == sum.received + sum.lost + sum.late + sum.errors + sum.local;
  const bool closed = descriptors_after == descriptors_before;
  std::printf(
      R"({"seconds":%.0f,"probes":%lu,"rate":%.0f,"received":%lu,"lost":%lu,"late":%lu,"errors":%lu,"local":%lu,)"
      R"("replaced":%lu,"receive_drops":%lu,"skipped":%lu,"resident_kib":%zu,"growth":%.4f,"descriptors":%zu,)"
      R"("descriptors_flat":%s,"descriptors_closed":%s,"accounted":%s,"session_probes":%lu})"
      "\n",
      options.seconds, sum.sent, static_cast<double>(sum.sent) / options.seconds, sum.received, sum.lost,
      sum.late, sum.errors, sum.local, removed, totals.receive_drops, totals.skipped_sends,
      samples.back().resident / 1024, growth, samples.back().descriptors, same_descriptors ? "true" : "false",
      closed ? "true" : "false", accounted ? "true" : "false", totals.probes);
  return accounted && closed && same_descriptors ? 0 : 1;
}
