// voice.cpp: see voice.hpp.
#include "compat/ping/voice.hpp"

#include <system_error>

#include "compat/ping/json.hpp"
#include "text/printable.hpp"

namespace sonde::compat::ping {

void Voice::say(std::string_view text, int system_errno, std::string_view behind) const {
  std::string reason = system_errno == 0 ? "" : std::generic_category().message(system_errno);
  reason += behind;
  if (json_) {
    streams_->out(json_message(text, reason));
  } else {
    std::string line = name_ + ": ";
    line += text;
    if (!reason.empty()) line += ": " + reason;
    streams_->err(text::printable(line) + '\n');
  }
  streams_->flush();
}

}  // namespace sonde::compat::ping
