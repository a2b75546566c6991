// explain_table.hpp: `sonde explain` in the table of subcommands.
#pragma once

#include "cli/option_table.hpp"

namespace sonde::cli {

extern const SubcommandSpec explain_subcommand;

}  // namespace sonde::cli
