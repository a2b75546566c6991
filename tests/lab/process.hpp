// process.hpp: runs a program, in a network namespace if asked, as root or as nobody in particular, never
// longer than allowed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::lab {

// What the lab itself could not do; a test that meets one fails.
class LabError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// An owned file descriptor, closed on exec.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  int release();

 private:
  int number_ = -1;
};

// root: all capabilities of the namespace. ordinary: uid and gid 65534 without any (in a user namespace made
// by an ordinary user, whose only uid is 0: that, without any capability).
enum class User { root, ordinary };

struct Command {
  std::vector<std::string> arguments{};  // the first is a path, or searched in PATH
  User user = User::root;
  std::string input{};  // its standard input
  std::chrono::milliseconds time_limit = std::chrono::seconds(20);
  std::vector<std::string> environment{};           // "NAME=value", beside our own
  std::optional<unsigned long> descriptor_limit{};  // RLIMIT_NOFILE
  std::vector<int> inherited{};                     // descriptors that it keeps, under their numbers
  std::optional<int> standard_output{};             // a descriptor of ours in place of a pipe that is read
  bool (*before_exec)() = nullptr;  // called in it as the user that it is; false: it does not start
};

struct Finished {
  int status = -1;  // of exit; -1: a signal ended it
  int signal = 0;
  bool timed_out = false;  // and was killed
  std::string output, errors;
};

// Where a process runs: descriptors of namespaces, -1 for our own.
struct Place {
  int network = -1, user = -1;
};

// A running program. Killed and reaped when this ends.
class Process {
 public:
  // Throws LabError when the system refuses. A program that cannot be started ends with status 127 and says
  // why.
  explicit Process(Command command, Place place = {});
  Process(Process&& other) noexcept;
  ~Process();

  pid_t id() const { return id_; }
  void signal(int number) const;
  // Reads its output until `text` is in it; false when it ended or `limit` passed before.
  bool wait_for_output(std::string_view text, std::chrono::milliseconds limit = std::chrono::seconds(5));
  bool wait_for_errors(std::string_view text, std::chrono::milliseconds limit = std::chrono::seconds(5));
  // Until it reads its signals from a descriptor: sent before, they end the process. (That they are blocked says
  // less: a sanitizer's runtime blocks them for a moment at its start.)
  bool wait_for_signal_descriptor(std::chrono::milliseconds limit = std::chrono::seconds(5)) const;
  // What it said so far and was not asked for yet is kept.
  const std::string& output() const { return finished_.output; }
  const std::string& errors() const { return finished_.errors; }
  void forget_output() { finished_.output.clear(); }
  // Until it ends, or its time limit passes.
  Finished wait();

 private:
  using Clock = std::chrono::steady_clock;
  // Reads what comes until `until`; false when the process has ended.
  bool read_some(Clock::time_point until);
  bool wait_for(const std::string& said, std::string_view text, std::chrono::milliseconds limit);
  void reap();

  pid_t id_ = -1;
  Descriptor output_, errors_, exited_;
  Clock::time_point limit_;
  Finished finished_;
};

// Starts, waits, and throws LabError with what it said unless it ended with status 0. Returns its output.
std::string run_checked(Command command, Place place = {});

}  // namespace sonde::lab
