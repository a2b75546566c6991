// target.hpp: asking one target by every way at the same time.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "doctor/diagnosis.hpp"

namespace sonde::doctor {

// Resolves `name` (a name or an address) and sends three probes by each way to its first address of each family,
// all side by side; `ways` says which are closed and need not be tried again. Takes as long as the name takes (5 s at most) and 1.2 s more.
TargetFound ask_target(const std::string& name, std::optional<Family> family, std::span<const WayFound> ways);

}  // namespace sonde::doctor
