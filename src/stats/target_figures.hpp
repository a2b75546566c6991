// target_figures.hpp: the running figures of one target: what is counted as each verdict comes in.
//
// Moments are Welford's (population standard deviation); they, minimum, maximum, histogram and jitter are of
// answers in time alone: a late answer is counted and touches no RTT figure. Differences for the jitter are
// of consecutive answers in the order they came.
//
// Loss runs. A run is a sequence of verdicts `lost` or `error` (what the loss ratio counts) that no `reply`
// interrupts; `local` neither lengthens nor ends one. It is counted with its first loss, so that an outage
// shows while it lasts. As losses are provisional, a late answer takes one loss off the latest run, open or
// closed, and a run that so becomes empty was none. So a host that is merely slow (every loss followed by its
// late answer) ends with no runs. Which loss the answer belongs to is not asked: one from the middle of a run
// shortens it and does not cut it in two, and one that belongs to an earlier run is taken off the latest.
//
// Merging is as if both had been seen, in any grouping, except where order counts: no difference is taken and
// no loss run continues across the seam; the RFC 3550 estimate is the mean weighted by differences. What
// comes after continues the series of the object merged into.
//
// Memory: 144 bytes; beyond 14 answers (compact) a heap block of about one byte per bucket in use
// (histogram.hpp); and 72 bytes from the first rare event on. Counters have 64 bits: a flood of 200,000/s
// fills 32 within six hours.
//
// Errors: only std::bad_alloc.
//
// Threads: none of this is locked; one prober owns it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sonde/figures.hpp"
#include "sonde/time.hpp"
#include "stats/histogram.hpp"

namespace sonde::stats {

class TargetFigures {
 public:
  explicit TargetFigures(Resolution resolution) : histogram_(resolution) {}

  // Brings it into the cache, for who will use it soon.
  void prefetch() const {
    constexpr std::size_t line = 64;
    const auto* bytes = reinterpret_cast<const std::byte*>(this);
    for (std::size_t at = 0; at < sizeof *this; at += line) __builtin_prefetch(bytes + at, 1);
  }

  // A probe was handed to the send call, whatever came of it.
  void sent() { ++sent_; }
  // Its verdict. `host_time` is this host's own share, beside the RTT.
  void reply(Nanoseconds rtt, std::optional<Nanoseconds> host_time);
  // `suspect`: this process may have dropped the answer itself.
  void lost(bool suspect);
  void error();
  void local() { ++rare().local; }
  // An answer to a probe that was called lost: takes that loss back. Requires: such a loss, `suspect` as
  // then.
  void late(bool was_suspect);

  // Events that are no verdicts.
  void duplicate() { ++rare().duplicates; }
  void rejected() { ++rare().rejected; }
  void skipped(std::uint64_t sends) { rare().skipped += sends; }

  Figures snapshot() const;
  // RTT percentile by nearest rank, `p` in [0, 100]; 0 and 100 are minimum and maximum exactly. Null: no
  // answer yet.
  std::optional<Nanoseconds> percentile(double p) const;
  // The RTT histogram's buckets that are not empty, ascending.
  std::vector<HistogramBar> bars() const { return histogram_.bars(); }

  // Adds what `other` holds; of two resolutions the result has the coarser. Requires: `other` is another
  // object.
  void merge(const TargetFigures& other);

  // What it holds outside itself, for accounting.
  std::size_t heap_bytes() const { return histogram_.heap_bytes() + (rare_ ? sizeof(Rare) : 0); }

 private:
  // What most targets never count.
  struct Rare {
    std::uint64_t errors = 0, local = 0, late = 0;
    std::uint64_t duplicates = 0, rejected = 0, suspect = 0, skipped = 0;
    std::uint64_t without_host_time = 0;  // answers, where others came with one
    std::uint64_t seams = 0;  // merges of two series with answers: one difference less than answers each
  };

  Rare& rare();
  void count_host_time(std::optional<Nanoseconds> host_time);
  std::uint64_t without_host_time() const;
  void lengthen_loss_run();
  std::uint64_t differences() const;
  std::uint64_t longest_loss_run() const { return last_run_ > longest_before_ ? last_run_ : longest_before_; }

  // Ordered so that a reply touches one stretch of memory.
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  double mean_ns_ = 0, squares_ns2_ = 0;  // Welford: mean, and sum of squared deviations from it
  Nanoseconds min_{}, max_{}, previous_{};
  double difference_sum_ns_ =
      0;  // of |consecutive differences|; as double: 64-bit integers could wrap in a flood
  double rfc3550_ns_ = 0;
  double host_time_sum_ns_ = -1;  // negative: no answer came with one
  LogHistogram histogram_;
  std::uint64_t run_open_ : 1 = 0;   // no reply since the last loss
  std::uint64_t last_run_ : 63 = 0;  // losses in the latest run, less late answers
  std::uint64_t lost_ = 0;
  std::uint64_t loss_runs_ = 0;
  std::uint64_t longest_before_ = 0;  // of the runs before the latest
  std::unique_ptr<Rare> rare_;        // null: all zero
};

static_assert(sizeof(TargetFigures) <= 144, "a million of them must fit");

}  // namespace sonde::stats
