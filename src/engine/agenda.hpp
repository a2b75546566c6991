// agenda.hpp: the targets, and when each is asked next.
//
// Each policy of options.hpp is a small rule for setting the target's one timer:
//
//   policy            | after a send                       | after a verdict
//   FixedInterval     | due + interval (absolute: no drift)| -
//   OnAnswer          | now while preloading; then while   | max(now, last send + min interval)
//                     | fewer wait: + min interval; flood  |
//                     | interval                           |
//   UntilAnswered     | -                                  | unanswered: now, or when its time has passed, while
//                     |                                    | retries are left; answered: never again
//   SynchronousRounds | -                                  | when the round's last verdict is in: all together,
//                     |                                    | at max(now, round's begin + interval)
//
// A target that has sent or received all it may gets no timer any more. A FixedInterval target that is more
// than `stall` behind leaves out what it missed and goes on in its own phase; the sends left out are counted.
// A send that is deferred (no send buffer, no sequence number) moves no later one.
//
// Threads: not locked; one Prober owns it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/inflight.hpp"
#include "engine/lag.hpp"
#include "engine/timer_wheel.hpp"
#include "sonde/address.hpp"
#include "sonde/event.hpp"
#include "sonde/options.hpp"

namespace sonde::engine {

using OptionsIndex = std::uint32_t;

struct Target {
  Address address;
  std::uint32_t generation = 0;  // counts the uses of this place in the table
  OptionsIndex options = 0;
  std::uint64_t sequence = 0;  // probes sent so far: the next one's sequence number
  std::uint64_t replies = 0;
  // FixedInterval: when the next probe is due by the schedule, whatever defers it. Else: when the last was
  // sent.
  MonotonicTime anchor{};
  std::uint32_t waiting = 0;  // probes without a verdict
  std::uint16_t retries_used = 0;
  bool present : 1 = false;
  bool finished : 1 = false;  // will not be asked again
  bool has_slot : 1 = false;  // waits for the moment that give_slot() gave it
  bool question : 1 = false;  // asked once for whoever asked: see Agenda::ask()
};

class Agenda {
 public:
  // A FixedInterval target this far behind its schedule skips instead of catching up.
  static constexpr Nanoseconds stall = std::chrono::milliseconds(10);
  // A target that this host refused to send to is left alone for this long, however short its interval.
  static constexpr Nanoseconds refused_pause = std::chrono::milliseconds(10);
  // A place in the table is not used again after this many uses, so that (place, generation) fits a TargetId
  // for ever.
  static constexpr std::uint32_t last_generation = (1u << 24) - 1;

  explicit Agenda(MonotonicTime start);

  TargetIndex add(const Address& address, const TargetOptions& options, MonotonicTime first_due);
  // A question: a target that is asked once, counts in no rate and is not found by its address. Its options: UntilAnswered
  // without retries. After its verdict it falls due once more, when no late answer can come any more: is_over() then, and
  // wants to be removed.
  TargetIndex ask(const Address& address, const TargetOptions& options, MonotonicTime due);
  bool is_over(TargetIndex index) const { return targets_[index].question && targets_[index].finished; }
  bool stopped() const { return stopped_; }
  void remove(TargetIndex index);
  // Its options from now on: of the same kind of schedule, and of the same sockets. See Session::change() for what that means
  // for the next probe.
  void change(TargetIndex index, const TargetOptions& options, MonotonicTime now);
  // Makes room for that many targets.
  void reserve(std::size_t targets);
  // Moves every timer, for a session that begins later than its targets were added.
  void postpone(Nanoseconds by);

  const Target& target(TargetIndex index) const { return targets_[index]; }
  const TargetOptions& options(OptionsIndex index) const { return options_[index].options; }
  const TargetOptions& options_of(TargetIndex index) const { return options(targets_[index].options); }
  // Places for sets, and how many targets have the set in one of them: 0 where there is none (any more).
  std::size_t option_places() const { return options_.size(); }
  std::size_t uses(OptionsIndex index) const { return options_[index].uses; }
  std::size_t option_sets() const { return options_.size() - free_options_.size(); }
  std::size_t places() const { return targets_.size(); }

  void advance(MonotonicTime now) { timers_.advance(now); }
  // The next target that is due, without taking it.
  std::optional<TargetIndex> peek_due() const { return timers_.peek_due(); }

  // Gets the next due targets ready for being taken, at most that many, and tells `visit` which they are: they
  // lie anywhere in memory, and fetched together they come sooner than one by one.
  template <typename Visit>
  void look_ahead(std::size_t most, Visit visit) const {
    timers_.peek_due(most, [&](TargetIndex target) {
      __builtin_prefetch(&targets_[target], 1);
      visit(target);
    });
  }

  struct Sending {
    TargetIndex target = 0;
    std::uint64_t sequence = 0;
    MonotonicTime due{};
    std::uint64_t skipped = 0;  // sends that were left out before this one
  };
  // Takes the next due target for a probe that is about to be sent, and plans the one after it. Requires: one
  // is due.
  void take_due(MonotonicTime now, Sending& sending);
  // The probe was not tried after all (nothing could be sent): the target is due again at `again`. Takes back
  // the latest first.
  void put_back(const Sending& sending, MonotonicTime again);
  // A due target is left for later, unsent.
  void defer(TargetIndex index, MonotonicTime until) { timers_.set(index, until); }

  // The same for a target whose group is paced, until the moment that it was given; the next send uses that up.
  void give_slot(TargetIndex index, MonotonicTime slot) {
    targets_[index].has_slot = true;
    timers_.set(index, slot);
  }

  // The probe has its verdict. `timed_out_at`: when its timeout ends or ended.
  void verdict(TargetIndex index, EventKind kind, MonotonicTime now, MonotonicTime timed_out_at);

  // The timeout of the target's next probe (retries wait longer).
  Nanoseconds timeout_of_next(TargetIndex index) const;

  std::optional<MonotonicTime> next_deadline() const { return timers_.next_deadline(); }
  // No target will be asked again, and no probe waits.
  bool done() const { return unfinished_ == 0; }

  // No further sends; what waits still gets its verdict.
  void stop();

  // The target with this address (one of several); the table behind it is built when first asked for.
  std::optional<TargetIndex> find(const Address& address);

  const LagRecorder& lag() const { return lag_; }
  std::uint64_t skipped_sends() const { return skipped_sends_; }
  // Some target's next probe waits for the answer to its last: it must be read when it comes.
  bool is_paced_by_answers() const { return paced_by_answers_ != 0; }
  // The sum of all targets' rates in probes per second; infinite when one sends as fast as it can.
  double wanted_rate() const { return fast_targets_ != 0 ? unlimited_rate : rate_; }
  Nanoseconds longest_timeout() const { return longest_timeout_; }
  static constexpr double unlimited_rate = 1e6;

 private:
  // A place in the table that is the target's from now on.
  TargetIndex place(const Address& address, const TargetOptions& options);
  // The place of this set, which has one user more now, or one less.
  OptionsIndex intern(const TargetOptions& options);
  void release(OptionsIndex index);
  bool may_send(const Target& target, const TargetOptions& options) const;
  void settle_if_finished(TargetIndex index);
  void count_rate(const TargetOptions& options, int direction);
  std::uint64_t plan_interval(TargetIndex index, const FixedInterval& schedule, MonotonicTime due,
                              MonotonicTime now);
  void replan(TargetIndex index, Nanoseconds interval_before, MonotonicTime now);
  void pause_refused(TargetIndex index, const FixedInterval& schedule, MonotonicTime now);
  void after_round_verdict(const SynchronousRounds& schedule, MonotonicTime now);
  void forget_address(TargetIndex index);

  std::vector<Target> targets_;
  std::vector<TargetIndex> free_places_;

  // Each distinct set of options once, for as long as a target has it. Without a phase: that is over with the first probe.
  struct OptionSet {
    TargetOptions options;
    std::size_t uses = 0;
    std::size_t hash = 0;
  };
  std::vector<OptionSet> options_;
  std::vector<OptionsIndex> free_options_;
  std::unordered_multimap<std::size_t, OptionsIndex> options_by_hash_;
  OptionsIndex last_interned_ = 0;  // targets mostly come in runs with equal options

  TimerWheel timers_;  // timer i is the next send to targets_[i]

  // The round that runs: its members, how many of them have no verdict yet, and when the first was sent to.
  std::vector<TargetIndex> round_members_;
  std::size_t round_owing_ = 0;
  std::optional<MonotonicTime> round_began_;

  std::unordered_map<Address, TargetIndex> by_address_;
  bool by_address_built_ = false;
  std::size_t shared_addresses_ = 0;  // targets that were left out of it, as another has their address

  std::size_t unfinished_ = 0;
  bool stopped_ = false;
  LagRecorder lag_;
  std::uint64_t skipped_sends_ = 0;
  double rate_ = 0;
  std::size_t fast_targets_ = 0;
  std::size_t paced_by_answers_ = 0;  // targets with OnAnswer
  Nanoseconds longest_timeout_{};
};

}  // namespace sonde::engine
