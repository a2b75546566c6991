// doctor_table.hpp: the options of `sonde doctor`.
#pragma once

#include "cli/option_table.hpp"

namespace sonde::cli {

extern const SubcommandSpec doctor_subcommand;

}  // namespace sonde::cli
