// summary.hpp: what fping tells at the end, and in between: per target, and of all together.
#pragma once

#include <string>

#include "compat/fping/host.hpp"
#include "compat/fping/options.hpp"

namespace sonde::compat::fping {

// What is counted over all targets (-s).
struct RunTotals {
  std::uint64_t alive = 0, unreachable = 0;
  std::uint64_t timeouts = 0, sent = 0, replies = 0, other_icmp = 0;
  Tally answers;
  Nanoseconds elapsed{};
};

// A line for each target: counts and times, or with -C every time. On standard error, or as JSON on standard output.
std::string summary_of(const Options& options, const Hosts& hosts);
// The same for the time since the last report, which begins anew unless reports are cumulative.
std::string report_of(const Options& options, Hosts& hosts, UnixTime now);
// In netdata's language; `first` also says what will come.
std::string netdata_report(const Options& options, Hosts& hosts, bool first);
// Lost probes times the period.
std::int64_t outage_ms(const Options& options, const Tally& tally);
std::string totals_of(const Options& options, const Hosts& hosts, const RunTotals& totals);

}  // namespace sonde::compat::fping
