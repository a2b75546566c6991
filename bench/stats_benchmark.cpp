// stats_benchmark.cpp: what a verdict costs in the statistics, with many targets and caches cold.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "stats/target_figures.hpp"

namespace sonde::stats {
namespace {

std::vector<Nanoseconds> some_rtts() {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<std::int64_t> spread(100'000, 80'000'000);
  std::vector<Nanoseconds> rtts(1 << 12);
  for (Nanoseconds& rtt : rtts) rtt = Nanoseconds(spread(random));
  return rtts;
}

void bucket_index_cost(benchmark::State& state) {
  const auto rtts = some_rtts();
  const auto resolution = state.range(0) == 0 ? Resolution::compact : Resolution::fine;
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(bucket_index(resolution, rtts[++i % rtts.size()]));
}
BENCHMARK(bucket_index_cost)->ArgName("fine")->Arg(0)->Arg(1);

// Answers of `targets` targets, in a fixed order (rounds) or a random one, after `rounds` answers each.
void reply_cost(benchmark::State& state) {
  const auto targets = static_cast<std::size_t>(state.range(0));
  const auto resolution = state.range(1) == 0 ? Resolution::compact : Resolution::fine;
  const auto rtts = some_rtts();
  std::vector<TargetFigures> figures;
  figures.reserve(targets);
  std::size_t next = 0;
  for (std::size_t i = 0; i < targets; ++i) figures.emplace_back(resolution);
  for (std::int64_t round = 0; round < state.range(2); ++round) {
    for (auto& one : figures) one.reply(rtts[++next % rtts.size()], Nanoseconds(5000));
  }
  std::vector<std::uint32_t> order(targets);
  std::iota(order.begin(), order.end(), 0u);
  if (state.range(3) != 0) std::ranges::shuffle(order, std::mt19937_64(2));
  std::size_t i = 0;
  for (auto _ : state) {
    figures[order[i]].reply(rtts[++next % rtts.size()], Nanoseconds(5000));
    if (++i == targets) i = 0;
  }
}
BENCHMARK(reply_cost)
    ->ArgNames({"targets", "fine", "rounds", "random"})
    ->Args({1, 0, 1000, 0})
    ->Args({65536, 0, 200, 0})
    ->Args({65536, 0, 200, 1})
    ->Args({65536, 1, 200, 0})
    ->Args({65536, 1, 200, 1});

void sent_and_lost_cost(benchmark::State& state) {
  std::vector<TargetFigures> figures;
  figures.reserve(65536);
  for (int i = 0; i < 65536; ++i) figures.emplace_back(Resolution::compact);
  std::size_t i = 0;
  for (auto _ : state) {
    auto& one = figures[++i % figures.size()];
    one.sent();
    one.lost(false);
  }
}
BENCHMARK(sent_and_lost_cost);

void snapshot_cost(benchmark::State& state) {
  const auto rtts = some_rtts();
  TargetFigures figures(state.range(0) == 0 ? Resolution::compact : Resolution::fine);
  for (const auto rtt : rtts) figures.reply(rtt, Nanoseconds(5000));
  for (auto _ : state) benchmark::DoNotOptimize(figures.snapshot());
}
BENCHMARK(snapshot_cost)->ArgName("fine")->Arg(0)->Arg(1);

void merge_cost(benchmark::State& state) {
  const auto rtts = some_rtts();
  TargetFigures figures(state.range(0) == 0 ? Resolution::compact : Resolution::fine);
  for (const auto rtt : rtts) figures.reply(rtt, Nanoseconds(5000));
  TargetFigures total(Resolution::fine);
  for (auto _ : state) total.merge(figures);
}
BENCHMARK(merge_cost)->ArgName("fine")->Arg(0)->Arg(1);

}  // namespace
}  // namespace sonde::stats
