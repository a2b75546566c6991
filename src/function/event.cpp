// event.cpp: see event.hpp. Everything becomes a list of named texts first, so that a JSON event, a gateway's
// parameters and a query string go through the same checks.
#include "function/event.hpp"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "function/text_values.hpp"
#include "text/number.hpp"
#include "text/quantity.hpp"
#include "text/quote.hpp"
#include "text/transport_words.hpp"

namespace sonde::function {
namespace {

using Parsed = nlohmann::json;

struct Field {
  std::string name, value;
};
using Fields = std::vector<Field>;

// Nobody means more than this; what is there more of, is not looked at.
constexpr std::size_t most_fields = 64;

constexpr std::array transports = {TransportKind::automatic, TransportKind::icmp_datagram,
                                   TransportKind::icmp_raw, TransportKind::udp, TransportKind::tcp};

std::unexpected<Error> bad(std::string what, std::string subject = {}, std::string hint = {}) {
  return std::unexpected(Error::invalid(std::move(what), std::move(subject), std::move(hint)));
}

// --- fields to a request --------------------------------------------------------------------------------------

Result<void> add_target(std::string_view text, Request& request) {
  if (!is_plausible_target(text)) return bad("neither an address nor a name", text::in_quotes(text));
  if (request.targets.size() == most_targets) {
    return bad(fmt::format("more than {} targets", most_targets));
  }
  request.targets.emplace_back(text);
  return {};
}

Result<Nanoseconds> wait_of(const Field& field, Nanoseconds least) {
  const auto value = text::parse_duration(field.value);
  if (!value || *value < least || *value > longest_wait) {
    return bad(fmt::format("\"{}\" is not a time from 1 ms to 60 s", field.name),
               text::in_quotes(field.value), "a number is seconds; or write \"200ms\"");
  }
  return *value;
}

Result<void> apply(const Field& field, Request& request) {
  if (field.name == "target") return add_target(field.value, request);
  if (field.name == "count") {
    const auto count = text::parse_whole(field.value, 1, most_probes);
    if (!count) {
      return bad(fmt::format("\"count\" is not a whole number from 1 to {}", most_probes),
                 text::in_quotes(field.value));
    }
    request.count = *count;
  } else if (field.name == "interval" || field.name == "timeout") {
    const auto wait = wait_of(field, shortest_interval);
    if (!wait) return std::unexpected(wait.error());
    (field.name == "interval" ? request.interval : request.timeout) = *wait;
  } else if (field.name == "transport") {
    const auto transport = text::parse_transport(field.value, transports);
    if (!transport) {
      return bad(fmt::format("\"transport\" is none of {}, tcp:PORT", text::transport_list(transports)),
                 text::in_quotes(field.value));
    }
    request.transport = transport->kind;
    request.tcp_port = transport->tcp_port;
  } else if (field.name == "size") {
    const auto size = text::parse_whole(field.value, 0, largest_size);
    if (!size) {
      return bad(fmt::format("\"size\" is not a whole number from 0 to {}", largest_size),
                 text::in_quotes(field.value));
    }
    request.size_bytes = static_cast<std::uint16_t>(*size);
  } else if (field.name == "try_all") {
    const auto yes = read_truth(field.value);
    if (!yes) return bad("\"try_all\" is neither true nor false", text::in_quotes(field.value));
    request.try_all = *yes;
  } else {
    return bad("unknown field", text::in_quotes(field.name),
               "there are target, count, interval, timeout, transport, size and try_all");
  }
  return {};
}

Result<Request> request_of(const Fields& fields) {
  Request request;
  for (const Field& field : fields) {
    if (auto applied = apply(field, request); !applied) return std::unexpected(std::move(applied.error()));
  }
  if (request.targets.empty()) return bad("no target", {}, R"(say {"target": "example.net"})");
  if (request.count * request.targets.size() > most_probes) {
    return bad(fmt::format("{} probes to {} targets are more than {} in all", request.count,
                           request.targets.size(), most_probes));
  }
  return request;
}

// In query strings and gateways' parameters one value may name several targets.
void add_parameter(Fields& fields, std::string name, std::string_view value) {
  if (name != "target") return fields.push_back({std::move(name), std::string(value)});
  for (;;) {
    const auto comma = value.find(',');
    fields.push_back({name, std::string(value.substr(0, comma))});
    if (comma == std::string_view::npos || fields.size() > most_fields) return;
    value.remove_prefix(comma + 1);
  }
}

// --- JSON to fields -------------------------------------------------------------------------------------------

// Nothing an event holds lies deeper than a gateway's headers; a parser that keeps no more cannot be made to.
Parsed parse_bounded(std::string_view text) {
  constexpr int deepest = 16;
  bool too_deep = false;
  const auto watch = [&too_deep](int depth, Parsed::parse_event_t, Parsed&) {
    too_deep = too_deep || depth > deepest;
    return !too_deep;
  };
  Parsed value = Parsed::parse(text, watch, false);
  return too_deep ? Parsed(Parsed::value_t::discarded) : value;
}

// A string, a number or a truth value as text; nullopt for anything else.
std::optional<std::string> scalar(const Parsed& value) {
  if (value.is_string()) return value.get_ref<const std::string&>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return std::nullopt;
}

Result<Fields> fields_of(const Parsed& event) {
  Fields fields;
  for (const auto& [name, value] : event.items()) {
    if (fields.size() > most_fields) break;
    if (name == "target" && value.is_array()) {
      for (const Parsed& target : value) {
        if (!target.is_string()) return bad("\"target\" holds something that is no string");
        if (fields.size() > most_fields) break;
        fields.push_back({name, target.get<std::string>()});
      }
      continue;
    }
    auto text = scalar(value);
    if (!text || (name == "target" && !value.is_string())) {
      return bad(name == "target" ? "\"target\" is neither a string nor an array of strings"
                                  : "a field is neither a number, a string nor true or false",
                 text::in_quotes(name));
    }
    fields.push_back({name, std::move(*text)});
  }
  return fields;
}

Result<Request> plain_request(const Parsed& event) {
  if (event.is_string()) return request_of({{"target", event.get<std::string>()}});
  if (!event.is_object()) return bad("the event is neither an object nor a string");
  const auto fields = fields_of(event);
  if (!fields) return std::unexpected(fields.error());
  return request_of(*fields);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// JSON, or where it is none, a target as it is.
Result<Parsed> value_of(std::string_view text) {
  Parsed value = parse_bounded(text);
  if (!value.is_discarded()) return value;
  if (is_plausible_target(text)) return Parsed(std::string(text));
  return bad("the event is no JSON", text::in_quotes(text));
}

// --- gateways -------------------------------------------------------------------------------------------------

// AWS calls them queryStringParameters, Tencent queryString.
constexpr std::array parameter_names = {"queryStringParameters", "queryString"};

bool is_gateway(const Parsed& event) {
  return event.is_object() && (event.contains("requestContext") || event.contains("httpMethod") ||
                               event.contains(parameter_names[0]) || event.contains(parameter_names[1]));
}

Result<Request> body_request(const Parsed& event, const std::string& body) {
  const auto encoded = event.find("isBase64Encoded");
  std::string decoded = body;
  if (encoded != event.end() && encoded->is_boolean() && encoded->get<bool>()) {
    auto bytes = base64_decoded(body);
    if (!bytes) return bad("the body is no base64");
    decoded = std::move(*bytes);
  }
  const std::string_view text = trimmed(decoded);
  if (text.empty()) return bad("the body is empty");
  const auto value = value_of(text);
  if (!value) return std::unexpected(value.error());
  return plain_request(*value);
}

Result<Request> gateway_request(const Parsed& event) {
  const auto body = event.find("body");
  if (body != event.end() && body->is_string() && !body->get_ref<const std::string&>().empty()) {
    return body_request(event, body->get_ref<const std::string&>());
  }
  Fields fields;
  for (const char* const name : parameter_names) {
    const auto parameters = event.find(name);
    if (parameters == event.end() || !parameters->is_object()) continue;
    for (const auto& [key, value] : parameters->items()) {
      const auto text = scalar(value);
      if (!text) return bad("a parameter is no string", text::in_quotes(key));
      if (fields.size() <= most_fields) add_parameter(fields, key, *text);
    }
  }
  return request_of(fields);
}

}  // namespace

Result<InvocationEvent> parse_event(std::string_view text) {
  if (text.size() > most_event_bytes)
    return bad(fmt::format("the event is larger than {} bytes", most_event_bytes));
  text = trimmed(text);
  if (text.empty()) return bad("the event is empty", {}, R"(say {"target": "example.net"})");
  const auto value = value_of(text);
  if (!value) return std::unexpected(value.error());
  const bool from_gateway = is_gateway(*value);
  auto request = from_gateway ? gateway_request(*value) : plain_request(*value);
  if (!request) return std::unexpected(std::move(request.error()));
  return InvocationEvent{std::move(*request), from_gateway};
}

Result<Request> parse_query(std::string_view query) {
  if (query.size() > most_event_bytes)
    return bad(fmt::format("the query is larger than {} bytes", most_event_bytes));
  Fields fields;
  while (!query.empty() && fields.size() <= most_fields) {
    const auto end = query.find('&');
    const auto part = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (part.empty()) continue;
    const auto equals = part.find('=');
    auto name = percent_decoded(part.substr(0, equals));
    const auto value =
        percent_decoded(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1));
    if (!name || !value) return bad("a broken percent escape", text::in_quotes(part));
    add_parameter(fields, std::move(*name), *value);
  }
  return request_of(fields);
}

bool is_gateway_event(std::string_view text) {
  if (text.size() > most_event_bytes) return false;
  const Parsed value = parse_bounded(text);
  return !value.is_discarded() && is_gateway(value);
}

}  // namespace sonde::function
