// beliefs.hpp: four sentences that the web repeats about pinging without privilege, held against this kernel.
//
// Nothing here leaves this host: what is sent goes to the loopback address.
#pragma once

#include <vector>

#include "doctor/diagnosis.hpp"

namespace sonde::doctor {

// In their order: a raw socket bound to a device, errors on ping sockets, a writable /sys/class/net, raw sockets
// that see everything.
std::vector<Belief> test_beliefs();

}  // namespace sonde::doctor
