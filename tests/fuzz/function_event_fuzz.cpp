// function_event_fuzz.cpp: no event or query, however malformed, becomes a request beyond its bounds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "function/event.hpp"
#include "function/text_values.hpp"

namespace {

using sonde::function::Request;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_bounded(const Request& request) {
  using namespace sonde::function;
  require(!request.targets.empty() && request.targets.size() <= most_targets);
  for (const std::string& target : request.targets) require(is_plausible_target(target));
  require(request.count >= 1 && request.count * request.targets.size() <= most_probes);
  require(request.interval >= shortest_interval && request.interval <= longest_wait);
  require(request.timeout >= shortest_interval && request.timeout <= longest_wait);
  require(request.size_bytes <= largest_size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sonde::function;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto event = parse_event(text)) {
    require_bounded(event->request);
    require(!event->from_gateway || is_gateway_event(text));
  } else {
    require(!event.error().message().empty());
  }
  if (const auto request = parse_query(text)) require_bounded(*request);
  if (const auto bytes = base64_decoded(text)) require(bytes->size() <= text.size());
  if (const auto decoded = percent_decoded(text)) require(decoded->size() <= text.size());
  return 0;
}
