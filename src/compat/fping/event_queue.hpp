// event_queue.hpp: hands a session's events from its threads to the one that tells them.
//
// A session's thread decides hundreds of probes in a turn; the first event wakes the reader, and the others join it
// in the queue, so a run over a whole prefix wakes the reader a few hundred times.
// Threads: put() from any, the rest by one.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

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
    const std::scoped_lock lock(mutex_);
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
  }

 private:
  net::FileDescriptor filled_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  std::mutex mutex_;
  std::vector<Event> events_;
};

}  // namespace sonde::compat::fping
