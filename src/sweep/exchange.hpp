// exchange.hpp: answers on their way from the worker whose queue they came in by to the worker whose probe they answer.
//
// A device spreads what it receives over its queues by a hash of the addresses, so of N threads each gets most answers to its probes
// by the queues of others. Who gets one proves it, as all share the key, and hands it over; when the probe left, only
// the worker that sent it knows. There is a passage for each ordered pair of workers, so that nobody waits for anybody.
//
// As answers come by any queue, no worker may end while one of the others still waits for some, nor before it has handed over
// what it read last, nor before it has taken what the others handed over last: Leaving goes through that.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/time.hpp"
#include "sweep/proof.hpp"

namespace sonde::sweep {

// An echo reply that has proved which probe it answers.
struct Handover {
  ProbeNumbers numbers;
  Address from;
  MonotonicTime received_at{};
  std::uint32_t bytes = 0;                     // ICMP message length
  std::uint16_t identifier = 0, sequence = 0;  // of the echo
  std::uint8_t type = 0, code = 0;
  std::optional<std::uint8_t> ttl;
};

// From one worker to another: a bounded ring, and what found no room in it. In order, and nothing is lost.
// Threads: one gives, another takes.
class Passage {
 public:
  static constexpr std::uint32_t capacity = 512;

  // --- the giver's ---
  // False: it has to wait, until the ring has room and retry() finds it.
  bool give(const Handover& answer);
  void retry();
  bool waits() const { return !waiting_.empty(); }

  // --- the taker's ---
  // Calls take(answer) with each that is there.
  template <typename Take>
  void take_all(Take take);

 private:
  bool push(const Handover& answer);

  // Both only count up; what lies between is full. Each on a cache line that the other thread does not write to.
  alignas(64) std::atomic<std::uint32_t> given_{0};
  std::uint32_t taken_as_known_ = 0;  // to the giver
  std::deque<Handover> waiting_{};    // the giver's
  alignas(64) std::atomic<std::uint32_t> taken_{0};
  alignas(64) std::array<Handover, capacity> slots_{};
};

class Exchange {
 public:
  explicit Exchange(unsigned workers);

  // Answers with that identifier are this worker's. Before any worker runs.
  void add(std::uint16_t identifier, unsigned worker) {
    owners_[identifier] = static_cast<std::uint16_t>(worker);
  }
  // nullopt: nobody's.
  std::optional<unsigned> owner(std::uint16_t identifier) const {
    const std::uint16_t worker = owners_[identifier];
    return worker == nobody ? std::nullopt : std::optional<unsigned>(worker);
  }
  unsigned workers() const { return workers_; }
  // Requires: two workers, not one.
  Passage& passage(unsigned from, unsigned to) { return *passages_[from * workers_ + to]; }

 private:
  friend class Leaving;
  static constexpr std::uint16_t nobody = UINT16_MAX;

  unsigned workers_;
  std::vector<std::uint16_t> owners_;  // by identifier
  std::vector<std::unique_ptr<Passage>> passages_;
  std::atomic<unsigned> awaiting_;  // workers that wait for answers to their own probes
  std::atomic<unsigned> reading_;   // workers that may yet hand over what they read
};

// How far a worker is from its end. Its owner tells it the end of each turn from when on no answers of its own are waited for.
class Leaving {
 public:
  explicit Leaving(Exchange& exchange) : exchange_(&exchange) {}
  // `has_waiting`: something that was to be handed over still waits. True: this was the last turn.
  bool turn_ended(bool has_waiting);
  // Whether nothing but the others' last words are waited for, which come at once.
  bool is_ending() const { return step_ >= Step::reads_the_last; }

 private:
  enum class Step : std::uint8_t { asks, reads_for_others, reads_the_last, takes, takes_the_last };
  Exchange* exchange_;
  Step step_ = Step::asks;
};

template <typename Take>
void Passage::take_all(Take take) {
  const std::uint32_t end = given_.load(std::memory_order_acquire);
  std::uint32_t at = taken_.load(std::memory_order_relaxed);
  if (at == end) return;
  for (; at != end; ++at) take(slots_[at % capacity]);
  taken_.store(at, std::memory_order_release);
}

}  // namespace sonde::sweep
