// signals.cpp: see signals.hpp.
#include "process/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

namespace sonde::process {

Signals::Signals() {
  sigset_t taken;
  ::sigemptyset(&taken);
  for (const int signal : {SIGINT, SIGTERM, SIGQUIT, SIGWINCH}) ::sigaddset(&taken, signal);
  ::pthread_sigmask(SIG_BLOCK, &taken, &before_);
  ::signal(SIGPIPE, SIG_IGN);
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
