// node_answer.hpp: a node information reply in ping's words.
#pragma once

#include <string>

#include "sonde/event.hpp"

namespace sonde::compat::ping {

// " a.example., b", " 2001:db8::1", " refused": with a blank before each; empty where the reply lists nothing.
// Requires: the event has a node_answer.
std::string node_answer_text(const Event& event);

}  // namespace sonde::compat::ping
