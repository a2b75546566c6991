// waiting.hpp: poll() until a time of the monotonic clock.
#pragma once

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <optional>
#include <span>
#include <thread>

#include "sonde/time.hpp"

namespace sonde::function {

// Waits until one of the descriptors has what it is waited for, or `until` has come (nullopt: never). A signal ends the
// wait as if nothing had come. Descriptors of -1 are left out. Returns whether one has.
inline bool wait_for(std::span<pollfd> descriptors, std::optional<MonotonicTime> until) {
  timespec timeout{};
  if (until) {
    const auto left = std::max<std::int64_t>(0, (*until - Clock::system().monotonic()).count());
    timeout = {static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
  }
  const int ready = ::ppoll(descriptors.data(), descriptors.size(), until ? &timeout : nullptr, nullptr);
  if (ready < 0 && errno != EINTR)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));  // not at full speed
  if (ready <= 0) {
    for (pollfd& descriptor : descriptors) descriptor.revents = 0;
  }
  return ready > 0;
}

}  // namespace sonde::function
