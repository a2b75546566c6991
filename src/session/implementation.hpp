// implementation.hpp: what a Session holds: its shards, and the threads that run them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "session/shard.hpp"
#include "sonde/session.hpp"

namespace sonde {

class Session::Implementation {
 public:
  Implementation(SessionOptions options, std::vector<std::unique_ptr<session::Shard>> shards);
  ~Implementation();

  session::Shard& shard_of(TargetId target);
  session::Shard& only() const { return *shards.front(); }
  // The first probe's time for the `place`-th target, which has none of its own.
  Nanoseconds spread_phase(const TargetOptions& target, std::uint64_t place) const;
  bool on_own_thread() const;
  Nanoseconds elapsed() const;
  void turn();
  Result<void> start_threads();
  void join_threads();
  // A shard's thread that is out of memory ends all of them.
  void run_shard(session::Shard& shard);

  SessionOptions options;
  const Clock* clock;
  std::vector<std::unique_ptr<session::Shard>> shards;
  std::stop_source ending;  // of all threads
  std::atomic<bool> out_of_memory = false;
  std::vector<std::jthread> threads;
  bool threaded = false;  // start() was called; else the caller's thread runs the only shard
  std::atomic<std::uint64_t> added = 0;
  MonotonicTime opened_at;
  bool begun = false;  // by process() or start()
  MonotonicTime began_at;
  std::recursive_mutex stopping;  // held by stop(): a callback during it may call it again
  bool stop_begun = false;        // guarded by `stopping`
  std::atomic<bool> stopped = false;
  MonotonicTime stopped_at;  // written before `stopped`
};

}  // namespace sonde
