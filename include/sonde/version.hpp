// version.hpp: the library's version, as the build has it.
#pragma once

#include <string_view>

namespace sonde {

std::string_view version();  // "0.1.0"

}  // namespace sonde
