// route.cpp: one question and one answer over a netlink socket.
#include "net/route.hpp"

#include <fmt/format.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <vector>

#include "net/file_descriptor.hpp"
#include "net/interfaces.hpp"
#include "net/socket_address.hpp"

namespace sonde::net {
namespace {

// Of messages and of attributes.
constexpr std::size_t aligned(std::size_t bytes) {
  return NLMSG_ALIGN(bytes);
}

// A request under construction: netlink's header, a fixed part, attributes.
class Request {
 public:
  template <typename Fixed>
  Request(std::uint16_t type, const Fixed& fixed) {
    header_.nlmsg_type = type;
    header_.nlmsg_flags = NLM_F_REQUEST;
    put(&header_, sizeof header_);
    put(&fixed, sizeof fixed);
  }

  void attribute(std::uint16_t type, std::span<const std::byte> value) {
    const rtattr head{static_cast<std::uint16_t>(sizeof(rtattr) + value.size()), type};
    put(&head, sizeof head);
    put(value.data(), value.size());
  }
  void attribute(std::uint16_t type, std::uint32_t value) {
    attribute(type, std::as_bytes(std::span(&value, 1)));
  }

  std::span<const std::byte> bytes() {
    header_.nlmsg_len = static_cast<std::uint32_t>(used_);
    std::memcpy(bytes_.data(), &header_, sizeof header_);
    return std::span(bytes_).first(used_);
  }

 private:
  void put(const void* data, std::size_t size) {
    std::memcpy(bytes_.data() + used_, data, size);
    used_ += aligned(size);
  }

  nlmsghdr header_{};
  std::array<std::byte, 128> bytes_{};  // the longest, a route with every attribute, takes 84
  std::size_t used_ = 0;
};

// Calls use(type, value) with each attribute in `rest`.
template <typename Use>
void each_attribute(std::span<const std::byte> rest, Use use) {
  rtattr head{};
  while (rest.size() >= sizeof head) {
    std::memcpy(&head, rest.data(), sizeof head);
    if (head.rta_len < sizeof head || head.rta_len > rest.size()) return;
    use(head.rta_type, rest.subspan(sizeof head, head.rta_len - sizeof head));
    rest = rest.subspan(std::min(aligned(head.rta_len), rest.size()));
  }
}

// An answer's fixed part, and its attributes behind that.
template <typename Fixed>
struct Answer {
  Fixed fixed{};
  std::span<const std::byte> attributes;

  explicit Answer(std::span<const std::byte> body) {
    std::memcpy(&fixed, body.data(), std::min(sizeof fixed, body.size()));
    attributes = body.subspan(std::min(aligned(sizeof fixed), body.size()));
  }
};

std::uint32_t number_in(std::span<const std::byte> value) {
  std::uint32_t number = 0;
  std::memcpy(&number, value.data(), std::min(sizeof number, value.size()));
  return number;
}

std::optional<Address> address_in(std::span<const std::byte> value) {
  if (value.size() == 4) return Address::ipv4(value.first<4>());
  if (value.size() == 16) return Address::ipv6(value.first<16>());
  return std::nullopt;
}

// Link-local addresses mean nothing without the interface that they are on.
std::optional<Address> address_on(std::span<const std::byte> value, std::uint32_t interface_index) {
  const auto address = address_in(value);
  if (!address || address->is_ipv4() || !address->is_link_local()) return address;
  return Address::ipv6(value.first<16>(), interface_index);
}

// Sends `request` and returns what stands behind netlink's header in the answer. The kernel's refusal has its errno.
Result<std::vector<std::byte>> ask(Request& request, std::string_view what) {
  const FileDescriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  const auto question = request.bytes();
  std::vector<std::byte> answer(8192);  // more than the kernel puts into one message that is no dump
  const auto failure = [what](int system_errno) {
    return std::unexpected(Error::from_errno(system_errno, std::string(what)));
  };
  if (!socket || ::send(socket.get(), question.data(), question.size(), 0) < 0) return failure(errno);
  const ssize_t length = ::recv(socket.get(), answer.data(), answer.size(), 0);
  if (length < 0) return failure(errno);
  answer.resize(static_cast<std::size_t>(length));
  nlmsghdr head{};
  if (answer.size() < sizeof head) return failure(EBADMSG);
  std::memcpy(&head, answer.data(), sizeof head);
  answer.erase(answer.begin(), answer.begin() + sizeof head);
  if (head.nlmsg_type != NLMSG_ERROR) return answer;
  nlmsgerr refusal{};
  std::memcpy(&refusal, answer.data(), std::min(sizeof refusal, answer.size()));
  return failure(-refusal.error);
}

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

Result<Route> find_route(const Address& to, const NetworkOptions& options) {
  rtmsg fixed{};
  fixed.rtm_family = static_cast<std::uint8_t>(address_family(to.family()));
  fixed.rtm_dst_len = static_cast<std::uint8_t>(to.bytes().size() * 8);
  constexpr std::uint8_t routed_tos_bits = 0x1c;
  if (to.is_ipv4()) fixed.rtm_tos = options.tos.value_or(0) & routed_tos_bits;
  fixed.rtm_flags = RTM_F_LOOKUP_TABLE;
  if (options.source) fixed.rtm_src_len = fixed.rtm_dst_len;
  Request request(RTM_GETROUTE, fixed);
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
  const auto body = ask(request, "the kernel has no route");
  if (!body) {
    Error error = body.error();
    error.subject = to.to_string();
    return std::unexpected(std::move(error));
  }
  const Answer<rtmsg> answer(*body);
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
  Request request(RTM_GETNEIGH, fixed);
  request.attribute(NDA_DST, address.bytes());
  const auto body = ask(request, "cannot ask for a neighbour");
  if (!body) {
    if (body.error().system_errno == ENOENT) return std::nullopt;
    return std::unexpected(body.error());
  }
  const Answer<ndmsg> answer(*body);
  Neighbour neighbour;
  neighbour.state = state_of(answer.fixed.ndm_state);
  each_attribute(answer.attributes, [&neighbour](std::uint16_t type, std::span<const std::byte> value) {
    if (type != NDA_LLADDR) return;
    for (const std::byte byte : value) {
      if (!neighbour.link_address.empty()) neighbour.link_address += ':';
      neighbour.link_address += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    }
  });
  return neighbour;
}

}  // namespace sonde::net
