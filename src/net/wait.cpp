// wait.cpp: see wait.hpp.
#include "net/wait.hpp"

#include <cerrno>
#include <chrono>
#include <ctime>
#include <thread>

namespace sonde::net {
namespace {

constexpr std::chrono::milliseconds pause_when_refused{10};

timespec time_left(MonotonicTime until) {
  constexpr std::int64_t second = 1'000'000'000;
  const MonotonicTime now = Clock::system().monotonic();
  const std::int64_t left = until > now ? (until - now).count() : 0;
  return {static_cast<time_t>(left / second), static_cast<long>(left % second)};
}

}  // namespace

bool wait_until(std::span<pollfd> descriptors, std::optional<MonotonicTime> until) {
  const timespec timeout = until ? time_left(*until) : timespec{};
  const int ready = ::ppoll(descriptors.data(), descriptors.size(), until ? &timeout : nullptr, nullptr);
  if (ready > 0) return true;
  if (ready < 0 && errno != EINTR) std::this_thread::sleep_for(pause_when_refused);
  for (pollfd& descriptor : descriptors) descriptor.revents = 0;
  return false;
}

}  // namespace sonde::net
