// csv.cpp: events and summaries as comma-separated rows.
#include "report/csv.hpp"

#include <fmt/format.h>

#include <concepts>

#include "report/display.hpp"
#include "report/event_fields.hpp"
#include "report/words.hpp"

namespace sonde::report {
namespace {

// A sink of event_fields.hpp that writes the fields' names.
class HeaderRow {
 public:
  explicit HeaderRow(std::string& out) : out_(out) {}

  void text(std::string_view name, std::string_view) { cell(name); }
  void optional_text(std::string_view name, std::string_view) { cell(name); }
  template <typename Number>
  void number(std::string_view name, Number) {
    cell(name);
  }
  template <typename Number>
  void optional_number(std::string_view name, const std::optional<Number>&) {
    cell(name);
  }
  template <typename Number>
  void nullable_number(std::string_view name, const std::optional<Number>&) {
    cell(name);
  }
  void flags(std::string_view name, EventFlags) { cell(name); }
  void begin_group(std::string_view name, bool) { group_ = fmt::format("{}_", name); }
  void end_group() { group_.clear(); }

  std::size_t columns() const { return columns_; }

 private:
  void cell(std::string_view name) {
    if (columns_++ != 0) out_ += ',';
    out_ += group_;
    out_ += name;
  }

  std::string& out_;
  std::string group_;
  std::size_t columns_ = 0;
};

// A sink of event_fields.hpp that writes the fields' values.
class ValueRow {
 public:
  explicit ValueRow(std::string& out) : out_(out) {}

  void text(std::string_view, std::string_view value) {
    separate();
    append_csv_cell(out_, value);
  }
  void optional_text(std::string_view name, std::string_view value) { text(name, value); }
  template <std::integral Number>
  void number(std::string_view, Number value) {
    separate();
    if (absent_) return;
    const fmt::format_int digits(value);
    out_.append(digits.data(), digits.size());
  }
  void number(std::string_view, double value) {
    separate();
    fmt::format_to(std::back_inserter(out_), "{}", value);
  }
  template <typename Number>
  void optional_number(std::string_view name, const std::optional<Number>& value) {
    if (value) {
      number(name, *value);
    } else {
      separate();
    }
  }
  template <typename Number>
  void nullable_number(std::string_view name, const std::optional<Number>& value) {
    optional_number(name, value);
  }
  void flags(std::string_view, EventFlags flags) {
    separate();
    bool first = true;
    for_each_flag(flags, [&](EventFlag flag) {
      if (!first) out_ += ' ';
      first = false;
      out_ += to_string(flag);
    });
  }
  void begin_group(std::string_view, bool present) { absent_ = !present; }
  void end_group() { absent_ = false; }

 private:
  void separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }

  std::string& out_;
  bool first_ = true;
  bool absent_ = false;
};

}  // namespace

void append_csv_cell(std::string& out, std::string_view text) {
  const bool quoted = text.find_first_of(",\"\r\n") != std::string_view::npos;
  if (quoted) out += '"';
  while (!text.empty()) {
    const DecodedCharacter character = decode_utf8(text);
    if (text.front() == '"') out += '"';
    if (character.valid) {
      out.append(text.substr(0, character.length));
    } else {
      out += "\uFFFD";
    }
    text.remove_prefix(character.length);
  }
  if (quoted) out += '"';
}

CsvReporter::CsvReporter(const ReportOptions& options, Output& output)
    : output_(output), quiet_(options.quiet), percentiles_(options.percentiles), limiter_(options.clock) {}

void CsvReporter::start(const RunStart&) {
  line_.clear();
  HeaderRow header(line_);
  if (quiet_) {
    walk_summary(header, TargetName{}, Figures{}, false);
    for (const double percentile : percentiles_) {
      if (!is_standard_percentile(percentile))
        line_ += fmt::format(",rtt_{}_ns", percentile_name(percentile));
    }
  } else {
    walk_event(header, Event{}, TargetName{});
    event_columns_ = header.columns();
    line_ += ",previous,text";
  }
  line_ += '\n';
  output_.write(line_);
}

void CsvReporter::event(const Event& event, const TargetName& target) {
  if (quiet_ || !limiter_.allow(event.kind)) return;
  line_.clear();
  ValueRow row(line_);
  walk_event(row, event, target);
  line_ += ",,\n";
  output_.write(line_);
}

void CsvReporter::resolved(const TargetName& target, std::optional<Address> previous) {
  write_remark("resolved", target, previous ? previous->to_string() : std::string(), {});
}

void CsvReporter::warning(const TargetName& target, std::string_view text) {
  write_remark("warning", target, {}, text);
}

// A row with a target and an address, and nothing of a probe.
void CsvReporter::write_remark(std::string_view event, const TargetName& target, std::string_view previous,
                               std::string_view text) {
  if (quiet_) return;
  line_.clear();
  ValueRow row(line_);
  row.text("event", event);
  walk_target(row, target);
  row.text("address", target.address.to_string());
  constexpr std::size_t written = 5;
  if (event_columns_ > written) line_.append(event_columns_ - written, ',');
  row.text("previous", previous);
  row.text("text", text);
  line_ += '\n';
  output_.write(line_);
}

void CsvReporter::summary(const TargetName& target, const Summary& summary) {
  if (!quiet_) return;
  line_.clear();
  ValueRow row(line_);
  walk_summary(row, target, summary.figures, false);
  for (std::size_t index = 0; index < percentiles_.size(); ++index) {
    if (is_standard_percentile(percentiles_[index])) continue;
    const bool known = index < summary.percentiles.size();
    row.optional_number({}, known ? std::optional(summary.percentiles[index].second.count()) : std::nullopt);
  }
  line_ += '\n';
  output_.write(line_);
}

void CsvReporter::end(const Totals&, const Figures&) {}

}  // namespace sonde::report
