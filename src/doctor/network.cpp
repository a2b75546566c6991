// network.cpp: see network.hpp.
#include "doctor/network.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "net/file_descriptor.hpp"
#include "net/socket_address.hpp"

namespace sonde::doctor {

Route find_route(Family family) {
  Route route{family, false, 0, std::nullopt};
  const auto far = Address::parse(family == Family::ipv4 ? "192.0.2.1" : "2001:db8::1");
  const net::FileDescriptor socket(::socket(net::address_family(family), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket || !far) {
    route.system_errno = errno;
    return route;
  }
  constexpr std::uint16_t discard_port = 9;
  const auto to = net::SocketAddress::from(*far, discard_port);
  if (::connect(socket.get(), to.data(), to.size()) != 0) {
    route.system_errno = errno;
    return route;
  }
  route.exists = true;
  if (const auto own = net::SocketAddress::of_socket(socket.get())) route.source = own->address();
  return route;
}

std::vector<InterfaceFound> find_interfaces() {
  std::vector<InterfaceFound> found;
  auto interfaces = net::list_interfaces();
  if (!interfaces) return found;
  for (net::Interface& interface : *interfaces) {
    InterfaceFound entry{std::move(interface), std::nullopt};
    if (const auto stamping = net::device_timestamping(entry.interface.name)) entry.stamping = *stamping;
    found.push_back(std::move(entry));
  }
  return found;
}

}  // namespace sonde::doctor
