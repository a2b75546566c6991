// sample_run.hpp: a made-up run with events of every kind, what reporters write of it, and the golden files
// that hold it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "report/make_reporter.hpp"

namespace sonde::report {

// Stands still until told otherwise.
class StandingClock final : public Clock {
 public:
  MonotonicTime monotonic() const override { return now; }
  UnixTime unix_time() const override { return UnixTime(std::chrono::seconds(1'700'000'100)); }

  MonotonicTime now{};
};

// What `write` puts into an Output.
std::string written_to_output(const std::function<void(Output&)>& write);

// What a reporter with these options writes in `use`.
std::string written_by(const ReportOptions& options, const std::function<void(Reporter&)>& use);

TargetName gateway_target();  // 192.0.2.1, a name with a label
TargetName numeric_target();  // 2001:db8::7, given by address

Event reply_event(std::uint64_t sequence = 0);
Event lost_event(std::uint64_t sequence);
Event rejected_event();  // fits no target

RunStart sample_start();
Summary sample_summary();  // of the gateway
Summary silent_summary();  // nothing came back
Totals sample_totals();
Figures sample_merged();

// A whole run of both targets; with `many` false, of the gateway alone.
void play_run(Reporter& reporter, bool many);

// Compares `text` with tests/report/golden/NAME; with $SONDE_UPDATE_GOLDEN set, writes it there instead.
void expect_golden(std::string_view name, const std::string& text);

// The whole content of a file below the source tree.
std::string source_file(std::string_view path);

}  // namespace sonde::report
