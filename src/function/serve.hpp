// serve.hpp: functions over plain HTTP: what Function Compute, Knative, OpenFaaS and Cloud Run call, and curl.
//
// GET /?target=...&count=... and POST / with an event measure; /invoke is the same (Function Compute's event
// functions). POST /initialize, GET /healthz and GET /_/health say that it runs.
#pragma once

#include "function/http_server.hpp"
#include "function/listener.hpp"
#include "function/settings.hpp"

namespace sonde::function {

// Says on standard error where it listens, and serves until `stop` is readable.
void serve_requests(Listener listener, const Settings& settings, const MeasuringOptions& options, int stop);

}  // namespace sonde::function
