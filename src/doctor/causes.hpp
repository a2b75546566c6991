// causes.hpp: why a way is closed, from the errno and what the process may do (net/refusal_cause.hpp).
#pragma once

#include "doctor/diagnosis.hpp"

namespace sonde::doctor {

// What the causes are read from.
struct Situation {
  net::Permissions permissions;
  Host host;
  bool executable_on_nosuid = false;
  bool has_ipv6 = true;  // /proc/net/if_inet6 is there
};

// Fills in `closed_by` and `because` of an attempt that failed.
void explain(Way way, Attempt& attempt, const Situation& situation);

}  // namespace sonde::doctor
