// streams.hpp: standard output and standard error of a stand-in.
//
// Nothing is lost on the way: text waits in memory until its reader takes it, and a stand-in that has too much of it
// waiting waits too, as its original would in write(2). Both streams in one pipe or terminal keep the order in which
// they were written. A reader that goes away shows as EPIPE: SIGPIPE is ignored from the beginning on.
#pragma once

#include <poll.h>

#include <array>
#include <optional>
#include <string_view>

#include "process/signals.hpp"
#include "report/output.hpp"

namespace sonde::compat {

// The exit status of every stand-in that could not write what it had to say.
inline constexpr int output_failed_status = 4;

class Streams {
 public:
  Streams();

  void out(std::string_view text);
  // A complaint. What cannot be said there cannot be said.
  void err(std::string_view text);
  // A result, where the tool writes results to standard error: not to be lost either.
  void result_to_err(std::string_view text);

  // What the readers take now.
  void flush();
  // To be waited for beside a loop's own descriptors, and flushed when ready; -1 where nothing waits.
  std::array<pollfd, 2> waited_for() const;
  // Where too much waits: until it is taken, or `interrupt` is readable.
  void make_room(int interrupt);
  // A result could not be written: nothing is gained by going on.
  bool failed() const { return output_.error() || (has_results_on_errors_ && errors_.error()); }

  // Before the program ends: waits for the readers, until a signal ends that too (one that `signals` takes; without
  // them as the process has it). Returns `status`, or output_failed_status after a line that begins with `program`
  // and says why; without a line when the reader went away. A second call changes nothing.
  int finish(std::string_view program, int status, const process::Signals* signals = nullptr);

 private:
  bool wait_for_reader(report::Output& stream, const process::Signals* signals);
  int end(std::string_view program, int status, const process::Signals* signals);

  report::Output output_, errors_;
  bool is_one_ = false;  // both lead to the same reader
  bool has_results_on_errors_ = false;
  std::optional<int> ended_;
};

}  // namespace sonde::compat
