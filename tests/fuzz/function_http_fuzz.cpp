// function_http_fuzz.cpp: whatever bytes a client sends in whatever pieces, the reader of requests stays within its limits.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "function/http_message.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

// The first byte is the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sonde::function;
  if (size == 0) return 0;
  const std::size_t piece = std::max<std::size_t>(1, data[0]);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr MessageLimits limits{.header_bytes = 512, .body_bytes = 256};
  RequestReader reader(limits);
  std::string input;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    input += text.substr(at, piece);
    const auto state = reader.read(input);
    if (!state) {
      require(state.error().status >= 400);
      return 0;
    }
    if (*state == ReadState::wants_more) continue;
    const HttpRequest request = reader.take();
    require(request.body.size() <= limits.body_bytes);
    require(request.target.find_first_of("\r\n") == std::string::npos);
    for (const Header& header : request.headers) require(header.value.find('\n') == std::string::npos);
  }
  return 0;
}
