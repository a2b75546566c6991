// descriptor_limit.cpp: see descriptor_limit.hpp.
#include "process/descriptor_limit.hpp"

#include <sys/resource.h>

namespace sonde::process {

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace sonde::process
