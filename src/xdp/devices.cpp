// devices.cpp: see devices.hpp.
#include "xdp/devices.hpp"

// clang-format off
#include <net/if.h>  // before linux/if.h, which the next includes
#include <linux/ethtool.h>
// clang-format on
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "net/file_descriptor.hpp"
#include "net/route.hpp"
#include "transport/select.hpp"
#include "xdp/answer_program.hpp"
#include "xdp/next_hops.hpp"
#include "xdp/rings.hpp"
#include "xdp/xdp_transport.hpp"

namespace sonde::xdp {

namespace {

// An ioctl about a device by its name.
ifreq request_about(const std::string& interface) {
  ifreq request{};
  std::memcpy(request.ifr_name, interface.data(), std::min(interface.size(), std::size_t{IF_NAMESIZE - 1}));
  return request;
}

Result<EthernetAddress> ethernet_address(const std::string& interface) {
  const net::FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = request_about(interface);
  if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0)
    return std::unexpected(Error::from_errno(errno, "cannot read the device's address", interface));
  if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
    return std::unexpected(
        Error{ErrorCode::unavailable, 0, "cannot send by AF_XDP", interface, "the device is no Ethernet"});
  }
  EthernetAddress address;
  std::memcpy(address.data(), request.ifr_hwaddr.sa_data, address.size());
  return address;
}

// How many queues the device receives by.
std::uint32_t receive_queues(const std::string& interface) {
  const net::FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  ifreq request = request_about(interface);
  request.ifr_data = reinterpret_cast<char*>(&channels);
  if (::ioctl(socket.get(), SIOCETHTOOL, &request) != 0) return 1;
  return std::clamp(channels.rx_count + channels.combined_count, 1U, AnswerProgram::most_queues);
}

Result<net::Route> best_route(std::span<const Address> destinations, const NetworkOptions& options) {
  for (const Address& destination : destinations) {
    auto route = net::find_route(destination, options);
    if (route && route->kind == net::RouteKind::unicast && route->gateway) return route;
  }
  return net::find_route(destinations.front(), options);
}

}  // namespace

struct Devices::Device {
  std::string interface{};
  std::uint32_t interface_index = 0;
  EthernetAddress own{};
  std::uint32_t queues = 1;
  std::unique_ptr<AnswerProgram> program{};     // none: the rings only send
  std::vector<std::shared_ptr<Rings>> rings{};  // of each thread, from its first transport on

  Result<void> open_rings(std::uint32_t thread);
};

struct Devices::Opened {
  struct Way {  // of one family
    Device* device = nullptr;
    std::shared_ptr<const net::RouteTable> routes{};
  };
  Way& way(Family family) { return family == Family::ipv4 ? ipv4 : ipv6; }

  std::vector<std::unique_ptr<Device>> devices{};
  Way ipv4{}, ipv6{};
  std::optional<Error> without_program{};
};

Devices::Devices(std::uint32_t threads) : threads_(threads), opened_(std::make_unique<Opened>()) {}
Devices::~Devices() = default;

const std::optional<Error>& Devices::without_program() const {
  return opened_->without_program;
}

Result<void> Devices::add(std::span<const Address> destinations, const NetworkOptions& options) {
  const net::RaisedCapability raised(useful_capabilities);
  if (!options.ip_options.empty() || options.dont_route || options.broadcast) {
    return std::unexpected(Error{ErrorCode::unavailable,
                                 0,
                                 "cannot send by AF_XDP",
                                 {},
                                 "options of the kernel's IP stack were asked for"});
  }
  const Family family = destinations.front().family();
  const auto route = best_route(destinations, options);
  if (!route) return std::unexpected(route.error());
  auto routes = net::RouteTable::read(family);
  if (!routes) return std::unexpected(routes.error());
  const auto found = device(route->interface, route->interface_index);
  if (!found) return std::unexpected(found.error());
  opened_->way(family) = {.device = *found,
                          .routes = std::make_shared<const net::RouteTable>(std::move(*routes))};
  return {};
}

// The one of that index, opened if that has not been done.
Result<Devices::Device*> Devices::device(const std::string& interface, std::uint32_t interface_index) {
  for (const auto& open : opened_->devices) {
    if (open->interface_index == interface_index) return open.get();
  }
  const auto own = ethernet_address(interface);
  if (!own) return std::unexpected(own.error());
  auto made = std::make_unique<Device>();
  made->interface = interface;
  made->interface_index = interface_index;
  made->own = *own;
  made->queues = receive_queues(interface);
  if (threads_ > made->queues) {
    return std::unexpected(Error{ErrorCode::unavailable, 0, "one thread for each queue of the device",
                                 interface, "it has " + std::to_string(made->queues)});
  }
  made->rings.resize(threads_);
  if (auto program = AnswerProgram::attach(interface_index, interface)) {
    made->program = std::move(*program);
  } else if (!opened_->without_program) {
    opened_->without_program = program.error();
  }
  return opened_->devices.emplace_back(std::move(made)).get();
}

Result<void> Devices::Device::open_rings(std::uint32_t thread) {
  // Without the program only the first queue has a use: to send by.
  const bool receives = program != nullptr;
  std::vector<std::uint32_t> own_queues;
  for (std::size_t queue = thread; queue < queues; queue += rings.size())
    own_queues.push_back(static_cast<std::uint32_t>(queue));
  if (!receives) own_queues.resize(1);
  auto opened = Rings::open(interface, own_queues, receives);
  if (!opened) return std::unexpected(opened.error());
  const auto descriptors = (*opened)->descriptors();
  for (std::size_t i = 0; receives && i < own_queues.size(); ++i) {
    const auto bound = program->bind(own_queues[i], descriptors[i], Rings::receive_frames);
    if (!bound) return std::unexpected(bound.error());
    (*opened)->count_freed(i, (*bound)->taken);
  }
  rings[thread] = std::move(*opened);
  return {};
}

Result<std::unique_ptr<transport::Transport>> Devices::open_transport(
    Family family, std::uint32_t thread, const transport::TransportOptions& options) {
  const net::RaisedCapability raised(useful_capabilities);
  const Opened::Way& way = opened_->way(family);
  Device& device = *way.device;
  const bool is_first = device.rings[thread] == nullptr;
  if (is_first) {
    if (auto opened = device.open_rings(thread); !opened) return std::unexpected(opened.error());
  }
  transport::TransportOptions raw_options = options;
  raw_options.kind = TransportKind::icmp_raw;
  auto raw = transport::open_transport(family, raw_options);
  if (!raw) return std::unexpected(raw.error());
  if (device.program) device.program->expect(raw->transport->identifier());
  return make_transport({.raw = std::move(raw->transport),
                         .rings = device.rings[thread],
                         .hops = NextHops(way.routes, device.interface_index, options.network),
                         .own = device.own,
                         .reads_rings = is_first && device.program != nullptr},
                        options);
}

}  // namespace sonde::xdp
