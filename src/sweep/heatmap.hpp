// heatmap.hpp: the space of a sweep as a picture: a Hilbert curve, on which neighbours stay neighbours and
// every prefix is a square or half of one, coloured by round-trip time.
//
//   Heatmap heatmap(HeatmapLayout::by_address(first, last));
//   heatmap.add(record);
//   Result<void> written = write_heatmap(heatmap, "sweep.png");
//
// At most 4096 x 4096 cells of one byte, 16 MiB: the least RTT of the addresses within, on a logarithmic
// scale. Twice that while a PNG is made. Threads: not locked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/error.hpp"
#include "sweep/record.hpp"

namespace sonde::sweep {

// Where a record lies on the curve.
class HeatmapLayout {
 public:
  // The smallest IPv4 prefix of even length around both; a position is an address. Requires: first <= last,
  // IPv4.
  static HeatmapLayout by_address(const Address& first, const Address& last);
  // A position is an index. Requires: size > 0.
  static HeatmapLayout by_index(std::uint64_t size);

  std::uint64_t size() const { return size_; }
  // size() or more: not on it.
  std::uint64_t position(const Record& record) const;
  // "192.0.2.0/24", "5,000 addresses".
  std::string title() const;

 private:
  std::uint64_t size_ = 1;
  std::optional<std::uint32_t> base_;  // of addresses
  unsigned prefix_length_ = 0;
};

class Heatmap {
 public:
  static constexpr unsigned most_order = 12;  // the picture is 2^order cells wide
  // Of a cell: not in the space, nobody answered, or how fast: from `fastest` (10 us) to `slowest` (10 s).
  using Code = std::uint8_t;
  static constexpr Code outside = 0, silent = 1, fastest = 2, slowest = 255;

  explicit Heatmap(const HeatmapLayout& layout);

  // Replies with an RTT; others are left out.
  void add(const Record& record);
  // Requires: position < layout().size().
  void add(std::uint64_t position, Nanoseconds rtt);

  const HeatmapLayout& layout() const { return layout_; }
  unsigned order() const { return order_; }
  std::uint32_t side() const { return std::uint32_t{1} << order_; }
  // Requires: x, y < side(). y counts downwards.
  Code at(std::uint32_t x, std::uint32_t y) const;
  // How often each code occurs.
  std::vector<std::uint64_t> histogram() const;
  // The same picture with at most 2^order cells a side.
  Heatmap reduced(unsigned order) const;

 private:
  HeatmapLayout layout_;
  unsigned order_ = 0, shift_ = 0;  // a cell is position >> shift_
  std::vector<Code> cells_;         // in the order of the curve
};

Heatmap::Code heat_code(Nanoseconds rtt);
Nanoseconds rtt_of_heat(Heatmap::Code code);

struct CellPlace {
  std::uint32_t x = 0, y = 0;
  friend bool operator==(const CellPlace&, const CellPlace&) = default;
};
// The cell `distance` along the curve of 4^order cells, and back.
CellPlace hilbert_place(unsigned order, std::uint64_t distance);
std::uint64_t hilbert_distance(unsigned order, CellPlace place);

}  // namespace sonde::sweep
