// send_log.hpp: when each probe of a worker left, without a word of memory for each.
//
// Probes are numbered in the order of sending (ordinals). One record per sendmmsg() keeps its first ordinal and the time
// of its first and last probe; what lies between is interpolated, which is right within a few microseconds, where a
// clock read before the call would be 70 to 200 early. Records are kept as long as answers are waited for.
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
  // nullopt: never sent, or forgotten.
  std::optional<MonotonicTime> find(std::uint64_t ordinal) const;
  void forget_before(MonotonicTime time);
  std::size_t records() const { return records_.size(); }

 private:
  struct Record {
    std::uint64_t first_ordinal;
    MonotonicTime first;
    std::uint32_t count;
    std::uint32_t step_ns;  // from one probe to the next
  };
  std::deque<Record> records_;
};

}  // namespace sonde::sweep
