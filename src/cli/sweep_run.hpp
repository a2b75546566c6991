// sweep_run.hpp: a sweep under way as a program: signals, bounds, what is written while it runs.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/sweep_options.hpp"
#include "net/file_descriptor.hpp"
#include "process/signals.hpp"
#include "report/output.hpp"
#include "sweep/answer_set.hpp"
#include "sweep/filter.hpp"
#include "sweep/record_writer.hpp"
#include "sweep/sweep.hpp"

namespace sonde::cli {

class SweepRun final : private sweep::RecordSink {
 public:
  // `space` outlives it.
  SweepRun(const SweepOptions& options, const sweep::TargetSpaceBuilder::Built& space);

  // Opens outputs and sockets, runs to the end, and returns the exit status. Once.
  int run();

 private:
  Result<void> open_output();
  Result<void> open_sweep();
  void take(const sweep::Record& record) override;

  // Until all is done.
  void watch();
  void answer_signals();
  void check_bounds(const sweep::State& state);
  void flush();
  void show_status(const sweep::State& state);
  void summarise(const sweep::State& state) const;

  SweepOptions options_;
  const sweep::TargetSpaceBuilder::Built* built_;
  process::Signals signals_;
  net::FileDescriptor file_;
  std::optional<report::Output> output_;
  std::optional<sweep::RecordWriter> writer_;
  std::optional<sweep::Filter> filter_;
  std::optional<sweep::AnswerSet> answers_;
  std::unique_ptr<sweep::Sweep> sweep_;
  MonotonicTime started_{};
  double rate_;
  bool interrupted_ = false;
  bool too_few_answered_ = false;
  bool nothing_leaves_ = false;
};

}  // namespace sonde::cli
