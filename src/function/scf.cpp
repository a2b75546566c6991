// scf.cpp: the custom runtime API of Tencent's Serverless Cloud Function, as its public documentation describes it
// (cloud.tencent.com/document/product/583/47274 and tencentcloud.com/document/product/583/38130).
#include "function/runtime_api.hpp"
#include "text/number.hpp"

namespace sonde::function {
namespace {

constexpr std::string_view ready_path = "/runtime/init/ready";
constexpr std::string_view scf_next = "/runtime/invocation/next";
constexpr std::string_view response_path = "/runtime/invocation/response";
constexpr std::string_view error_path = "/runtime/invocation/error";

// An invocation without a time limit gets what SCF gives a function by default.
constexpr std::uint64_t default_time_limit_ms = 3000;
constexpr std::uint64_t longest_time_limit_ms = 86'400'000;  // of asynchronous functions

// SCF says how long an invocation may take, not until when; it began when it was handed out.
MonotonicTime deadline_of(const HttpResponse& invocation, MonotonicTime received_at) {
  const auto limit =
      text::parse_whole(find_header(invocation.headers, "Time_Limit_In_Ms"), 0, longest_time_limit_ms);
  return received_at +
         std::chrono::milliseconds(static_cast<std::int64_t>(limit.value_or(default_time_limit_ms)));
}

}  // namespace

Result<void> serve_scf(const std::string& endpoint, const MeasuringOptions& options, int stop) {
  auto found = find_endpoint(endpoint);
  if (!found) return std::unexpected(std::move(found.error()));
  const RuntimeApi api(std::move(*found), stop);
  // The documentation's own examples send a space.
  if (auto ready = api.post(ready_path, " "); !ready) return ready;
  for (;;) {
    const auto invocation = api.next(scf_next);
    if (!invocation) return std::unexpected(invocation.error());
    if (!*invocation) return {};
    const MonotonicTime deadline = deadline_of(**invocation, Clock::system().monotonic());
    Outcome outcome = invoke((*invocation)->body, options, deadline, stop);
    auto posted = api.post(outcome.failed ? error_path : response_path, std::move(outcome.body));
    if (!posted) return posted;
  }
}

}  // namespace sonde::function
