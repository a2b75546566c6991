// command_options.hpp: what a command line may ask for, one alternative for each subcommand.
#pragma once

#include <variant>

#include "cli/doctor_options.hpp"
#include "cli/explain_options.hpp"
#include "cli/ping_options.hpp"
#include "cli/sweep_options.hpp"
#include "function/settings.hpp"

namespace sonde::cli {

using FunctionOptions = function::Settings;

using CommandOptions =
    std::variant<PingOptions, DoctorOptions, ExplainOptions, FunctionOptions, SweepOptions>;

}  // namespace sonde::cli
