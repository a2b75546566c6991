// sweep.hpp: runs `sonde sweep`.
#pragma once

#include "cli/sweep_options.hpp"

namespace sonde::cli {

// Returns the process's exit status; what it means is in cli/sweep_table.cpp.
int run_sweep(const SweepOptions& options);

}  // namespace sonde::cli
