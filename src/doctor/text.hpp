// text.hpp: a diagnosis for a person, within 80 columns.
#pragma once

#include <string>

#include "doctor/diagnosis.hpp"

namespace sonde::doctor {

struct TextStyle {
  bool colour = false, unicode = true;
};

// The answer first, what would open the rest second, the details behind. Whatever came from outside is made
// safe to print.
std::string make_text(const Diagnosis& diagnosis, const TextStyle& style);

}  // namespace sonde::doctor
