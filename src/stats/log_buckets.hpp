// log_buckets.hpp: which logarithmic bucket a duration falls into, and where each bucket begins.
//
// Bucket k of a resolution with P buckets per octave holds the durations in [2^(k/P), 2^((k+1)/P)) seconds, P
// = 8 (compact) or 128 (fine). These are the buckets of Prometheus's native histograms, schema 3 and 7 (there
// the upper edge belongs to the bucket; the two differ on a whole power of two alone). The index stored is k
// + 21 P, so that it runs from 0: 32 octaves from 0.48 us to 34 min. What is below belongs to bucket 0, what
// is above to the last one. A fine index divided by 16 is the compact index, exactly.
//
// The index without a logarithm: a duration of x ns is shifted until its top bit is bit 63. The next few bits
// choose a cell of the octave; cells are so narrow that at most one bucket begins within each, so one
// comparison with where it begins decides. The result is exact for every whole number of nanoseconds.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "sonde/time.hpp"

namespace sonde::stats {

enum class Resolution : std::uint8_t {
  compact,  // 8 buckets per octave: the middle of a bucket is within 4.5 % of all in it
  fine,     // 128 per octave: within 0.28 %
};

// How many bits a fine index is shifted by to become the compact one.
inline constexpr unsigned fine_to_compact_shift = 4;

constexpr unsigned buckets_per_octave(Resolution resolution) {
  return resolution == Resolution::compact ? 8 : 128;
}

inline constexpr unsigned bucket_octaves = 32;
inline constexpr unsigned octaves_below_one_second = 21;

constexpr unsigned bucket_count(Resolution resolution) {
  return bucket_octaves * buckets_per_octave(resolution);
}

namespace detail {

// Where a bucket begins, 2^(j/P) s as nanoseconds, in floating point: top bit of `mantissa` is bit 63.
struct BucketEdge {
  std::uint64_t mantissa = 0;
  int exponent = 0;  // the edge is mantissa * 2^(exponent - 63) ns
};

constexpr long double square_root(long double value) {
  long double root = value;
  for (int step = 0; step < 64; ++step) root = (root + value / root) / 2;
  return root;
}

// 2^(numerator / 128) s, for a numerator in [0, 128). Errors of the last bits cannot matter: a duration
// within range has its lowest 22 mantissa bits zero; and the one edge that may be hit exactly, numerator 0,
// is exact.
constexpr BucketEdge bucket_edge(unsigned numerator) {
  long double edge_ns = 1e9L;
  long double root = 2;
  for (unsigned bit = 64; bit != 0; bit >>= 1) {
    root = square_root(root);
    if ((numerator & bit) != 0) edge_ns *= root;
  }
  int exponent = 63;
  while (edge_ns < 0x1p63L) {
    edge_ns *= 2;
    --exponent;
  }
  return {static_cast<std::uint64_t>(edge_ns), exponent};
}

template <unsigned per_octave>
struct BucketTable {
  static constexpr unsigned cell_bits = static_cast<unsigned>(std::bit_width(per_octave));
  struct Cell {
    std::uint64_t threshold =
        std::numeric_limits<std::uint64_t>::max();  // the bucket that begins within the cell
    int before = 0;  // the index below the threshold, less per_octave for each octave of x
  };
  std::array<BucketEdge, per_octave> edges{};
  std::array<Cell, 1u << cell_bits> cells{};

  constexpr BucketTable() {
    for (unsigned j = 0; j < per_octave; ++j) edges[j] = bucket_edge(j * (128 / per_octave));
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
      const std::uint64_t begin = (std::uint64_t{1} << 63) | (std::uint64_t{cell} << (63 - cell_bits));
      const std::uint64_t last = begin | ((std::uint64_t{1} << (63 - cell_bits)) - 1);
      int before = std::numeric_limits<int>::min();
      for (unsigned j = 0; j < per_octave; ++j) {
        // In the octave of x's own exponent, edge j is that of the bucket `index` + per_octave * exponent;
        // the octave's first values may belong to the bucket that began before it.
        const int index = static_cast<int>(j) + static_cast<int>(octaves_below_one_second * per_octave) -
                          static_cast<int>(per_octave) * edges[j].exponent;
        const int below = edges[j].mantissa <= begin ? index : index - static_cast<int>(per_octave);
        before = below > before ? below : before;
        if (edges[j].mantissa > begin && edges[j].mantissa <= last) cells[cell].threshold = edges[j].mantissa;
      }
      cells[cell].before = before;
    }
  }
};

template <unsigned per_octave>
inline constexpr BucketTable<per_octave> bucket_table{};

template <unsigned per_octave>
constexpr unsigned bucket_index(std::int64_t nanoseconds) {
  if (nanoseconds <= 0) return 0;
  const auto x = static_cast<std::uint64_t>(nanoseconds);
  const int leading_zeros = std::countl_zero(x);
  const std::uint64_t mantissa = x << leading_zeros;
  constexpr const auto& table = bucket_table<per_octave>;
  const auto& cell = table.cells[(mantissa << 1) >> (64 - table.cell_bits)];
  const int index = (63 - leading_zeros) * static_cast<int>(per_octave) + cell.before +
                    static_cast<int>(mantissa >= cell.threshold);
  constexpr int last = static_cast<int>(bucket_octaves * per_octave) - 1;
  return static_cast<unsigned>(index < 0 ? 0 : index > last ? last : index);
}

template <unsigned per_octave>
constexpr std::int64_t bucket_begin(unsigned index) {
  if (index == 0) return 0;
  if (index >= bucket_octaves * per_octave) return std::numeric_limits<std::int64_t>::max();
  const BucketEdge edge = bucket_table<per_octave>.edges[index % per_octave];
  const int shift =
      63 - edge.exponent + static_cast<int>(octaves_below_one_second) - static_cast<int>(index / per_octave);
  const std::uint64_t whole = edge.mantissa >> shift;
  return static_cast<std::int64_t>(whole + ((whole << shift) != edge.mantissa ? 1 : 0));
}

}  // namespace detail

// The bucket of a duration, in [0, bucket_count(resolution)).
constexpr unsigned bucket_index(Resolution resolution, Nanoseconds duration) {
  return resolution == Resolution::compact ? detail::bucket_index<8>(duration.count())
                                           : detail::bucket_index<128>(duration.count());
}

// The shortest duration in a bucket: 0 for bucket 0, and the type's maximum for the index behind the last
// one.
constexpr Nanoseconds bucket_begin(Resolution resolution, unsigned index) {
  return Nanoseconds(resolution == Resolution::compact ? detail::bucket_begin<8>(index)
                                                       : detail::bucket_begin<128>(index));
}

// The geometric middle of a bucket, which is what a percentile answers.
inline Nanoseconds bucket_middle(Resolution resolution, unsigned index) {
  const double octave = (index + 0.5) / buckets_per_octave(resolution) - double{octaves_below_one_second};
  return Nanoseconds(std::llround(1e9 * std::exp2(octave)));
}

}  // namespace sonde::stats
