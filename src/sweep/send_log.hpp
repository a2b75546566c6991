// send_log.hpp: when each probe of a worker left, without a word of memory for each.
//
// Probes are numbered in the order of sending (ordinals). One record per sendmmsg(), or per probe, keeps its first ordinal and the time
// of its first and last probe; what lies between is interpolated, which is right within a few microseconds, where a
// clock read before the call would be 70 to 200 early. The kernel's stamp of one of its probes corrects the whole record.
// Records are kept as long as answers are waited for.
// Threads: not locked; one worker owns it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "sonde/time.hpp"

namespace sonde::sweep {

class SendLog {
 public:
  // `count` probes from `first_ordinal` on left between `first` and `last`, evenly. Ordinals ascend from call to call.
  void add(std::uint64_t first_ordinal, std::uint32_t count, MonotonicTime first, MonotonicTime last);
  // The kernel's stamp says that this probe reached the device so much later than it was sent.
  void correct(std::uint64_t ordinal, Nanoseconds delay);

  struct Sending {
    MonotonicTime at;                  // interpolated
    std::optional<Nanoseconds> delay;  // until the device had it; nothing: no stamp of its record
  };
  // nullopt: never sent, or forgotten.
  std::optional<Sending> find(std::uint64_t ordinal) const;
  void forget_before(MonotonicTime time);
  std::size_t records() const { return records_.size(); }

 private:
  static constexpr std::int32_t no_delay = INT32_MIN;
  struct Record {
    std::uint64_t first_ordinal;
    MonotonicTime first;
    std::uint32_t count;
    std::uint32_t step_ns;  // from one probe to the next
    std::int32_t delay_ns = no_delay;
  };
  // The record behind which the ordinal lies or would lie; records_.size(): none.
  std::size_t place_of(std::uint64_t ordinal) const;

  bool holds(std::size_t place, std::uint64_t ordinal) const;

  std::deque<Record> records_;
  mutable std::size_t last_place_ =
      0;  // where the last one was found: answers come nearly in the order of the probes
};

}  // namespace sonde::sweep
