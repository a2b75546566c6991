// explain.hpp: runs `sonde explain`.
#pragma once

#include "cli/explain_options.hpp"

namespace sonde::cli {

// Returns the exit status (cli/exit_status.hpp).
int run_explain(const ExplainOptions& options);

}  // namespace sonde::cli
