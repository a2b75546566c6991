// system_calls.hpp: the system calls of a program, as strace saw them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "trouble/program.hpp"

namespace sonde::trouble {

struct SystemCall {
  std::string name, arguments, result;  // result: "3", "-1 EPERM (Operation not permitted)"

  // Whether a word is among the arguments, and not only a part of one ("SO_RCVBUF" is none of "SO_RCVBUFFORCE").
  bool has(std::string_view word) const;
  bool failed_with(std::string_view errno_name) const;
  std::string text() const { return name + "(" + arguments + ") = " + result; }
};

// Those of strace's file, one a line. Calls that another thread's call interrupted are put together.
std::vector<SystemCall> parse_system_calls(std::string_view strace);

// Runs `sonde ping ARGUMENTS` under strace. Fails the test unless it ends with `status`.
std::vector<SystemCall> system_calls_of(const Namespace& space, const Words& arguments, User user,
                                        int status = 0);

}  // namespace sonde::trouble
