// lines.hpp: what oping and noping write of a host, as text.
#pragma once

#include <cstdint>
#include <string>

#include "compat/oping/history.hpp"
#include "liboping/object.hpp"

namespace sonde::compat::oping {

// One probe's line, without its end. `mark` is what noping colours: the time, or that there is none.
struct ProbeLine {
  std::string before, mark, after;
};

// `qos`: what is sent; the byte that an answer brings is told where either is not 0.
ProbeLine probe_line(const pinghost& host, std::uint8_t qos);

// "2 packets transmitted, 1 received, 50.00% packet loss, time 0.3ms".
std::string packets_text(const History& history);
// "RTT[ms]: min = 0, median = 1, p(95) = 2, max = 2". Requires: not empty.
std::string times_text(const SortedTimes& times, double percentile);

}  // namespace sonde::compat::oping
