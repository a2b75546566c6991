// json.hpp: a diagnosis for a program: one object, as docs/doctor.md has it.
#pragma once

#include <string>

#include "doctor/diagnosis.hpp"

namespace sonde::doctor {

// One line, valid ASCII. What could not be found out is null.
std::string make_json(const Diagnosis& diagnosis);

}  // namespace sonde::doctor
