// clock_watch.hpp: notices that the wall clock was set.
//
// The kernel stamps packets with CLOCK_REALTIME. When somebody steps it, the difference between two stamps
// taken on either side of the step is wrong by the step. So CLOCK_REALTIME - CLOCK_MONOTONIC is compared with
// its last value at every wake-up: slewing (NTP) moves both clocks alike, a step only one. After a jump of
// more than `threshold`, all probes sent before it was noticed are measured with the monotonic pair.
#pragma once

#include "sonde/time.hpp"

namespace sonde::engine {

class ClockWatch {
 public:
  static constexpr Nanoseconds threshold = std::chrono::microseconds(50);

  explicit ClockWatch(const Clock& clock);

  // Reads both clocks. Call after receiving and before believing any stamp that was received.
  void check();

  // The monotonic time of the last reading.
  MonotonicTime now() const { return now_; }
  // Whether a step lies between `sent_at` and the last reading.
  bool stepped_since(MonotonicTime sent_at) const { return steps_ != 0 && sent_at <= last_step_; }
  std::uint64_t steps() const { return steps_; }

  UnixTime to_unix(MonotonicTime time) const { return UnixTime(time.time_since_epoch() + offset_); }

 private:
  struct Reading {
    MonotonicTime monotonic;
    Nanoseconds offset;  // CLOCK_REALTIME - CLOCK_MONOTONIC
  };
  Reading read() const;

  const Clock* clock_;
  MonotonicTime now_;
  Nanoseconds offset_;
  MonotonicTime last_step_{};
  std::uint64_t steps_ = 0;
};

}  // namespace sonde::engine
