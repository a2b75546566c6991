// signals.cpp: see signals.hpp.
#include "process/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

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
  open(taken);
}

Signals::Signals(std::initializer_list<int> signals) {
  const sigset_t taken = set_of(signals);
  ::pthread_sigmask(SIG_BLOCK, &taken, &before_);
  // What is ignored is dropped before it can be read.
  for (const int signal : signals) ::signal(signal, SIG_DFL);
  open(taken);
}

void Signals::open(const sigset_t& taken) {
  descriptor_.reset(::signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC));
  if (descriptor_) return;
  refused_ = Error::from_errno(errno, "cannot create a descriptor for signals", {},
                               "`ulimit -n` says how many descriptors there may be");
  // Nobody would ever read what is blocked.
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

Signals::~Signals() {
  while (next()) {
  }
  if (!refused_) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> Signals::next() const {
  signalfd_siginfo information;
  if (::read(fd(), &information, sizeof information) != static_cast<ssize_t>(sizeof information))
    return std::nullopt;
  return static_cast<int>(information.ssi_signo);
}

}  // namespace sonde::process
