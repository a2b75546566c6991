// sweep_table.hpp: the options of `sonde sweep`.
#pragma once

#include "cli/option_table.hpp"

namespace sonde::cli {

extern const SubcommandSpec sweep_subcommand;

}  // namespace sonde::cli
