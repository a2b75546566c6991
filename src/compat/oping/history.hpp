// history.hpp: what is kept of one host's answers: counts of all, and the times of the last 900 probes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace sonde::compat::oping {

class History {
 public:
  // Of a probe that was just asked; negative: without an answer.
  void add(double latency_ms);
  // For a host that comes later: as many blanks as others have entries, so that their times stand one below the other.
  void begin_at(std::size_t entries);

  std::uint64_t sent() const { return sent_; }
  std::uint64_t received() const { return received_; }
  double latency_sum_ms() const { return latency_sum_ms_; }
  // 0 to 1.
  double lost() const;

  std::size_t entries() const { return blanks_ + latencies_ms_.size(); }
  std::size_t blanks() const { return blanks_; }
  // What came behind the blanks, oldest first; negative: without an answer.
  const std::deque<double>& latencies_ms() const { return latencies_ms_; }

 private:
  std::uint64_t sent_ = 0, received_ = 0;
  double latency_sum_ms_ = 0;
  std::size_t blanks_ = 0;
  std::deque<double> latencies_ms_;
};

// The answered ones of a history, in order of their times.
class SortedTimes {
 public:
  explicit SortedTimes(const History& history);

  bool empty() const { return values_ms_.empty(); }
  const std::vector<double>& values_ms() const { return values_ms_; }
  // By nearest rank. Requires: not empty.
  double percentile(double percent) const;
  // The share, 0 to 1, that took no longer. Requires: not empty.
  double share_up_to(double latency_ms) const;

 private:
  std::vector<double> values_ms_;
};

}  // namespace sonde::compat::oping
