// send_log.hpp: when each probe of a worker left, without a word of memory for each.
//
// Probes are numbered in the order of sending (ordinals). One record per sendmmsg(), or per probe, keeps its first ordinal, when the
// call began, and the time of its first and last probe; what lies between is interpolated, which is right within a few
// microseconds, where a clock read before the call would be 70 to 200 early. The kernel's stamp of one of its probes takes the
// place of that: the others left so much before or after it. Records are kept as long as answers are waited for.
// Threads: not locked; one worker owns it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "sonde/time.hpp"

namespace sonde::sweep {

class SendLog {
 public:
  // `count` probes from `first_ordinal` on left between `first` and `last`, evenly, by a call that began at `began`. Ordinals
  // ascend from call to call.
  void add(std::uint64_t first_ordinal, std::uint32_t count, MonotonicTime began, MonotonicTime first,
           MonotonicTime last);
  // The kernel's stamp says that this probe reached the device then.
  void correct(std::uint64_t ordinal, UnixTime stamp);

  struct Sending {
    MonotonicTime at;        // interpolated
    MonotonicTime earliest;  // it cannot have left before
    // By the stamp of its record, if that has one.
    std::optional<UnixTime> left{};  // when it reached the device; interpolated unless the stamp is its own
    std::optional<UnixTime> not_before{};  // it was sent after the stamped one, or is that
    bool is_stamped = false;               // the stamp is its own
  };
  // nullopt: never sent, or forgotten.
  std::optional<Sending> find(std::uint64_t ordinal) const;
  void forget_before(MonotonicTime time);
  std::size_t records() const { return records_.size(); }

 private:
  struct Record {
    std::uint64_t first_ordinal;
    MonotonicTime first;
    std::uint32_t count;
    std::uint32_t step_ns;      // from one probe to the next
    std::uint32_t lead_ns;      // from the call's begin to the first
    std::uint32_t stamped = 0;  // which of its probes has the stamp
    UnixTime stamp{};           // zero: none has
  };
  // The record behind which the ordinal lies or would lie; records_.size(): none.
  std::size_t place_of(std::uint64_t ordinal) const;

  bool holds(std::size_t place, std::uint64_t ordinal) const;

  std::deque<Record> records_;
  mutable std::size_t last_place_ =
      0;  // where the last one was found: answers come nearly in the order of the probes
};

}  // namespace sonde::sweep
