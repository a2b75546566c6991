// http_client.hpp: one HTTP exchange with a runtime API, blocking, on a connection of its own.
//
// Runtime APIs live on this very host: a connection costs some microseconds, and one that was closed between two
// invocations, or frozen with the sandbox, is no case to handle.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "function/http_message.hpp"
#include "net/socket_address.hpp"
#include "sonde/error.hpp"
#include "sonde/time.hpp"

namespace sonde::function {

struct Endpoint {
  net::SocketAddress address;
  std::string name;  // "127.0.0.1:9001", for the Host header and for messages
};

// "HOST:PORT" or "[V6]:PORT"; a name is looked up. Errors: invalid_argument, not_found, unavailable.
Result<Endpoint> find_endpoint(const std::string& text);

// Sends and waits for the whole response: until `deadline` (nullopt: for ever, as asking for the next invocation
// must), or until `stop` (a descriptor, -1: none) is readable; nullopt then. Errors: unavailable, naming the endpoint.
Result<std::optional<HttpResponse>> exchange(const Endpoint& endpoint, const HttpRequest& request,
                                             std::optional<MonotonicTime> deadline, int stop);

}  // namespace sonde::function
