// record.cpp: the responder's record to JSON lines and back.
#include "lab/record.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace sonde::lab {
namespace {

constexpr std::array<std::string_view, 7> fate_names = {"answered", "error", "silence",     "lost",
                                                        "dead",     "down",  "unknown_host"};
constexpr std::array<std::string_view, 3> protocol_names = {"icmp", "udp", "tcp"};
constexpr std::array<std::string_view, 5> kind_names = {"reply", "duplicate", "forged", "error", "note"};

struct DefectName {
  std::string_view name;
  bool Defects::* field;
};
constexpr DefectName defect_names[] = {{"checksum", &Defects::checksum}, {"identifier", &Defects::identifier},
                                       {"sequence", &Defects::sequence}, {"token", &Defects::token},
                                       {"payload", &Defects::payload},   {"cut", &Defects::cut},
                                       {"extra", &Defects::extra},       {"source", &Defects::source}};

template <typename Enumeration, std::size_t count>
Enumeration from_name(const std::array<std::string_view, count>& names, const std::string& name) {
  for (std::size_t at = 0; at < count; ++at) {
    if (names[at] == name) return static_cast<Enumeration>(at);
  }
  throw std::runtime_error("unknown word in the responder's record: " + name);
}

HostAddress address_of(const nlohmann::json& text) {
  const std::optional<HostAddress> address = HostAddress::parse(text.get<std::string>());
  if (!address) throw std::runtime_error("not an address in the responder's record: " + text.dump());
  return *address;
}

void append_json(const AnswerRecord& record, std::string& out) {
  const Answer& answer = record.answer;
  auto to = std::back_inserter(out);
  fmt::format_to(
      to,
      R"({{"kind":"{}","from":"{}","type":{},"code":{},"ttl":{},"mtu":{},"bytes":{},"ip_options":{},)"
      R"("delay_ns":{},"sent":{},"before_monotonic_ns":{},"before_unix_ns":{},"after_monotonic_ns":{},)"
      R"("after_unix_ns":{},"defects":[)",
      to_string(answer.kind), answer.from.text(), answer.type, answer.code, answer.ttl, answer.mtu,
      answer.icmp_bytes, answer.ip_options, record.delay_ns, record.sent, record.before.monotonic_ns,
      record.before.unix_ns, record.after.monotonic_ns, record.after.unix_ns);
  bool first = true;
  for (const auto& [name, field] : defect_names) {
    if (!(answer.defects.*field)) continue;
    fmt::format_to(to, R"({}"{}")", first ? "" : ",", name);
    first = false;
  }
  out += "]}";
}

AnswerRecord answer_from(const nlohmann::json& json) {
  AnswerRecord record;
  Answer& answer = record.answer;
  answer.kind = from_name<Answer::Kind>(kind_names, json.at("kind"));
  answer.from = address_of(json.at("from"));
  answer.type = json.at("type");
  answer.code = json.at("code");
  answer.ttl = json.at("ttl");
  answer.mtu = json.at("mtu");
  answer.icmp_bytes = json.at("bytes");
  answer.ip_options = json.at("ip_options");
  for (const auto& [name, field] : defect_names) {
    for (const auto& defect : json.at("defects")) answer.defects.*field |= defect == name;
  }
  record.delay_ns = json.at("delay_ns");
  record.sent = json.at("sent");
  record.before = {json.at("before_monotonic_ns"), json.at("before_unix_ns")};
  record.after = {json.at("after_monotonic_ns"), json.at("after_unix_ns")};
  return record;
}

RequestRecord request_from(const nlohmann::json& json) {
  RequestRecord request;
  request.received = {json.at("monotonic_ns"), json.at("unix_ns")};
  request.protocol = from_name<Protocol>(protocol_names, json.at("protocol"));
  request.source = address_of(json.at("source"));
  request.destination = address_of(json.at("destination"));
  request.probe = json.at("probe");
  request.identifier = json.at("identifier");
  request.sequence = json.at("sequence");
  request.ttl = json.at("ttl");
  request.tos = json.at("tos");
  request.checksum_right = json.at("checksum_right");
  request.bytes = json.at("bytes");
  request.token = json.at("token");
  request.fate = from_name<Fate>(fate_names, json.at("fate"));
  for (const auto& answer : json.at("answers")) request.answers.push_back(answer_from(answer));
  return request;
}

RecordSummary summary_from(const nlohmann::json& json) {
  return {.requests = json.at("requests"),
          .answers = json.at("answers"),
          .answers_failed = json.at("answers_failed"),
          .unknown_hosts = json.at("unknown_hosts"),
          .other_packets = json.at("other_packets"),
          .wrong_checksums = json.at("wrong_checksums")};
}

}  // namespace

std::string_view to_string(Fate fate) {
  return fate_names[static_cast<std::size_t>(fate)];
}
std::string_view to_string(Answer::Kind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}
std::string_view to_string(Protocol protocol) {
  return protocol_names[static_cast<std::size_t>(protocol)];
}

void append_json(const RequestRecord& request, std::string& out) {
  fmt::format_to(
      std::back_inserter(out),
      R"({{"record":"request","monotonic_ns":{},"unix_ns":{},"protocol":"{}","source":"{}","destination":"{}","probe":{},)"
      R"("identifier":{},"sequence":{},"ttl":{},"tos":{},"checksum_right":{},"bytes":{},"token":{},)"
      R"("fate":"{}","answers":[)",
      request.received.monotonic_ns, request.received.unix_ns, to_string(request.protocol),
      request.source.text(), request.destination.text(), request.probe, request.identifier, request.sequence,
      request.ttl, request.tos, request.checksum_right, request.bytes, request.token,
      to_string(request.fate));
  bool first = true;
  for (const AnswerRecord& answer : request.answers) {
    if (!first) out += ',';
    append_json(answer, out);
    first = false;
  }
  out += "]}\n";
}

void append_json(const RecordSummary& summary, std::string& out) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"record":"summary","requests":{},"answers":{},"answers_failed":{},"unknown_hosts":{},)"
                 R"("other_packets":{},"wrong_checksums":{}}})"
                 "\n",
                 summary.requests, summary.answers, summary.answers_failed, summary.unknown_hosts,
                 summary.other_packets, summary.wrong_checksums);
}

std::vector<const RequestRecord*> ResponderRecord::requests_to(const HostAddress& host) const {
  std::vector<const RequestRecord*> found;
  for (const RequestRecord& request : requests) {
    if (request.destination == host) found.push_back(&request);
  }
  return found;
}

ResponderRecord ResponderRecord::parse(std::string_view json_lines) {
  ResponderRecord record;
  while (!json_lines.empty()) {
    const std::size_t end = std::min(json_lines.find('\n'), json_lines.size());
    const auto json = nlohmann::json::parse(json_lines.substr(0, end));
    json_lines.remove_prefix(std::min(end + 1, json_lines.size()));
    if (json.at("record") == "request") {
      record.requests.push_back(request_from(json));
    } else {
      record.summary = summary_from(json);
    }
  }
  return record;
}

}  // namespace sonde::lab
