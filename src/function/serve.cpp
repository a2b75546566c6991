// serve.cpp: see serve.hpp.
#include "function/serve.hpp"

#include <fmt/format.h>

#include <utility>

#include "function/invocation.hpp"
#include "function/say.hpp"

namespace sonde::function {
namespace {

using Reply = std::variant<HttpResponse, Measuring>;

HttpResponse json_response(unsigned status, std::string body) {
  return {status, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, std::move(body)};
}

HttpResponse error_response(unsigned status, std::string_view type, std::string_view message) {
  HttpResponse response = json_response(status, error_json(type, message));
  // So an event function of Function Compute says that it failed.
  response.headers.push_back({"X-Fc-Status", "404"});
  return response;
}

// What measures, or the response that says why not.
Reply measure(const HttpRequest& request, std::string_view query, const Settings& settings,
              const MeasuringOptions& options, std::size_t running) {
  const bool has_event = request.method == "POST" && !request.body.empty();
  Result<InvocationEvent> event;
  if (has_event) {
    event = parse_event(request.body);
  } else if (auto asked = parse_query(query)) {
    event->request = std::move(*asked);
  } else {
    event = std::unexpected(std::move(asked.error()));
  }
  if (!event) {
    const Outcome outcome = failed_outcome(has_event ? request.body : std::string_view(), event.error());
    if (!outcome.failed) return json_response(200, outcome.body);
    return error_response(400, bad_event, event.error().message());
  }
  if (running >= settings.parallel) {
    HttpResponse busy =
        error_response(503, "Busy", "too many requests are being measured; try again in a moment");
    busy.headers.push_back({"Retry-After", "1"});
    return busy;
  }
  const MonotonicTime deadline = measuring_deadline(Clock::system().monotonic() + settings.time_limit);
  return Measuring{Measurement(std::move(event->request), options, deadline),
                   [for_gateway = event->from_gateway](const Answer& answer) {
                     return json_response(200, answer_body(answer, for_gateway));
                   }};
}

Reply respond(const HttpRequest& request, const Settings& settings, const MeasuringOptions& options,
              std::size_t running) {
  const std::string_view target = request.target;
  const auto question = target.find('?');
  const std::string_view path = target.substr(0, question);
  const std::string_view query =
      question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  if (path == "/healthz" || path == "/_/health" || path == "/initialize") {
    return json_response(200, R"({"status":"ok"})");
  }
  if (path != "/" && path != "/invoke") return error_response(404, "NotFound", "there are / and /healthz");
  if (request.method != "GET" && request.method != "POST") {
    HttpResponse response = error_response(405, "MethodNotAllowed", "there are GET and POST");
    response.headers.push_back({"Allow", "GET, POST"});
    return response;
  }
  return measure(request, query, settings, options, running);
}

}  // namespace

void serve_requests(Listener listener, const Settings& settings, const MeasuringOptions& options, int stop) {
  say(fmt::format("listening on http://{}/", listener.name));
  const auto handler = [&](const HttpRequest& request, std::size_t running) {
    return respond(request, settings, options, running);
  };
  serve_http(std::move(listener), handler, ServerLimits{}, stop);
}

}  // namespace sonde::function
