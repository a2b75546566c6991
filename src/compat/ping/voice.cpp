// voice.cpp: see voice.hpp.
#include "compat/ping/voice.hpp"

#include <cstdio>
#include <system_error>

#include "compat/ping/json.hpp"

namespace sonde::compat::ping {

void Voice::say(std::string_view text, int system_errno) const {
  std::fflush(stdout);
  const std::string reason = system_errno == 0 ? "" : std::generic_category().message(system_errno);
  if (json_) {
    std::fputs(json_message(text, reason).c_str(), stdout);
    std::fflush(stdout);
    return;
  }
  std::string line = name_ + ": ";
  line += text;
  if (!reason.empty()) line += ": " + reason;
  line += '\n';
  std::fputs(line.c_str(), stderr);
}

}  // namespace sonde::compat::ping
