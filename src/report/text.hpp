// text.hpp: a run as a person reads it.
#pragma once

#include <set>
#include <string>

#include "report/line_limiter.hpp"
#include "report/make_reporter.hpp"
#include "report/text_lines.hpp"
#include "report/text_table.hpp"

namespace sonde::report {

// One target: a header, a line per answer, and a summary of a few lines. Many: lines that begin with the
// padded name, and a table. With `quiet`: header and summary only. Names are made printable: no host name can
// drive the terminal.
class TextReporter final : public Reporter {
 public:
  TextReporter(const ReportOptions& options, Output& output);

  void start(const RunStart& run) override;
  void event(const Event& event, const TargetName& target) override;
  void resolved(const TargetName& target, std::optional<Address> previous) override;
  void warning(const TargetName& target, std::string_view text) override;
  bool has_interim() const override { return true; }
  void interim(const TargetName& target, const Summary& summary) override;
  void summary(const TargetName& target, const Summary& summary) override;
  void end(const Totals& totals, const Figures& merged) override;

 private:
  // The timestamp, and with many targets the name, that a line about `target` begins with.
  std::string prefix(const TargetName* target, UnixTime at);

  Output& output_;
  ReportOptions options_;
  const Clock& clock_;
  TableStyle style_;
  LineContext context_;
  LineLimiter limiter_;
  SummaryTable table_;
  std::string histograms_;      // of many targets: written below the table
  std::size_t name_width_ = 0;  // of the prefix; grows with the names seen
  std::uint64_t summaries_ = 0, targets_ = 0;
  std::set<std::string>
      asked_again_;  // targets of runs that ask in several ways, each of which has a summary
};

}  // namespace sonde::report
