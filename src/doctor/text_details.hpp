// text_details.hpp: the sections behind the answer.
#pragma once

#include "doctor/diagnosis.hpp"
#include "report/page.hpp"

namespace sonde::doctor {

void write_process(report::Page& page, const Diagnosis& diagnosis);
void write_network(report::Page& page, const Diagnosis& diagnosis);
void write_limits(report::Page& page, const Diagnosis& diagnosis);
void write_holders(report::Page& page, const std::vector<SocketHolder>& holders);

}  // namespace sonde::doctor
