// heatmap.cpp: see heatmap.hpp.
#include "sweep/heatmap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "wire/bytes.hpp"

namespace sonde::sweep {
namespace {

constexpr double fastest_ns = 1e4, decades = 6;
constexpr double code_steps = Heatmap::slowest - Heatmap::fastest;

// Of the smallest 4^order that holds so many.
unsigned order_for(std::uint64_t size) {
  return (static_cast<unsigned>(std::bit_width(size - 1)) + 1) / 2;
}

std::uint32_t number_of(const Address& address) {
  return wire::load_be32(address.bytes(), 0);
}

// A square of the curve is turned and mirrored within the next larger one.
void turn(CellPlace& place, std::uint32_t width, std::uint32_t right, std::uint32_t down) {
  if (down != 0) return;
  if (right != 0) {
    place.x = width - 1 - place.x;
    place.y = width - 1 - place.y;
  }
  std::swap(place.x, place.y);
}

}  // namespace

HeatmapLayout HeatmapLayout::by_address(const Address& first, const Address& last) {
  const auto differing = static_cast<unsigned>(std::bit_width(number_of(first) ^ number_of(last)));
  const unsigned host_bits = (differing + 1) / 2 * 2;
  HeatmapLayout layout;
  layout.size_ = std::uint64_t{1} << host_bits;
  layout.base_ = static_cast<std::uint32_t>(number_of(first) & ~(layout.size_ - 1));
  layout.prefix_length_ = 32 - host_bits;
  return layout;
}

HeatmapLayout HeatmapLayout::by_index(std::uint64_t size) {
  HeatmapLayout layout;
  layout.size_ = size;
  return layout;
}

std::uint64_t HeatmapLayout::position(const Record& record) const {
  if (!base_) return record.index;
  if (!record.address.is_ipv4() || number_of(record.address) < *base_) return size_;
  return number_of(record.address) - *base_;
}

std::string HeatmapLayout::title() const {
  if (base_) return fmt::format("{}/{}", Address::ipv4(*base_).to_string(), prefix_length_);
  return fmt::format("{} addresses", size_);
}

Heatmap::Heatmap(const HeatmapLayout& layout)
    : layout_(layout), order_(std::min(order_for(layout.size()), most_order)) {
  shift_ = 2 * (order_for(layout.size()) - order_);
  cells_.assign(std::size_t{1} << (2 * order_), outside);
  std::fill_n(cells_.begin(), ((layout.size() - 1) >> shift_) + 1, silent);
}

void Heatmap::add(const Record& record) {
  if (!record.is_reply || !record.rtt) return;
  const std::uint64_t position = layout_.position(record);
  if (position < layout_.size()) add(position, *record.rtt);
}

void Heatmap::add(std::uint64_t position, Nanoseconds rtt) {
  Code& cell = cells_[position >> shift_];
  const Code code = heat_code(rtt);
  if (cell == silent || code < cell) cell = code;
}

Heatmap::Code Heatmap::at(std::uint32_t x, std::uint32_t y) const {
  return cells_[hilbert_distance(order_, {x, y})];
}

std::vector<std::uint64_t> Heatmap::histogram() const {
  std::vector<std::uint64_t> counts(std::size_t{slowest} + 1);
  for (const Code code : cells_) ++counts[code];
  return counts;
}

Heatmap Heatmap::reduced(unsigned order) const {
  Heatmap smaller = *this;
  while (smaller.order_ > order) {
    std::vector<Code> cells(smaller.cells_.size() / 4);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      // The order of the codes makes 'silent' win over 'outside' and any answer over both, then the fastest.
      for (std::size_t j = 4 * i; j < 4 * i + 4; ++j) {
        const Code code = smaller.cells_[j];
        if (cells[i] < fastest ? code > cells[i] : code >= fastest && code < cells[i]) cells[i] = code;
      }
    }
    smaller.cells_ = std::move(cells);
    --smaller.order_;
    smaller.shift_ += 2;
  }
  return smaller;
}

Heatmap::Code heat_code(Nanoseconds rtt) {
  const double times = std::max(1.0, static_cast<double>(rtt.count()) / fastest_ns);
  const double step = std::min(code_steps, std::round(std::log10(times) * code_steps / decades));
  return static_cast<Heatmap::Code>(Heatmap::fastest + static_cast<int>(step));
}

Nanoseconds rtt_of_heat(Heatmap::Code code) {
  const double step = std::max(0, code - Heatmap::fastest);
  return Nanoseconds(
      static_cast<std::int64_t>(std::round(fastest_ns * std::pow(10.0, step * decades / code_steps))));
}

CellPlace hilbert_place(unsigned order, std::uint64_t distance) {
  CellPlace place;
  for (unsigned level = 0; level < order; ++level, distance >>= 2) {
    const auto right = static_cast<std::uint32_t>(distance >> 1 & 1);
    const auto down = static_cast<std::uint32_t>((distance ^ right) & 1);
    turn(place, std::uint32_t{1} << level, right, down);
    place.x += right << level;
    place.y += down << level;
  }
  return place;
}

std::uint64_t hilbert_distance(unsigned order, CellPlace place) {
  std::uint64_t distance = 0;
  for (unsigned level = order; level-- > 0;) {
    const std::uint32_t right = place.x >> level & 1, down = place.y >> level & 1;
    distance = distance << 2 | ((3 * right) ^ down);
    place.x &= (std::uint32_t{1} << level) - 1;
    place.y &= (std::uint32_t{1} << level) - 1;
    turn(place, std::uint32_t{1} << level, right, down);
  }
  return distance;
}

}  // namespace sonde::sweep
