// text.hpp: a diagnosis for a person, within 80 columns.
#pragma once

#include <string>

#include "doctor/diagnosis.hpp"
#include "report/page.hpp"

namespace sonde::doctor {

// The answer first, what would open the rest second, the details behind. Whatever came from outside is made
// safe to print.
std::string make_text(const Diagnosis& diagnosis, const report::PageStyle& style);

}  // namespace sonde::doctor
