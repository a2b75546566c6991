// descriptor_limit.hpp: how many files this process may have open.
#pragma once

namespace sonde::process {

// Raises the limit to the most that the user allows. TCP takes a descriptor for every probe under way,.
// What cannot be raised stays as it is.
void raise_descriptor_limit();

}  // namespace sonde::process
