// figures.hpp: what was measured of one target, or of many merged, as plain numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sonde/time.hpp"

namespace sonde {

struct RttFigures {
  Nanoseconds min{}, mean{}, max{}, stddev{};  // population standard deviation
  Nanoseconds p50{}, p90{}, p99{};             // within 0.5 % (fine) or 5 % (compact) of the true percentile
};

// One bar of an RTT histogram: how many answers took at least `from` and less than `to`. Bars begin at 2^(k/8) s
// (compact) or 2^(k/128) s (fine), k a whole number; empty ones are left out.
struct HistogramBar {
  Nanoseconds from{}, to{};
  std::uint64_t count = 0;
};

// A snapshot of a target's figures.
//
// Invariant: sent = received + lost + late + errors + local + in_flight, and in_flight is 0 after the end.
struct Figures {
  std::uint64_t sent = 0;      // probes handed to the send call
  std::uint64_t received = 0;  // answered in time (late ones are counted apart)
  std::uint64_t lost = 0, late = 0, errors = 0, local = 0;
  std::uint64_t duplicates = 0, rejected = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t suspect = 0;  // of the lost, those that this process may have dropped itself
  std::uint64_t skipped = 0;  // sends that were due while the process was stalled, and were left out
  // Runs of losses and errors that no reply interrupts; a late answer takes one loss off the latest run.
  std::uint64_t loss_runs = 0;
  std::uint64_t longest_loss_run = 0;

  // (lost + errors) / (sent - local - in_flight); null when nothing left this host.
  std::optional<double> loss_ratio;
  // Mean absolute difference of consecutive RTTs; null with fewer than two answers.
  std::optional<Nanoseconds> jitter;
  // RFC 3550 section 6.4.1's smoothed estimator (gain 1/16) over the same differences.
  std::optional<Nanoseconds> jitter_rfc3550;
  // Mean of the host's own share of the time per answered probe.
  std::optional<Nanoseconds> host_time_mean;
  std::optional<RttFigures> rtt;  // of `received` answers; null when nothing came
};

// What is counted once for a whole session.
struct Totals {
  Nanoseconds elapsed{};
  std::uint64_t probes = 0;         // sent, all targets together
  std::uint64_t rejected = 0;       // foreign packets that fit no target
  std::uint64_t receive_drops = 0;  // answers the kernel dropped for want of receive buffer (SO_MEMINFO)
  std::uint64_t stamp_drops = 0;    // TX stamps asked for and never returned
  std::uint64_t skipped_sends = 0;
  std::uint64_t clock_steps = 0;
  Nanoseconds schedule_lag_p99{}, schedule_lag_max{};  // how late probes left against their schedule
};

}  // namespace sonde
