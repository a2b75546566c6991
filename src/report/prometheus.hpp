// prometheus.hpp: one exposition (text format 0.0.4) when the run ends.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/make_reporter.hpp"

namespace sonde::report {

// Metrics of every target, labelled `target`, `address` and, where given, `label`; and of the run. Names
// follow https://prometheus.io/docs/practices/naming/: base units, ratios 0-1, counters end in _total.
//
// `ping_rtt_seconds` is a summary with the quantiles 0.5, 0.9, 0.99 and those asked for; with `histogram` it
// is a histogram with three buckets per decade from 10 µs to 10 s. `ping_loss_ratio` is (lost + errors) /
// (sent - local), left out when nothing left this host; `ping_loss_rate` is lost and error verdicts per
// second of the run: "rate" is per second in Prometheus. Summaries are kept until the end, because all
// samples of one metric must stand together.
class PrometheusReporter final : public Reporter {
 public:
  PrometheusReporter(const ReportOptions& options, Output& output);

  void start(const RunStart& run) override;
  void event(const Event&, const TargetName&) override {}
  void resolved(const TargetName&, std::optional<Address>) override {}
  void warning(const TargetName&, std::string_view) override {}
  void summary(const TargetName& target, const Summary& summary) override;
  void end(const Totals& totals, const Figures& merged) override;

 private:
  struct Series {
    std::string labels;  // 'target="…",address="…"', unique
    Figures figures;
    std::vector<std::pair<double, Nanoseconds>> percentiles;
    std::vector<std::uint64_t> buckets;  // not cumulative; empty without `histogram`
  };

  void write_family(std::string_view name, std::string_view type, std::string_view help);
  void write_sample(std::string_view name, std::string_view labels, double value);
  void write_sample(std::string_view name, std::string_view labels, std::uint64_t value);
  void write_rtt();
  void write_target_metrics(const Totals& totals);
  void write_run_metrics(const Totals& totals);

  Output& output_;
  bool histogram_;
  std::string run_labels_;
  std::vector<Series> series_;
};

// A label's value with backslash, quote and newline escaped and invalid UTF-8 replaced.
std::string escape_label(std::string_view value);

}  // namespace sonde::report
