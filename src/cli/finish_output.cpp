// finish_output.cpp: see finish_output.hpp.
#include "cli/finish_output.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "cli/say.hpp"
#include "process/signals.hpp"

namespace sonde::cli {

ExitStatus finish_output(report::Output& output) {
  const process::Signals signals({SIGINT, SIGTERM});
  if (output.drain(signals.fd())) return ExitStatus::all_answered;
  // A reader that went away knows why it did.
  if (!output.error()) {
    say(output.name() + " was not read to its end");
  } else if (output.error()->system_errno != EPIPE) {
    say(output.error()->message());
  }
  return ExitStatus::output_failed;
}

ExitStatus status_of_output(const Error& error) {
  return error.code == ErrorCode::invalid_argument ? ExitStatus::usage : ExitStatus::output_failed;
}

ExitStatus write_to_standard_output(std::string_view text) {
  report::Output output(STDOUT_FILENO, "standard output");
  output.write(text);
  return finish_output(output);
}

}  // namespace sonde::cli
