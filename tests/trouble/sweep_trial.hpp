// sweep_trial.hpp: a small sweep over loopback, where every address answers, under one fault, and the run that goes on
// after it.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "lab/network.hpp"
#include "trouble/trial.hpp"

namespace sonde::trouble {

// 127.0.0.0 to 127.0.0.(n-1), all of which answer.
std::set<std::string> loopback_addresses(unsigned count);

// `sonde sweep --allow-special ARGUMENTS`, as root.
Command sweep(const Words& arguments);

// A sweep of 64 addresses in a second, with checkpoint, metadata and its answers in a file.
class SweepTrial {
 public:
  static constexpr unsigned addresses = 64;

  // `extra` options in each of its runs.
  explicit SweepTrial(const Namespace& space, Words extra = {}) : space_(&space), extra_(std::move(extra)) {}

  // The sweep under the plan; then, unless it ended as one that is through, the one that goes on after it, without a
  // fault. What broke of (I1), (I2) and (I4) in both, with the last calls before the fault.
  Broken run(FaultPlan plan);
  // How many calls the first one made.
  const FaultReport& report() const { return report_; }

 private:
  std::string file(const char* name) const { return files_.path() / name; }
  Command command(const Words& arguments) const;
  // Whether this is all of it: `ended` without an error.
  Broken check_whole() const;
  Broken resume() const;

  const Namespace* space_;
  Words extra_;
  lab::ScratchDirectory files_, other_;
  FaultReport report_;
};

}  // namespace sonde::trouble
