// answer_json.cpp: an Answer as JSON, with the field names of report/event_fields.hpp.
#include <nlohmann/json.hpp>
#include <utility>

#include "function/answer.hpp"
#include "report/event_fields.hpp"
#include "report/words.hpp"
#include "sonde/version.hpp"

namespace sonde::function {
namespace {

using Json = nlohmann::ordered_json;

// A sink of event_fields.hpp that fills a JSON object.
class ObjectSink {
 public:
  void text(std::string_view name, std::string_view value) { put(name, std::string(value)); }
  void optional_text(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  template <typename Number>
  void number(std::string_view name, Number value) {
    if (!absent_) put(name, value);
  }
  template <typename Number>
  void optional_number(std::string_view name, const std::optional<Number>& value) {
    if (value) number(name, *value);
  }
  template <typename Number>
  void nullable_number(std::string_view name, const std::optional<Number>& value) {
    put(name, value ? Json(*value) : Json(nullptr));
  }
  void flags(std::string_view name, EventFlags flags) {
    if (flags.empty()) return;
    Json names = Json::array();
    report::for_each_flag(flags, [&](EventFlag flag) { names.push_back(to_string(flag)); });
    put(name, std::move(names));
  }
  void begin_group(std::string_view name, bool present) {
    put(name, present ? Json::object() : Json(nullptr));
    absent_ = !present;
    if (present) group_ = std::string(name);
  }
  void end_group() {
    absent_ = false;
    group_.clear();
  }

  Json take() { return std::move(object_); }

 private:
  void put(std::string_view name, Json value) {
    Json& into = group_.empty() ? object_ : object_[group_];
    into[std::string(name)] = std::move(value);
  }

  Json object_ = Json::object();
  std::string group_;
  bool absent_ = false;  // within a group that is null
};

std::string_view code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::permission_denied:
      return "permission_denied";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::resource_limit:
      return "resource_limit";
    case ErrorCode::system:
      return "system";
  }
  return "unknown";
}

Json error_object(const Error& error) {
  Json object = Json::object();
  object["code"] = code_name(error.code);
  object["message"] = error.message();
  return object;
}

void put_transport(Json& object, const std::optional<TransportNotice>& notice) {
  if (!notice) return;
  object["transport"] = to_string(notice->taken);
  object["clock"] = to_string(notice->clock);
  if (!notice->reason.empty()) object["reason"] = notice->reason;
}

void put_figures(Json& object, const report::TargetName& name, const Figures& figures,
                 const std::vector<Event>& verdicts, bool complete) {
  ObjectSink summary;
  report::walk_summary(summary, name, figures, !complete);
  object["summary"] = summary.take();
  Json& probes = object["probes"] = Json::array();
  for (const Event& verdict : verdicts) {
    ObjectSink probe;
    report::walk_event(probe, verdict, name);
    probes.push_back(probe.take());
  }
}

Json address_object(const std::string& target, const AddressAnswer& measured, bool complete) {
  Json object = Json::object();
  object["address"] = measured.address.to_string();
  object["ip_version"] = static_cast<unsigned>(measured.address.family());
  put_transport(object, measured.transport);
  if (measured.error) {
    object["error"] = error_object(*measured.error);
    return object;
  }
  const report::TargetName name{target, {}, {}, measured.address};
  put_figures(object, name, measured.figures, measured.verdicts, complete);
  for (const WayAnswer& way : measured.before) {
    Json& left = object["before"].emplace_back(Json::object());
    put_transport(left, way.transport);
    put_figures(left, name, way.figures, way.verdicts, way.figures.in_flight == 0);
  }
  return object;
}

Json target_object(const TargetAnswer& target, bool complete) {
  Json object = Json::object();
  object["target"] = target.target;
  if (target.error) object["error"] = error_object(*target.error);
  Json& addresses = object["addresses"] = Json::array();
  for (const AddressAnswer& measured : target.addresses) {
    addresses.push_back(address_object(target.target, measured, complete));
  }
  if (!target.unmeasured.empty()) {
    Json& unmeasured = object["unmeasured"] = Json::array();
    for (const Address& address : target.unmeasured) unmeasured.push_back(address.to_string());
  }
  return object;
}

std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string to_json(const Answer& answer) {
  Json object = Json::object();
  object["schema"] = 1;
  object["version"] = version();
  object["complete"] = answer.complete;
  object["elapsed_ns"] = answer.elapsed.count();
  Json& targets = object["targets"] = Json::array();
  for (const TargetAnswer& target : answer.targets) targets.push_back(target_object(target, answer.complete));
  return dumped(object);
}

std::string error_json(std::string_view type, std::string_view message) {
  Json object = Json::object();
  object["errorMessage"] = message;
  object["errorType"] = type;
  object["stackTrace"] = Json::array();
  return dumped(object);
}

std::string gateway_json(unsigned status, std::string_view body) {
  Json object = Json::object();
  object["statusCode"] = status;
  object["headers"] = {{"Content-Type", "application/json"}};
  object["body"] = body;
  object["isBase64Encoded"] = false;
  return dumped(object);
}

}  // namespace sonde::function
