// thread.cpp: see thread.hpp.
#include "net/thread.hpp"

#include <mutex>
#include <vector>

namespace sonde::net {

bool may_start_threads(unsigned wanted) {
  std::mutex gate;
  std::vector<std::jthread> threads;
  threads.reserve(wanted);
  const std::scoped_lock closed(gate);
  while (threads.size() < wanted) {
    auto started = start_thread([&gate] { const std::scoped_lock through(gate); });
    if (!started) return false;
    threads.push_back(std::move(*started));
  }
  return true;
}

}  // namespace sonde::net
