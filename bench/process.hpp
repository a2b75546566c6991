// process.hpp: what a benchmark asks of its own process: memory, descriptors, CPU time; and an error that
// ends it.
#pragma once

#include <dirent.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "sonde/error.hpp"

namespace sonde::bench {

// The value, or the end of the program with the error's message.
template <typename T>
T check(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message().c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// Memory of this process that is really there (VmRSS).
inline std::size_t resident_bytes() {
  std::size_t total = 0, resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%zu %zu", &total, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

inline std::size_t open_descriptors() {
  std::size_t count = 0;
  if (DIR* directory = opendir("/proc/self/fd")) {
    while (readdir(directory) != nullptr) ++count;
    closedir(directory);
  }
  return count;
}

// How often this process has gone to sleep of its own accord.
inline long wake_ups() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nvcsw;
}

// CPU time of all threads, user and system.
class CpuTime {
 public:
  static CpuTime now() {
    CpuTime time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time.value_);
    return time;
  }
  // In seconds.
  friend double operator-(const CpuTime& later, const CpuTime& earlier) {
    return static_cast<double>(later.value_.tv_sec - earlier.value_.tv_sec) +
           static_cast<double>(later.value_.tv_nsec - earlier.value_.tv_nsec) * 1e-9;
  }

 private:
  timespec value_{};
};

}  // namespace sonde::bench
