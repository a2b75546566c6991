// listener.hpp: the socket that HTTP requests come in by.
#pragma once

#include <string>

#include "net/file_descriptor.hpp"
#include "net/socket_address.hpp"
#include "sonde/error.hpp"

namespace sonde::function {

// "HOST:PORT" with a numeric host: "0.0.0.0:8080", "[::]:8080", ":8080" (every IPv4 address). Port 0: a free one.
// Errors: invalid_argument.
Result<net::SocketAddress> parse_listen(const std::string& text);

struct Listener {
  net::FileDescriptor socket;  // non-blocking
  std::string name;            // where it is bound: "127.0.0.1:8080"
};

// Errors: that of the system: the address is in use, is not ours, the port needs a privilege.
Result<Listener> open_listener(const net::SocketAddress& address);

}  // namespace sonde::function
