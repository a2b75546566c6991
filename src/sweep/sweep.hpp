// sweep.hpp: a whole sweep: opens the sockets, runs the workers, keeps who has answered.
//
//   auto sweep = Sweep::open(settings, space, sink);
//   (*sweep)->start();
//   while (!(*sweep)->state().done) ...;
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "net/file_descriptor.hpp"
#include "sonde/error.hpp"
#include "sweep/answer_set.hpp"
#include "sweep/exchange.hpp"
#include "sweep/permutation.hpp"
#include "sweep/proof.hpp"
#include "sweep/record.hpp"
#include "sweep/settings.hpp"
#include "sweep/target_space.hpp"
#include "sweep/worker.hpp"
#include "xdp/devices.hpp"

namespace sonde::sweep {

// Where records go. Called from the workers' threads, one at a time.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void take(const Record& record) = 0;
};

struct State {
  Counts counts;
  double rate_in_force = 0;                                // of all threads together
  std::uint64_t left = 0;                                  // probes still to be sent, at most
  std::uint64_t asked = 0;                                 // addresses, of all runs
  std::optional<MonotonicTime> first_sent{}, last_sent{};  // of this run
  bool sending_done = false;                               // what is under way is still waited for
  bool done = false;
  bool complete = false;           // done, and every answer had its time or is there
  MonotonicTime received_until{};  // records of what had reached the sockets by then were handed over
  std::vector<WalkPosition> at{};  // of each worker
  std::map<int, std::uint64_t> refusals{};  // errno of the send call -> how many probes
  Handovers handovers{};                    // answers that came by the queue of another thread
};

class Sweep final : private Findings {
 public:
  // Where an earlier run was: of the same space and settings.
  struct Earlier {
    std::array<std::byte, 16> key;
    std::vector<WalkPosition> begin;      // one for each thread: go on here
    std::vector<WalkPosition> caught_up;  // asking the silent only up to here
    Counts counts;
  };

  // Opens all sockets, so that privileges may be dropped before start(). `answers` holds who has answered, one bit for each
  // address of `space`; both and `sink` outlive the sweep.
  // Errors: permission_denied with what opens the way; those of the options that a socket refused.
  static Result<std::unique_ptr<Sweep>> open(const Settings& settings, const TargetSpace& space,
                                             AnswerSet& answers, RecordSink& sink,
                                             const Earlier* earlier = nullptr);
  ~Sweep() override;
  Sweep(const Sweep&) = delete;
  Sweep& operator=(const Sweep&) = delete;

  // Errors: resource_limit where the system has no thread to give: none is left running then.
  Result<void> start();
  // No further probes; what is under way is still waited for. From any thread.
  void stop_sending() { common_.stop_sending = true; }
  // No probes for now, for a caller that cannot take what comes of them. From any thread.
  void hold_sending(bool held) { common_.hold_sending = held; }
  // Ends at once, and waits for the threads. Errors: resource_limit: one of them ran out of memory, which has ended all.
  Result<void> stop();
  // Probes per second over all threads from now on.
  void set_rate(double rate);

  // From any thread, also while it runs.
  State state() const;
  // Readable from when state().done is set, so that nobody need look for it.
  int done_fd() const { return done_.get(); }
  // Calls `look` while nothing is entered: answers and records are of the same moment.
  template <typename Look>
  void pause_findings(Look look) {
    const std::lock_guard lock(mutex_);
    look();
  }

  // How many addresses this shard asks.
  std::uint64_t targets() const { return targets_; }
  const std::array<std::byte, 16>& key() const { return key_; }
  TransportKind transport() const { return transport_; }
  // What the caller may want to know of how it asks; empty mostly.
  const std::string& notice() const { return notice_; }

 private:
  Sweep(const Settings& settings, const TargetSpace& space, AnswerSet& answers, RecordSink& sink,
        const Earlier* earlier);
  Result<void> open_workers(const Earlier* earlier);
  Result<void> open_devices();
  Result<std::vector<Channel>> open_channels(Family family, unsigned thread);
  Result<transport::OpenedTransport> open_one(Family family, unsigned thread,
                                              transport::TransportOptions options);
  void take(std::span<Record> records, Counts& counts) override;
  void run_worker(unsigned number);

  Settings settings_;
  AnswerSet* answers_;
  RecordSink* sink_;
  std::array<std::byte, 16> key_;
  Permutation order_;
  Proof proof_;
  Common common_;
  Counts earlier_;
  std::uint64_t targets_ = 0;
  std::uint16_t next_identifier_;  // of raw sockets
  TransportKind transport_ = TransportKind::automatic;
  std::string notice_;
  std::unique_ptr<xdp::Devices> devices_;  // these two outlive the workers
  std::unique_ptr<Exchange> exchange_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::mutex mutex_;             // of answers, their count and sink
  std::uint64_t answering_ = 0;  // those of earlier runs included
  std::atomic<bool> everybody_answered_ = false;
  net::FileDescriptor done_;  // eventfd
  std::atomic<std::size_t> running_{0};
  std::atomic<bool> out_of_memory_{false};
  std::vector<std::jthread> threads_;
};

}  // namespace sonde::sweep
