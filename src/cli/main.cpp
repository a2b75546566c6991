// main.cpp: the program `sonde`: parse, then do what was asked. Called by another tool's name it is that tool (compat/).
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <span>
#include <string>
#include <variant>

#include "cli/command_line.hpp"
#include "cli/doctor.hpp"
#include "cli/documents.hpp"
#include "cli/exit_status.hpp"
#include "cli/explain.hpp"
#include "cli/finish_output.hpp"
#include "cli/function.hpp"
#include "cli/ping.hpp"
#include "cli/sweep.hpp"
#include "compat/face.hpp"

namespace {

using sonde::cli::ExitStatus;

int print_document(const sonde::cli::DocumentRequest& request) {
  std::signal(SIGPIPE, SIG_IGN);  // shows as EPIPE
  return static_cast<int>(sonde::cli::write_to_standard_output(sonde::cli::make_document(request)));
}

// A descriptor that the parent closed would be the next one that this process opens for itself, and be written to as
// if it were an output. In its place goes one that refuses what it is not for, so that writing fails as it should.
void keep_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    const int opened = ::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (opened != descriptor && opened >= 0) ::close(opened);
  }
}

struct Run {
  int operator()(const sonde::cli::PingOptions& options) const { return sonde::cli::run_ping(options); }
  int operator()(const sonde::cli::SweepOptions& options) const { return sonde::cli::run_sweep(options); }
  int operator()(const sonde::cli::DoctorOptions& options) const { return sonde::cli::run_doctor(options); }
  int operator()(const sonde::cli::ExplainOptions& options) const { return sonde::cli::run_explain(options); }
  int operator()(const sonde::cli::FunctionOptions& options) const {
    return sonde::cli::run_function(options);
  }
};

}  // namespace

int main(int argc, char** argv) {
  keep_standard_descriptors();
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow further shows as EFBIG
  if (argc > 0) {
    if (const sonde::compat::Tool tool = sonde::compat::tool_called(argv[0])) return tool(argc, argv);
  }
  const auto parsed =
      sonde::cli::parse_command_line(std::span<const char* const>(argv, static_cast<std::size_t>(argc)));
  if (!parsed) {
    std::fprintf(stderr, "%s\n", parsed.error().message.c_str());
    return static_cast<int>(parsed.error().status);
  }
  if (const auto* request = std::get_if<sonde::cli::DocumentRequest>(&*parsed)) {
    return print_document(*request);
  }
  return std::visit(Run{}, std::get<sonde::cli::CommandOptions>(*parsed));
}
