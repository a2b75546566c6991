// rate.hpp: how many probes of a sweep may leave now.
//
// Two token buckets. The first holds the rate over time: what a late wake-up missed is made up for within `debt`, so
// that the rate is obeyed and not undercut; what a longer stall missed is forgiven. The second keeps that from becoming
// a burst: at most min(64, rate x 1 ms) probes at once, refilled at twice the rate.
//
// The rate in force begins at `first_rate` and doubles every 3 ms until it is the one asked for, or a probe in a thousand is
// dropped on this host (slow start). While more are, it is halved; without drops it comes back by a tenth of what was asked for
// at a time. Threads: not locked; one worker owns it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sonde/time.hpp"

namespace sonde::sweep {

class RateControl {
 public:
  static constexpr double first_rate = 20'000;

  // `rate` in probes per second; 0: as fast as the kernel takes them.
  RateControl(double rate, MonotonicTime start);

  // How many may leave now, at most `wanted`.
  std::size_t allowance(MonotonicTime now, std::size_t wanted);
  void spend(std::size_t probes);
  // When a batch, or as much of one as the burst allows, may leave.
  MonotonicTime next() const;

  // What is asked for from now on.
  void set_rate(double rate);
  double in_force() const { return in_force_; }

  // What was sent, and dropped on this host, in all. Looked at every 100 ms, at the start every 3 ms; asked
  // more often it does nothing.
  void feedback(std::uint64_t sent, std::uint64_t dropped, MonotonicTime now);

 private:
  static constexpr Nanoseconds debt = std::chrono::milliseconds(50);
  static constexpr Nanoseconds doubling_time = std::chrono::milliseconds(3);
  static constexpr Nanoseconds feedback_time = std::chrono::milliseconds(100);

  double burst() const;
  void refill(MonotonicTime now);

  double asked_;
  double in_force_;
  double tokens_ = 1, burst_tokens_ = 1;
  MonotonicTime updated_;
  bool starting_ = true;
  MonotonicTime doubled_, looked_;
  std::uint64_t sent_ = 0, dropped_ = 0;
};

}  // namespace sonde::sweep
