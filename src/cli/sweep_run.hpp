// sweep_run.hpp: a sweep under way as a program: signals, bounds, what is written while it runs.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "cli/sweep_account.hpp"
#include "cli/sweep_keeper.hpp"
#include "cli/sweep_options.hpp"
#include "cli/sweep_outputs.hpp"
#include "cli/sweep_rows.hpp"
#include "process/signals.hpp"
#include "report/output.hpp"
#include "sweep/answer_set.hpp"
#include "sweep/carrier_watch.hpp"
#include "sweep/checkpoint_file.hpp"
#include "sweep/heatmap.hpp"
#include "sweep/metadata.hpp"
#include "sweep/record_writer.hpp"
#include "sweep/status_line.hpp"
#include "sweep/sweep.hpp"

namespace sonde::cli {

class SweepRun final : private sweep::RecordSink {
 public:
  // `space` and `writer` outlive it.
  SweepRun(const SweepOptions& options, const sweep::TargetSpaceBuilder::Built& space,
           const sweep::RecordWriter& writer, SweepOutputs outputs);

  // Opens sockets, runs to the end, and returns the exit status. Once.
  int run();

 private:
  struct Refusal {
    Error error;
    int status;
  };
  std::expected<void, Refusal> open();
  // What an earlier run left of itself, with --resume.
  Result<std::optional<EarlierSweep>> read_earlier();
  Result<void> begin_outputs(const std::optional<EarlierSweep>& earlier);
  void take(const sweep::Record& record) override;

  // Until all is done.
  void watch();
  void answer_signals();
  void check_bounds(const sweep::State& state, MonotonicTime now);
  void end_sending(sweep::SweepEnd why);
  // Nothing is sent while the reader of rows is far behind, or a device has no carrier.
  void hold_or_go_on();
  void keep(const sweep::State& state, MonotonicTime now);
  void show_status(const sweep::State& state, MonotonicTime now);
  // A line on standard error, behind the status line where there is one.
  void warn(std::string_view text);
  void warn_of_full_tables();
  // At the end; returns the exit status.
  int finish();
  // Until the reader has all rows; a signal, the second where one ended the sending, ends that.
  void write_last_rows();
  // A file beside the rows; false: what went wrong was said.
  bool write_file(report::OutputFile& file, const Result<std::string>& content);
  bool end_checkpoint(bool everything_written);

  SweepOptions options_;
  const sweep::TargetSpaceBuilder::Built* built_;
  process::Signals signals_;
  SweepOutputs outputs_;
  std::optional<sweep::CheckpointFile> checkpoint_;
  report::Output output_;
  SweepRows rows_;
  std::optional<sweep::Heatmap> heatmap_;
  std::optional<sweep::AnswerSet> answers_;
  std::unique_ptr<sweep::Sweep> sweep_;
  sweep::CarrierWatch carriers_;
  bool told_of_carrier_ = false;  // while it is lost
  std::optional<SweepKeeper> keeper_;
  std::uint64_t earlier_rows_ = 0;

  UnixTime began_;
  MonotonicTime started_;
  double rate_;  // in probes per second, as asked for last
  bool interrupted_ = false;
  std::optional<sweep::SweepEnd> ended_;  // early
  std::optional<Error> kept_badly_;       // told once
  bool nothing_leaves_ = false;
  bool refused_ = false;             // threads without memory
  std::set<std::string> warned_of_;  // tables
  bool shows_status_;
  bool status_shown_ = false;
  sweep::StatusSample shown_;
  sweep::StatusBounds bounds_;
};

}  // namespace sonde::cli
