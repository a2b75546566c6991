// lambda.cpp: the AWS Lambda runtime API, version 2018-06-01, as its public documentation describes it
// (docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
#include <cstdlib>

#include "function/runtime_api.hpp"
#include "text/number.hpp"

namespace sonde::function {
namespace {

constexpr std::string_view lambda_next = "/2018-06-01/runtime/invocation/next";
constexpr std::string_view init_error_path = "/2018-06-01/runtime/init/error";

// An invocation without a (plausible) deadline gets what Lambda gives a function by default.
constexpr Nanoseconds default_time_limit = std::chrono::seconds(3);

// The header holds Unix milliseconds; measuring goes by the monotonic clock.
MonotonicTime deadline_of(const HttpResponse& invocation) {
  const Clock& clock = Clock::system();
  constexpr std::uint64_t most_milliseconds = 1ULL << 42;  // some hundred years
  const auto deadline =
      text::parse_whole(find_header(invocation.headers, "Lambda-Runtime-Deadline-Ms"), 0, most_milliseconds);
  if (!deadline) return clock.monotonic() + default_time_limit;
  const UnixTime at{std::chrono::milliseconds(static_cast<std::int64_t>(*deadline))};
  return clock.monotonic() + (at - clock.unix_time());
}

Result<void> serve_invocation(const RuntimeApi& api, const HttpResponse& invocation,
                              const MeasuringOptions& options) {
  const std::string id(find_header(invocation.headers, "Lambda-Runtime-Aws-Request-Id"));
  if (id.empty() || !is_header_safe(id)) {
    return std::unexpected(
        Error{ErrorCode::unavailable, 0, "the runtime API gave an invocation without its id", {}, {}});
  }
  // For what reads it from the environment, as the documentation asks for.
  const std::string trace(find_header(invocation.headers, "Lambda-Runtime-Trace-Id"));
  if (trace.empty()) {
    ::unsetenv("_X_AMZN_TRACE_ID");
  } else {
    ::setenv("_X_AMZN_TRACE_ID", trace.c_str(), 1);
  }
  Outcome outcome = invoke(invocation.body, options, deadline_of(invocation), api.stop());
  const std::string path = "/2018-06-01/runtime/invocation/" + id;
  if (!outcome.failed) return api.post(path + "/response", std::move(outcome.body));
  return api.post(path + "/error", std::move(outcome.body),
                  {{"Lambda-Runtime-Function-Error-Type", "Function." + std::string(bad_event)}});
}

}  // namespace

Result<void> serve_lambda(const std::string& endpoint, const MeasuringOptions& options, int stop) {
  auto found = find_endpoint(endpoint);
  if (!found) return std::unexpected(std::move(found.error()));
  const RuntimeApi api(std::move(*found), stop);
  for (;;) {
    const auto invocation = api.next(lambda_next);
    if (!invocation) return std::unexpected(invocation.error());
    if (!*invocation) return {};
    if (auto served = serve_invocation(api, **invocation, options); !served) return served;
  }
}

Result<void> report_lambda_init_error(const std::string& endpoint, const Error& error) {
  auto found = find_endpoint(endpoint);
  if (!found) return std::unexpected(std::move(found.error()));
  return RuntimeApi(std::move(*found), -1)
      .post(init_error_path, error_json("InvalidSettings", error.message()),
            {{"Lambda-Runtime-Function-Error-Type", "Runtime.InvalidSettings"}});
}

}  // namespace sonde::function
