// lag.hpp: how late probes left against their schedule, as a small histogram of fixed size.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "sonde/time.hpp"

namespace sonde::engine {

// Buckets are a quarter of a power of two wide: percentiles are right within 25 %, and never reported too
// low.
class LagRecorder {
 public:
  void record(Nanoseconds lag) {
    if (lag < Nanoseconds::zero()) lag = Nanoseconds::zero();
    if (lag > largest_) largest_ = lag;
    ++counts_[bucket(static_cast<std::uint64_t>(lag.count()))];
    ++total_;
  }

  void merge(const LagRecorder& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    if (other.largest_ > largest_) largest_ = other.largest_;
  }

  Nanoseconds largest() const { return largest_; }

  // `fraction` in [0, 1]; zero when nothing was recorded.
  Nanoseconds percentile(double fraction) const {
    const auto rank = static_cast<std::uint64_t>(fraction * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > rank || (seen == total_ && total_ != 0)) return std::min(upper_end(i), largest_);
    }
    return Nanoseconds::zero();
  }

 private:
  static constexpr std::size_t buckets = 256;

  // The position of the highest bit, then the two bits below it.
  static std::size_t bucket(std::uint64_t ns) {
    if (ns < 4) return static_cast<std::size_t>(ns);
    const auto exponent = static_cast<unsigned>(std::bit_width(ns)) - 1;
    return std::size_t{exponent} * 4 + (ns >> (exponent - 2) & 3) - 4;
  }
  static Nanoseconds upper_end(std::size_t bucket) {
    if (bucket < 4) return Nanoseconds(static_cast<std::int64_t>(bucket));
    const std::size_t exponent = bucket / 4 + 1;
    return Nanoseconds(static_cast<std::int64_t>(((4 + bucket % 4 + 1) << (exponent - 2)) - 1));
  }

  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t total_ = 0;
  Nanoseconds largest_{};
};

}  // namespace sonde::engine
