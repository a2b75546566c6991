// error_words.hpp: what ping calls ICMP errors, by type and code of either family.
#pragma once

#include <string>

#include "sonde/event.hpp"

namespace sonde::compat::ping {

// What stands behind "icmp_seq=N ". `gateway`: a redirect's next hop as lines name hosts.
std::string error_words(const Event& event, const std::string& gateway);

}  // namespace sonde::compat::ping
