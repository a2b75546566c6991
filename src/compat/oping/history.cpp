// history.cpp: see history.hpp.
#include "compat/oping/history.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace sonde::compat::oping {

namespace {

constexpr std::size_t most_entries = 900;

}  // namespace

void History::add(double latency_ms) {
  ++sent_;
  if (latency_ms >= 0) {
    ++received_;
    latency_sum_ms_ += latency_ms;
  }
  latencies_ms_.push_back(latency_ms);
  if (entries() <= most_entries) return;
  if (blanks_ > 0) {
    --blanks_;
  } else {
    latencies_ms_.pop_front();
  }
}

void History::begin_at(std::size_t entries) {
  blanks_ = std::min(entries, most_entries);
}

double History::lost() const {
  return sent_ == 0 ? 0 : 1 - static_cast<double>(received_) / static_cast<double>(sent_);
}

SortedTimes::SortedTimes(const History& history) {
  const auto is_answered = [](double latency_ms) { return latency_ms >= 0; };
  std::ranges::copy_if(history.latencies_ms(), std::back_inserter(values_ms_), is_answered);
  std::ranges::sort(values_ms_);
}

double SortedTimes::percentile(double percent) const {
  const double rank = std::ceil(percent / 100 * static_cast<double>(values_ms_.size()));
  return values_ms_[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

double SortedTimes::share_up_to(double latency_ms) const {
  const auto behind = std::ranges::upper_bound(values_ms_, latency_ms);
  return static_cast<double>(behind - values_ms_.begin()) / static_cast<double>(values_ms_.size());
}

}  // namespace sonde::compat::oping
