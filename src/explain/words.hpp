// words.hpp: an explanation in words, for the page and the picture.
#pragma once

#include <string>

#include "explain/explanation.hpp"

namespace sonde::explain {

// "192.0.2.1 answered an echo request by icmp in 213 µs"
std::string headline(const Explanation& explanation, bool unicode);
// "61: it probably started at 64, 3 routers away"; empty when nothing came.
std::string distance_text(const Explanation& explanation);
// "unicast by eth0, from 192.0.2.9, via 192.0.2.1, MTU 1500"; or why there is none.
std::string route_text(const Explanation& explanation);
// "192.0.2.1 is at 52:54:00:12:34:56 (reachable)"; empty when the way has none.
std::string neighbour_text(const Explanation& explanation);
// A duration as "12.3 µs", always in microseconds below a millisecond, so that a column of them compares.
std::string time_text(Nanoseconds duration, bool unicode);

}  // namespace sonde::explain
