// stamps.hpp: whether the kernel stamps what a way sends and receives, by sending one packet to this host itself.
#pragma once

#include "doctor/diagnosis.hpp"

namespace sonde::doctor {

// Fills in the stamps of `attempt`, with the socket that open_way() gave. The packet goes to the loopback address; where it
// does not come back, that is a remark and no verdict.
void test_stamps(const WaySpec& way, int descriptor, Attempt& attempt);

}  // namespace sonde::doctor
