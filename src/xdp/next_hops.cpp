// next_hops.cpp: see next_hops.hpp.
#include "xdp/next_hops.hpp"

#include <algorithm>
#include <utility>

#include "net/route.hpp"

namespace sonde::xdp {

namespace {

constexpr Nanoseconds ask_again_after = std::chrono::seconds(1);
constexpr Nanoseconds ask_for_unknown_after = std::chrono::milliseconds(20);

// Whether the kernel would send to it without asking first (RFC 4861, section 7.3.2).
bool is_usable(const net::Neighbour& neighbour) {
  switch (neighbour.state) {
    case net::NeighbourState::reachable:
    case net::NeighbourState::stale:
    case net::NeighbourState::delay:
    case net::NeighbourState::probe:
    case net::NeighbourState::permanent:
      return neighbour.link_address.size() == EthernetAddress{}.size();
    case net::NeighbourState::incomplete:
    case net::NeighbourState::failed:
    case net::NeighbourState::noarp:
    case net::NeighbourState::other:
      break;
  }
  return false;
}

}  // namespace

NextHops::NextHops(std::shared_ptr<const net::RouteTable> routes, std::uint32_t interface_index,
                   NetworkOptions options)
    : routes_(std::move(routes)),
      interface_index_(interface_index),
      options_(std::move(options)),
      known_(routes_->routes()) {}

const Hop* NextHops::hop(const Address& destination, MonotonicTime now) {
  const auto route = routes_->find(destination);
  if (!route) return nullptr;
  Known& known = known_[*route];
  const Nanoseconds lasts = known.hop ? ask_again_after : ask_for_unknown_after;
  if (!known.asked_at || now - *known.asked_at >= lasts) {
    known.hop = ask(destination);
    known.asked_at = now;
  }
  return known.hop ? &*known.hop : nullptr;
}

std::optional<Hop> NextHops::ask(const Address& destination) const {
  const auto route = net::find_route(destination, options_);
  const bool by_gateway = route && route->kind == net::RouteKind::unicast &&
                          route->interface_index == interface_index_ && route->gateway && route->source;
  if (!by_gateway) return std::nullopt;
  const auto neighbour = net::find_neighbour(*route->gateway, interface_index_);
  if (!neighbour || !*neighbour || !is_usable(**neighbour)) return std::nullopt;
  Hop hop{.source = options_.source.value_or(*route->source),
          .largest_packet = route->path_mtu.value_or(route->interface_mtu)};
  std::ranges::copy((*neighbour)->link_address, hop.to.begin());
  return hop;
}

}  // namespace sonde::xdp
