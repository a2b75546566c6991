// quoted_header.hpp: the IPv4 header that a redirect or source quench quotes, as -v shows it.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "compat/ping/ip_options.hpp"

namespace sonde::compat::ping {

// Two lines, the names and the values, then the header's options as `options` writes them. `packet`: what is quoted, from
// its IPv4 header on; where that is not whole, as where a ping socket hears of a redirect, there is no text.
std::string quoted_header_text(std::span<const std::byte> packet, IpOptionsText& options);

}  // namespace sonde::compat::ping
