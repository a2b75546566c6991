// settings.hpp: how `sonde function` was asked to run, as validated plain values.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/time.hpp"

namespace sonde::function {

// The initialisers are the program's defaults; the option table tells them to the user as text.
struct Settings {
  std::string listen{};                               // "HOST:PORT"; empty: as the environment says
  std::vector<AddressRange> allowed{};                // special-purpose addresses that may be probed
  Nanoseconds time_limit = std::chrono::seconds(30);  // HTTP: of one request, the answer's margin included
  unsigned parallel = 16;                             // HTTP: requests measured at once
};

}  // namespace sonde::function
