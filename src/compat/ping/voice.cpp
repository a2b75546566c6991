// voice.cpp: see voice.hpp.
#include "compat/ping/voice.hpp"

#include <cstdio>
#include <system_error>

#include "compat/ping/json.hpp"
#include "net/printable.hpp"

namespace sonde::compat::ping {

void Voice::say(std::string_view text, int system_errno, std::string_view behind) const {
  std::fflush(stdout);
  std::string reason = system_errno == 0 ? "" : std::generic_category().message(system_errno);
  reason += behind;
  if (json_) {
    std::fputs(json_message(text, reason).c_str(), stdout);
    std::fflush(stdout);
    return;
  }
  std::string line = name_ + ": ";
  line += text;
  if (!reason.empty()) line += ": " + reason;
  line = net::printable(line) + '\n';
  std::fputs(line.c_str(), stderr);
}

}  // namespace sonde::compat::ping
