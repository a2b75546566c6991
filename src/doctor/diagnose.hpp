// diagnose.hpp: finding everything out that `sonde doctor` tells.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "doctor/diagnosis.hpp"

namespace sonde::doctor {

struct DiagnoseOptions {
  std::optional<Family> family{};       // unset: both
  std::optional<std::string> target{};  // a name or an address
  std::filesystem::path root = "/";     // tests: where /proc and /sys are; sockets are tried for real anyway
};

// Takes well below a second without a target. Without one, nothing leaves this host. Raises capabilities where
// they are permitted, and changes nothing.
Diagnosis diagnose(const DiagnoseOptions& options);

}  // namespace sonde::doctor
