// own_address.cpp: see own_address.hpp.
#include "net/own_address.hpp"

#include <sys/socket.h>

#include "net/socket_address.hpp"
#include "net/socket_options.hpp"

namespace sonde::net {

std::optional<Address> OwnAddress::towards(const Address& peer) {
  FileDescriptor& socket = peer.is_ipv4() ? ipv4_ : ipv6_;
  if (!socket) {
    socket.reset(::socket(address_family(peer.family()), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket || !apply_network_options(socket.get(), peer.family(), options_)) {
      socket.reset();
      return std::nullopt;
    }
  }
  // Else it keeps the address that the last peer brought.
  const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
  if (::connect(socket.get(), &nobody, sizeof nobody) != 0) return std::nullopt;
  constexpr std::uint16_t discard_port = 9;
  const auto to = SocketAddress::from(peer, discard_port);
  if (::connect(socket.get(), to.data(), to.size()) != 0) return std::nullopt;
  const auto own = SocketAddress::of_socket(socket.get());
  return own && !own->address().is_any() ? std::optional(own->address()) : std::nullopt;
}

}  // namespace sonde::net
