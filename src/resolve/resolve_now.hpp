// resolve_now.hpp: one name, waited for.
#pragma once

#include <optional>
#include <string>

#include "resolve/resolution.hpp"
#include "sonde/address.hpp"
#include "sonde/error.hpp"
#include "sonde/time.hpp"

namespace sonde::resolve {

// The addresses of `name` (of one family where one is named), at least one of them. Blocks for as long as `patience`.
// Errors: not_found, unavailable (no answer in that time), those of Resolver.
Result<Resolution> resolve_now(const std::string& name, std::optional<Family> family, Nanoseconds patience);

}  // namespace sonde::resolve
