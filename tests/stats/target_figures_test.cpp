// target_figures_test.cpp: TargetFigures against figures computed naively from everything that was seen.
#include "stats/target_figures.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::stats {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Keeps everything; computes late.
struct Naive {
  std::vector<std::vector<double>> series{1};  // RTTs; merging starts another series
  std::vector<double> host_times;
  std::uint64_t sent = 0, lost = 0, late = 0, errors = 0, local = 0, suspect = 0;
  std::uint64_t duplicates = 0, rejected = 0, skipped = 0;

  std::vector<double> rtts() const {
    std::vector<double> all;
    for (const auto& one : series) all.insert(all.end(), one.begin(), one.end());
    return all;
  }

  void add(const Naive& other) {
    series.insert(series.end(), other.series.begin(), other.series.end());
    host_times.insert(host_times.end(), other.host_times.begin(), other.host_times.end());
    sent += other.sent, lost += other.lost, late += other.late, errors += other.errors, local += other.local;
    suspect += other.suspect, duplicates += other.duplicates, rejected += other.rejected,
        skipped += other.skipped;
  }
};

double mean_of(const std::vector<double>& values) {
  long double sum = 0;
  for (const double value : values) sum += value;
  return static_cast<double>(sum / static_cast<long double>(values.size()));
}

double nanoseconds(std::optional<Nanoseconds> value) {
  return value ? static_cast<double>(value->count()) : std::nan("");
}

void expect_rtt(const TargetFigures& figures, const RttFigures& rtt, std::vector<double> rtts, double bound) {
  std::ranges::sort(rtts);
  const double mean = mean_of(rtts);
  std::vector<double> squares;
  squares.reserve(rtts.size());
  for (const double value : rtts) squares.push_back((value - mean) * (value - mean));
  EXPECT_EQ(nanoseconds(rtt.min), rtts.front());
  EXPECT_EQ(nanoseconds(rtt.max), rtts.back());
  EXPECT_NEAR(nanoseconds(rtt.mean), mean, 1);
  EXPECT_NEAR(nanoseconds(rtt.stddev), std::sqrt(mean_of(squares)), 1);
  const auto exact = [&](std::size_t percent) {
    return rtts[std::max<std::size_t>((percent * rtts.size() + 99) / 100, 1) - 1];
  };
  EXPECT_NEAR(nanoseconds(rtt.p50), exact(50), exact(50) * bound + 1);
  EXPECT_NEAR(nanoseconds(rtt.p90), exact(90), exact(90) * bound + 1);
  EXPECT_NEAR(nanoseconds(rtt.p99), exact(99), exact(99) * bound + 1);
  EXPECT_EQ(nanoseconds(figures.percentile(0)), rtts.front());
  EXPECT_EQ(nanoseconds(figures.percentile(100)), rtts.back());
  EXPECT_EQ(figures.percentile(90), rtt.p90);
}

void expect_figures(const TargetFigures& figures, const Naive& naive, double bound) {
  const Figures snapshot = figures.snapshot();
  const std::vector<double> rtts = naive.rtts();
  EXPECT_EQ(snapshot.sent, naive.sent);
  EXPECT_EQ(snapshot.received, rtts.size());
  EXPECT_EQ(snapshot.lost, naive.lost);
  EXPECT_EQ(snapshot.late, naive.late);
  EXPECT_EQ(snapshot.errors, naive.errors);
  EXPECT_EQ(snapshot.local, naive.local);
  EXPECT_EQ(snapshot.suspect, naive.suspect);
  EXPECT_EQ(snapshot.duplicates, naive.duplicates);
  EXPECT_EQ(snapshot.rejected, naive.rejected);
  EXPECT_EQ(snapshot.skipped, naive.skipped);
  EXPECT_EQ(snapshot.sent, snapshot.received + snapshot.lost + snapshot.late + snapshot.errors +
                               snapshot.local + snapshot.in_flight);
  const std::uint64_t judged = snapshot.sent - snapshot.local - snapshot.in_flight;
  ASSERT_EQ(snapshot.loss_ratio.has_value(), judged != 0);
  if (judged != 0) {
    EXPECT_DOUBLE_EQ(snapshot.loss_ratio.value_or(-1),
                     static_cast<double>(naive.lost + naive.errors) / static_cast<double>(judged));
  }
  std::vector<double> differences;
  for (const auto& series : naive.series) {
    for (std::size_t i = 1; i < series.size(); ++i)
      differences.push_back(std::abs(series[i] - series[i - 1]));
  }
  ASSERT_EQ(snapshot.jitter.has_value(), !differences.empty());
  if (!differences.empty()) {
    EXPECT_NEAR(nanoseconds(snapshot.jitter), mean_of(differences), 1);
  }
  ASSERT_EQ(snapshot.host_time_mean.has_value(), !naive.host_times.empty());
  if (!naive.host_times.empty()) {
    EXPECT_NEAR(nanoseconds(snapshot.host_time_mean), mean_of(naive.host_times), 1);
  }
  ASSERT_EQ(snapshot.rtt.has_value(), !rtts.empty());
  ASSERT_EQ(figures.percentile(50).has_value(), !rtts.empty());
  if (!rtts.empty()) expect_rtt(figures, snapshot.rtt.value_or(RttFigures{}), rtts, bound);
}

// Feeds both with `count` steps of random events; verdicts come for probes in flight only.
void feed(std::mt19937_64& random, std::size_t count, TargetFigures& figures, Naive& naive) {
  std::uniform_int_distribution<int> percent(0, 99);
  std::lognormal_distribution<double> rtt(std::log(2e7), 1.0);
  const int loss = percent(random);
  const bool host_times = percent(random) < 60;
  const bool all_have_host_time = percent(random) < 50;
  std::uint64_t in_flight = 0, plain_lost = 0, suspect_lost = 0;
  for (std::size_t step = 0; step < count; ++step) {
    if (in_flight == 0 || percent(random) < 40) {
      figures.sent();
      ++naive.sent, ++in_flight;
      continue;
    }
    if (percent(random) < 5) {
      figures.duplicate(), ++naive.duplicates;
      figures.rejected(), ++naive.rejected;
      figures.skipped(3), naive.skipped += 3;
    }
    --in_flight;
    if (percent(random) >= loss) {
      const auto value = Nanoseconds(static_cast<std::int64_t>(rtt(random)) + 2000);
      std::optional<Nanoseconds> host_time;
      if (host_times && (all_have_host_time || percent(random) < 50))
        host_time = microseconds(percent(random));
      figures.reply(value, host_time);
      naive.series.back().push_back(static_cast<double>(value.count()));
      if (host_time) naive.host_times.push_back(static_cast<double>(host_time->count()));
    } else if (const int kind = percent(random); kind < 10) {
      figures.error(), ++naive.errors;
    } else if (kind < 20) {
      figures.local(), ++naive.local;
    } else {
      const bool suspect = kind < 30;
      figures.lost(suspect);
      ++naive.lost, naive.suspect += suspect, ++(suspect ? suspect_lost : plain_lost);
    }
    if (percent(random) < 20 && plain_lost != 0)
      figures.late(false), --plain_lost, --naive.lost, ++naive.late;
    if (percent(random) < 5 && suspect_lost != 0) {
      figures.late(true), --suspect_lost, --naive.lost, --naive.suspect, ++naive.late;
    }
  }
}

constexpr double compact_bound = 0.0444;

TEST(TargetFigures, AgreeWithANaiveComputationOfAnySequence) {
  std::mt19937_64 random(1);
  for (std::size_t round = 0; round < 300; ++round) {
    const bool fine = round % 2 == 0;
    TargetFigures figures(fine ? Resolution::fine : Resolution::compact);
    Naive naive;
    feed(random, round * round / 8, figures, naive);
    expect_figures(figures, naive, fine ? 0.0028 : compact_bound);
    if (HasFailure()) return;
  }
}

TEST(TargetFigures, MergingEqualsHavingSeenBoth) {
  std::mt19937_64 random(2);
  for (std::size_t round = 0; round < 100; ++round) {
    TargetFigures merged(Resolution::compact);
    Naive naive;
    for (std::size_t part = 0; part < 4; ++part) {
      TargetFigures figures(part % 2 == 0 ? Resolution::fine : Resolution::compact);
      Naive seen;
      feed(random, round * part, figures, seen);
      merged.merge(figures);
      naive.add(seen);
    }
    expect_figures(merged, naive, compact_bound);
    if (HasFailure()) return;
  }
}

TEST(TargetFigures, MergingIsAssociative) {
  std::mt19937_64 random(3);
  for (std::size_t round = 0; round < 50; ++round) {
    std::vector<TargetFigures> parts;
    for (int part = 0; part < 3; ++part) {
      Naive unused;
      feed(random, 20 * round, parts.emplace_back(Resolution::fine), unused);
    }
    TargetFigures left(Resolution::fine), right(Resolution::fine), tail(Resolution::fine);
    for (const TargetFigures& part : parts) left.merge(part);
    tail.merge(parts[1]);
    tail.merge(parts[2]);
    right.merge(parts[0]);
    right.merge(tail);
    const Figures a = left.snapshot(), b = right.snapshot();
    EXPECT_EQ(a.sent, b.sent);
    EXPECT_EQ(a.loss_ratio, b.loss_ratio);
    EXPECT_EQ(a.loss_runs, b.loss_runs);
    EXPECT_EQ(a.longest_loss_run, b.longest_loss_run);
    ASSERT_EQ(a.rtt.has_value(), b.rtt.has_value());
    if (!a.rtt || !b.rtt) continue;
    EXPECT_NEAR(nanoseconds(a.rtt->mean), nanoseconds(b.rtt->mean), 1);
    EXPECT_NEAR(nanoseconds(a.rtt->stddev), nanoseconds(b.rtt->stddev), 1);
    EXPECT_EQ(a.rtt->p99, b.rtt->p99);
    EXPECT_NEAR(nanoseconds(a.jitter_rfc3550), nanoseconds(b.jitter_rfc3550), 1);
    EXPECT_NEAR(nanoseconds(a.jitter), nanoseconds(b.jitter), 1);
  }
}

TEST(TargetFigures, NothingSeenHasNoRatioAndNoRtt) {
  const TargetFigures figures(Resolution::fine);
  expect_figures(figures, Naive{}, 0);
  EXPECT_TRUE(figures.bars().empty());
}

TEST(TargetFigures, LocalFailuresAndProbesInFlightHaveNoLossRatio) {
  TargetFigures figures(Resolution::fine);
  for (int i = 0; i < 3; ++i) figures.sent();
  figures.local();
  EXPECT_EQ(figures.snapshot().loss_ratio, std::nullopt);
  EXPECT_EQ(figures.snapshot().in_flight, 2u);
  figures.error();
  EXPECT_EQ(figures.snapshot().loss_ratio, 1.0);
}

TEST(TargetFigures, LateAnswerTakesTheLossBackAndTouchesNoRtt) {
  TargetFigures figures(Resolution::fine);
  for (int i = 0; i < 2; ++i) figures.sent();
  figures.reply(milliseconds(5), std::nullopt);
  figures.lost(true);
  EXPECT_EQ(figures.snapshot().loss_ratio, 0.5);
  EXPECT_EQ(figures.snapshot().suspect, 1u);
  figures.late(true);
  const Figures snapshot = figures.snapshot();
  EXPECT_EQ(snapshot.lost, 0u);
  EXPECT_EQ(snapshot.late, 1u);
  EXPECT_EQ(snapshot.suspect, 0u);
  EXPECT_EQ(snapshot.received, 1u);
  EXPECT_EQ(snapshot.loss_ratio, 0.0);
  EXPECT_EQ(snapshot.rtt.value_or(RttFigures{}).max, milliseconds(5));
}

TEST(TargetFigures, JitterIsTheMeanDifferenceOfConsecutiveAnswers) {
  TargetFigures figures(Resolution::fine);
  figures.reply(milliseconds(10), std::nullopt);
  EXPECT_EQ(figures.snapshot().jitter, std::nullopt);
  EXPECT_EQ(figures.snapshot().jitter_rfc3550, std::nullopt);
  figures.reply(milliseconds(26), std::nullopt);
  figures.lost(false);  // a loss between two answers does not separate them
  figures.reply(milliseconds(26), std::nullopt);
  EXPECT_EQ(figures.snapshot().jitter, milliseconds(8));
  // RFC 3550, 6.4.1: J += (|D| - J) / 16, from 0.
  EXPECT_EQ(figures.snapshot().jitter_rfc3550, Nanoseconds(937'500));
}

TEST(TargetFigures, SeriesGoesOnAfterAMergeIntoNothing) {
  TargetFigures first(Resolution::fine), merged(Resolution::fine);
  first.reply(milliseconds(10), std::nullopt);
  merged.merge(first);
  merged.reply(milliseconds(13), std::nullopt);
  EXPECT_EQ(merged.snapshot().jitter, milliseconds(3));
}

TEST(TargetFigures, ManyEqualAnswersHaveNoDeviation) {
  TargetFigures figures(Resolution::fine);
  for (int i = 0; i < 100'000; ++i) figures.reply(Nanoseconds(123'456'789), std::nullopt);
  const RttFigures rtt = figures.snapshot().rtt.value_or(RttFigures{});
  EXPECT_EQ(rtt.stddev, Nanoseconds(0));
  EXPECT_EQ(rtt.mean, Nanoseconds(123'456'789));
  EXPECT_EQ(rtt.p50, Nanoseconds(123'456'789));
}

TEST(TargetFigures, HostTimeIsTheMeanOfTheAnswersThatHaveOne) {
  TargetFigures figures(Resolution::fine);
  figures.reply(milliseconds(1), std::nullopt);
  EXPECT_EQ(figures.snapshot().host_time_mean, std::nullopt);
  figures.reply(milliseconds(1), microseconds(10));
  figures.reply(milliseconds(1), std::nullopt);
  figures.reply(milliseconds(1), microseconds(20));
  EXPECT_EQ(figures.snapshot().host_time_mean, microseconds(15));
}

using Runs = std::pair<std::uint64_t, std::uint64_t>;  // how many, the longest

// Verdicts as letters: r reply, x lost, L late, e error, O local.
Runs runs_after(std::string_view verdicts) {
  TargetFigures figures(Resolution::compact);
  for (const char verdict : verdicts) {
    switch (verdict) {
      case 'r':
        figures.reply(milliseconds(1), std::nullopt);
        break;
      case 'x':
        figures.lost(false);
        break;
      case 'L':
        figures.late(false);
        break;
      case 'e':
        figures.error();
        break;
      default:
        figures.local();
        break;
    }
  }
  const Figures snapshot = figures.snapshot();
  return {snapshot.loss_runs, snapshot.longest_loss_run};
}

TEST(LossRuns, AreSeparatedByReplies) {
  EXPECT_EQ(runs_after("rrr"), (Runs{0, 0}));
  EXPECT_EQ(runs_after("x"), (Runs{1, 1}));
  EXPECT_EQ(runs_after("xxrxxxrx"), (Runs{3, 3}));
  EXPECT_EQ(runs_after("xxxrxx"), (Runs{2, 3}));
}

TEST(LossRuns, ErrorsCountAndLocalFailuresDoNot) {
  EXPECT_EQ(runs_after("xexr"), (Runs{1, 3}));
  EXPECT_EQ(runs_after("xOxr"), (Runs{1, 2}));
  EXPECT_EQ(runs_after("OO"), (Runs{0, 0}));
}

TEST(LossRuns, LateAnswerShortensTheLatestRun) {
  EXPECT_EQ(runs_after("xxxL"), (Runs{1, 2}));
  EXPECT_EQ(runs_after("xxxLx"), (Runs{1, 3}));
  EXPECT_EQ(runs_after("xxxrL"), (Runs{1, 2}));
  EXPECT_EQ(runs_after("xxrxL"), (Runs{1, 2}));
  EXPECT_EQ(runs_after("xxrxrLx"), (Runs{2, 2}));
}

TEST(LossRuns, SlowHostHasNone) {
  EXPECT_EQ(runs_after("xLxLxL"), (Runs{0, 0}));
  EXPECT_EQ(runs_after("xxxLxLxLxLLL"), (Runs{0, 0}));
}

TEST(LossRuns, MergeKeepsTheLongest) {
  TargetFigures first(Resolution::compact), second(Resolution::compact);
  for (int i = 0; i < 2; ++i) first.lost(false);
  for (int i = 0; i < 5; ++i) second.lost(false);
  first.merge(second);
  EXPECT_EQ(first.snapshot().loss_runs, 2u);
  EXPECT_EQ(first.snapshot().longest_loss_run, 5u);
  first.lost(false);  // goes on with its own run of two
  EXPECT_EQ(first.snapshot().loss_runs, 2u);
  EXPECT_EQ(first.snapshot().longest_loss_run, 5u);
}

TEST(TargetFigures, TenAnswersAndLossesNeedNoHeap) {
  TargetFigures figures(Resolution::compact);
  std::mt19937_64 random(4);
  std::uniform_int_distribution<std::int64_t> rtt(100'000, 80'000'000);
  for (int round = 0; round < 10; ++round) {
    figures.sent();
    figures.reply(Nanoseconds(rtt(random)), microseconds(5));
    figures.sent();
    figures.lost(false);
  }
  EXPECT_EQ(figures.heap_bytes(), 0u);
}

TEST(TargetFigures, TenThousandSpreadAnswersStayUnder300Bytes) {
  TargetFigures figures(Resolution::compact);
  std::mt19937_64 random(5);
  std::uniform_int_distribution<std::int64_t> rtt(100'000, 80'000'000);
  for (int round = 0; round < 10'000; ++round) figures.reply(Nanoseconds(rtt(random)), microseconds(5));
  EXPECT_LE(sizeof(TargetFigures) + figures.heap_bytes(), 300u);
}

}  // namespace
}  // namespace sonde::stats
