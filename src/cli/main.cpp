// main.cpp: the program `sonde`: parse, then do what was asked. Called by another tool's name it is that tool (compat/).
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "cli/command_line.hpp"
#include "cli/doctor.hpp"
#include "cli/documents.hpp"
#include "cli/exit_status.hpp"
#include "cli/explain.hpp"
#include "cli/finish_output.hpp"
#include "cli/function.hpp"
#include "cli/ping.hpp"
#include "cli/say.hpp"
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

// How the program ends where memory does: what it is called, and its exit status then.
struct End {
  std::string_view name = "sonde";
  int status = static_cast<int>(ExitStatus::refused);
};

// Without memory: there is none.
void say_out_of_memory(std::string_view name) {
  constexpr std::string_view behind =
      ": out of memory; more may be had by `ulimit -v`, the control group's memory.max\n";
  for (const std::string_view part : {name, behind}) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, part.data(), part.size());
  }
}

End end_of(const sonde::compat::Face* face) {
  return face == nullptr ? End{} : End{face->name, face->refused_status};
}

// The last resort, where std::bad_alloc met something that lets nothing through, or there was no memory for even that.
void end_at_once() {
  bool out_of_memory = true;
  try {
    if (const auto thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    out_of_memory = true;
  } catch (...) {
    out_of_memory = false;
  }
  if (!out_of_memory) std::abort();
  const End end = end_of(sonde::compat::face_called(::program_invocation_name));
  say_out_of_memory(end.name);
  ::_exit(end.status);
}
// Before what other files keep from the beginning on.
[[maybe_unused]] const std::terminate_handler handler_before = std::set_terminate(end_at_once);

// Whatever holds a terminal, a file or a thread has let go of it when this says what was thrown.
template <typename Body>
int guarded(const End& end, Body body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    say_out_of_memory(end.name);
  } catch (const std::exception& error) {
    sonde::cli::say_line(std::string(end.name) + ": " + error.what());
  }
  return end.status;
}

int run_sonde(int argc, char** argv) {
  const auto parsed =
      sonde::cli::parse_command_line(std::span<const char* const>(argv, static_cast<std::size_t>(argc)));
  if (!parsed) {
    sonde::cli::say_line(parsed.error().message);
    return static_cast<int>(parsed.error().status);
  }
  if (const auto* request = std::get_if<sonde::cli::DocumentRequest>(&*parsed)) {
    return print_document(*request);
  }
  return std::visit(Run{}, std::get<sonde::cli::CommandOptions>(*parsed));
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_descriptors();
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow further shows as EFBIG
  const auto* face = argc > 0 ? sonde::compat::face_called(argv[0]) : nullptr;
  return guarded(end_of(face),
                 [&] { return face == nullptr ? run_sonde(argc, argv) : face->tool(argc, argv); });
}
