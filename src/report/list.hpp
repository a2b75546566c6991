// list.hpp: the names of targets that answered, or did not, one per line, for scripts.
#pragma once

#include "report/make_reporter.hpp"

namespace sonde::report {

// A target is alive when anything came back in time or late. Names as given, or addresses with `numeric`.
class ListReporter final : public Reporter {
 public:
  ListReporter(const ReportOptions& options, Output& output);

  void start(const RunStart&) override {}
  void event(const Event&, const TargetName&) override {}
  void resolved(const TargetName&, std::optional<Address>) override {}
  void warning(const TargetName&, std::string_view) override {}
  void summary(const TargetName& target, const Summary& summary) override;
  void end(const Totals&, const Figures&) override {}

 private:
  Output& output_;
  bool alive_, unreachable_, numeric_;
};

}  // namespace sonde::report
