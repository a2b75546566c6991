// answer.hpp: what one invocation measured, as plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sonde/error.hpp"
#include "sonde/event.hpp"
#include "sonde/figures.hpp"
#include "sonde/session.hpp"

namespace sonde::function {

// What was measured by a way that nobody answered, before another was taken.
struct WayAnswer {
  std::optional<TransportNotice> transport;
  Figures figures;  // with what was in flight when it was left
  std::vector<Event> verdicts;
};

struct AddressAnswer {
  Address address;
  std::optional<TransportNotice> transport;  // how it was asked, and why not in a better way
  std::optional<Error> error;                // why it could not be asked; then nothing below holds
  Figures figures;
  std::vector<Event> verdicts;    // one for each probe that has one, in order
  std::vector<WayAnswer> before;  // ways that were left for this one; none of the above is theirs
};

struct TargetAnswer {
  std::string target;          // as the event has it
  std::optional<Error> error;  // why it was not measured at all: refused, unknown, not resolved in time
  std::vector<AddressAnswer> addresses;
  std::vector<Address> unmeasured;  // addresses of its name that there were no probes left for
};

struct Answer {
  bool complete = false;  // false: time ran out, or the program is told to end; figures are of what there is
  Nanoseconds elapsed{};
  std::vector<TargetAnswer> targets;  // in the event's order
};

// One JSON object; its figures and verdicts are the `summary` (`interim` where not complete) and verdict lines
// of docs/json.md. Always valid UTF-8.
std::string to_json(const Answer& answer);

// {"errorMessage":"...","errorType":"...","stackTrace":[]}, as the runtimes have it.
std::string error_json(std::string_view type, std::string_view message);

// An HTTP response as gateways and function URLs take it from a function: {"statusCode":...,"body":"..."}.
std::string gateway_json(unsigned status, std::string_view body);

}  // namespace sonde::function
