// finish_output.hpp: the end of a command that has written all it has to say.
#pragma once

#include <string_view>

#include "cli/exit_status.hpp"
#include "report/output.hpp"

namespace sonde::cli {

// Waits for the reader however long it takes, until SIGINT or SIGTERM, and says what could not be written.
// all_answered: everything was.
ExitStatus finish_output(report::Output& output);

// Of a file that cannot be an output: the command line was wrong, or the system refused it.
ExitStatus status_of_output(const Error& error);

// All of a command's text, to standard output.
ExitStatus write_to_standard_output(std::string_view text);

}  // namespace sonde::cli
