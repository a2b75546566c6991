// version.cpp: the version that the build was given (SONDE_VERSION, from CMake's project()).
#include "sonde/version.hpp"

namespace sonde {

std::string_view version() {
  return SONDE_VERSION;
}

}  // namespace sonde
