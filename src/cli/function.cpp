// function.cpp: see function.hpp.
#include "cli/function.hpp"

#include "cli/exit_status.hpp"
#include "cli/say.hpp"
#include "function/start.hpp"
#include "process/signals.hpp"

namespace sonde::cli {

int run_function(const FunctionOptions& options) {
  // Every signal it takes ends it.
  const process::Signals signals;
  if (const auto& refused = signals.refused()) {
    say(refused->message());
    return static_cast<int>(ExitStatus::refused);
  }
  const auto ended = function::start(options, function::Environment::read(), signals.fd());
  if (ended) return static_cast<int>(ExitStatus::all_answered);
  say(ended.error().message());
  const bool usage = ended.error().code == ErrorCode::invalid_argument;
  return static_cast<int>(usage ? ExitStatus::usage : ExitStatus::refused);
}

}  // namespace sonde::cli
