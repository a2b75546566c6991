// json.cpp: see json.hpp.
#include "explain/json.hpp"

#include <nlohmann/json.hpp>

#include "explain/kernel_path.hpp"
#include "explain/words.hpp"
#include "sonde/version.hpp"

namespace sonde::explain {
namespace {

// Keeps the order in which fields are written.
using Json = nlohmann::ordered_json;

template <typename Value>
Json nullable(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}
Json nullable(const std::optional<Address>& address) {
  return address ? Json(address->to_string()) : Json(nullptr);
}
Json nullable(const std::optional<Nanoseconds>& duration) {
  return duration ? Json(duration->count()) : Json(nullptr);
}
Json text_or_null(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json instants_json(const Timeline& timeline) {
  Json values = Json::array();
  for (const Measured& measured : timeline.instants) {
    values.push_back({{"instant", to_string(measured.instant)},
                      {"by", is_stamp(measured.instant) ? "kernel" : "user"},
                      {"unix_ns", measured.at.time_since_epoch().count()},
                      {"since_start_ns", (measured.at - timeline.instants.front().at).count()}});
  }
  return values;
}

Json spans_json(const Explanation& explanation) {
  Json values = Json::array();
  for (const Span& span : explanation.timeline.spans) {
    const KernelPath path = kernel_path(explanation, span);
    values.push_back(
        {{"from", to_string(span.from)},
         {"to", to_string(span.to)},
         {"duration_ns", nullable(span.duration)},
         {"documented", {{"here", path.here}, {"there", path.there}, {"note", text_or_null(path.note)}}}});
  }
  return values;
}

Json answer_json(const Explanation& explanation) {
  if (!explanation.from) return nullptr;
  Json answer = {{"from", nullable(explanation.from)}, {"ttl", nullable(explanation.ttl)}};
  answer["likely_initial_ttl"] =
      explanation.distance ? Json(explanation.distance->initial_ttl) : Json(nullptr);
  answer["likely_hops"] = explanation.distance ? Json(explanation.distance->hops) : Json(nullptr);
  answer["bytes"] = explanation.bytes;
  return answer;
}

Json route_json(const Explanation& explanation) {
  if (!explanation.route) return nullptr;
  const net::Route& route = *explanation.route;
  return {{"kind", net::to_string(route.kind)},
          {"interface", route.interface},
          {"source", nullable(route.source)},
          {"gateway", nullable(route.gateway)},
          {"mtu", route.path_mtu.value_or(route.interface_mtu)},
          {"table", route.table}};
}

Json neighbour_json(const Explanation& explanation) {
  if (!explanation.next_hop) return nullptr;
  const auto& neighbour = explanation.neighbour;
  return {{"address", nullable(explanation.next_hop)},
          {"state", neighbour ? Json(net::to_string(neighbour->state)) : Json(nullptr)},
          {"link_address",
           neighbour ? text_or_null(net::link_address_text(neighbour->link_address)) : Json(nullptr)},
          {"known_before", explanation.neighbour_was_known}};
}

Json socket_json(const Explanation& explanation) {
  if (!explanation.socket) return nullptr;
  return {{"table", "/proc/net/" + explanation.socket->table},
          {"heading", explanation.socket->heading},
          {"row", explanation.socket->line}};
}

std::string_view reason_name(const Explanation& explanation) {
  return explanation.reason == ErrorReason::none ? std::string_view() : to_string(explanation.reason);
}

}  // namespace

std::string make_json(const Explanation& explanation) {
  const Json json = {
      {"schema", 1},
      {"version", version()},
      {"kind", "explanation"},
      {"summary", headline(explanation, false)},
      {"target", explanation.name},
      {"address", explanation.address.to_string()},
      {"transport", to_string(explanation.transport)},
      {"transport_reason", text_or_null(explanation.transport_reason)},
      {"verdict", to_string(explanation.verdict)},
      {"reason", text_or_null(reason_name(explanation))},
      {"errno", explanation.system_errno == 0 ? Json(nullptr) : Json(errno_name(explanation.system_errno))},
      {"rtt_ns", nullable(explanation.rtt)},
      {"user_rtt_ns", nullable(explanation.user_rtt)},
      {"clock_was_set", explanation.clock_was_set},
      {"whole_ns", explanation.timeline.whole().count()},
      {"instants", instants_json(explanation.timeline)},
      {"spans", spans_json(explanation)},
      {"answer", answer_json(explanation)},
      {"route", route_json(explanation)},
      {"route_failure", text_or_null(explanation.route_failure)},
      {"neighbour", neighbour_json(explanation)},
      {"socket", socket_json(explanation)},
  };
  return json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace sonde::explain
