// route_table.hpp: the kernel's routes of one family, for those who ask for more destinations than find_route() can answer.
//
// It tells apart which destinations the kernel treats alike, not how: that find_route() says of any one of them.
// Tables are asked in the order of a host without policy routing, local, main, default; in each the longest prefix that holds
// the destination decides. Each table is kept as sorted, disjoint ranges, so that a look-up is a binary search.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/error.hpp"

namespace sonde::net {

class RouteTable {
 public:
  // As the routes are now. Errors: unavailable where rules choose among further tables, so that the destination alone does
  // not decide; system.
  static Result<RouteTable> read(Family family);

  // The route that a packet to `destination` takes, as a number below routes(); nullopt: there is none.
  // Zones are not looked at. Immutable: from any thread.
  std::optional<std::size_t> find(const Address& destination) const;
  std::size_t routes() const { return routes_; }

  struct Prefix {
    Address first;
    std::uint8_t length = 0;
    std::uint8_t table = 0;  // 255: local, 254: main, 253: default
  };
  // Of routes known otherwise; their numbers are their places in `prefixes`.
  explicit RouteTable(const std::vector<Prefix>& prefixes);

 private:
  static constexpr std::size_t none = SIZE_MAX;
  struct Range {
    Address first;  // up to the next range's
    std::size_t route = none;
  };
  using Ranges = std::vector<Range>;
  static Ranges flatten(const std::vector<Prefix>& prefixes, std::uint8_t table);
  static std::size_t find_in(const Ranges& ranges, const Address& wanted);

  Ranges ranges_;
  std::size_t routes_ = 0;
};

}  // namespace sonde::net
