// answers.hpp: what mtr-packet says on standard output, without the token that it begins with. Pure.
#pragma once

#include <string>

#include "sonde/error.hpp"
#include "sonde/event.hpp"

namespace sonde::compat::mtr {

// Of a verdict ("ttl-expired ip-4 192.0.2.1 round-trip-time 1634"); empty for an event that is none.
std::string answer_to(const Event& event);

// Why a probe could not be sent: "no-route", "permission-denied".
std::string refusal(int system_errno);
std::string refusal(const Error& error);

}  // namespace sonde::compat::mtr
