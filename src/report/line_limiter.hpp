// line_limiter.hpp: lets ten lines a second through, so that nobody fills a log by forging packets.
//
// Keeps the times of the last ten lines; another may be written when the oldest of them is a second ago. So
// there are never more than ten within any second, wherever that second begins.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "sonde/event.hpp"
#include "sonde/time.hpp"

namespace sonde::report {

class LineLimiter {
 public:
  static constexpr std::size_t lines_per_second = 10;

  // Null: the system's clock.
  explicit LineLimiter(const Clock* clock) : clock_(clock != nullptr ? *clock : Clock::system()) {}

  // Verdicts always pass; events that a stranger can cause (duplicate, rejected, note) are limited together.
  bool allow(EventKind kind) {
    if (kind != EventKind::duplicate && kind != EventKind::rejected && kind != EventKind::note) return true;
    const MonotonicTime now = clock_.monotonic();
    MonotonicTime& oldest = written_[allowed_ % lines_per_second];
    if (allowed_ >= lines_per_second && now - oldest < std::chrono::seconds(1)) {
      ++suppressed_;
      return false;
    }
    oldest = now;
    ++allowed_;
    return true;
  }

  std::uint64_t suppressed() const { return suppressed_; }

 private:
  const Clock& clock_;
  std::array<MonotonicTime, lines_per_second> written_{};
  std::uint64_t allowed_ = 0;
  std::uint64_t suppressed_ = 0;
};

}  // namespace sonde::report
