// fixes.hpp: what would open a closed way here, from least to most privilege, and what would not.
#pragma once

#include "doctor/causes.hpp"

namespace sonde::doctor {

// For a way that `closed_by` closes. Only fixes that can work in this situation are named; those that are often
// recommended and cannot are ruled out with the reason.
Remedy find_remedy(Way way, ClosedBy closed_by, const Situation& situation);

}  // namespace sonde::doctor
