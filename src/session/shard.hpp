// shard.hpp: one prober with the figures of its targets and the events it has for the user.
//
// A session has one shard, or one per thread. Whoever touches a shard holds its lock; with own threads, a
// thread lets go of it after every turn, at once when others wait. Events are gathered during a turn and
// handed over after it, without the lock, so that a callback may call the session.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "engine/prober.hpp"
#include "net/file_descriptor.hpp"
#include "sonde/session.hpp"
#include "stats/target_figures.hpp"

namespace sonde::session {

struct ShardOptions {
  engine::ProberOptions prober;
  std::uint32_t number = 0;  // which shard: part of its targets' ids
  bool events = true;        // build events at all
  std::size_t event_capacity = 0;
  stats::Resolution resolution{};
};

struct ShardTotals {
  engine::ProberTotals prober;
  std::uint64_t foreign_rejected = 0;
};

class Shard final : private engine::OutcomeSink {
 public:
  Shard(const ShardOptions& options, const Clock& clock, engine::OpenTransport open,
        Session::EventCallback on_event, Session::PacketCallback on_packet);

  // Why it cannot run, if it cannot: then nothing else may be called.
  const std::optional<Error>& refused() const { return refused_; }

  // --- from any thread ---
  Result<TargetId> add(const Address& address, const TargetOptions& options, Nanoseconds phase);
  Result<Figures> remove(TargetId id);
  Result<void> change(TargetId id, const TargetChange& change);
  Result<void> ask(const Address& address, const TargetOptions& options, std::uint64_t tag);
  Result<void> open_ahead(Family family, const SocketOptions& sockets);
  void reserve(std::size_t targets);
  // What `ask` says of a target's figures. Errors: not_found.
  template <typename Ask>
  auto with_figures(TargetId id, Ask ask)
      -> Result<decltype(ask(std::declval<const stats::TargetFigures&>()))> {
    const Access access(*this);
    const auto index = index_of(id);
    if (!index) return std::unexpected(no_such_target());
    return ask(figures_[*index]);
  }
  stats::TargetFigures merged();
  ShardTotals totals();
  std::uint64_t probes_sent();
  std::vector<TransportNotice> notices();
  bool done();
  std::size_t poll_events(std::span<Event> events);
  std::uint64_t events_dropped();
  // Ends a wait(). Async-signal-safe.
  void wake() const;

  // --- on the thread that runs the shard ---
  // Readable when there is something to do before next_deadline(): an answer (while they are not gathered,
  // see engine::Prober::fd), or a wake().
  int fd() const { return ready_.get(); }
  std::optional<MonotonicTime> next_deadline() const;
  // One turn, then the events of it.
  void process();
  // Waits for something to do, until `deadline` at most. True when a signal interrupted it.
  bool wait(std::optional<MonotonicTime> deadline);
  // Whether wake() was called since this was last asked.
  bool take_wake() const;
  // Turn after turn until asked to stop.
  void run(const std::stop_token& stopping);
  // After run() threw: nothing more is sent or received, and its figures stay as they are.
  void fail();
  // Whether run() is what called, through a callback.
  bool runs_on_this_thread() const { return runner_.load() == std::this_thread::get_id(); }
  void stop_sending();
  void hold_sending(bool held);
  // Waits for the answers to what was sent, until `deadline`; what is not answered then is lost.
  void finish(MonotonicTime deadline);

 private:
  void sending(engine::TargetIndex target) override { figures_[target].prefetch(); }
  void sent(engine::TargetIndex target) override { figures_[target].sent(); }
  void skipped(engine::TargetIndex target, std::uint64_t sends) override { figures_[target].skipped(sends); }
  void outcome(std::optional<engine::TargetIndex> target, Event& event) override;
  void packet(const PacketView& packet) override;

  // Takes the lock, ahead of the thread that runs the shard.
  class Access {
   public:
    explicit Access(const Shard& shard) {
      shard.callers_.fetch_add(1);
      lock_ = std::unique_lock(shard.mutex_);
      shard.callers_.fetch_sub(1);
    }

   private:
    std::unique_lock<std::mutex> lock_;
  };

  // Figures of its own for who has this place now.
  void begin_figures(engine::TargetIndex index);
  static Error no_such_target();
  TargetId id_of(engine::TargetIndex index) const;
  std::optional<engine::TargetIndex> index_of(TargetId id) const;
  static void count(stats::TargetFigures& figures, const Event& event);
  void deliver_events();
  void hand_over(const Event& event, std::uint64_t removals);

  ShardOptions options_;
  const Clock* clock_;
  Session::EventCallback on_event_;
  Session::PacketCallback on_packet_;
  net::FileDescriptor wake_;                 // eventfd
  mutable std::atomic<bool> woken_ = false;  // there is something to read from it
  net::FileDescriptor ready_;                // epoll: wake_, and the prober's own
  engine::Prober prober_;
  std::optional<Error> refused_;
  std::atomic<std::thread::id> runner_;
  std::atomic<bool> failed_ = false;

  mutable std::mutex mutex_;                   // guards prober_ and all below but fresh_
  mutable std::atomic<int> callers_ = 0;       // who wait for mutex_
  std::atomic<std::uint64_t> removals_ = 0;    // of targets: events of theirs may have been gathered already
  std::vector<stats::TargetFigures> figures_;  // by TargetIndex
  std::vector<std::uint64_t> tags_;            // by TargetIndex, of those that were asked; as long as need be
  std::deque<Event> kept_;                     // for poll_events()
  std::uint64_t events_dropped_ = 0;
  std::uint64_t foreign_rejected_ = 0;  // packets that answer no probe and fit no target
  // Only the thread that runs the shard touches these:
  std::vector<Event> fresh_;  // of this turn
  std::uint64_t removals_at_turn_ = 0;
};

}  // namespace sonde::session
