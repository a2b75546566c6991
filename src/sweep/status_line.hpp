// status_line.hpp: how a sweep goes, in one line each second.
//
//   0:05   3% (2:41 left); sent 51,530, 10.3 k/s (10.1 k/s mean); answers 561, 112/s; drops 0; hit rate 1.09%
//
// A pure function of two samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sonde/time.hpp"
#include "sweep/record.hpp"

namespace sonde::sweep {

struct StatusSample {
  MonotonicTime at{};
  Counts counts;              // of this run: what an earlier one counted is not in the rates
  std::uint64_t asked = 0;    // addresses
  std::uint64_t written = 0;  // records
};

// What ends a sweep. 0 and nullopt: nothing of this kind.
struct StatusBounds {
  MonotonicTime started{};
  std::uint64_t probes = 0;  // of this run, all rounds
  std::uint64_t max_results = 0;
  std::optional<Nanoseconds> max_runtime = {};  // of sending
  Nanoseconds linger{};                         // after the last probe
  std::optional<MonotonicTime> sending_ended = {};
};

struct SweepProgress {
  double done = 0;                  // 0 to 1, by time
  std::optional<Nanoseconds> left;  // nullopt: too early to say
};

// The bound that will end the sweep first decides: at the pace so far it takes age * (1 - d) / d from here, d
// being the part of it that is done, and the linger. Told from the fifth second on.
SweepProgress sweep_progress(const StatusSample& now, const StatusBounds& bounds);

// Without a line break. ASCII, some 110 columns wide.
std::string status_line(const StatusSample& before, const StatusSample& now, const StatusBounds& bounds);

}  // namespace sonde::sweep
