// interfaces.cpp: devices and addresses, by getifaddrs.
#include "net/interfaces.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>

#include "net/file_descriptor.hpp"
#include "net/socket_address.hpp"

namespace sonde::net {
namespace {

std::uint32_t read_mtu(int socket, const std::string& name) {
  ifreq device{};
  std::memcpy(device.ifr_name, name.data(), std::min(name.size(), std::size_t{IF_NAMESIZE - 1}));
  return ::ioctl(socket, SIOCGIFMTU, &device) == 0 ? static_cast<std::uint32_t>(device.ifr_mtu) : 0;
}

// Without libc's distinction of alignment: the entry's sockaddr may be a sockaddr_in6.
std::optional<Address> address_of(const sockaddr* name) {
  if (name == nullptr) return std::nullopt;
  const bool is_ipv6 = name->sa_family == AF_INET6;
  if (!is_ipv6 && name->sa_family != AF_INET) return std::nullopt;
  const auto parsed = SocketAddress::from(name, is_ipv6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
  return parsed ? std::optional(parsed->address()) : std::nullopt;
}

}  // namespace

Result<std::vector<Interface>> list_interfaces() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0)
    return std::unexpected(Error::from_errno(errno, "cannot list the interfaces"));
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

  std::map<std::uint32_t, Interface> by_index;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    // An IPv4 entry has its label for a name, which may be "eth0:1".
    const std::string label(entry->ifa_name);
    const std::uint32_t index = ::if_nametoindex(label.substr(0, label.find(':')).c_str());
    if (index == 0) continue;  // gone since
    Interface& interface = by_index[index];
    if (interface.index == 0) {
      interface.index = index;
      interface.name = label.substr(0, label.find(':'));
      interface.is_up = (entry->ifa_flags & IFF_UP) != 0 && (entry->ifa_flags & IFF_RUNNING) != 0;
      interface.is_loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0;
      interface.mtu = read_mtu(socket.get(), interface.name);
    }
    if (const auto address = address_of(entry->ifa_addr)) interface.addresses.push_back(*address);
  }

  std::vector<Interface> interfaces;
  interfaces.reserve(by_index.size());
  for (auto& [index, interface] : by_index) interfaces.push_back(std::move(interface));
  return interfaces;
}

bool lacks_carrier(const std::string& name) {
  ifreq request{};
  if (name.empty() || name.size() >= sizeof request.ifr_name) return false;
  name.copy(request.ifr_name, name.size());
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket || ::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) return false;
  const auto flags = static_cast<unsigned short>(request.ifr_flags);
  return (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) == 0;
}

Result<std::uint32_t> interface_index(const std::string& name) {
  const std::uint32_t index = name.empty() || name.size() >= IF_NAMESIZE ? 0 : ::if_nametoindex(name.c_str());
  if (index != 0) return index;
  return std::unexpected(Error{ErrorCode::not_found, 0, "no such interface", name, "`ip link` lists them"});
}

Result<std::string> interface_name(std::uint32_t index) {
  std::array<char, IF_NAMESIZE> name{};
  if (::if_indextoname(index, name.data()) != nullptr) return std::string(name.data());
  return std::unexpected(
      Error{ErrorCode::not_found, 0, "no such interface", "index " + std::to_string(index), {}});
}

bool is_own_address(const Address& address, std::span<const Interface> interfaces) {
  if (address.is_ipv4() && address.is_loopback()) return true;
  return std::ranges::any_of(interfaces, [&](const Interface& interface) {
    return std::ranges::any_of(interface.addresses, [&](const Address& own) {
      return own.family() == address.family() && own.padded_bytes() == address.padded_bytes() &&
             (address.scope_id() == 0 || address.scope_id() == interface.index);
    });
  });
}

Result<bool> is_own_address(const Address& address) {
  const auto interfaces = list_interfaces();
  if (!interfaces) return std::unexpected(interfaces.error());
  return is_own_address(address, *interfaces);
}

}  // namespace sonde::net
