// invocation.hpp: one event from its text to the text of its answer; what the front ends have in common.
#pragma once

#include <string>
#include <string_view>

#include "function/event.hpp"
#include "function/measurement.hpp"

namespace sonde::function {

// What goes back to whoever invoked the function.
struct Outcome {
  bool failed = false;  // `body` is an error object, for the runtime's own place for errors
  std::string body;
};

// What runtimes call the error of an event that is none of ours.
inline constexpr std::string_view bad_event = "InvalidEvent";

// The error of an event, in the form its sender reads.
Outcome failed_outcome(std::string_view event, const Error& error);
// An answer, in the form the event's sender reads.
std::string answer_body(const Answer& answer, bool for_gateway);

// When measuring ends, so that an answer leaves in time before an invocation's `deadline`.
MonotonicTime measuring_deadline(MonotonicTime deadline);

// Measures on the calling thread; back `answer_margin` before `deadline`, or soon after `stop` (-1: none) became readable.
Outcome invoke(std::string_view event, const MeasuringOptions& options, MonotonicTime deadline, int stop);

}  // namespace sonde::function
