// json.cpp: figures and outcomes as JSON lines, formatted by hand because there may be 100,000 a second.
#include "report/json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <concepts>

#include "report/display.hpp"
#include "report/event_fields.hpp"
#include "report/words.hpp"

namespace sonde::report {
namespace {

// Writes one object into a string, as a sink of event_fields.hpp and by hand.
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }

  void text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
  }
  void optional_text(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  template <std::integral Number>
  void number(std::string_view name, Number value) {
    if (absent_) return;
    key(name);
    const fmt::format_int digits(value);
    out_.append(digits.data(), digits.size());
  }
  void number(std::string_view name, double value) {
    key(name);
    if (std::isfinite(value)) {
      fmt::format_to(std::back_inserter(out_), "{}", value);
    } else {
      out_ += "null";
    }
  }
  template <typename Number>
  void optional_number(std::string_view name, const std::optional<Number>& value) {
    if (value) number(name, *value);
  }
  void null(std::string_view name) {
    key(name);
    out_ += "null";
  }
  template <typename Number>
  void nullable_number(std::string_view name, const std::optional<Number>& value) {
    if (value) {
      number(name, *value);
    } else {
      null(name);
    }
  }
  void flags(std::string_view name, EventFlags flags) {
    if (flags.empty()) return;
    key(name);
    char separator = '[';
    for_each_flag(flags, [&](EventFlag flag) {
      out_ += separator;
      append_json_string(out_, to_string(flag));
      separator = ',';
    });
    out_ += ']';
  }
  void begin_group(std::string_view name, bool present) {
    key(name);
    absent_ = !present;
    out_ += present ? "{" : "null";
    first_ = present;
  }
  void end_group() {
    if (!absent_) out_ += '}';
    absent_ = first_ = false;
  }
  // `write` is called with an empty object for every element of `elements`.
  template <typename Elements, typename Write>
  void array(std::string_view name, const Elements& elements, Write write) {
    key(name);
    out_ += '[';
    bool first_element = true;
    for (const auto& element : elements) {
      if (!first_element) out_ += ',';
      first_element = false;
      JsonObject object(out_);
      write(object, element);
      object.close();
    }
    out_ += ']';
  }
  void close() { out_ += '}'; }

 private:
  void key(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }

  std::string& out_;
  bool first_ = true;
  bool absent_ = false;  // within a group that is null
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t index = 0;
  while (index < text.size()) {
    const auto byte = static_cast<unsigned char>(text[index]);
    if (byte >= 0x20 && byte < 0x7f) {
      if (byte == '"' || byte == '\\') out += '\\';
      out += text[index++];
      continue;
    }
    const DecodedCharacter character = decode_utf8(text.substr(index));
    if (!character.valid) {
      out += "\uFFFD";
    } else if (character.code_point < 0xa0) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(character.code_point));
    } else {
      out.append(text.substr(index, character.length));
    }
    index += character.length;
  }
  out += '"';
}

JsonReporter::JsonReporter(const ReportOptions& options, Output& output)
    : output_(output), quiet_(options.quiet), histogram_(options.histogram), limiter_(options.clock) {}

void JsonReporter::start(const RunStart& run) {
  line_.clear();
  JsonObject object(line_);
  object.text("event", "start");
  object.number("schema", 1);
  object.text("version", run.version);
  object.text("transport", run.transport);
  object.text("clock", run.clock);
  object.number("targets", run.targets);
  object.number("payload_bytes", run.payload_bytes);
  object.array("families", run.notices, [](JsonObject& family, const TransportNotice& notice) {
    family.number("ip_version", static_cast<unsigned>(notice.family));
    family.text("transport", to_string(notice.taken));
    family.text("clock", to_string(notice.clock));
    family.optional_text("reason", notice.reason);
  });
  object.close();
  line_ += '\n';
  output_.write(line_);
}

void JsonReporter::event(const Event& event, const TargetName& target) {
  if (quiet_ || !limiter_.allow(event.kind)) return;
  line_.clear();
  JsonObject object(line_);
  walk_event(object, event, target);
  object.close();
  line_ += '\n';
  output_.write(line_);
}

void JsonReporter::resolved(const TargetName& target, std::optional<Address> previous) {
  if (quiet_) return;
  line_.clear();
  JsonObject object(line_);
  object.text("event", "resolved");
  walk_target(object, target);
  object.text("address", target.address.to_string());
  if (previous) object.text("previous", previous->to_string());
  object.close();
  line_ += '\n';
  output_.write(line_);
}

void JsonReporter::unresolved(const TargetName& target, std::string_view reason) {
  if (quiet_) return;
  line_.clear();
  JsonObject object(line_);
  object.text("event", "resolved");
  walk_target(object, target);
  object.null("address");
  object.text("reason", reason);
  object.close();
  line_ += '\n';
  output_.write(line_);
}

void JsonReporter::warning(const TargetName& target, std::string_view text) {
  if (quiet_) return;
  line_.clear();
  JsonObject object(line_);
  object.text("event", "warning");
  walk_target(object, target);
  object.text("address", target.address.to_string());
  object.text("text", text);
  object.close();
  line_ += '\n';
  output_.write(line_);
}

void JsonReporter::interim(const TargetName& target, const Summary& summary) {
  write_summary(target, summary, true);
}

void JsonReporter::summary(const TargetName& target, const Summary& summary) {
  write_summary(target, summary, false);
}

void JsonReporter::write_summary(const TargetName& target, const Summary& summary, bool interim) {
  line_.clear();
  JsonObject object(line_);
  walk_summary(object, target, summary.figures, interim);
  std::vector<std::pair<double, Nanoseconds>> further(summary.percentiles);
  std::erase_if(further, [](const auto& percentile) { return is_standard_percentile(percentile.first); });
  if (!further.empty()) {
    object.array("percentiles", further, [](JsonObject& entry, const auto& percentile) {
      entry.number("percentile", percentile.first);
      entry.number("rtt_ns", percentile.second.count());
    });
  }
  if (histogram_) {
    object.array("histogram", summary.histogram, [](JsonObject& entry, const HistogramBar& bar) {
      entry.number("from_ns", bar.from.count());
      entry.number("to_ns", bar.to.count());
      entry.number("count", bar.count);
    });
  }
  object.close();
  line_ += '\n';
  output_.write(line_);
}

void JsonReporter::end(const Totals& totals, const Figures& merged) {
  line_.clear();
  JsonObject object(line_);
  object.text("event", "end");
  object.number("elapsed_ns", totals.elapsed.count());
  object.number("probes", totals.probes);
  object.number("received", merged.received);
  object.number("lost", merged.lost);
  object.number("late", merged.late);
  object.number("errors", merged.errors);
  object.number("local", merged.local);
  object.nullable_number("loss_ratio", merged.loss_ratio);
  object.number("schedule_lag_ns", totals.schedule_lag_p99.count());
  object.number("schedule_lag_max_ns", totals.schedule_lag_max.count());
  object.number("skipped_sends", totals.skipped_sends);
  object.number("receive_drops", totals.receive_drops);
  object.number("stamp_drops", totals.stamp_drops);
  object.number("clock_steps", totals.clock_steps);
  object.number("rejected", totals.rejected);
  object.number("lines_suppressed", limiter_.suppressed());
  object.close();
  line_ += '\n';
  output_.write(line_);
}

}  // namespace sonde::report
