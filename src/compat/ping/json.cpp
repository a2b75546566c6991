// json.cpp: see json.hpp. Times are strings, as iputils has them.
#include "compat/ping/json.hpp"

#include <nlohmann/json.hpp>

#include "compat/ping/lines.hpp"
#include "compat/ping/node_answer.hpp"

namespace sonde::compat::ping {

namespace {

using Json = nlohmann::ordered_json;

// Bytes that are no UTF-8 (a host name may be anything) must not make the line invalid.
std::string line_of(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

std::string json_version(std::string_view version) {
  return line_of(Json{{"version", version}});
}

std::string json_message(std::string_view text, std::string_view reason) {
  if (reason.empty()) return line_of(Json{{"error", text}});
  return line_of(Json{{"error", Json::array({text, reason})}});
}

std::string json_reply(const Event& event, std::string_view who, const ReplyStyle& style) {
  Json object{{"bytes", event.bytes}, {"host", who}, {"seq", icmp_sequence(event.sequence)}};
  if (event.node_answer) {
    const std::string answer = node_answer_text(event);
    object["answer"] = answer.empty() ? answer : answer.substr(1);  // without the blank of lines
  }
  if (style.verbose && style.identifier) object["ident"] = *style.identifier;
  if (event.ttl) object["ttl"] = *event.ttl;
  if (static_cast<int>(event.bytes) < style.size_bytes + 8) {
    object["info"] = "truncated";
    return line_of(object);
  }
  if (is_timed(style.size_bytes)) object["time"] = reply_time_text(time_of(event), style.precise);
  if (event.kind == EventKind::duplicate && (!style.many_may_answer || style.verbose))
    object["warning"] = "DUP!";
  if (event.flags.has(EventFlag::other_source) && !style.any_source) object["warning"] = "DIFFERENT ADDRESS!";
  return line_of(object);
}

std::string json_error(const Event& event, std::string_view who, std::string_view text) {
  return line_of(Json{{"host", who}, {"seq", icmp_sequence(event.sequence)}, {"error", text}});
}

std::string json_outstanding(std::uint64_t icmp_sequence) {
  return line_of(Json{{"seq", icmp_sequence}, {"error", "no answer yet"}});
}

std::string json_summary(const Tally& tally, std::string_view host, bool with_pace) {
  const auto elapsed = std::chrono::round<std::chrono::milliseconds>(tally.elapsed());
  Json object{{"host", host},
              {"transmitted", tally.sent()},
              {"received", tally.received()},
              {"duplicates", tally.duplicates()},
              {"corrupted", tally.corrupted_count()},
              {"errors", tally.errors()},
              {"loss", tally.loss_percent()},
              {"time", elapsed.count()}};
  if (tally.received() != 0 && tally.timed()) {
    object["rtt"] = Json{{"min", milliseconds_text(tally.least())},
                         {"avg", milliseconds_text(tally.mean())},
                         {"max", milliseconds_text(tally.most())},
                         {"mdev", milliseconds_text(tally.deviation())}};
  }
  // iputils has no summary without answers in JSON; its own reader wants this in one without times.
  if (tally.pipe() > 1 || !object.contains("rtt")) object["pipe"] = tally.pipe();
  if (tally.received() != 0 && with_pace && tally.sent() > 1) {
    object["ipg"] = milliseconds_text(tally.gap());
    object["ewma"] = milliseconds_text(tally.moving_average());
  }
  return line_of(object);
}

}  // namespace sonde::compat::ping
