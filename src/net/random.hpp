// random.hpp: secrets from the kernel's generator.
#pragma once

#include <array>
#include <cstddef>

namespace sonde::net {

// 128 bits that nobody can guess (getrandom(2)); waits, early at boot, until the kernel has them.
std::array<std::byte, 16> random_key();

}  // namespace sonde::net
