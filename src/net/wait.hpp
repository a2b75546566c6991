// wait.hpp: waiting for descriptors until a time of the monotonic clock.
//
// Deadlines are optional: nullopt is never.
#pragma once

#include <poll.h>

#include <algorithm>
#include <optional>
#include <span>

#include "sonde/time.hpp"

namespace sonde::net {

// The earlier of two deadlines.
constexpr std::optional<MonotonicTime> earlier(std::optional<MonotonicTime> one,
                                               std::optional<MonotonicTime> other) {
  return one && other ? std::min(*one, *other) : one ? one : other;
}

// Waits until one of the descriptors has what it is waited for, or `until` has come; where that is over
// already, it only looks. Entries with a negative descriptor are left out. A signal ends the wait as if nothing
// had come. Returns whether one is ready; where none is, every `revents` is 0.
//
// Where the kernel refuses to wait (it lacks memory, or there are more entries than RLIMIT_NOFILE allows), it
// sleeps for 10 ms, so that a loop around it does not spin.
bool wait_until(std::span<pollfd> descriptors, std::optional<MonotonicTime> until);

}  // namespace sonde::net
