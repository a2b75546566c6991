// listener.cpp: see listener.hpp.
#include "function/listener.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "text/number.hpp"
#include "text/quote.hpp"

namespace sonde::function {
namespace {

std::string name_of(const net::SocketAddress& address) {
  const std::string host = address.address().to_string();
  return fmt::format(fmt::runtime(address.family() == Family::ipv6 ? "[{}]:{}" : "{}:{}"), host,
                     address.port());
}

}  // namespace

Result<net::SocketAddress> parse_listen(const std::string& text) {
  const auto colon = text.rfind(':');
  const auto port = text::parse_whole(colon == std::string::npos ? "" : text.substr(colon + 1), 0, 65535);
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address = host.empty() ? Address::any(Family::ipv4) : Address::parse(host);
  if (!port || !address) {
    return std::unexpected(Error::invalid("not an address to listen on", text::in_quotes(text),
                                          "write ADDRESS:PORT, as in 0.0.0.0:8080 or [::1]:8080"));
  }
  return net::SocketAddress::from(*address, static_cast<std::uint16_t>(*port));
}

Result<Listener> open_listener(const net::SocketAddress& address) {
  const auto failed = [&](const char* what) {
    return std::unexpected(Error::from_errno(errno, what, name_of(address)));
  };
  Listener listener;
  listener.socket.reset(
      ::socket(net::address_family(address.family()), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.socket) return failed("cannot open a socket");
  const int yes = 1;
  ::setsockopt(listener.socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(listener.socket.get(), address.data(), address.size()) != 0) return failed("cannot listen");
  if (::listen(listener.socket.get(), SOMAXCONN) != 0) return failed("cannot listen");
  const auto bound = net::SocketAddress::of_socket(listener.socket.get());
  if (!bound) return std::unexpected(bound.error());
  listener.name = name_of(*bound);
  return listener;
}

}  // namespace sonde::function
