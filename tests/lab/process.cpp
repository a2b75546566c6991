// process.cpp: fork, enter the namespace, drop privileges, exec; and reading from what was started.
#include "lab/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

namespace sonde::lab {
namespace {

int checked(int result, const char* what) {
  if (result < 0) throw LabError(fmt::format("{}: {}", what, std::strerror(errno)));
  return result;
}

std::pair<Descriptor, Descriptor> make_pipe() {
  std::array<int, 2> ends{};
  checked(::pipe2(ends.data(), O_CLOEXEC), "pipe2");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

Descriptor input_file(const std::string& text) {
  Descriptor file(checked(::memfd_create("input", MFD_CLOEXEC), "memfd_create"));
  std::string_view left = text;
  while (!left.empty()) {
    left.remove_prefix(static_cast<std::size_t>(checked(
        static_cast<int>(::write(file.number(), left.data(), std::min<std::size_t>(left.size(), 1u << 20))),
        "write")));
  }
  ::lseek(file.number(), 0, SEEK_SET);
  return file;
}

// The program is opened before privileges are dropped, so that it may lie where the ordinary user cannot
// look.
Descriptor open_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return Descriptor(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  const char* path = std::getenv("PATH");
  std::string_view left = path == nullptr ? "/usr/bin" : path;
  std::string all = std::string(left) + ":/usr/sbin:/sbin";
  left = all;
  while (!left.empty()) {
    const std::size_t end = std::min(left.find(':'), left.size());
    const std::string candidate = std::string(left.substr(0, end)) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0)
      return Descriptor(::open(candidate.c_str(), O_RDONLY | O_CLOEXEC));
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  errno = ENOENT;
  return {};
}

// --- In the child, between fork and exec ---

[[noreturn]] void give_up(const char* what) {
  ::dprintf(STDERR_FILENO, "%s: %s\n", what, std::strerror(errno));
  ::_exit(127);
}

void child_checked(int result, const char* what) {
  if (result < 0) give_up(what);
}

void drop_all_capabilities() {
  child_checked(::prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED), "PR_SET_SECUREBITS");
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> none{};
  child_checked(static_cast<int>(::syscall(SYS_capset, &header, none.data())), "capset");
}

void become(User user, bool user_namespace) {
  if (user == User::root) return;
  if (user_namespace) return drop_all_capabilities();
  constexpr uid_t nobody = 65534;
  child_checked(::setgroups(0, nullptr), "setgroups");
  child_checked(::setresgid(nobody, nobody, nobody), "setresgid");
  child_checked(::setresuid(nobody, nobody, nobody), "setresuid");
}

struct Child {
  const Command& command;
  Place place;
  std::array<int, 3> standard;  // input, output, errors
  int program;
  char* const* arguments;
  char* const* environment;

  [[noreturn]] void run() const {
    child_checked(::prctl(PR_SET_PDEATHSIG, SIGKILL), "PR_SET_PDEATHSIG");
    for (int number = 0; number < 3; ++number) {
      child_checked(::dup2(standard[static_cast<std::size_t>(number)], number), "dup2");
    }
    for (const int descriptor : command.inherited) child_checked(::fcntl(descriptor, F_SETFD, 0), "F_SETFD");
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (place.user >= 0) child_checked(::setns(place.user, CLONE_NEWUSER), "setns user");
    if (place.network >= 0) child_checked(::setns(place.network, CLONE_NEWNET), "setns network");
    if (command.descriptor_limit) {
      const rlimit limit = {*command.descriptor_limit, *command.descriptor_limit};
      child_checked(::setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
    }
    become(command.user, place.user >= 0);
    if (command.before_exec != nullptr && !command.before_exec()) give_up("before_exec");
    ::fexecve(program, arguments, environment);
    give_up(arguments[0]);
  }
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// Ours, with `added` in front: of two entries of one name the first is found.
std::vector<std::string> environment_with(std::vector<std::string> added) {
  for (char** entry = environ; *entry != nullptr; ++entry) added.emplace_back(*entry);
  return added;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (number_ >= 0) ::close(number_);
    number_ = other.release();
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

int Descriptor::release() {
  return std::exchange(number_, -1);
}

Process::Process(Command command, Place place) : limit_(Clock::now() + command.time_limit) {
  auto [output, output_end] = make_pipe();
  auto [errors, errors_end] = make_pipe();
  const Descriptor input = input_file(command.input);
  const Descriptor program = open_program(command.arguments.at(0));
  if (!program) throw LabError(fmt::format("cannot open {}: {}", command.arguments[0], std::strerror(errno)));
  std::vector<std::string> environment = environment_with(command.environment);
  const std::vector<char*> argument_pointers = pointers(command.arguments);
  const std::vector<char*> environment_pointers = pointers(environment);
  const Child child{
      command,
      place,
      {input.number(), command.standard_output.value_or(output_end.number()), errors_end.number()},
      program.number(),
      argument_pointers.data(),
      environment_pointers.data()};
  id_ = checked(::fork(), "fork");
  if (id_ == 0) child.run();
  output_ = std::move(output);
  errors_ = std::move(errors);
  exited_ = Descriptor(checked(static_cast<int>(::syscall(SYS_pidfd_open, id_, 0)), "pidfd_open"));
  for (const Descriptor* end : {&output_, &errors_})
    checked(::fcntl(end->number(), F_SETFL, O_NONBLOCK), "F_SETFL");
}

Process::Process(Process&& other) noexcept
    : id_(std::exchange(other.id_, -1)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      exited_(std::move(other.exited_)),
      limit_(other.limit_),
      finished_(std::move(other.finished_)) {}

Process::~Process() {
  if (id_ < 0) return;
  ::kill(id_, SIGKILL);
  reap();
}

void Process::signal(int number) const {
  if (id_ > 0) checked(::kill(id_, number), "kill");
}

bool Process::read_some(Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  std::array<pollfd, 3> waits = {
      {{output_.number(), POLLIN, 0}, {errors_.number(), POLLIN, 0}, {exited_.number(), POLLIN, 0}}};
  ::poll(waits.data(), waits.size(), static_cast<int>(std::max<std::int64_t>(0, left)));
  std::array<char, 65536> buffer;
  const auto drain = [&](Descriptor& from, std::string& to) {
    ssize_t bytes = 0;
    while (from && (bytes = ::read(from.number(), buffer.data(), buffer.size())) > 0) {
      to.append(buffer.data(), static_cast<std::size_t>(bytes));
    }
    if (bytes == 0) from = Descriptor();  // closed: poll skips negative numbers
  };
  drain(output_, finished_.output);
  drain(errors_, finished_.errors);
  return (waits[2].revents & POLLIN) == 0;
}

bool Process::wait_for_output(std::string_view text, std::chrono::milliseconds limit) {
  return wait_for(finished_.output, text, limit);
}

bool Process::wait_for_errors(std::string_view text, std::chrono::milliseconds limit) {
  return wait_for(finished_.errors, text, limit);
}

bool Process::wait_for(const std::string& said, std::string_view text, std::chrono::milliseconds limit) {
  const auto until = std::min(limit_, Clock::now() + limit);
  while (said.find(text) == std::string::npos) {
    if (!read_some(until)) return said.find(text) != std::string::npos;
    if (Clock::now() >= until) return false;
  }
  return true;
}

bool Process::wait_for_signal_descriptor(std::chrono::milliseconds limit) const {
  const auto until = std::min(limit_, Clock::now() + limit);
  const std::filesystem::path descriptors = "/proc/" + std::to_string(id_) + "/fd";
  while (Clock::now() < until) {
    std::error_code gone;
    for (std::filesystem::directory_iterator entry(descriptors, gone), end; !gone && entry != end;
         entry.increment(gone)) {
      std::error_code closed;
      if (std::filesystem::read_symlink(entry->path(), closed) == "anon_inode:[signalfd]") return true;
    }
    ::sched_yield();
  }
  return false;
}

Finished Process::wait() {
  while (read_some(limit_)) {
    if (Clock::now() < limit_) continue;
    finished_.timed_out = true;
    ::kill(id_, SIGKILL);
    limit_ = Clock::time_point::max();
    break;
  }
  reap();
  read_some(Clock::now());
  return std::move(finished_);
}

void Process::reap() {
  if (id_ < 0) return;
  int status = 0;
  while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
  }
  id_ = -1;
  if (WIFEXITED(status)) finished_.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) finished_.signal = WTERMSIG(status);
}

std::string run_checked(Command command, Place place) {
  const std::string name = fmt::format("{}", fmt::join(command.arguments, " "));
  Finished finished = Process(std::move(command), place).wait();
  if (finished.status != 0) {
    throw LabError(fmt::format("{}: status {}{}: {}{}", name, finished.status,
                               finished.timed_out ? " (timed out)" : "", finished.errors, finished.output));
  }
  return std::move(finished.output);
}

}  // namespace sonde::lab
