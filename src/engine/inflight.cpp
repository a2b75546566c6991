// inflight.cpp: see inflight.hpp for the invariants.
#include "engine/inflight.hpp"

#include <algorithm>

namespace sonde::engine {

Inflight::Inflight(MonotonicTime start, std::size_t capacity) : capacity_(capacity), timeouts_(start) {}

MonotonicTime Inflight::ready_at() const {
  const ProbeSlot& slot = slots_[index_of(next_number_)];
  // The wheel remembers the deadline of a timer that has run out.
  const MonotonicTime timed_out = timeouts_.deadline(timer_of(slot));
  return slot.state == ProbeState::waiting ? timed_out : timed_out + (timed_out - slot.sent_at);
}

MonotonicTime Inflight::quiet_at() const {
  MonotonicTime quiet = MonotonicTime::min();
  for (const ProbeSlot& slot : slots_) {
    if (slot.state != ProbeState::waiting && slot.state != ProbeState::lost) continue;
    const MonotonicTime timed_out = timeouts_.deadline(timer_of(slot));
    quiet = std::max(quiet, timed_out + (timed_out - slot.sent_at));
  }
  return quiet;
}

void Inflight::grow() {
  // Reserved whole, so that nothing moves; memory is taken as it is first written to.
  constexpr std::size_t step = 64;
  slots_.reserve(capacity_);
  slots_.resize(std::min(capacity_, slots_.size() + step));
  timeouts_.reserve(capacity_);
  timeouts_.grow(slots_.size());
}

ProbeSlot& Inflight::take(TargetIndex target, std::uint32_t generation, std::uint64_t sequence) {
  const std::size_t index = index_of(next_number_);
  if (index >= slots_.size()) grow();
  ProbeSlot& slot = slots_[index];
  slot = ProbeSlot{};
  slot.target = target;
  slot.generation = generation;
  slot.sequence = sequence;
  slot.number = next_number_++;
  slot.state = ProbeState::forgotten;  // until sent() says that it left
  return slot;
}

void Inflight::sent(ProbeSlot& slot, MonotonicTime sent_at, Nanoseconds timeout) {
  slot.sent_at = sent_at;
  slot.state = ProbeState::waiting;
  timeouts_.set(timer_of(slot), sent_at + timeout);
}

void Inflight::untake(std::uint32_t first_number) {
  while (next_number_ != first_number) slots_[index_of(--next_number_)] = ProbeSlot{};
}

void Inflight::settle(ProbeSlot& slot, ProbeState state) {
  if (slot.state == ProbeState::waiting) timeouts_.cancel(timer_of(slot));
  slot.state = state;
}

ProbeSlot* Inflight::by_sequence(std::uint16_t icmp_sequence) {
  const std::size_t index = index_of(icmp_sequence);
  if (index >= slots_.size()) return nullptr;
  ProbeSlot& slot = slots_[index];
  const bool same = static_cast<std::uint16_t>(slot.number) == icmp_sequence;
  return same && slot.state != ProbeState::unused && slot.state != ProbeState::forgotten ? &slot : nullptr;
}

ProbeSlot* Inflight::by_number(std::uint32_t number) {
  const std::size_t index = index_of(number);
  if (index >= slots_.size()) return nullptr;
  ProbeSlot& slot = slots_[index];
  return slot.number == number && slot.state != ProbeState::unused ? &slot : nullptr;
}

ProbeSlot* Inflight::expire_one(MonotonicTime now) {
  timeouts_.advance(now);
  const auto timer = timeouts_.peek_due();
  if (!timer || timeouts_.deadline(*timer) > now) return nullptr;
  timeouts_.pop_due();
  ProbeSlot& slot = slots_[*timer];
  slot.state = ProbeState::lost;
  return &slot;
}

}  // namespace sonde::engine
