// timer_wheel.hpp: many deadlines, each set, moved and met in constant time.
//
// A hierarchical wheel: level 0 has one slot per tick (16.4 µs), each level above has slots 256 times as long.
// A timer lies on the level of the highest 8-bit digit in which its tick differs from the current one; when
// time enters a slot of a higher level, that slot's timers move down. So a timer moves at most once per
// level, whatever the number of timers. Bitmaps of occupied slots let time jump over empty ones.
//
// Timers are numbered by the caller from 0 to capacity - 1 and linked through one array; nothing is allocated
// when they are set. Threads: not locked; one owner.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <vector>

#include "sonde/time.hpp"

namespace sonde::engine {

class TimerWheel {
 public:
  // Deadlines are met at most this much late, and never early.
  static constexpr Nanoseconds tick{1 << 14};

  explicit TimerWheel(MonotonicTime start);

  // Makes timers 0 to capacity - 1 usable. Never shrinks.
  void grow(std::size_t capacity);
  // Makes room for that many without using it.
  void reserve(std::size_t capacity) { nodes_.reserve(capacity); }

  // Sets or moves `timer`. One that is already due becomes due at once, behind those that are.
  void set(std::uint32_t timer, MonotonicTime deadline);
  void cancel(std::uint32_t timer);
  bool is_set(std::uint32_t timer) const { return nodes_[timer].list != no_list; }
  MonotonicTime deadline(std::uint32_t timer) const { return nodes_[timer].deadline; }
  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }

  // Moves time on; never back.
  void advance(MonotonicTime now);
  // Takes the next due timer, in the order in which they became due; nullopt when none is.
  std::optional<std::uint32_t> pop_due();
  // The next due timer, left in place.
  std::optional<std::uint32_t> peek_due() const;
  // Calls visit(timer) for the next due timers, at most that many, and leaves them in place.
  template <typename Visit>
  void peek_due(std::size_t most, Visit visit) const {
    std::uint32_t timer = lists_[due_list].first;
    for (; timer != none && most > 0; timer = nodes_[timer].next, --most) visit(timer);
  }

  // No timer is due before this; nullopt when none is set. Exact up to a tick unless very many timers lie
  // close together.
  std::optional<MonotonicTime> next_deadline() const;

 private:
  static constexpr unsigned digit_bits = 8;
  static constexpr unsigned slots = 1u << digit_bits;
  static constexpr unsigned levels = 6;  // 256^6 ticks: 146 years
  static constexpr std::uint16_t due_list = levels * slots;
  static constexpr std::uint16_t no_list = due_list + 1;
  static constexpr std::uint32_t none = UINT32_MAX;

  struct Node {
    MonotonicTime deadline{};
    std::uint32_t previous = none, next = none;
    std::uint16_t list = no_list;
  };
  struct List {
    std::uint32_t first = none, last = none;
  };

  // The slot that a tick falls into on a level.
  static std::uint16_t list_of(unsigned level, std::uint64_t at) {
    const auto slot = static_cast<unsigned>(at >> (digit_bits * level)) % slots;
    return static_cast<std::uint16_t>(level * slots + slot);
  }
  std::uint64_t tick_of(MonotonicTime time) const;
  void link(std::uint32_t timer, std::uint16_t list);
  void unlink(std::uint32_t timer);
  void place(std::uint32_t timer);
  // Empties `list`, placing its timers anew relative to the current tick.
  void replace_all(std::uint16_t list);
  // The first occupied slot ahead of the current tick, as (level, its first tick).
  std::optional<std::pair<unsigned, std::uint64_t>> next_slot() const;

  MonotonicTime start_;
  MonotonicTime now_;          // as last told by advance()
  std::uint64_t current_ = 0;  // whole ticks from start_ to now_
  std::size_t count_ = 0;
  std::array<List, due_list + 1> lists_{};
  std::array<std::bitset<slots>, levels> occupied_{};
  std::vector<Node> nodes_;
};

// Run for every probe, hence here.

inline void TimerWheel::link(std::uint32_t timer, std::uint16_t list) {
  Node& node = nodes_[timer];
  List& target = lists_[list];
  node.list = list;
  node.next = none;
  node.previous = target.last;
  (target.last == none ? target.first : nodes_[target.last].next) = timer;
  target.last = timer;
  if (list != due_list) occupied_[list / slots].set(list % slots);
}

inline void TimerWheel::unlink(std::uint32_t timer) {
  Node& node = nodes_[timer];
  List& list = lists_[node.list];
  (node.previous == none ? list.first : nodes_[node.previous].next) = node.next;
  (node.next == none ? list.last : nodes_[node.next].previous) = node.previous;
  if (list.first == none && node.list != due_list) {
    occupied_[node.list / slots].reset(node.list % slots);
  }
  node.list = no_list;
}

inline std::optional<std::uint32_t> TimerWheel::pop_due() {
  const std::uint32_t timer = lists_[due_list].first;
  if (timer == none) return std::nullopt;
  unlink(timer);
  --count_;
  return timer;
}

inline std::optional<std::uint32_t> TimerWheel::peek_due() const {
  const std::uint32_t timer = lists_[due_list].first;
  return timer == none ? std::nullopt : std::optional(timer);
}

}  // namespace sonde::engine
