// output.hpp: a buffered writer over a file descriptor that loses nothing and remembers its first error.
//
// Writing never delays a probe: text gathers in memory and leaves as fast as its reader takes it. How long a
// slow reader is waited for is the caller's choice:
//
//   flush()      what the reader takes now, or within a moment
//   drain()      all of it, however long the reader takes; before a program ends
//   is_full()    so much waits that the caller should produce no more until it is less
//
// Text is only ever thrown away after an error (broken pipe, full disk), which error() tells. SIGPIPE is the
// program's concern: ignore it to see EPIPE here. Threads: none of this is locked.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sonde/error.hpp"

namespace sonde::report {

class Output {
 public:
  static constexpr std::size_t full_bytes = std::size_t{4} << 20;

  // Writes to `descriptor`, which stays the caller's; `name` appears in errors ("standard output", a file
  // name).
  Output(int descriptor, std::string name);
  ~Output();  // flushes, and waits for nobody
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void write(std::string_view text);
  // Waits at most `patience` for a slow reader to take more.
  void flush(std::chrono::milliseconds patience = std::chrono::milliseconds(100));
  // Waits until the descriptor has taken everything. False: after an error, or when `interrupt` became readable
  // first. -1: nothing interrupts it.
  bool drain(int interrupt = -1);

  // The first failure (EPIPE, ENOSPC, ...), if any.
  const std::optional<Error>& error() const { return error_; }
  // Bytes written and not yet taken by the descriptor.
  std::size_t pending() const { return buffer_.size() - begin_; }
  bool is_full() const { return pending() >= full_bytes; }
  // Bytes that the descriptor has taken so far.
  std::uint64_t taken() const { return taken_; }
  int descriptor() const { return descriptor_; }
  const std::string& name() const { return name_; }

 private:
  // One write call. False: the reader takes nothing now, or there is nothing left, or it failed.
  bool write_piece();
  void fail(int system_errno);

  int descriptor_;
  bool is_file_;  // takes everything at once, or fails
  std::string name_;
  std::string buffer_;
  std::size_t begin_ = 0;  // of what still waits in the buffer
  std::uint64_t taken_ = 0;
  std::optional<Error> error_;
};

}  // namespace sonde::report
