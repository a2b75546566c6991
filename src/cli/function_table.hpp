// function_table.hpp: the options of `sonde function`.
#pragma once

#include "cli/option_table.hpp"

namespace sonde::cli {

extern const SubcommandSpec function_subcommand;

}  // namespace sonde::cli
