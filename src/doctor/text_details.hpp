// text_details.hpp: the sections behind the answer.
#pragma once

#include "doctor/diagnosis.hpp"
#include "doctor/page.hpp"

namespace sonde::doctor {

void write_process(Page& page, const Diagnosis& diagnosis);
void write_network(Page& page, const Diagnosis& diagnosis);
void write_limits(Page& page, const Diagnosis& diagnosis);
void write_holders(Page& page, const std::vector<SocketHolder>& holders);

}  // namespace sonde::doctor
