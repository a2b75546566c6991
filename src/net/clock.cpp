// clock.cpp: the system's two clocks.
#include <time.h>

#include "sonde/time.hpp"

namespace sonde {
namespace {

Nanoseconds read_clock(clockid_t id) {
  timespec now{};
  ::clock_gettime(id, &now);
  return std::chrono::seconds(now.tv_sec) + Nanoseconds(now.tv_nsec);
}

class SystemClock final : public Clock {
 public:
  MonotonicTime monotonic() const override { return MonotonicTime(read_clock(CLOCK_MONOTONIC)); }
  UnixTime unix_time() const override { return UnixTime(read_clock(CLOCK_REALTIME)); }
};

}  // namespace

const Clock& Clock::system() {
  static const SystemClock clock;
  return clock;
}

}  // namespace sonde
