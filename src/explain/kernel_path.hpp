// kernel_path.hpp: what the kernel does between two instants of a probe's life. Documentation, not measurement: the names
// are of Linux 6.x, and devices, filters and tunnels add their own.
#pragma once

#include <string_view>
#include <vector>

#include "explain/explanation.hpp"

namespace sonde::explain {

struct KernelPath {
  std::vector<std::string_view>
      here;  // functions of this host's kernel, in the order in which they are entered
  std::vector<std::string_view> there;  // of the far end's, if that runs Linux
  std::string_view note;                // what else happens; may be empty
};

// Of one of the explanation's spans. Pure.
KernelPath kernel_path(const Explanation& explanation, const Span& span);

}  // namespace sonde::explain
