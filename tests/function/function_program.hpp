// function_program.hpp: `sonde function` as a runtime starts it.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "lab/memory.hpp"
#include "lab/process.hpp"

namespace sonde::function::test {

// As an ordinary user, with loopback allowed.
inline lab::Command function_program(std::vector<std::string> environment,
                                     std::vector<std::string> arguments = {}) {
  arguments.insert(arguments.begin(), {SONDE_PROGRAM, "function"});
  environment.emplace_back("SONDE_ALLOW=127.0.0.0/8");
  return {.arguments = std::move(arguments),
          .user = lab::User::ordinary,
          .time_limit = std::chrono::seconds(60),
          .environment = std::move(environment)};
}

inline std::size_t descriptors_of(pid_t process) {
  const auto directory = std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(directory), end(directory)));
}

using lab::memory_of;

}  // namespace sonde::function::test
