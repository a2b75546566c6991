// histogram.cpp: growth, merging and reading of LogHistogram.
#include "stats/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace sonde::stats {

std::size_t LogHistogram::plane_offset(std::size_t plane) const {
  std::size_t offset = 0;
  for (std::size_t before = 0; before < plane; ++before) offset += plane_size(before);
  return offset;
}

unsigned LogHistogram::inline_sample(std::size_t position) const {
  if (resolution_ == Resolution::compact) return small_[position];
  return unsigned{small_[2 * position]} << 8 | small_[2 * position + 1];
}

void LogHistogram::set_inline_sample(std::size_t position, unsigned index) {
  if (resolution_ == Resolution::compact) {
    small_[position] = static_cast<std::uint8_t>(index);
  } else {
    small_[2 * position] = static_cast<std::uint8_t>(index >> 8);
    small_[2 * position + 1] = static_cast<std::uint8_t>(index);
  }
}

template <typename Visitor>
void LogHistogram::visit(const Visitor& visitor) const {
  if (planes_) {
    struct Plane {
      unsigned first = 0, size = 0;
      const std::uint8_t* bytes = nullptr;
    };
    std::array<Plane, most_planes> planes{};
    for (std::size_t plane = 0; plane < used_; ++plane) {
      planes[plane] = {plane_first(plane), plane_size(plane), planes_.get() + plane_offset(plane)};
    }
    const unsigned end = planes[0].first + planes[0].size;
    for (unsigned index = planes[0].first; index < end; ++index) {
      std::uint64_t count = 0;
      for (std::size_t plane = 0; plane < used_; ++plane) {
        const unsigned offset = index - planes[plane].first;
        if (offset < planes[plane].size) count |= std::uint64_t{planes[plane].bytes[offset]} << (8 * plane);
      }
      if (count != 0 && !visitor(index, count)) return;
    }
    return;
  }
  std::array<unsigned, small_bytes> buffer{};
  for (std::size_t position = 0; position < used_; ++position) buffer[position] = inline_sample(position);
  const auto samples = std::span(buffer).first(used_);
  std::ranges::sort(samples);
  for (auto run = samples.begin(); run != samples.end();) {
    const auto end = std::upper_bound(run, samples.end(), *run);
    if (!visitor(*run, static_cast<std::uint64_t>(end - run))) return;
    run = end;
  }
}

void LogHistogram::add_count(unsigned index, std::uint64_t count) {
  if (!planes_) {
    if (count <= inline_capacity() - used_) {
      for (; count != 0; --count) set_inline_sample(used_++, index);
      return;
    }
    move_to_heap();
  }
  for (std::size_t plane = 0; count != 0 && plane < most_planes; ++plane) {
    std::uint8_t& byte = covered_byte(plane, index);
    count += byte;
    byte = static_cast<std::uint8_t>(count);
    count >>= 8;
  }
}

void LogHistogram::move_to_heap() {
  std::array<unsigned, small_bytes> buffer{};
  for (std::size_t position = 0; position < used_; ++position) buffer[position] = inline_sample(position);
  const auto samples = std::span(buffer).first(used_);
  if (samples.empty()) return;
  const auto [least, greatest] = std::ranges::minmax(samples);
  const unsigned first_unit = least >> unit_shift();
  used_ = 0;
  set_plane_range(0, first_unit, (greatest >> unit_shift()) - first_unit + 1);
  for (const unsigned index : samples) ++covered_byte(0, index);
}

// The byte of a counter in a plane, which is made or widened to cover it. Requires: plane <= used_.
std::uint8_t& LogHistogram::covered_byte(std::size_t plane, unsigned index) {
  const unsigned unit = index >> unit_shift();
  if (plane == used_) {
    set_plane_range(plane, unit, 1);
  } else {
    const unsigned first = small_[2 * plane];
    const unsigned end = first + small_[2 * plane + 1];
    if (unit < first || unit >= end) {
      const unsigned wider_first = std::min(first, unit);
      set_plane_range(plane, wider_first, std::max(end, unit + 1) - wider_first);
    }
  }
  return planes_[plane_offset(plane) + index - plane_first(plane)];
}

// Makes `plane` cover a range that contains the one it has. Requires: plane <= used_.
void LogHistogram::set_plane_range(std::size_t plane, unsigned first_unit, unsigned units) {
  const bool is_new = plane == used_;
  const std::size_t begin = plane_offset(plane);
  const std::size_t old_size = is_new ? 0 : plane_size(plane);
  const std::size_t old_total = plane_offset(used_);
  const std::size_t new_size = std::size_t{units} << unit_shift();
  auto block = std::make_unique<std::uint8_t[]>(old_total - old_size + new_size);
  if (planes_) {
    const std::uint8_t* old = planes_.get();
    std::copy_n(old, begin, block.get());
    if (!is_new) {
      const std::size_t shift = plane_first(plane) - (std::size_t{first_unit} << unit_shift());
      std::copy_n(old + begin, old_size, block.get() + begin + shift);
    }
    std::copy_n(old + begin + old_size, old_total - begin - old_size, block.get() + begin + new_size);
  }
  planes_ = std::move(block);
  small_[2 * plane] = static_cast<std::uint8_t>(first_unit);
  small_[2 * plane + 1] = static_cast<std::uint8_t>(units);
  if (is_new) ++used_;
}

void LogHistogram::merge(const LogHistogram& other) {
  if (other.used_ == 0) return;
  if (resolution_ == Resolution::fine && other.resolution_ == Resolution::compact) {
    LogHistogram coarser(Resolution::compact);
    coarser.merge(*this);
    *this = std::move(coarser);
  }
  const unsigned shift = resolution_ == other.resolution_ ? 0 : fine_to_compact_shift;
  other.visit([&](unsigned index, std::uint64_t count) {
    add_count(index >> shift, count);
    return true;
  });
}

void LogHistogram::percentiles(std::span<const double> wanted, std::uint64_t count, Nanoseconds min,
                               Nanoseconds max, std::span<Nanoseconds> results) const {
  // The product may be a hair above the whole number it stands for (99.9 % of 1000): that must cost no rank.
  const double hair = 1 - 4 * std::numeric_limits<double>::epsilon();
  const auto samples = static_cast<double>(count);
  const auto rank = [&](double p) { return std::ceil(p * samples / 100 * hair); };
  std::size_t next = 0;
  for (; next < wanted.size() && !(rank(wanted[next]) > 1); ++next) results[next] = min;
  std::fill(results.begin() + static_cast<std::ptrdiff_t>(next), results.end(), max);
  std::uint64_t seen = 0;
  visit([&](unsigned index, std::uint64_t in_bucket) {
    seen += in_bucket;
    for (; next < wanted.size() && rank(wanted[next]) <= static_cast<double>(seen); ++next) {
      if (wanted[next] >= 100 || rank(wanted[next]) >= samples) return false;
      results[next] = std::clamp(bucket_middle(resolution_, index), min, max);
    }
    return next < wanted.size();
  });
}

Nanoseconds LogHistogram::percentile(double p, std::uint64_t count, Nanoseconds min, Nanoseconds max) const {
  Nanoseconds result{};
  percentiles({&p, 1}, count, min, max, {&result, 1});
  return result;
}

std::vector<HistogramBar> LogHistogram::bars() const {
  std::vector<HistogramBar> bars;
  visit([&](unsigned index, std::uint64_t count) {
    bars.push_back({bucket_begin(resolution_, index), bucket_begin(resolution_, index + 1), count});
    return true;
  });
  return bars;
}

}  // namespace sonde::stats
