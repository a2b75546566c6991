// fake_clock.hpp: both clocks under a test's hand, with steps of the wall clock that it remembers.
#pragma once

#include <vector>

#include "sonde/time.hpp"

namespace sonde::test {

// One thread at a time.
class FakeClock final : public Clock {
 public:
  MonotonicTime monotonic() const override { return now_; }
  UnixTime unix_time() const override {
    const UnixTime wall = unix_at(now_);
    if (preemptions_ > 0) {
      // The reader loses the CPU right after it read the wall clock.
      --preemptions_;
      now_ += preemption_;
    }
    return wall;
  }

  void advance(Nanoseconds by) { now_ += by; }
  void set(MonotonicTime now) {
    if (now > now_) now_ = now;
  }
  // Sets the wall clock forth or back.
  void step(Nanoseconds by) { steps_.push_back({now_, steps_.back().offset + by}); }
  // Interrupts the next `readings` of the wall clock for `length` each.
  void preempt(int readings, Nanoseconds length) {
    preemptions_ = readings;
    preemption_ = length;
  }

  // What the wall clock showed, or will show, at a monotonic time.
  UnixTime unix_at(MonotonicTime time) const {
    Nanoseconds offset = steps_.front().offset;
    for (const Step& step : steps_) {
      if (step.at <= time) offset = step.offset;
    }
    return UnixTime(time.time_since_epoch() + offset);
  }

 private:
  struct Step {
    MonotonicTime at;
    Nanoseconds offset;
  };
  mutable MonotonicTime now_{std::chrono::seconds(1000)};
  std::vector<Step> steps_{{MonotonicTime{}, std::chrono::hours(24 * 365 * 50)}};
  mutable int preemptions_ = 0;
  Nanoseconds preemption_{};
};

}  // namespace sonde::test
