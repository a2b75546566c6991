// event_queue.hpp: hands a session's events from its threads to the one that tells them.
//
// A session's thread decides hundreds of probes in a turn; the first event wakes the reader, and the others join it
// in the queue, so a run over a whole prefix wakes the reader a few hundred times. While its reader is waiting for
// somebody itself, the queue fills and the threads wait too: memory is bounded.
// Threads: put() from any, the rest by one.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "net/file_descriptor.hpp"
#include "sonde/event.hpp"

namespace sonde::compat::fping {

class EventQueue {
 public:
  // Readable while events wait.
  int fd() const { return filled_.get(); }

  void put(const Event& event) {
    std::unique_lock lock(mutex_);
    has_room_.wait(lock, [this] { return closed_ || events_.size() < most_events; });
    events_.push_back(event);
    if (events_.size() > 1) return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(filled_.get(), &one, sizeof one);  // a counter of 1 at most
  }

  // What waits, in the order of put(), in place of what `events` held.
  void take(std::vector<Event>& events) {
    events.clear();
    const std::scoped_lock lock(mutex_);
    if (events_.empty()) return;
    events_.swap(events);
    std::uint64_t count = 0;
    [[maybe_unused]] const auto taken = ::read(filled_.get(), &count, sizeof count);
    has_room_.notify_all();
  }

  // From now on put() waits for nobody: the threads are to end.
  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    has_room_.notify_all();
  }

 private:
  net::FileDescriptor filled_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  static constexpr std::size_t most_events = std::size_t{1} << 16;

  std::mutex mutex_;
  std::condition_variable has_room_;
  bool closed_ = false;
  std::vector<Event> events_;
};

}  // namespace sonde::compat::fping
