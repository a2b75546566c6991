// exit_status.hpp: what the program's exit status tells a script.
#pragma once

namespace sonde::cli {

enum class ExitStatus : int {
  all_answered = 0,  // every target answered (late answers count)
  some_silent = 1,   // at least one target never answered
  usage = 2,         // the command line was wrong, or a name did not resolve
  refused = 3,  // the system refused (permission, no such interface, ...); the reason is on standard error
  output_failed = 4,  // output could not be written (broken pipe, full disk)
};

}  // namespace sonde::cli
