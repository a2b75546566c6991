// ping_table.hpp: the options of `sonde ping`.
#pragma once

#include "cli/option_table.hpp"

namespace sonde::cli {

extern const SubcommandSpec ping_subcommand;

}  // namespace sonde::cli
