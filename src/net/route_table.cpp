// route_table.cpp: see route_table.hpp.
#include "net/route_table.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "net/netlink.hpp"
#include "net/socket_address.hpp"

namespace sonde::net {

namespace {

constexpr std::array<std::uint8_t, 3> tables_in_order{RT_TABLE_LOCAL, RT_TABLE_MAIN, RT_TABLE_DEFAULT};

Address without_zone(const Address& address) {
  return address.is_ipv4() ? address : Address::ipv6(std::span(address.padded_bytes()));
}

// The last address of the prefix.
Address last_of(const RouteTable::Prefix& prefix) {
  auto bytes = prefix.first.padded_bytes();
  const std::size_t size = prefix.first.bytes().size();
  for (std::size_t bit = prefix.length; bit < size * 8; ++bit)
    bytes[bit / 8] |= static_cast<std::byte>(0x80U >> (bit % 8));
  return size == 4 ? Address::ipv4(std::span(bytes).first<4>()) : Address::ipv6(std::span(bytes));
}

// Whether the rules are those of a host without policy routing, which choose by nothing but the destination.
Result<bool> has_further_rules(Family family) {
  fib_rule_hdr fixed{};
  fixed.family = static_cast<std::uint8_t>(address_family(family));
  bool found = false;
  auto read = NetlinkRequest(RTM_GETRULE, fixed).dump("cannot read the routing rules", [&](auto body) {
    const NetlinkAnswer<fib_rule_hdr> rule(body);
    const bool is_plain = rule.fixed.action == FR_ACT_TO_TBL && rule.fixed.src_len == 0 &&
                          rule.fixed.dst_len == 0 && rule.fixed.tos == 0 &&
                          std::ranges::find(tables_in_order, rule.fixed.table) != tables_in_order.end();
    found = found || !is_plain;
  });
  if (!read) return std::unexpected(read.error());
  return found;
}

}  // namespace

Result<RouteTable> RouteTable::read(Family family) {
  const auto rules = has_further_rules(family);
  if (!rules) return std::unexpected(rules.error());
  if (*rules) {
    return std::unexpected(Error{ErrorCode::unavailable, 0, "cannot tell routes by their destination alone",
                                 std::string(to_string(family)), "`ip rule` chooses among further tables"});
  }
  rtmsg fixed{};
  fixed.rtm_family = static_cast<std::uint8_t>(address_family(family));
  std::vector<Prefix> prefixes;
  auto read = NetlinkRequest(RTM_GETROUTE, fixed).dump("cannot read the routes", [&](auto body) {
    const NetlinkAnswer<rtmsg> route(body);
    if ((route.fixed.rtm_flags & RTM_F_CLONED) != 0 || route.fixed.rtm_tos != 0) return;
    Prefix prefix{
        .first = Address::any(family), .length = route.fixed.rtm_dst_len, .table = route.fixed.rtm_table};
    each_attribute(route.attributes, [&prefix](std::uint16_t type, std::span<const std::byte> value) {
      if (type == RTA_DST) prefix.first = address_in(value).value_or(prefix.first);
    });
    prefixes.push_back(prefix);
  });
  if (!read) return std::unexpected(read.error());
  return RouteTable(prefixes);
}

RouteTable::RouteTable(const std::vector<Prefix>& prefixes) : routes_(prefixes.size()) {
  std::array<Ranges, tables_in_order.size()> tables;
  std::vector<Address> changes;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    tables[i] = flatten(prefixes, tables_in_order[i]);
    for (const Range& range : tables[i]) changes.push_back(range.first);
  }
  // The first table with a route has it, and that can change only where one of them does.
  std::ranges::sort(changes);
  for (const Address& first : changes) {
    std::size_t route = none;
    for (const Ranges& table : tables) {
      if (route == none) route = find_in(table, first);
    }
    if (ranges_.empty() || ranges_.back().route != route) ranges_.push_back({first, route});
  }
}

// Prefixes contain each other or have nothing in common. So in the order of their first addresses, the wider first, those
// that are open at an address lie on a stack, the narrowest on top, and where one ends, that below it goes on.
RouteTable::Ranges RouteTable::flatten(const std::vector<Prefix>& prefixes, std::uint8_t table) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    if (prefixes[i].table == table) order.push_back(i);
  }
  // Of equal prefixes the kernel lists the one it takes first.
  std::ranges::sort(order, {}, [&prefixes](std::size_t i) {
    return std::tuple(without_zone(prefixes[i].first), prefixes[i].length, i);
  });
  Ranges ranges;
  struct Open {
    Address last;
    std::size_t route;
  };
  std::vector<Open> open;
  const auto begin_at = [&ranges](const Address& first, std::size_t route) {
    if (!ranges.empty() && ranges.back().first == first) ranges.pop_back();
    ranges.push_back({first, route});
  };
  const auto close_before = [&](const Address* next) {
    while (!open.empty() && (next == nullptr || open.back().last < *next)) {
      const auto behind = open.back().last.plus(1);
      open.pop_back();
      if (behind) begin_at(*behind, open.empty() ? none : open.back().route);
    }
  };
  for (const std::size_t i : order) {
    const Address first = without_zone(prefixes[i].first);
    close_before(&first);
    const bool is_repeated = !open.empty() && open.back().last == last_of(prefixes[i]) && !ranges.empty() &&
                             ranges.back().first == first;
    if (is_repeated) continue;
    begin_at(first, i);
    open.push_back({last_of(prefixes[i]), i});
  }
  close_before(nullptr);
  return ranges;
}

std::size_t RouteTable::find_in(const Ranges& ranges, const Address& wanted) {
  const auto behind = std::ranges::upper_bound(ranges, wanted, {}, &Range::first);
  return behind == ranges.begin() ? none : std::prev(behind)->route;
}

std::optional<std::size_t> RouteTable::find(const Address& destination) const {
  const std::size_t route = find_in(ranges_, without_zone(destination));
  return route == none ? std::nullopt : std::optional(route);
}

}  // namespace sonde::net
