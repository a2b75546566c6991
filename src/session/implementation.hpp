// implementation.hpp: what a Session holds: its shards, and the threads that run them.
#pragma once

#include <atomic>
#include <memory>
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
  // The first probe's time for a target that has none of its own.
  Nanoseconds spread_phase(const TargetOptions& target);

  SessionOptions options;
  const Clock* clock;
  std::vector<std::unique_ptr<session::Shard>> shards;
  std::vector<std::jthread> threads;  // empty: the caller's thread runs the only shard
  std::atomic<std::uint64_t> added = 0;
  MonotonicTime opened_at;
  bool begun = false;       // by process() or start()
  MonotonicTime began_at;
  std::optional<MonotonicTime> stopped_at;
};

}  // namespace sonde
