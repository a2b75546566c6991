// inflight.hpp: the probes that have left by one transport, and what is remembered of those that have their
// verdict.
//
// A ring of slots indexed by send number; the ICMP sequence number is the number's low 16 bits, so an answer
// finds its slot without a search. Numbers are used in order. A slot keeps its probe after the verdict, until
// the ring comes round to it again: so a late answer still finds whom it belongs to, and a second one is
// known as a duplicate.
//
// Invariants: a slot is not used again while its probe waits, nor within its quarantine (one timeout more)
// after it was called lost. Timeouts may differ from probe to probe; each is a timer of the wheel. Threads:
// not locked; one Prober owns it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/timer_wheel.hpp"
#include "sonde/time.hpp"

namespace sonde::engine {

using TargetIndex = std::uint32_t;

enum class ProbeState : std::uint8_t {
  unused,
  waiting,
  answered,   // reply, or late
  lost,       // may still become late
  failed,     // ended in an ICMP error
  forgotten,  // its target is gone, or the send was undone
};

struct ProbeSlot {
  MonotonicTime sent_at{};     // interpolated within the send call
  UnixTime stamp{};            // the kernel's TX stamp; zero: none has come
  std::uint64_t sequence = 0;  // of the target's probes
  std::uint64_t token = 0;     // in its payload, where that has room
  TargetIndex target = 0;
  std::uint32_t generation = 0;  // of the target, which may have been removed since
  std::uint32_t number = 0;      // the send's full number: tells one lap of the ring from another
  std::uint32_t lead_ns = 0;     // from the send call's begin to sent_at
  ProbeState state = ProbeState::unused;
  bool stamp_asked = false;
  bool hardware_stamp = false;
  bool suspect = false;  // called lost while answers were being dropped here
  bool shown = false;    // handed to the capture
};

class Inflight {
 public:
  static constexpr std::size_t largest_capacity = 65'536;  // the sequence number's width (RFC 792)

  // `capacity`: how many slots, a power of two, at most largest_capacity. Memory is taken as they are first
  // used.
  explicit Inflight(MonotonicTime start, std::size_t capacity = largest_capacity);

  // The number the next send gets.
  std::uint32_t next_number() const { return next_number_; }
  // Whether that number's slot may be used: its last probe has a verdict and its quarantine is over. While it
  // is not, the caller waits or uses another transport.
  bool ready(MonotonicTime now) const;
  // When ready() may become true at the earliest, given that it is not.
  MonotonicTime ready_at() const;

  // Takes the next number for a probe that is about to be sent. Requires ready().
  ProbeSlot& take(TargetIndex target, std::uint32_t generation, std::uint64_t sequence);
  // The probe left: starts its timeout.
  void sent(ProbeSlot& slot, MonotonicTime sent_at, Nanoseconds timeout);
  // Gives back the numbers from `first_number` on, which were taken but never tried.
  void untake(std::uint32_t first_number);
  // The timeout that sent() was given, also after the verdict.
  Nanoseconds timeout_of(const ProbeSlot& slot) const {
    return timeouts_.deadline(timer_of(slot)) - slot.sent_at;
  }
  // The probe has its verdict: no timeout any more.
  void settle(ProbeSlot& slot, ProbeState state);

  // The slot that a sequence number, or a full send number, belongs to; null when there is none (any more).
  ProbeSlot* by_sequence(std::uint16_t icmp_sequence);
  ProbeSlot* by_number(std::uint32_t number);

  // Whether a timeout has passed. Moves time on.
  bool has_expired(MonotonicTime now) {
    timeouts_.advance(now);
    return timeouts_.peek_due().has_value();
  }
  // The next probe whose timeout has passed by `now`, already taken out of the waiting ones; null when there is none. `now`
  // may lie before what has_expired() was told.
  ProbeSlot* expire_one(MonotonicTime now);
  std::optional<MonotonicTime> next_timeout() const { return timeouts_.next_deadline(); }

  std::size_t waiting() const { return timeouts_.size(); }
  // When the last of what waits or is in quarantine now will be out of it. Looks at every slot.
  MonotonicTime quiet_at() const;

  // Calls `visit(slot)` for every slot that waits.
  template <typename Visit>
  void for_each_waiting(Visit visit) {
    for (ProbeSlot& slot : slots_) {
      if (slot.state == ProbeState::waiting) visit(slot);
    }
  }

 private:
  void grow();
  std::size_t index_of(std::uint32_t number) const { return number & (capacity_ - 1); }
  std::uint32_t timer_of(const ProbeSlot& slot) const {
    return static_cast<std::uint32_t>(index_of(slot.number));
  }

  std::size_t capacity_;
  std::uint32_t next_number_ = 0;
  std::vector<ProbeSlot> slots_;  // grows to capacity_ during the first lap
  TimerWheel timeouts_;           // timer i is the timeout of slots_[i]
};

inline bool Inflight::ready(MonotonicTime now) const {
  const std::size_t index = index_of(next_number_);
  if (index >= slots_.size()) return true;
  const ProbeSlot& slot = slots_[index];
  if (slot.state == ProbeState::waiting) return false;
  return slot.state != ProbeState::lost || now >= ready_at();
}

}  // namespace sonde::engine
