// signals.cpp: see signals.hpp.
#include "process/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

namespace sonde::process {

namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t taken = set_of({SIGINT, SIGTERM, SIGQUIT, SIGWINCH});
  ::pthread_sigmask(SIG_BLOCK, &taken, &before_);
  ::signal(SIGPIPE, SIG_IGN);
  descriptor_.reset(::signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC));
}

Signals::Signals(std::initializer_list<int> signals) {
  const sigset_t taken = set_of(signals);
  ::pthread_sigmask(SIG_BLOCK, &taken, &before_);
  // What is ignored is dropped before it can be read.
  for (const int signal : signals) ::signal(signal, SIG_DFL);
  descriptor_.reset(::signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC));
}

Signals::~Signals() {
  while (next()) {
  }
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> Signals::next() const {
  signalfd_siginfo information;
  if (::read(fd(), &information, sizeof information) != static_cast<ssize_t>(sizeof information))
    return std::nullopt;
  return static_cast<int>(information.ssi_signo);
}

}  // namespace sonde::process
