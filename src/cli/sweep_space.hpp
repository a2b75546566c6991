// sweep_space.hpp: the addresses that the operands and exclusions of `sonde sweep` come to.
#pragma once

#include <string>
#include <vector>

#include "cli/sweep_options.hpp"
#include "sonde/error.hpp"
#include "sweep/target_space.hpp"

namespace sonde::cli {

struct SweptSpace {
  sweep::TargetSpaceBuilder::Built built;
  std::vector<std::string> warnings;  // broken lines of target files, a line each
};

// Errors: a file that cannot be read, an operand that is neither range nor file, a broken line of an exclusion file
// (what it excludes would be asked), nothing left to ask, more than may be asked without --yes.
Result<SweptSpace> make_space(const SweepOptions& options);

}  // namespace sonde::cli
