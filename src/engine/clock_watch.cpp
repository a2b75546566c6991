// clock_watch.cpp: see clock_watch.hpp.
#include "engine/clock_watch.hpp"

namespace sonde::engine {

ClockWatch::ClockWatch(const Clock& clock) : clock_(&clock) {
  const Reading reading = read();
  now_ = reading.monotonic;
  offset_ = reading.offset;
}

ClockWatch::Reading ClockWatch::read() const {
  // Being interrupted between the reads looks like a step: the wall clock is read between two monotonic
  // reads, and a pair that lies too far apart is read again. Under constant pressure the closest pair is
  // taken.
  constexpr Nanoseconds close_enough = std::chrono::microseconds(10);
  constexpr int attempts = 5;
  Reading best{};
  Nanoseconds smallest = Nanoseconds::max();
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const MonotonicTime before = clock_->monotonic();
    const UnixTime wall = clock_->unix_time();
    const MonotonicTime after = clock_->monotonic();
    if (after - before >= smallest) continue;
    smallest = after - before;
    best = {after, wall.time_since_epoch() - (before + smallest / 2).time_since_epoch()};
    if (smallest <= close_enough) break;
  }
  return best;
}

void ClockWatch::check() {
  const Reading reading = read();
  now_ = reading.monotonic;
  const Nanoseconds jump = reading.offset - offset_;
  offset_ = reading.offset;
  if (jump <= threshold && jump >= -threshold) return;
  last_step_ = now_;
  ++steps_;
}

}  // namespace sonde::engine
