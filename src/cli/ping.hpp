// ping.hpp: runs `sonde ping`.
#pragma once

#include "cli/exit_status.hpp"
#include "cli/ping_options.hpp"

namespace sonde::cli {

// Measures until everything asked for is done, a signal ends it or the deadline passes. Writes figures to
// standard output, trouble to standard error. Returns the process's exit status, an ExitStatus.
int run_ping(const PingOptions& options);

}  // namespace sonde::cli
