// faults_main.cpp: sonde_lab_faults: runs a program under the faults of file_faults.hpp. Ends as that ended; signals sent
// to it go to the program.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "lab/tracee.hpp"

namespace {

using sonde::lab::TracedCall;

struct Failing {
  std::uint64_t call = ~std::uint64_t{0};
  int system_errno = 0;
  bool on = false;

  bool meets(std::uint64_t count) const { return on ? count >= call : count == call; }
};

struct Plan {
  std::string report, under;
  bool streams = false;
  std::optional<std::uint64_t> kill, disk, longest, threads;
  Failing fail, memory;
  std::vector<char*> program;
};

// What a call touches, and by which of its arguments that is known.
enum class By : std::uint8_t { descriptor, written, path, path_at, two_paths, two_paths_at, clone, memory };

struct Kind {
  const char* name;
  By by;
};

const std::map<std::int64_t, Kind>& kinds() {
  static const std::map<std::int64_t, Kind> all{
      {SYS_openat, {"openat", By::path_at}},
      {SYS_write, {"write", By::written}},
      {SYS_pwrite64, {"pwrite", By::written}},
      {SYS_writev, {"writev", By::written}},
      {SYS_pwritev, {"pwritev", By::written}},
      {SYS_pwritev2, {"pwritev2", By::written}},
      {SYS_ftruncate, {"ftruncate", By::descriptor}},
      {SYS_truncate, {"truncate", By::path}},
      {SYS_fallocate, {"fallocate", By::descriptor}},
      {SYS_renameat, {"renameat", By::two_paths_at}},
      {SYS_renameat2, {"renameat2", By::two_paths_at}},
      {SYS_unlinkat, {"unlinkat", By::path_at}},
      {SYS_linkat, {"linkat", By::two_paths_at}},
      {SYS_fsync, {"fsync", By::descriptor}},
      {SYS_fdatasync, {"fdatasync", By::descriptor}},
      {SYS_close, {"close", By::descriptor}},
      {SYS_clone, {"clone", By::clone}},
      {SYS_clone3, {"clone", By::clone}},
      {SYS_mmap, {"memory", By::memory}},
      {SYS_mremap, {"memory", By::memory}},
      {SYS_brk, {"memory", By::memory}},
#ifdef SYS_open
      {SYS_open, {"open", By::path}},
      {SYS_creat, {"creat", By::path}},
      {SYS_rename, {"rename", By::two_paths}},
      {SYS_unlink, {"unlink", By::path}},
      {SYS_link, {"link", By::two_paths}},
#endif
  };
  return all;
}

class Tracer {
 public:
  explicit Tracer(const Plan& plan)
      : plan_(&plan),
        report_(::open(plan.report.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666)) {}

  // Before the call is made. True: it is to be looked at again behind it.
  bool meet(pid_t thread) {
    TracedCall call(thread);
    meet(call);
    if (call.changed_from()) changed_.emplace(thread, *call.changed_from());
    return call.changed_from().has_value();
  }

  void look_again(pid_t thread) {
    if (const auto changed = changed_.find(thread); changed != changed_.end()) {
      TracedCall::put_back(thread, changed->second);
      changed_.erase(changed);
    }
  }

 private:
  void meet(TracedCall& call) {
    const auto kind = kinds().find(call.number());
    if (kind == kinds().end()) return;
    if (kind->second.by == By::clone) return meet_clone(call);
    if (kind->second.by == By::memory) return meet_memory(call);
    const std::string file = file_of(call, kind->second.by);
    if (file.empty()) return;
    const bool writes = kind->second.by == By::written;
    note(fmt::format("{} {}{}", kind->second.name, file,
                     writes ? fmt::format(" {}", bytes_of(call)) : std::string()));
    const std::uint64_t count = calls_++;
    if (plan_->kill == count) {
      ::kill(call.process(), SIGKILL);
    } else if (plan_->fail.meets(count)) {
      call.fail(plan_->fail.system_errno);
    } else if (writes) {
      bound(call);
    }
  }

  void note(std::string line) const {
    line += '\n';
    static_cast<void>(::write(report_, line.data(), line.size()) == 0);
  }

  void meet_clone(TracedCall& call) {
    note("clone");
    if (plan_->threads && clones_++ >= *plan_->threads) call.fail(EAGAIN);
  }

  void meet_memory(TracedCall& call) {
    if (call.number() == SYS_mmap && (call.argument(3) & MAP_ANONYMOUS) == 0) return;
    if (call.number() == SYS_brk && call.argument(0) == 0) return;
    // One that asks again and again shall not fill the disk with that.
    if (memory_ < most_noted) note("memory");
    if (!plan_->memory.meets(memory_++)) return;
    // A brk that fails returns the break as it was, and so does brk(0).
    if (call.number() == SYS_brk) return call.set_argument(0, 0);
    call.fail(plan_->memory.system_errno);
  }

  std::string below(const std::string& path) const {
    if (plan_->under.empty() || !path.starts_with(plan_->under)) return {};
    if (path == plan_->under) return ".";
    return path[plan_->under.size()] == '/' ? path.substr(plan_->under.size() + 1) : std::string();
  }

  std::string file_of(const TracedCall& call, By by) const {
    const int descriptor = static_cast<int>(call.argument(0));
    const auto either = [this](const std::string& first, const std::string& second) {
      return below(first).empty() ? below(second) : below(first) + " " + below(second);
    };
    switch (by) {
      case By::written:
        if (plan_->streams && (descriptor == STDOUT_FILENO || descriptor == STDERR_FILENO))
          return descriptor == STDOUT_FILENO ? "<output>" : "<errors>";
        [[fallthrough]];
      case By::descriptor:
        return below(call.file_of(descriptor));
      case By::path:
        return below(call.path(AT_FDCWD, call.argument(0)));
      case By::path_at:
        return below(call.path(descriptor, call.argument(1)));
      case By::two_paths:
        return either(call.path(AT_FDCWD, call.argument(0)), call.path(AT_FDCWD, call.argument(1)));
      case By::two_paths_at:
        return either(call.path(descriptor, call.argument(1)),
                      call.path(static_cast<int>(call.argument(2)), call.argument(3)));
      case By::clone:
      case By::memory:
        break;
    }
    return {};
  }

  static bool is_vector(const TracedCall& call) {
    return call.number() != SYS_write && call.number() != SYS_pwrite64;
  }

  static std::uint64_t bytes_of(const TracedCall& call) {
    if (!is_vector(call)) return call.argument(2);
    std::uint64_t bytes = 0;
    for (std::uint64_t i = 0; i < call.argument(2); ++i) {
      if (const auto part = call.value_at<iovec>(call.argument(1) + i * sizeof(iovec)))
        bytes += part->iov_len;
    }
    return bytes;
  }

  // Writes what the disk has room for, and no more at once than allowed.
  void bound(TracedCall& call) {
    std::uint64_t room = plan_->longest.value_or(~std::uint64_t{0});
    if (plan_->disk) room = std::min(room, *plan_->disk - written_);
    const std::uint64_t asked = bytes_of(call);
    if (asked > room) {
      if (room == 0) return call.fail(ENOSPC);
      cut(call, room);
    }
    written_ += std::min(asked, room);
  }

  static void cut(TracedCall& call, std::uint64_t room) {
    if (!is_vector(call)) return call.set_argument(2, room);
    // Parts that fit whole; of the first one that does not fit its begin, as a plain write.
    const auto first = call.value_at<iovec>(call.argument(1));
    if (!first) return;
    call.set_number(call.number() == SYS_writev ? SYS_write : SYS_pwrite64);
    call.set_argument(1, reinterpret_cast<std::uint64_t>(first->iov_base));
    call.set_argument(2, std::min<std::uint64_t>(room, first->iov_len));
  }

  static constexpr std::uint64_t most_noted = 10'000;

  const Plan* plan_;
  int report_;
  std::map<pid_t, TracedCall::Arguments> changed_;
  std::uint64_t calls_ = 0, written_ = 0, clones_ = 0, memory_ = 0;
};

sigset_t passed_on() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&signals, signal);
  return signals;
}

// For the life of this process; the signals are blocked in it.
void pass_signals_on(pid_t process) {
  std::thread([process] {
    const sigset_t signals = passed_on();
    for (int signal = 0; ::sigwait(&signals, &signal) == 0;) ::kill(process, signal);
  }).detach();
}

[[noreturn]] void fail(const char* what) {
  fmt::print(stderr, "sonde_lab_faults: {}: {}\n", what, std::strerror(errno));
  std::exit(127);
}

[[noreturn]] void run_program(const Plan& plan, int started) {
  char byte = 0;
  if (::read(started, &byte, 1) != 1) ::_exit(127);
  ::close(started);
  std::vector<std::int64_t> numbers;
  for (const auto& [number, kind] : kinds()) {
    const bool wanted = kind.by == By::clone    ? plan.threads.has_value()
                        : kind.by == By::memory ? plan.memory.system_errno != 0
                                                : true;
    if (wanted) numbers.push_back(number);
  }
  if (!sonde::lab::trap_calls(numbers)) fail("seccomp");
  ::execvp(plan.program.front(), plan.program.data());
  fail(plan.program.front());
}

pid_t start(const Plan& plan) {
  std::array<int, 2> started{};
  if (::pipe2(started.data(), O_CLOEXEC) != 0) fail("pipe2");
  const sigset_t signals = passed_on();
  sigset_t before{};
  ::pthread_sigmask(SIG_BLOCK, &signals, &before);
  const pid_t child = ::fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    ::close(started[1]);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    run_program(plan, started[0]);
  }
  constexpr long options = PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                           PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP |
                           PTRACE_O_TRACESYSGOOD;
  if (::ptrace(PTRACE_SEIZE, child, 0, options) != 0) fail("PTRACE_SEIZE");
  pass_signals_on(child);
  if (::write(started[1], "x", 1) != 1) fail("write");
  for (const int end : started) ::close(end);
  return child;
}

// How the program ended.
int trace(const Plan& plan, pid_t child) {
  Tracer tracer(plan);
  int ended = 0, status = 0;
  for (pid_t thread = 0; (thread = ::waitpid(-1, &status, __WALL)) > 0 || errno == EINTR;) {
    if (thread < 0) continue;
    if (!WIFSTOPPED(status)) {
      if (thread == child) ended = status;
      continue;
    }
    const int event = status >> 16, signal = WSTOPSIG(status);
    if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
      ::ptrace(PTRACE_LISTEN, thread, 0, 0);
      continue;
    }
    if (signal == (SIGTRAP | 0x80)) {
      tracer.look_again(thread);
      ::ptrace(PTRACE_CONT, thread, 0, 0);
      continue;
    }
    const bool again = event == PTRACE_EVENT_SECCOMP && tracer.meet(thread);
    ::ptrace(again ? PTRACE_SYSCALL : PTRACE_CONT, thread, 0, event == 0 ? signal : 0);
  }
  return ended;
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  if (std::from_chars(text.begin(), text.end(), value).ec != std::errc()) {
    errno = EINVAL;
    fail("a number is missing");
  }
  return value;
}

Plan parse(int count, char** words) {
  Plan plan;
  int at = 1;
  const auto next = [&]() -> std::string_view { return at < count ? words[at++] : ""; };
  const auto failing = [&] {
    Failing result;
    result.call = number(next());
    result.system_errno = static_cast<int>(number(next()));
    result.on = next() == "on";
    return result;
  };
  while (at < count) {
    const std::string_view option = next();
    if (option == "--") break;
    if (option == "--report") plan.report = next();
    if (option == "--under") plan.under = next();
    if (option == "--streams") plan.streams = true;
    if (option == "--kill") plan.kill = number(next());
    if (option == "--disk") plan.disk = number(next());
    if (option == "--short") plan.longest = number(next());
    if (option == "--threads") plan.threads = number(next());
    if (option == "--fail") plan.fail = failing();
    if (option == "--memory") plan.memory = failing();
  }
  plan.program.assign(words + at, words + count);
  plan.program.push_back(nullptr);
  if (plan.program.size() == 1) {
    errno = EINVAL;
    fail("no program");
  }
  return plan;
}

}  // namespace

int main(int count, char** words) {
  const Plan plan = parse(count, words);
  const int status = trace(plan, start(plan));
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  const sigset_t signals = passed_on();
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  ::signal(WTERMSIG(status), SIG_DFL);  // a sanitizer's runtime may have taken it
  static_cast<void>(::raise(WTERMSIG(status)));
  return 127;
}
