// tracee.hpp: a thread that stands before a system call, as its tracer sees and changes it.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sonde::lab {

// Stopped by seccomp (SECCOMP_RET_TRACE): the call has not begun. What the tracer cannot read is empty: the thread is
// gone then.
class TracedCall {
 public:
  explicit TracedCall(pid_t thread);

  std::int64_t number() const { return number_; }
  std::uint64_t argument(std::size_t which) const { return arguments_.at(which); }
  void set_argument(std::size_t which, std::uint64_t value);
  void set_number(std::int64_t number);
  // A program may rely on what it passed still being in its registers after the call. What is to be put back there.
  using Arguments = std::array<std::uint64_t, 6>;
  const std::optional<Arguments>& changed_from() const { return changed_from_; }
  // Of a thread that stands behind the call.
  static void put_back(pid_t thread, const Arguments& arguments);
  // It is not made, and returns this error.
  void fail(int system_errno);

  // What it points to.
  std::string text_at(std::uint64_t address) const;
  template <typename Value>
  std::optional<Value> value_at(std::uint64_t address) const {
    Value value{};
    if (!read(address, &value, sizeof value)) return std::nullopt;
    return value;
  }
  // What a descriptor of it stands for: a path, or "pipe:[123]".
  std::string file_of(int descriptor) const;
  // A path that it names, made absolute by a descriptor of a directory (AT_FDCWD: where it is), not resolved.
  std::string path(int directory, std::uint64_t address) const;
  pid_t process() const;

 private:
  bool read(std::uint64_t address, void* into, std::size_t bytes) const;
  std::string link(const std::string& name) const;

  pid_t thread_;
  std::int64_t number_ = -1;
  Arguments arguments_{};
  std::optional<Arguments> changed_from_;
};

// Stops the calling process, from its next exec on, at each of these calls. False: errno says why.
bool trap_calls(const std::vector<std::int64_t>& numbers);

}  // namespace sonde::lab
