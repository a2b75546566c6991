// function.hpp: `sonde function` on validated options.
#pragma once

#include "cli/command_options.hpp"

namespace sonde::cli {

// Runs until SIGINT or SIGTERM, or until the runtime it serves is gone. Returns the program's exit status.
int run_function(const FunctionOptions& options);

}  // namespace sonde::cli
