// time.hpp: the two clocks sonde reads, as types that cannot be mixed up.
//
// All logic (when to send, when a probe is lost) is monotonic. The kernel stamps packets with CLOCK_REALTIME;
// such a time is a UnixTime, may step, and is only ever subtracted from another kernel stamp.
#pragma once

#include <chrono>
#include <cstdint>

namespace sonde {

using Nanoseconds = std::chrono::duration<std::int64_t, std::nano>;

// Tag of CLOCK_MONOTONIC; read it through `Clock` (below), not through std::chrono.
struct MonotonicClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = Nanoseconds;
  using time_point = std::chrono::time_point<MonotonicClock, Nanoseconds>;
  static constexpr bool is_steady = true;
};
using MonotonicTime = MonotonicClock::time_point;
using UnixTime = std::chrono::sys_time<Nanoseconds>;

// Where the engine reads time from: the system's clocks, or a test's. Must be callable from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonotonicTime monotonic() const = 0;
  virtual UnixTime unix_time() const = 0;

  // CLOCK_MONOTONIC and CLOCK_REALTIME; lives for the whole program.
  static const Clock& system();
};

}  // namespace sonde
