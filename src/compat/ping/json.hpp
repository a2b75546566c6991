// json.hpp: what -j prints: one object a line, with the keys that iputils gives them, and always valid JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compat/ping/tally.hpp"
#include "sonde/event.hpp"

namespace sonde::compat::ping {

struct ReplyStyle;

std::string json_version(std::string_view version);
// What would go to standard error; `reason`: of the system, may be empty.
std::string json_message(std::string_view text, std::string_view reason);
// `who`: the answering host as lines name it.
std::string json_reply(const Event& event, std::string_view who, const ReplyStyle& style);
std::string json_error(const Event& event, std::string_view who, std::string_view text);
// -O: the probe that has no answer yet.
std::string json_outstanding(std::uint64_t icmp_sequence);
std::string json_summary(const Tally& tally, std::string_view host, bool with_pace);

}  // namespace sonde::compat::ping
