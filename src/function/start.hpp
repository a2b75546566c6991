// start.hpp: which of the three ways functions are run is meant, and running it.
#pragma once

#include <cstdint>
#include <string>

#include "function/settings.hpp"
#include "sonde/error.hpp"

namespace sonde::function {

// What is read from the environment; empty: not set.
struct Environment {
  std::string lambda_api{};  // AWS_LAMBDA_RUNTIME_API
  std::string scf_host{};    // SCF_RUNTIME_API
  std::string scf_port{};    // SCF_RUNTIME_API_PORT
  std::string fc_port{};     // FC_SERVER_PORT
  std::string port{};        // PORT
  std::string allowed{};     // SONDE_ALLOW

  static Environment read();
};

enum class FrontEnd : std::uint8_t { lambda, scf, http };

struct Choice {
  FrontEnd front_end = FrontEnd::http;
  std::string endpoint{};  // HOST:PORT, to connect to or, for HTTP, to listen on

  friend bool operator==(const Choice&, const Choice&) = default;
};

// `listen` decides for HTTP; else what the environment names; else HTTP: on the port the environment names, which is
// for a container, on every address; without one for this host alone.
Choice choose(const Settings& settings, const Environment& environment);

// First gives up every capability but CAP_NET_RAW, which stays permitted and is raised only while a raw socket is opened; a
// port that needs a privilege is bound before. Then runs until `stop` (a descriptor) is readable. Errors: what kept it from starting, or ended it: the runtime API is gone.
// A setting that is wrong is told to the runtime too, where that has a place for it.
Result<void> start(const Settings& settings, const Environment& environment, int stop);

}  // namespace sonde::function
