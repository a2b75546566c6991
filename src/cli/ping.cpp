// ping.cpp: see ping.hpp.
#include "cli/ping.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "cli/ping_run.hpp"
#include "cli/say.hpp"
#include "cli/target_list.hpp"

namespace sonde::cli {

int run_ping(const PingOptions& options) {
  const auto list = expand_targets(options);
  if (!list) {
    say_line(list.error().message);
    return static_cast<int>(list.error().status);
  }
  for (const std::string& warning : list->warnings()) say(warning);
  PingRun run(options, *list);
  return static_cast<int>(run.run());
}

}  // namespace sonde::cli
