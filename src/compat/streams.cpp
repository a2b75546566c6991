// streams.cpp: see streams.hpp.
#include "compat/streams.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>

#include "text/printable.hpp"

namespace sonde::compat {

namespace {

constexpr std::chrono::milliseconds at_once{0};

bool is_writable(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

// Regular files are left out: each descriptor has a position of its own, and they take everything at once.
bool lead_to_one_reader(int one, int other) {
  struct stat first{}, second{};
  if (::fstat(one, &first) != 0 || ::fstat(other, &second) != 0) return false;
  const bool is_stream = S_ISFIFO(first.st_mode) || S_ISSOCK(first.st_mode) || ::isatty(one) != 0;
  return is_stream && first.st_dev == second.st_dev && first.st_ino == second.st_ino && is_writable(one) &&
         is_writable(other);
}

bool ends_a_program(int signal) {
  return signal != SIGQUIT && signal != SIGWINCH;
}

}  // namespace

Streams::Streams()
    : output_(STDOUT_FILENO, "standard output"),
      errors_(STDERR_FILENO, "standard error"),
      is_one_(lead_to_one_reader(STDOUT_FILENO, STDERR_FILENO)) {
  std::signal(SIGPIPE, SIG_IGN);
}

void Streams::out(std::string_view text) {
  if (errors_.pending() > 0) errors_.flush(at_once);
  output_.write(text);
}

void Streams::err(std::string_view text) {
  if (is_one_ && !output_.error()) return output_.write(text);
  if (output_.pending() > 0) output_.flush(at_once);
  errors_.write(text);
}

void Streams::result_to_err(std::string_view text) {
  if (text.empty()) return;
  has_results_on_errors_ = true;
  err(text);
}

void Streams::flush() {
  if (output_.pending() > 0) output_.flush(at_once);
  if (errors_.pending() > 0) errors_.flush(at_once);
}

std::array<pollfd, 2> Streams::waited_for() const {
  const auto entry = [](const report::Output& stream) {
    return pollfd{stream.pending() > 0 ? stream.descriptor() : -1, POLLOUT, 0};
  };
  return {entry(output_), entry(errors_)};
}

void Streams::make_room(int interrupt) {
  for (report::Output* stream : {&output_, &errors_}) {
    if (stream->is_full()) stream->drain(interrupt);
  }
}

// False: told not to wait any longer.
bool Streams::wait_for_reader(report::Output& stream, const process::Signals* signals) {
  while (!stream.drain(signals != nullptr ? signals->fd() : -1) && !stream.error()) {
    while (const auto signal = signals->next()) {
      if (ends_a_program(*signal)) return false;
    }
  }
  return true;
}

int Streams::finish(std::string_view program, int status, const process::Signals* signals) {
  if (!ended_) ended_ = end(program, status, signals);
  return *ended_;
}

int Streams::end(std::string_view program, int status, const process::Signals* signals) {
  errors_.flush(at_once);
  if (!wait_for_reader(output_, signals)) {
    errors_.write(fmt::format("{}: standard output was not read to its end\n", text::printable(program)));
    errors_.flush();
    return output_failed_status;
  }
  if (const auto& error = output_.error()) {
    // A reader that went away knows why it did.
    if (error->system_errno != EPIPE)
      errors_.write(fmt::format("{}: {}\n", text::printable(program), error->message()));
    errors_.flush();
    return output_failed_status;
  }
  const bool was_read = wait_for_reader(errors_, signals);
  return was_read && !failed() ? status : output_failed_status;
}

}  // namespace sonde::compat
