// timer_wheel.cpp: see timer_wheel.hpp for the algorithm.
#include "engine/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace sonde::engine {

TimerWheel::TimerWheel(MonotonicTime start) : start_(start), now_(start) {}

void TimerWheel::grow(std::size_t capacity) {
  if (capacity > nodes_.size()) nodes_.resize(capacity);
}

std::uint64_t TimerWheel::tick_of(MonotonicTime time) const {
  if (time <= start_) return 0;
  const auto since = static_cast<std::uint64_t>((time - start_).count());
  const auto length = static_cast<std::uint64_t>(tick.count());
  const std::uint64_t ticks = since / length + (since % length != 0 ? 1 : 0);
  // What lies beyond the top level waits in its last slot and is placed anew when that comes.
  return std::min(ticks, (std::uint64_t{1} << (digit_bits * levels)) - 1);
}

void TimerWheel::place(std::uint32_t timer) {
  const std::uint64_t at = tick_of(nodes_[timer].deadline);
  // What is due now is so at once, not only with the tick that now_ lies in.
  if (at <= current_ || nodes_[timer].deadline <= now_) return link(timer, due_list);
  const auto highest_bit = static_cast<unsigned>(std::bit_width(at ^ current_)) - 1;
  const unsigned level = highest_bit / digit_bits;
  const auto slot = static_cast<unsigned>(at >> (digit_bits * level)) % slots;
  link(timer, static_cast<std::uint16_t>(level * slots + slot));
}

void TimerWheel::set(std::uint32_t timer, MonotonicTime deadline) {
  if (is_set(timer)) {
    unlink(timer);
  } else {
    ++count_;
  }
  nodes_[timer].deadline = deadline;
  place(timer);
}

void TimerWheel::cancel(std::uint32_t timer) {
  if (!is_set(timer)) return;
  unlink(timer);
  --count_;
}

void TimerWheel::replace_all(std::uint16_t list) {
  std::uint32_t timer = lists_[list].first;
  lists_[list] = {};
  occupied_[list / slots].reset(list % slots);
  while (timer != none) {
    const std::uint32_t next = nodes_[timer].next;
    place(timer);
    timer = next;
  }
}

std::optional<std::pair<unsigned, std::uint64_t>> TimerWheel::next_slot() const {
  for (unsigned level = 0; level < levels; ++level) {
    const unsigned shift = digit_bits * level;
    const auto position = static_cast<unsigned>(current_ >> shift) % slots;
    if (position + 1 == slots) continue;
    // _Find_next is an extension of libstdc++, the one standard library that this builds with.
    const std::uint64_t slot = occupied_[level]._Find_next(position);
    if (slot == slots) continue;
    const std::uint64_t block = current_ >> (shift + digit_bits) << digit_bits;
    return std::pair{level, (block | slot) << shift};
  }
  return std::nullopt;
}

void TimerWheel::advance(MonotonicTime now) {
  if (now <= now_) return;
  const auto target = static_cast<std::uint64_t>((now - start_).count() / tick.count());
  while (current_ < target) {
    const auto next = next_slot();
    if (!next || next->second > target) {
      current_ = target;
      break;
    }
    const auto [level, first_tick] = *next;
    current_ = first_tick;
    replace_all(list_of(level, first_tick));
  }
  now_ = now;  // not before: what is moved down keeps its order
}

std::optional<MonotonicTime> TimerWheel::next_deadline() const {
  if (count_ == 0) return std::nullopt;
  if (const auto due = peek_due()) return nodes_[*due].deadline;
  const auto next = next_slot();
  if (!next) return std::nullopt;
  const auto [level, first_tick] = *next;
  const MonotonicTime slot_begins = start_ + tick * static_cast<std::int64_t>(first_tick);
  if (level == 0) return slot_begins;
  // A slot of a higher level: its earliest timer, so that nobody wakes only to move timers down. A long list
  // is not walked; waking at the slot's beginning is cheap beside what it holds.
  constexpr int walk_limit = 64;
  std::uint32_t timer = lists_[list_of(level, first_tick)].first;
  MonotonicTime earliest = MonotonicTime::max();
  for (int walked = 0; timer != none; timer = nodes_[timer].next) {
    if (++walked > walk_limit) return slot_begins;
    earliest = std::min(earliest, nodes_[timer].deadline);
  }
  return start_ + tick * static_cast<std::int64_t>(tick_of(earliest));
}

}  // namespace sonde::engine
