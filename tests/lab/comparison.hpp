// comparison.hpp: holds sonde's verdicts against the responder's record.
//
// The n-th request that reached a host is the n-th probe sonde says has left for it. What must have become of
// it follows from the answers that were written: the first genuine one decides (reply, late, error), none
// means lost, further ones are duplicates, and those that prove nothing are rejected or never seen, as the
// kernel lets them through.
//
// An RTT is checked without any allowance for a busy machine: the kernel stamps the answer while the
// responder's write goes on, so that RTT lies between [before the write] and [after it] minus the TX stamp
// (`sent_unix_ns`), which in turn lies before the responder read the request.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "lab/json_lines.hpp"
#include "lab/record.hpp"

namespace sonde::lab {

struct CheckOptions {
  std::chrono::nanoseconds timeout = std::chrono::seconds(1);
  bool raw = false;  // sonde used raw sockets, which see what the kernel keeps from ping sockets
  std::size_t payload_bytes = 56;
  // Beyond the bounds above; of an RTT from the user clock: how much later than the truth.
  std::chrono::nanoseconds kernel_margin = std::chrono::microseconds(5);
  std::chrono::nanoseconds user_margin = std::chrono::milliseconds(100);
  // Answers this close to the timeout, or to the end of the run, may fall on either side of it.
  std::chrono::nanoseconds either_side = std::chrono::milliseconds(20);
  // A machine that stands still for a moment fills a small receive buffer: as many answers as the program says that it
  // dropped may be missing, where it says that the loss of those which came in time is suspect.
  bool may_drop = false;
  bool events = true;  // false with -q: counters only
};

// Everything that does not agree, one line each; empty when all verdicts are right. The record holds this
// run's requests alone.
std::vector<std::string> disagreements(const SondeRun& run, const ResponderRecord& record,
                                       const CheckOptions& options);

}  // namespace sonde::lab
