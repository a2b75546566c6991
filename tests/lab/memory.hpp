// memory.hpp: how much memory a process has, for tests of whether it grows.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <fstream>
#include <string>

namespace sonde::lab {

// Sanitizers keep freed memory for a while, so that it tells nothing there.
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

}  // namespace sonde::lab
