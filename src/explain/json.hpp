// json.hpp: an explanation for programs; docs/explain.md describes the object.
#pragma once

#include <string>

#include "explain/explanation.hpp"

namespace sonde::explain {

// One object on one line, ASCII.
std::string make_json(const Explanation& explanation);

}  // namespace sonde::explain
