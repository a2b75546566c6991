// target_figures.cpp: counting, merging and reading of TargetFigures.
#include "stats/target_figures.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace sonde::stats {
namespace {

Nanoseconds rounded(double nanoseconds) {
  return Nanoseconds(std::llround(nanoseconds));
}

}  // namespace

TargetFigures::Rare& TargetFigures::rare() {
  if (!rare_) rare_ = std::make_unique<Rare>();
  return *rare_;
}

void TargetFigures::reply(Nanoseconds rtt, std::optional<Nanoseconds> host_time) {
  const auto rtt_ns = static_cast<double>(rtt.count());
  histogram_.add(rtt);  // first, as it alone can fail
  if (received_ == 0) {
    min_ = max_ = rtt;
  } else {
    min_ = std::min(min_, rtt);
    max_ = std::max(max_, rtt);
    const double difference = std::abs(rtt_ns - static_cast<double>(previous_.count()));
    difference_sum_ns_ += difference;
    rfc3550_ns_ += (difference - rfc3550_ns_) / 16;
  }
  previous_ = rtt;
  count_host_time(host_time);
  ++received_;
  const double deviation = rtt_ns - mean_ns_;
  mean_ns_ += deviation / static_cast<double>(received_);
  squares_ns2_ += deviation * (rtt_ns - mean_ns_);
  run_open_ = 0;
}

// Usually all answers have one or none has; only a mixture needs a count of its own.
void TargetFigures::count_host_time(std::optional<Nanoseconds> host_time) {
  if (host_time) {
    if (host_time_sum_ns_ < 0) {
      host_time_sum_ns_ = 0;
      if (received_ != 0) rare().without_host_time = received_;
    }
    host_time_sum_ns_ += static_cast<double>(std::max(host_time->count(), std::int64_t{0}));
  } else if (host_time_sum_ns_ >= 0) {
    ++rare().without_host_time;
  }
}

std::uint64_t TargetFigures::without_host_time() const {
  if (host_time_sum_ns_ < 0) return received_;
  return rare_ ? rare_->without_host_time : 0;
}

void TargetFigures::lengthen_loss_run() {
  if (run_open_ == 0) {
    longest_before_ = longest_loss_run();
    last_run_ = 0;
    run_open_ = 1;
    ++loss_runs_;
  }
  ++last_run_;
}

void TargetFigures::lost(bool suspect) {
  if (suspect) ++rare().suspect;
  ++lost_;
  lengthen_loss_run();
}

void TargetFigures::error() {
  ++rare().errors;
  lengthen_loss_run();
}

void TargetFigures::late(bool was_suspect) {
  ++rare().late;
  --lost_;
  if (was_suspect) --rare().suspect;
  if (last_run_ == 0) return;
  --last_run_;
  if (last_run_ == 0) {
    run_open_ = 0;
    --loss_runs_;
  }
}

std::uint64_t TargetFigures::differences() const {
  return received_ == 0 ? 0 : received_ - 1 - (rare_ ? rare_->seams : 0);
}

Figures TargetFigures::snapshot() const {
  const Rare counted = rare_ ? *rare_ : Rare{};
  Figures figures;
  figures.sent = sent_;
  figures.received = received_;
  figures.lost = lost_;
  figures.late = counted.late;
  figures.errors = counted.errors;
  figures.local = counted.local;
  figures.duplicates = counted.duplicates;
  figures.rejected = counted.rejected;
  figures.suspect = counted.suspect;
  figures.skipped = counted.skipped;
  figures.loss_runs = loss_runs_;
  figures.longest_loss_run = longest_loss_run();

  const std::uint64_t judged =
      received_ + lost_ + counted.late + counted.errors;  // left this host, have a verdict
  figures.in_flight = sent_ - judged - counted.local;
  if (judged != 0) {
    figures.loss_ratio = static_cast<double>(lost_ + counted.errors) / static_cast<double>(judged);
  }
  if (const std::uint64_t count = differences(); count != 0) {
    figures.jitter = rounded(difference_sum_ns_ / static_cast<double>(count));
    figures.jitter_rfc3550 = rounded(rfc3550_ns_);
  }
  if (const std::uint64_t count = received_ - without_host_time(); count != 0) {
    figures.host_time_mean = rounded(host_time_sum_ns_ / static_cast<double>(count));
  }
  if (received_ != 0) {
    RttFigures rtt;
    rtt.min = min_;
    rtt.mean = rounded(mean_ns_);
    rtt.max = max_;
    rtt.stddev = rounded(std::sqrt(squares_ns2_ / static_cast<double>(received_)));
    constexpr std::array wanted = {50.0, 90.0, 99.0};
    std::array<Nanoseconds, 3> percentiles{};
    histogram_.percentiles(wanted, received_, min_, max_, percentiles);
    rtt.p50 = percentiles[0];
    rtt.p90 = percentiles[1];
    rtt.p99 = percentiles[2];
    figures.rtt = rtt;
  }
  return figures;
}

std::optional<Nanoseconds> TargetFigures::percentile(double p) const {
  if (received_ == 0) return std::nullopt;
  return histogram_.percentile(p, received_, min_, max_);
}

void TargetFigures::merge(const TargetFigures& other) {
  const bool seam = received_ != 0 && other.received_ != 0;
  if (other.rare_ || seam) {
    const Rare theirs = other.rare_ ? *other.rare_ : Rare{};
    Rare& ours = rare();
    ours.errors += theirs.errors;
    ours.local += theirs.local;
    ours.late += theirs.late;
    ours.duplicates += theirs.duplicates;
    ours.rejected += theirs.rejected;
    ours.suspect += theirs.suspect;
    ours.skipped += theirs.skipped;
  }
  if (other.received_ != 0) {
    const std::uint64_t our_differences = differences();
    const std::uint64_t their_differences = other.differences();
    const auto ours = static_cast<double>(received_);
    const auto theirs = static_cast<double>(other.received_);
    const double apart = other.mean_ns_ - mean_ns_;
    mean_ns_ += apart * (theirs / (ours + theirs));
    squares_ns2_ += other.squares_ns2_ + apart * apart * (ours * theirs / (ours + theirs));
    min_ = seam ? std::min(min_, other.min_) : other.min_;
    max_ = seam ? std::max(max_, other.max_) : other.max_;
    if (!seam) previous_ = other.previous_;
    if (their_differences != 0) {
      const auto weight = static_cast<double>(their_differences);
      rfc3550_ns_ +=
          (other.rfc3550_ns_ - rfc3550_ns_) * (weight / (weight + static_cast<double>(our_differences)));
    }
    difference_sum_ns_ += other.difference_sum_ns_;
    if (host_time_sum_ns_ >= 0 || other.host_time_sum_ns_ >= 0) {
      const std::uint64_t without = without_host_time() + other.without_host_time();
      if (without != 0) rare().without_host_time = without;
      host_time_sum_ns_ = std::max(host_time_sum_ns_, 0.0) + std::max(other.host_time_sum_ns_, 0.0);
    }
    histogram_.merge(other.histogram_);
    received_ += other.received_;
    if (rare_) rare_->seams += (seam ? 1 : 0) + (other.rare_ ? other.rare_->seams : 0);
  }
  sent_ += other.sent_;
  lost_ += other.lost_;
  loss_runs_ += other.loss_runs_;
  longest_before_ = std::max(longest_before_, other.longest_loss_run());
}

}  // namespace sonde::stats
