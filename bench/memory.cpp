// memory.cpp: what a target costs: after some rounds through the engine, and after ten thousand simulated
// ones.
//
// `engine`: a session with `--targets` targets of compact figures, asked `--rounds` times each, over the
// resident memory of the same process before anything was opened. `figures`: the figures class alone, with
// RTTs of 0.1 to 80 ms, and how far its percentiles are from the exact ones. Prints one JSON object.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "process.hpp"
#include "sonde/session.hpp"
#include "stats/target_figures.hpp"

namespace {

using namespace std::chrono_literals;
using sonde::bench::check;
using sonde::bench::resident_bytes;

int through_engine(const std::string& first_text, std::uint32_t targets, std::uint64_t rounds, double rate) {
  const std::size_t before = resident_bytes();
  sonde::SessionOptions options;
  options.compact_figures = true;
  options.events = false;
  sonde::TargetOptions target;
  const double interval_s = static_cast<double>(targets) / rate;
  target.schedule = sonde::FixedInterval{
      std::chrono::duration_cast<sonde::Nanoseconds>(std::chrono::duration<double>(interval_s))};
  target.max_probes = rounds;
  options.spread = std::get<sonde::FixedInterval>(target.schedule).interval;
  sonde::Session session = check(sonde::Session::open(options));
  const sonde::Address first = check(sonde::Address::parse(first_text));
  session.reserve(targets);
  for (std::uint32_t i = 0; i < targets; ++i) check(session.add(first.plus(i).value(), target));
  const std::size_t added = resident_bytes();
  check(session.run_until(std::nullopt));
  const std::size_t after = resident_bytes();
  const sonde::Figures figures = session.merged_figures();
  const bool whole = figures.sent == rounds * targets && figures.received == figures.sent;
  std::printf(
      R"({"targets":%u,"probes":%lu,"received":%lu,"bytes_added":%.1f,"bytes_per_target":%.1f,"whole":%s})"
      "\n",
      targets, figures.sent, figures.received, static_cast<double>(added - before) / targets,
      static_cast<double>(after - before) / targets, whole ? "true" : "false");
  return whole ? 0 : 1;
}

// RTTs of one simulated host, log-uniform over 0.1 to 80 ms: the worst case for a histogram with logarithmic
// buckets.
class SimulatedRtt {
 public:
  explicit SimulatedRtt(std::uint64_t seed) : random_(seed) {}
  sonde::Nanoseconds next() {
    const double milliseconds = 0.1 * std::pow(800.0, unit_(random_));
    return sonde::Nanoseconds(static_cast<std::int64_t>(milliseconds * 1e6));
  }

 private:
  std::mt19937_64 random_;
  std::uniform_real_distribution<double> unit_;
};

// The largest relative error of p50, p90 and p99 against sorting all samples.
double worst_percentile_error(std::uint64_t rounds) {
  double worst = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SimulatedRtt simulated(seed);
    sonde::stats::TargetFigures figures(sonde::stats::Resolution::compact);
    std::vector<sonde::Nanoseconds> all;
    for (std::uint64_t i = 0; i < rounds; ++i) {
      all.push_back(simulated.next());
      figures.sent();
      figures.reply(all.back(), 10us);
    }
    std::sort(all.begin(), all.end());
    for (const double p : {50.0, 90.0, 99.0}) {
      const auto rank = static_cast<std::size_t>(std::ceil(p / 100 * static_cast<double>(rounds))) - 1;
      const auto exact = static_cast<double>(all[rank].count());
      worst = std::max(worst, std::abs(static_cast<double>(figures.percentile(p)->count()) - exact) / exact);
    }
  }
  return worst;
}

// Memory of the figures alone; the engine's own share per target comes from `engine`.
int of_figures(std::uint32_t targets, std::uint64_t rounds) {
  std::vector<sonde::Nanoseconds> samples(1 << 20);  // drawn once: ten billion draws would take minutes
  SimulatedRtt simulated(1);
  for (auto& sample : samples) sample = simulated.next();
  const std::size_t before = resident_bytes();
  std::vector<sonde::stats::TargetFigures> all;
  all.reserve(targets);
  for (std::uint32_t i = 0; i < targets; ++i) all.emplace_back(sonde::stats::Resolution::compact);
  std::size_t at = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    for (auto& figures : all) {
      figures.sent();
      figures.reply(samples[at++ & (samples.size() - 1)], 10us);
    }
  }
  const std::size_t after = resident_bytes();
  const double error = worst_percentile_error(rounds);  // not before: what it frees would be used again
  std::size_t heap = 0;
  for (const auto& figures : all) heap += figures.heap_bytes();
  for (std::uint32_t i = 1; i < targets; ++i) all[0].merge(all[i]);
  const bool merged = all[0].snapshot().received == std::uint64_t{targets} * rounds;
  std::printf(R"({"targets":%u,"rounds":%lu,"bytes_per_target":%.1f,"object_bytes":%zu,"heap_bytes":%.1f,)"
              R"("worst_percentile_error":%.4f,"merged":%s})"
              "\n",
              targets, rounds, static_cast<double>(after - before) / targets,
              sizeof(sonde::stats::TargetFigures), static_cast<double>(heap) / targets, error,
              merged ? "true" : "false");
  return merged ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::string first = "10.16.0.0";
  std::uint32_t targets = 1'000'000;
  std::uint64_t rounds = 10;
  double rate = 100'000;
  CLI::App app{"Memory per target"};
  app.require_subcommand(1);
  CLI::App* engine = app.add_subcommand("engine", "a session over the network");
  engine->add_option("--first", first);
  engine->add_option("--rate", rate, "probes per second")->check(CLI::PositiveNumber);
  CLI::App* figures = app.add_subcommand("figures", "simulated rounds, figures alone");
  for (CLI::App* one : {engine, figures}) {
    one->add_option("--targets", targets)->check(CLI::PositiveNumber);
    one->add_option("--rounds", rounds)->check(CLI::PositiveNumber);
  }
  CLI11_PARSE(app, argc, argv);
  return engine->parsed() ? through_engine(first, targets, rounds, rate) : of_figures(targets, rounds);
}
