// route.cpp: one question and one answer over a netlink socket.
#include "net/route.hpp"

#include <fmt/format.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <vector>

#include "net/interfaces.hpp"
#include "net/netlink.hpp"
#include "net/socket_address.hpp"

namespace sonde::net {
namespace {

RouteKind kind_of(std::uint8_t type) {
  switch (type) {
    case RTN_UNICAST:
      return RouteKind::unicast;
    case RTN_LOCAL:
      return RouteKind::local;
    case RTN_BROADCAST:
      return RouteKind::broadcast;
    case RTN_MULTICAST:
      return RouteKind::multicast;
    case RTN_ANYCAST:
      return RouteKind::anycast;
    default:
      return RouteKind::other;
  }
}

NeighbourState state_of(std::uint16_t state) {
  switch (state) {
    case NUD_INCOMPLETE:
      return NeighbourState::incomplete;
    case NUD_REACHABLE:
      return NeighbourState::reachable;
    case NUD_STALE:
      return NeighbourState::stale;
    case NUD_DELAY:
      return NeighbourState::delay;
    case NUD_PROBE:
      return NeighbourState::probe;
    case NUD_FAILED:
      return NeighbourState::failed;
    case NUD_NOARP:
      return NeighbourState::noarp;
    case NUD_PERMANENT:
      return NeighbourState::permanent;
    default:
      return NeighbourState::other;
  }
}

void read_route_attribute(std::uint16_t type, std::span<const std::byte> value, Route& route) {
  switch (type) {
    case RTA_GATEWAY:
      route.gateway = address_on(value, route.interface_index);
      break;
    case RTA_VIA:  // a gateway of the other family: two bytes of family, then the address
      if (value.size() > 2) route.gateway = address_on(value.subspan(2), route.interface_index);
      break;
    case RTA_PREFSRC:
      route.source = address_on(value, route.interface_index);
      break;
    case RTA_TABLE:
      route.table = number_in(value);
      break;
    case RTA_METRICS:
      each_attribute(value, [&route](std::uint16_t metric, std::span<const std::byte> metric_value) {
        if (metric == RTAX_MTU) route.path_mtu = number_in(metric_value);
      });
      break;
    default:
      break;
  }
}

void describe_interface(Route& route) {
  const auto interfaces = list_interfaces();
  if (!interfaces) return;
  const auto found = std::ranges::find(*interfaces, route.interface_index, &Interface::index);
  if (found == interfaces->end()) return;
  route.interface = found->name;
  route.interface_mtu = found->mtu;
}

}  // namespace

std::string_view to_string(RouteKind kind) {
  constexpr std::array<std::string_view, 6> names{"unicast",   "local",   "broadcast",
                                                  "multicast", "anycast", "other"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view to_string(NeighbourState state) {
  constexpr std::array<std::string_view, 9> names{"incomplete", "reachable", "stale",     "delay", "probe",
                                                  "failed",     "noarp",     "permanent", "other"};
  return names[static_cast<std::size_t>(state)];
}

std::string link_address_text(std::span<const std::byte> address) {
  std::string text;
  for (const std::byte byte : address)
    text += fmt::format("{}{:02x}", text.empty() ? "" : ":", std::to_integer<unsigned>(byte));
  return text;
}

Result<Route> find_route(const Address& to, const NetworkOptions& options) {
  rtmsg fixed{};
  fixed.rtm_family = static_cast<std::uint8_t>(address_family(to.family()));
  fixed.rtm_dst_len = static_cast<std::uint8_t>(to.bytes().size() * 8);
  constexpr std::uint8_t routed_tos_bits = 0x1c;
  if (to.is_ipv4()) fixed.rtm_tos = options.tos.value_or(0) & routed_tos_bits;
  fixed.rtm_flags = RTM_F_LOOKUP_TABLE;
  if (options.source) fixed.rtm_src_len = fixed.rtm_dst_len;
  NetlinkRequest request(RTM_GETROUTE, fixed);
  request.attribute(RTA_DST, to.bytes());
  if (options.source) request.attribute(RTA_SRC, options.source->bytes());
  std::uint32_t interface = to.scope_id();
  if (!options.interface.empty()) {
    const auto index = interface_index(options.interface);
    if (!index) return std::unexpected(index.error());
    interface = *index;
  }
  if (interface != 0) request.attribute(RTA_OIF, interface);
  if (options.mark) request.attribute(RTA_MARK, *options.mark);
  const auto body = request.ask("the kernel has no route");
  if (!body) {
    Error error = body.error();
    error.subject = to.to_string();
    return std::unexpected(std::move(error));
  }
  const NetlinkAnswer<rtmsg> answer(*body);
  Route route;
  route.kind = kind_of(answer.fixed.rtm_type);
  route.table = answer.fixed.rtm_table;
  // The others read addresses that may need it.
  each_attribute(answer.attributes, [&route](std::uint16_t type, std::span<const std::byte> value) {
    if (type == RTA_OIF) route.interface_index = number_in(value);
  });
  each_attribute(answer.attributes, [&route](std::uint16_t type, std::span<const std::byte> value) {
    read_route_attribute(type, value, route);
  });
  if (!route.source && options.source) route.source = options.source;
  describe_interface(route);
  return route;
}

Result<std::optional<Neighbour>> find_neighbour(const Address& address, std::uint32_t interface_index) {
  ndmsg fixed{};
  fixed.ndm_family = static_cast<std::uint8_t>(address_family(address.family()));
  fixed.ndm_ifindex = static_cast<int>(interface_index);
  NetlinkRequest request(RTM_GETNEIGH, fixed);
  request.attribute(NDA_DST, address.bytes());
  const auto body = request.ask("cannot ask for a neighbour");
  if (!body) {
    if (body.error().system_errno == ENOENT) return std::nullopt;
    return std::unexpected(body.error());
  }
  const NetlinkAnswer<ndmsg> answer(*body);
  Neighbour neighbour;
  neighbour.state = state_of(answer.fixed.ndm_state);
  each_attribute(answer.attributes, [&neighbour](std::uint16_t type, std::span<const std::byte> value) {
    if (type == NDA_LLADDR) neighbour.link_address.assign(value.begin(), value.end());
  });
  return neighbour;
}

}  // namespace sonde::net
