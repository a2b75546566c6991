// start.cpp: see start.hpp.
#include "function/start.hpp"

#include <cstdlib>
#include <optional>
#include <utility>

#include "function/gate.hpp"
#include "function/listener.hpp"
#include "function/runtime_api.hpp"
#include "function/serve.hpp"
#include "net/permissions.hpp"

namespace sonde::function {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// The settings with what the environment adds.
Result<Settings> completed(Settings settings, const Environment& environment) {
  auto allowed = parse_allowed(environment.allowed);
  if (!allowed) {
    allowed.error().what = "SONDE_ALLOW: " + allowed.error().what;
    return std::unexpected(std::move(allowed.error()));
  }
  settings.allowed.insert(settings.allowed.end(), allowed->begin(), allowed->end());
  return settings;
}

Result<Listener> listen_on(const std::string& endpoint) {
  const auto address = parse_listen(endpoint);
  if (!address) return std::unexpected(address.error());
  return open_listener(*address);
}

}  // namespace

Environment Environment::read() {
  return {.lambda_api = variable("AWS_LAMBDA_RUNTIME_API"),
          .scf_host = variable("SCF_RUNTIME_API"),
          .scf_port = variable("SCF_RUNTIME_API_PORT"),
          .fc_port = variable("FC_SERVER_PORT"),
          .port = variable("PORT"),
          .allowed = variable("SONDE_ALLOW")};
}

Choice choose(const Settings& settings, const Environment& environment) {
  if (!settings.listen.empty()) return {FrontEnd::http, settings.listen};
  if (!environment.lambda_api.empty()) return {FrontEnd::lambda, environment.lambda_api};
  if (!environment.scf_host.empty()) {
    return {FrontEnd::scf, environment.scf_host + ":" + environment.scf_port};
  }
  if (!environment.fc_port.empty()) return {FrontEnd::http, "0.0.0.0:" + environment.fc_port};
  if (!environment.port.empty()) return {FrontEnd::http, "0.0.0.0:" + environment.port};
  return {FrontEnd::http, "127.0.0.1:8080"};
}

Result<void> start(const Settings& settings, const Environment& environment, int stop) {
  const Choice choice = choose(settings, environment);
  const auto complete = completed(settings, environment);
  if (!complete) {
    if (choice.front_end == FrontEnd::lambda) {
      // Whether Lambda takes it or not, the program ends with what is wrong.
      const auto told = report_lambda_init_error(choice.endpoint, complete.error());
      static_cast<void>(told);
    }
    return std::unexpected(complete.error());
  }
  const MeasuringOptions options{Gate(complete->allowed), self_contained_resolver()};
  std::optional<Listener> listener;
  if (choice.front_end == FrontEnd::http) {
    auto opened = listen_on(choice.endpoint);
    if (!opened) return std::unexpected(std::move(opened.error()));
    listener = std::move(*opened);
  }
  // Raw sockets are opened with every invocation; the port that may have needed a privilege is bound.
  net::keep_only({net::Capability::net_raw});
  switch (choice.front_end) {
    case FrontEnd::lambda:
      return serve_lambda(choice.endpoint, options, stop);
    case FrontEnd::scf:
      return serve_scf(choice.endpoint, options, stop);
    case FrontEnd::http:
      serve_requests(std::move(*listener), *complete, options, stop);
      break;
  }
  return {};
}

}  // namespace sonde::function
