// error.hpp: what failed, on what, why, and what to do about it, as a value.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace sonde {

enum class ErrorCode {
  invalid_argument,   // the caller asked for something that has no meaning
  permission_denied,  // the system refuses this to this process; `hint` says what would open it
  not_found,          // a name, file, interface or target that does not exist
  unavailable,        // the system or the device cannot do it (now, or at all)
  resource_limit,     // descriptors, memory, sequence numbers
  system,             // any other failed system call
};

// An error as the library reports it. Plain value, safe to copy between threads.
struct Error {
  ErrorCode code = ErrorCode::system;
  int system_errno = 0;  // errno of the failed call, 0 where no call failed
  std::string what;      // what failed: "cannot open an ICMP socket"
  std::string subject;   // on what: "IPv6", "eth7", "targets.txt:12"; may be empty
  std::string hint;      // what to do about it; may be empty

  // "what: subject: ERRNO (text); hint", leaving out what is empty. One line, whatever the subject holds: characters
  // that a terminal would obey are escaped ("\x1b").
  std::string message() const;

  // The error of a failed system call. Reads nothing but its arguments: pass errno as `system_errno`. The code
  // follows from it (EPERM and EACCES: permission_denied, EMFILE and ENFILE: resource_limit, ...).
  static Error from_errno(int system_errno, std::string what, std::string subject = {},
                          std::string hint = {});
  static Error invalid(std::string what, std::string subject = {}, std::string hint = {});
};

template <typename T>
using Result = std::expected<T, Error>;

// The symbolic name of an errno, "EPERM"; "E123" for one without a name.
std::string errno_name(int system_errno);

}  // namespace sonde
