// output.hpp: a buffered writer over a file descriptor that remembers its first error.
//
// Writing is never allowed to delay a probe for long: lines gather in memory and leave on flush() or when 64
// KiB have gathered. A broken pipe or full disk is reported once by error(); what is written afterwards is
// discarded. A pipe or terminal whose reader is slow, blocking or not, is waited for only so long; the rest
// stays in memory, and once 16 MiB wait there, that is an error (EAGAIN) too. SIGPIPE is the program's
// concern: ignore it to see EPIPE here. Threads: none of this is locked.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sonde/error.hpp"

namespace sonde::report {

class Output {
 public:
  // Writes to `descriptor`, which stays the caller's; `name` appears in errors ("standard output", a file
  // name).
  Output(int descriptor, std::string name);
  ~Output();  // flushes
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void write(std::string_view text);
  // Waits at most `patience` for a slow reader to take more.
  void flush(std::chrono::milliseconds patience = std::chrono::milliseconds(100));
  // The first failure (EPIPE, ENOSPC, ...), if any.
  const std::optional<Error>& error() const { return error_; }
  // Bytes written and not yet taken by the descriptor.
  std::size_t pending() const { return buffer_.size(); }

 private:
  void fail(int system_errno);

  int descriptor_;
  bool is_file_;  // takes everything at once, or fails
  std::string name_;
  std::string buffer_;
  std::optional<Error> error_;
};

}  // namespace sonde::report
