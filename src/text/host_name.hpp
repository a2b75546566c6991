// host_name.hpp: names of hosts that people write.
#pragma once

#include <string_view>

namespace sonde::text {

// Whether `text` may be a host's name: labels of letters, digits, '-', '_' and UTF-8, 253 bytes at most, the
// last one not a number (RFC 1123 section 2.1: "127.1" is a mistyped address, not a name).
bool is_plausible_host_name(std::string_view text);

}  // namespace sonde::text
