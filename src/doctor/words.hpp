// words.hpp: the names that text and JSON give to what was found.
#pragma once

#include <string>
#include <string_view>

#include "doctor/diagnosis.hpp"

namespace sonde::doctor {

std::string_view to_string(ClosedBy closed_by);  // "group_rule", "capability", …
std::string_view to_string(Basis basis);         // "tested", "documented", "not_tested"

// The line that everything else is the detail of: "You can ask by: icmp, udp, tcp (IPv4, IPv6). Closed: raw - needs
// CAP_NET_RAW."
std::string summary_line(const Diagnosis& diagnosis);

}  // namespace sonde::doctor
