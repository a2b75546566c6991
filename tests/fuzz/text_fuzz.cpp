// text_fuzz.cpp: no value that somebody writes, however malformed, breaks a reader or gets past its limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "text/host_name.hpp"
#include "text/number.hpp"
#include "text/packet_bytes.hpp"
#include "text/printable.hpp"
#include "text/quantity.hpp"
#include "text/quote.hpp"
#include "text/utf8.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sonde::text;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto duration = parse_duration(text)) require(duration->count() >= 0);
  if (const auto duration = parse_positive_duration(text)) require(duration->count() > 0);
  if (const auto count = parse_count(text)) require(*count >= 1 && *count <= std::uint64_t{1} << 63);
  if (const auto rate = parse_rate(text)) require(*rate > 0 && *rate <= 1e9);
  if (const auto bytes = parse_buffer_size(text)) require(*bytes >= 1 && *bytes <= 1 << 30);
  if (const auto ratio = parse_percent(text)) require(*ratio >= 0 && *ratio <= 1);
  if (const auto pattern = parse_pattern(text)) require(!pattern->empty() && pattern->size() <= 256);
  if (const auto percentiles = parse_percentiles(text)) {
    require(!percentiles->empty());
    for (const double percentile : *percentiles) require(percentile >= 0 && percentile <= 100);
  }
  const auto tos = parse_tos(text);
  require(tos || !tos.error().empty());
  const std::string quoted = in_quotes(text);
  require(quoted.find('\n') == std::string::npos && is_utf8(quoted) && printable(quoted) == quoted);
  if (is_plausible_host_name(text)) require(is_utf8(text) && text.size() <= 254);
  return 0;
}
