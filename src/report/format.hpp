// format.hpp: the choices a user has of how a run is told.
#pragma once

#include <cstdint>

namespace sonde::report {

enum class Format : std::uint8_t { text, json, csv, prometheus };

enum class ColourChoice : std::uint8_t { automatic, always, never };

}  // namespace sonde::report
