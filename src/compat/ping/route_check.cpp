// route_check.cpp: see route_check.hpp.
#include "compat/ping/route_check.hpp"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "net/permissions.hpp"
#include "net/socket_address.hpp"
#include "net/socket_options.hpp"

namespace sonde::compat::ping {

namespace {

constexpr std::uint16_t some_port = 1025;

std::unexpected<RouteFailure> failed(std::string what, int system_errno) {
  return std::unexpected(RouteFailure{std::move(what), system_errno});
}

}  // namespace

std::expected<void, RouteFailure> RouteCheck::open() {
  socket_.reset(::socket(net::address_family(family_), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket_) return failed("socket", errno);
  return {};
}

std::expected<void, RouteFailure> RouteCheck::bind_to_device(const Address& towards) {
  const std::string& device = options_->device;
  if (device.empty()) return {};
  if (family_ == Family::ipv6 && ::if_nametoindex(device.c_str()) == 0)
    return failed("unknown iface: " + device, 0);
  const net::RaisedCapability raised;
  const auto length = static_cast<socklen_t>(device.size() + 1);
  if (::setsockopt(socket_.get(), SOL_SOCKET, SO_BINDTODEVICE, device.c_str(), length) == 0) return {};
  const int refusal = errno;
  if (family_ == Family::ipv6) return failed("setsockopt(SO_BINDTODEVICE) " + device, refusal);
  if (!towards.is_multicast()) return failed("SO_BINDTODEVICE " + device, refusal);
  ip_mreqn by{};
  by.imr_ifindex = static_cast<int>(::if_nametoindex(device.c_str()));
  if (by.imr_ifindex == 0) return failed("unknown iface: " + device, 0);
  if (::setsockopt(socket_.get(), IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof by) == 0) return {};
  return failed("IP_MULTICAST_IF", errno);
}

std::expected<void, RouteFailure> RouteCheck::set_tos() {
  if (options_->tos == 0) return {};
  const auto set = net::set_tos(socket_.get(), family_, static_cast<std::uint8_t>(options_->tos));
  if (set) return {};
  return failed(family_ == Family::ipv4 ? "warning: QOS sockopts" : "setsockopt(IPV6_TCLASS)",
                set.error().system_errno);
}

int RouteCheck::set_mark() {
  if (!options_->mark) return 0;
  const net::RaisedCapability raised({net::Capability::net_raw, net::Capability::net_admin});
  const auto set = net::set_mark(socket_.get(), *options_->mark);
  return set ? 0 : set.error().system_errno;
}

int RouteCheck::connect(const Address& towards) {
  const auto name = net::SocketAddress::from(towards, some_port);
  return ::connect(socket_.get(), name.data(), name.size()) == 0 ? 0 : errno;
}

std::expected<void, RouteFailure> RouteCheck::allow_broadcast() {
  const int on = 1;
  if (::setsockopt(socket_.get(), SOL_SOCKET, SO_BROADCAST, &on, sizeof on) == 0) return {};
  return failed("cannot set broadcasting", errno);
}

int RouteCheck::bind(const Address& source) {
  const auto name = net::SocketAddress::from(source);
  return ::bind(socket_.get(), name.data(), name.size()) == 0 ? 0 : errno;
}

std::expected<Address, RouteFailure> RouteCheck::source() const {
  const auto name = net::SocketAddress::of_socket(socket_.get());
  if (!name) return failed("getsockname", name.error().system_errno);
  return name->address();
}

}  // namespace sonde::compat::ping
