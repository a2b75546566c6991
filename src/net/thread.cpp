// thread.cpp: see thread.hpp.
#include "net/thread.hpp"

#include <mutex>
#include <vector>

namespace sonde::net {

Result<void> try_threads(unsigned wanted) {
  std::mutex gate;
  std::vector<std::jthread> threads;
  threads.reserve(wanted);
  const std::scoped_lock closed(gate);
  while (threads.size() < wanted) {
    auto started = start_thread([&gate] { const std::scoped_lock through(gate); });
    if (!started) return std::unexpected(std::move(started.error()));
    threads.push_back(std::move(*started));
  }
  return {};
}

}  // namespace sonde::net
