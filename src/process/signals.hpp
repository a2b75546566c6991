// signals.hpp: the signals a run answers to, as a readable descriptor.
//
// They are blocked from the beginning on, so that one which comes during the start is not lost, and read when the loop gets to
// it. Threads started later inherit that. One object per process.
#pragma once

#include <csignal>
#include <initializer_list>
#include <optional>

#include "net/file_descriptor.hpp"
#include "sonde/error.hpp"

namespace sonde::process {

class Signals {
 public:
  // Takes SIGINT, SIGTERM, SIGQUIT and SIGWINCH, and has SIGPIPE ignored (a broken pipe shows as EPIPE).
  Signals();
  // Takes these alone, also where the parent had them ignored.
  explicit Signals(std::initializer_list<int> signals);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Why they cannot be taken, if they cannot: then they do what they do to any program.
  const std::optional<Error>& refused() const { return refused_; }

  int fd() const { return descriptor_.get(); }
  // The next signal that has come; nullopt: none.
  std::optional<int> next() const;

 private:
  void open(const sigset_t& taken);

  sigset_t before_{};
  std::optional<Error> refused_;
  net::FileDescriptor descriptor_;
};

}  // namespace sonde::process
