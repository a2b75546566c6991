// pacer.hpp: caps on probes per second over many targets, on the monotonic clock.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sonde/time.hpp"

namespace sonde::engine {

// Over all targets of a prober: a token bucket. Who is due waits in the agenda while it is empty.
class Pacer {
 public:
  // `rate` in probes per second; 0: no cap. What was not used is kept for 2 ms at most, so a stall is not
  // followed by a burst.
  Pacer(double rate, MonotonicTime start) : rate_(rate), updated_(start) {
    burst_ = std::max(1.0, rate_ * 0.002);
    tokens_ = 1.0;
  }

  bool unlimited() const { return rate_ <= 0; }

  // How many probes may leave now, at most `wanted`.
  std::size_t allowance(MonotonicTime now, std::size_t wanted) {
    if (unlimited()) return wanted;
    const double seconds = std::chrono::duration<double>(now - updated_).count();
    tokens_ = std::min(burst_, tokens_ + seconds * rate_);
    updated_ = now;
    return std::min(wanted, static_cast<std::size_t>(tokens_));
  }
  void spend(std::size_t probes) {
    if (!unlimited()) tokens_ -= static_cast<double>(probes);
  }

  // When the next probe may leave, given that none may now.
  MonotonicTime next() const {
    const double missing = std::max(0.0, 1.0 - tokens_) / rate_;
    return updated_ + Nanoseconds(static_cast<std::int64_t>(missing * 1e9) + 1);
  }

 private:
  double rate_, burst_, tokens_;
  MonotonicTime updated_;
};

// Over some targets of a prober: each gets a moment of its own, in the order of asking, so that those which wait hold up
// nobody else.
class SlotPacer {
 public:
  explicit SlotPacer(double rate) : gap_(static_cast<std::int64_t>(1e9 / rate)) {}

  // The next free moment, `now` or later, which is taken with this.
  MonotonicTime take(MonotonicTime now) {
    const MonotonicTime slot = std::max(now, next_);
    next_ = slot + gap_;
    return slot;
  }

  // Whether a probe whose moment has come may leave: after a stall many moments have, and no more than `burst` probes
  // leave before the rate holds them up. Who may not takes another moment.
  bool leave(MonotonicTime now) {
    if (left_ > now + burst * gap_) return false;
    left_ = std::max(left_, now) + gap_;
    return true;
  }

 private:
  // A Linux host gives 50 answers at once before its own limit holds (net.ipv4.icmp_msgs_burst).
  static constexpr int burst = 16;

  Nanoseconds gap_;
  MonotonicTime next_{};
  MonotonicTime left_{};  // when those that left would have, at the rate
};

}  // namespace sonde::engine
