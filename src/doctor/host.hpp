// host.hpp: the kernel, and what kind of container this looks like from inside.
#pragma once

#include <filesystem>

#include "doctor/diagnosis.hpp"

namespace sonde::doctor {

// The value of an environment variable, null when it is not set; getenv(3) or a test's.
using ReadVariable = const char* (*)(const char* name);

// Reads `root`/proc and the containers' traces below `root`. Nothing that is missing is an error.
Host read_host(const std::filesystem::path& root, ReadVariable variable);

// Whether file capabilities are without effect where `executable` lies (a file system mounted nosuid).
bool is_on_nosuid(const std::filesystem::path& executable);

}  // namespace sonde::doctor
