// memory.hpp: how much memory a process has, for tests of whether it grows.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <fstream>
#include <string>

#include "lab/sanitized.hpp"

namespace sonde::lab {

// Pages in memory; none under sanitizers, which keep freed memory for a while, so that it tells nothing there.
inline std::size_t memory_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/statm");
  std::size_t size = 0, resident = 0;
  file >> size >> resident;
  return sanitized ? 0 : resident;
}

}  // namespace sonde::lab
