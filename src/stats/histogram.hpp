// histogram.hpp: a mergeable histogram of durations, 1 us to half an hour, in about a hundred bytes.
//
// Buckets are logarithmic (log_buckets.hpp). The first samples (14 compact, 7 fine) are kept as bucket
// indexes within the object. Then counters go to one heap block, as planes: plane 0 holds the lowest byte of
// every counter, plane 1 the next byte, and so on. A plane covers only the buckets from the lowest to the
// highest that need it, so the few counters that grow large do not make the many small ones wide. Adding is
// an increment with carry.
//
// Invariants: counts are exact, up to 2^56 per bucket (two thousand years at a million a second). A bucket
// that a plane holds a non-zero byte for is covered by all planes below. Plane ranges are whole units of 8
// (compact) or 32 (fine) buckets.
//
// Errors: only std::bad_alloc.
//
// Threads: none of this is locked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sonde/figures.hpp"
#include "sonde/time.hpp"
#include "stats/log_buckets.hpp"

namespace sonde::stats {

class LogHistogram {
 public:
  explicit LogHistogram(Resolution resolution) : resolution_(resolution) {}

  void add(Nanoseconds sample) {
    const unsigned index = bucket_index(resolution_, sample);
    if (planes_) {
      const unsigned offset = index - plane_first(0);  // below the plane it wraps, beyond any size
      if (offset < plane_size(0) && planes_[offset] != 0xff) [[likely]] {
        ++planes_[offset];
        return;
      }
    }
    add_count(index, 1);
  }

  // Adds all that `other` holds. Of two resolutions the result has the coarser (an empty `other` does not
  // count).
  //
  // Requires: `other` is another object.
  void merge(const LogHistogram& other);

  // For each p the sample of rank ceil(p / 100 * count) (nearest rank), as the middle of its bucket, within
  // [min, max]; the ranks 1 and `count` are `min` and `max` themselves. What is not in [0, 100] is taken as
  // the nearer end.
  //
  // Requires: `wanted` ascends, `results` has its size; `count` > 0 samples were added, the least of them
  // `min`, the greatest `max`.
  void percentiles(std::span<const double> wanted, std::uint64_t count, Nanoseconds min, Nanoseconds max,
                   std::span<Nanoseconds> results) const;
  Nanoseconds percentile(double p, std::uint64_t count, Nanoseconds min, Nanoseconds max) const;

  // The buckets that are not empty, ascending.
  std::vector<HistogramBar> bars() const;

  Resolution resolution() const { return resolution_; }
  std::size_t heap_bytes() const { return planes_ ? plane_offset(used_) : 0; }

 private:
  static constexpr std::size_t small_bytes = 14;
  static constexpr unsigned most_planes = small_bytes / 2;

  unsigned inline_capacity() const {
    return resolution_ == Resolution::compact ? small_bytes : small_bytes / 2;
  }
  unsigned unit_shift() const { return resolution_ == Resolution::compact ? 3 : 5; }

  // The buckets a plane covers.
  unsigned plane_first(std::size_t plane) const { return unsigned{small_[2 * plane]} << unit_shift(); }
  unsigned plane_size(std::size_t plane) const { return unsigned{small_[2 * plane + 1]} << unit_shift(); }
  // Where a plane begins in the heap block.
  std::size_t plane_offset(std::size_t plane) const;

  unsigned inline_sample(std::size_t position) const;
  void set_inline_sample(std::size_t position, unsigned index);
  // Calls visitor(index, count) for each bucket that is not empty, ascending, until it returns false.
  template <typename Visitor>
  void visit(const Visitor& visitor) const;

  void add_count(unsigned index, std::uint64_t count);
  void move_to_heap();
  std::uint8_t& covered_byte(std::size_t plane, unsigned index);
  void set_plane_range(std::size_t plane, unsigned first_unit, unsigned units);

  std::unique_ptr<std::uint8_t[]> planes_;  // null: the samples are in small_
  // Without planes: bucket indexes in order of arrival, one byte each, or two (high byte first) when fine.
  // With planes: for each its first unit and its number of units.
  std::array<std::uint8_t, small_bytes> small_{};
  std::uint8_t used_ = 0;  // samples, or planes
  Resolution resolution_;
};

static_assert(sizeof(LogHistogram) == 24);

}  // namespace sonde::stats
