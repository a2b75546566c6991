// doctor.hpp: runs `sonde doctor`.
#pragma once

#include "cli/doctor_options.hpp"

namespace sonde::cli {

// Finds out what this host lets this process do and writes it to standard output. Returns the process's exit status: 0 when
// some way of asking works, 1 when none does, 4 when it could not be written.
int run_doctor(const DoctorOptions& options);

}  // namespace sonde::cli
