// invocation.cpp: see invocation.hpp.
#include "function/invocation.hpp"

#include <utility>

namespace sonde::function {

Outcome failed_outcome(std::string_view event, const Error& error) {
  std::string body = error_json(bad_event, error.message());
  // A gateway shows its client what the function returned, and hides what it failed with.
  if (is_gateway_event(event)) return {false, gateway_json(400, body)};
  return {true, std::move(body)};
}

std::string answer_body(const Answer& answer, bool for_gateway) {
  std::string body = to_json(answer);
  return for_gateway ? gateway_json(200, body) : body;
}

MonotonicTime measuring_deadline(MonotonicTime deadline) {
  return deadline - answer_margin;
}

Outcome invoke(std::string_view event, const MeasuringOptions& options, MonotonicTime deadline, int stop) {
  auto parsed = parse_event(event);
  if (!parsed) return failed_outcome(event, parsed.error());
  Measurement measurement(std::move(parsed->request), options, measuring_deadline(deadline));
  return {false, answer_body(run(std::move(measurement), stop), parsed->from_gateway)};
}

}  // namespace sonde::function
