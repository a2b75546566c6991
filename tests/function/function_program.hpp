// function_program.hpp: `sonde function` as a runtime starts it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

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

// Sanitizers keep freed memory for a while, so that it tells them nothing.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool memory_is_its_own = false;
#elif defined(__has_feature)
inline constexpr bool memory_is_its_own =
    !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
inline constexpr bool memory_is_its_own = true;
#endif

// Pages in memory; none under sanitizers.
inline std::size_t memory_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/statm");
  std::size_t size = 0, resident = 0;
  file >> size >> resident;
  return memory_is_its_own ? resident : 0;
}

}  // namespace sonde::function::test
