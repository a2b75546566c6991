// runtime_api.cpp: see runtime_api.hpp.
#include "function/runtime_api.hpp"

#include <fmt/format.h>

#include "function/say.hpp"

namespace sonde::function {
namespace {

constexpr Nanoseconds post_patience = std::chrono::seconds(10);

}  // namespace

Result<std::optional<HttpResponse>> RuntimeApi::next(std::string_view path) const {
  auto response = exchange(endpoint_, {.target = std::string(path)}, std::nullopt, stop_);
  if (!response || !*response || (*response)->status == 200) return response;
  return std::unexpected(Error{ErrorCode::unavailable,
                               0,
                               fmt::format("the runtime API answers with status {}", (*response)->status),
                               fmt::format("{}{}", endpoint_.name, path),
                               {}});
}

Result<void> RuntimeApi::post(std::string_view path, std::string body, std::vector<Header> headers) const {
  headers.push_back({"Content-Type", "application/json"});
  const HttpRequest request{"POST", std::string(path), std::move(headers), std::move(body)};
  // An answer is still sent when the program is told to end, so `stop` is not looked at.
  const auto response = exchange(endpoint_, request, Clock::system().monotonic() + post_patience, -1);
  if (!response) return std::unexpected(response.error());
  const unsigned status = (*response)->status;
  if (status >= 500) {
    return std::unexpected(Error{ErrorCode::unavailable,
                                 0,
                                 fmt::format("the runtime API failed with status {}", status),
                                 fmt::format("{}{}", endpoint_.name, path),
                                 {}});
  }
  if (status >= 300) log(fmt::format("{}{}: refused with status {}", endpoint_.name, path, status));
  return {};
}

// An invocation a millisecond would be a line a millisecond.
void RuntimeApi::log(const std::string& text) const {
  if (const auto behind = log_.pass(text)) say(text + *behind);
}

}  // namespace sonde::function
