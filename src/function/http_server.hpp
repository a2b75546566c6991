// http_server.hpp: a small HTTP/1.1 server whose answers are measured side by side, on one thread.
//
// Bounded in everything a client can make it do: bytes of a message (MessageLimits), time to send one and to take the
// answer, connections (kept-alive ones without a request make room for new ones; beyond that 503), and what its
// handler says of measurements at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <variant>

#include "function/http_message.hpp"
#include "function/listener.hpp"
#include "function/measurement.hpp"

namespace sonde::function {

struct ServerLimits {
  MessageLimits message{};
  Nanoseconds request_patience = std::chrono::seconds(10);  // from its first byte to its last
  Nanoseconds answer_patience = std::chrono::seconds(10);   // until the client has taken it
  // Function Compute wants a connection without requests kept for as long as its longest request.
  Nanoseconds idle_patience = std::chrono::minutes(15);
  std::size_t connections = 256;
};

// A measurement, and what makes its answer a response.
struct Measuring {
  Measurement measurement;
  std::function<HttpResponse(const Answer&)> respond;
};

// Answers at once, or by measuring. `running`: measurements under way.
using HttpHandler =
    std::function<std::variant<HttpResponse, Measuring>(const HttpRequest&, std::size_t running)>;

// Serves until `stop` (a descriptor, -1: never) is readable; measurements then end with what they have, and
// their answers are sent.
void serve_http(Listener listener, const HttpHandler& handler, const ServerLimits& limits, int stop);

}  // namespace sonde::function
