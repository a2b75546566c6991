// json.hpp: JSON lines in the stable schema of docs/json.md.
#pragma once

#include "report/line_limiter.hpp"
#include "report/make_reporter.hpp"

namespace sonde::report {

// One object per line, fields in a fixed order, always valid UTF-8. What does not apply is left out.
class JsonReporter final : public Reporter {
 public:
  JsonReporter(const ReportOptions& options, Output& output);

  void start(const RunStart& run) override;
  void event(const Event& event, const TargetName& target) override;
  void resolved(const TargetName& target, std::optional<Address> previous) override;
  void unresolved(const TargetName& target, std::string_view reason) override;
  void warning(const TargetName& target, std::string_view text) override;
  bool has_interim() const override { return true; }
  void interim(const TargetName& target, const Summary& summary) override;
  void summary(const TargetName& target, const Summary& summary) override;
  void end(const Totals& totals, const Figures& merged) override;

 private:
  void write_summary(const TargetName& target, const Summary& summary, bool interim);

  Output& output_;
  bool quiet_, histogram_;
  LineLimiter limiter_;
  std::string line_;  // kept for its memory
};

// Appends `text` as a JSON string with its quotes. Invalid UTF-8 becomes U+FFFD; control characters, C1 and
// DEL included, become \u escapes, so that a line shown on a terminal cannot drive it.
void append_json_string(std::string& out, std::string_view text);

}  // namespace sonde::report
