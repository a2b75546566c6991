// reporter.hpp: the one way figures and outcomes become text, JSON, CSV or an exposition.
//
// A run is: start, then any number of event, resolved, warning and interim, then one summary per target, then
// end. A reporter writes to the Output it was given and keeps no more than it needs to lay out lines.
// Threads: none of this is locked; one thread owns a reporter.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/output.hpp"
#include "sonde/event.hpp"
#include "sonde/figures.hpp"
#include "sonde/session.hpp"

namespace sonde::report {

// What the user called a target, and which address of it is measured.
struct TargetName {
  std::string name;       // as given
  std::string label;      // from a target file; may be empty
  std::string host_name;  // from a reverse look-up, once known; may be empty
  Address address;
  std::string transport = {};  // "udp", where a run asks in more than one way; else empty
};

struct RunStart {
  std::string version;
  std::vector<TransportNotice> notices;
  std::string transport;  // "icmp", "raw", or "icmp+raw" when families differ
  std::string clock;      // "kernel", "user", "hardware"
  std::size_t targets = 0;
  std::size_t name_width = 0;  // columns that the targets' names take, as far as they are known
  std::uint16_t payload_bytes = 56;
  std::optional<TargetName> only_target;  // set when there is exactly one: text headers name it
};

struct Summary {
  Figures figures;
  std::vector<std::pair<double, Nanoseconds>> percentiles;  // as asked by --percentiles
  std::vector<HistogramBar> histogram;                      // when asked for, or needed by the format
};

class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual void start(const RunStart& run) = 0;
  virtual void event(const Event& event, const TargetName& target) = 0;
  // A name got its first address, or another one.
  virtual void resolved(const TargetName& target, std::optional<Address> previous) = 0;
  // A name has no address. People were told on standard error; programs read it here.
  virtual void unresolved(const TargetName& /*target*/, std::string_view /*reason*/) {}
  // A threshold was passed (--warn-rtt, --warn-loss).
  virtual void warning(const TargetName& target, std::string_view text) = 0;
  // A summary asked for while the run goes on (SIGQUIT), where the format has a place for one.
  virtual bool has_interim() const { return false; }
  virtual void interim(const TargetName& /*target*/, const Summary& /*summary*/) {}
  virtual void summary(const TargetName& target, const Summary& summary) = 0;
  virtual void end(const Totals& totals, const Figures& merged) = 0;
};

}  // namespace sonde::report
