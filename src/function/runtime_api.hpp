// runtime_api.hpp: what the runtime APIs of AWS Lambda and of Tencent SCF have in common: the program asks for the next
// invocation, and posts what came of it, until it is told to end or the API is gone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "function/http_client.hpp"
#include "function/invocation.hpp"
#include "report/repeat_limiter.hpp"

namespace sonde::function {

class RuntimeApi {
 public:
  RuntimeApi(Endpoint endpoint, int stop) : endpoint_(std::move(endpoint)), stop_(stop) {}

  // Waits for the next invocation for as long as it takes; nullopt: asked to stop.
  // Errors: unavailable when the API is gone, or answers with something else than an invocation.
  Result<std::optional<HttpResponse>> next(std::string_view path) const;
  // Posts to the API. What it refuses is said on standard error, and no error here: the next invocation may
  // go well. Errors: unavailable when the API is gone, or has failed itself (5xx).
  Result<void> post(std::string_view path, std::string body, std::vector<Header> headers = {}) const;

  int stop() const { return stop_; }

 private:
  void log(const std::string& text) const;

  Endpoint endpoint_;
  int stop_;
  mutable report::RepeatLimiter log_;
};

// The loops: back without an error when `stop` (a descriptor) became readable.
// `endpoint`: "HOST:PORT".
Result<void> serve_lambda(const std::string& endpoint, const MeasuringOptions& options, int stop);
Result<void> serve_scf(const std::string& endpoint, const MeasuringOptions& options, int stop);

// Tells Lambda that the program cannot start, for its logs and its caller.
Result<void> report_lambda_init_error(const std::string& endpoint, const Error& error);

}  // namespace sonde::function
