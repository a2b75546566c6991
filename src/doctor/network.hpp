// network.hpp: where this host can send to at all, and by what.
#pragma once

#include <vector>

#include "doctor/diagnosis.hpp"

namespace sonde::doctor {

// Asks the routing table for the way out, by connecting a UDP socket to an address for documentation (RFC 5737,
// RFC 3849). Sends nothing.
Route find_route(Family family);

std::vector<InterfaceFound> find_interfaces();

}  // namespace sonde::doctor
