// event.hpp: an invocation's event or query, read into a Request.
//
// An event is {"target": "host" or ["host", ...], "count": 5, "interval": 0.2, "timeout": "1s", "transport": "auto",
// "size": 56, "try_all": true}, the fields but for `target` optional, durations as numbers of seconds or with a unit; or just
// "host", as a JSON string or bare. What an API gateway or a function URL makes of an HTTP request is opened:
// its body, or where there is none its query parameters, hold the event.
//
// Pure, bounded by `most_event_bytes`, fuzzed (tests/fuzz/function_event_fuzz.cpp).
#pragma once

#include <cstddef>
#include <string_view>

#include "function/request.hpp"
#include "sonde/error.hpp"

namespace sonde::function {

inline constexpr std::size_t most_event_bytes = std::size_t{64} << 10;

struct InvocationEvent {
  Request request;
  bool from_gateway = false;  // the answer has to be an HTTP response in JSON
};

// Errors: invalid_argument, with what is wrong and what would be right.
Result<InvocationEvent> parse_event(std::string_view text);

// "target=a&target=b,c&count=3", percent-encoded, without the question mark. Errors: as above.
Result<Request> parse_query(std::string_view query);

// Whether `text` looks like the event of a gateway, also where it is none that parse_event() takes: its
// error goes back as an HTTP response too.
bool is_gateway_event(std::string_view text);

}  // namespace sonde::function
