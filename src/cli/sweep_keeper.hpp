// sweep_keeper.hpp: keeps on disk how far a sweep is, so that it can go on there after any end.
//
// A file is kept every half second. It says to go on half a second before the positions of that moment, as answers to what was
// sent since may still have been under way; who had answered is not asked again. So after `kill -9` at most a
// second's probes are repeated. What the file calls answered has its row in the output: rows are written out first.
// Threads: answered() is called by the sweep's, while it holds its findings; the rest by one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/sweep_options.hpp"
#include "report/output.hpp"
#include "sweep/answer_set.hpp"
#include "sweep/checkpoint_file.hpp"
#include "sweep/sweep.hpp"
#include "sweep/target_space.hpp"

namespace sonde::cli {

// What an earlier run left, checked to be of the same addresses and options. Takes seed, shard and threads over into the
// settings, and enters into `answers` who has answered.
// Errors: those of the file; invalid_argument when it was another sweep's.
Result<sweep::Sweep::Earlier> resume_sweep(const std::string& file, const sweep::TargetSpace& space,
                                           SweepOptions& options, sweep::AnswerSet& answers);

class SweepKeeper {
 public:
  static constexpr Nanoseconds interval = std::chrono::milliseconds(500);

  // All outlive it.
  SweepKeeper(std::string file, const SweepOptions& options, const sweep::TargetSpace& space,
              const sweep::AnswerSet& answers, sweep::Sweep& sweep, report::Output& output);

  void answered(std::uint64_t index) { newly_answered_.push_back(index); }

  // Errors: those of the file. Without any, and with an output that takes its rows no faster, nothing is kept this time.
  Result<void> keep(const sweep::State& state);
  // The sweep ended early, and has waited for its answers: it can go on exactly here. Or it is through, and there is nothing to
  // keep.
  Result<void> end(const sweep::State& state, bool is_through);

 private:
  Result<void> write(const sweep::State& state, const std::vector<sweep::WalkPosition>& go_on_at);
  Result<void> write_whole(const sweep::Counts& counts, const std::vector<sweep::ThreadPosition>& threads);
  bool write_rows();

  sweep::CheckpointFile file_;
  sweep::Checkpoint head_;
  const sweep::AnswerSet* answers_;
  sweep::Sweep* sweep_;
  report::Output* output_;
  std::vector<sweep::WalkPosition> before_;  // where the workers were when it was last called
  std::vector<std::uint64_t> newly_answered_;
};

}  // namespace sonde::cli
