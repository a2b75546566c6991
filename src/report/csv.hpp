// csv.hpp: one row per event, or with -q one row per target, for spreadsheets; docs/csv.md documents it.
#pragma once

#include "report/line_limiter.hpp"
#include "report/make_reporter.hpp"

namespace sonde::report {

// Same fields and names as JSON (event_fields.hpp); a group's fields are prefixed by its name ("rtt_min_ns").
// Quoted as RFC 4180 says, lines end with LF. What does not apply is an empty cell.
class CsvReporter final : public Reporter {
 public:
  CsvReporter(const ReportOptions& options, Output& output);

  void start(const RunStart& run) override;
  void event(const Event& event, const TargetName& target) override;
  void resolved(const TargetName& target, std::optional<Address> previous) override;
  void warning(const TargetName& target, std::string_view text) override;
  void summary(const TargetName& target, const Summary& summary) override;
  void end(const Totals& totals, const Figures& merged) override;

 private:
  void write_remark(std::string_view event, const TargetName& target, std::string_view previous,
                    std::string_view text);

  Output& output_;
  bool quiet_;
  std::vector<double> percentiles_;
  LineLimiter limiter_;
  std::size_t event_columns_ = 0;
  std::string line_;  // kept for its memory
};

// Appends one cell, quoted when it holds a comma, quote or line break; invalid UTF-8 becomes U+FFFD.
void append_csv_cell(std::string& out, std::string_view text);

}  // namespace sonde::report
