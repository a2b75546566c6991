// sweep_keeper.hpp: keeps on disk how far a sweep is, so that it can go on there after any end.
//
// What it may keep is the invariant of sweep_rows.hpp. It also has a file's rows reach the disk before the step
// that knows of them does, so that the invariant outlives a power cut.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "cli/sweep_options.hpp"
#include "cli/sweep_rows.hpp"
#include "sweep/answer_set.hpp"
#include "sweep/checkpoint_file.hpp"
#include "sweep/sweep.hpp"
#include "sweep/target_space.hpp"

namespace sonde::cli {

// What an earlier run left in `file`, checked to be of the same addresses and options. Takes seed, shard and threads over into
// the settings, and enters into `answers` who has answered. nullopt: it ended before it had begun.
// Errors: those of the file; invalid_argument when it was another sweep's.
struct EarlierSweep {
  sweep::Sweep::Earlier walk;
  std::uint64_t rows = 0;  // that were written
};
Result<std::optional<EarlierSweep>> resume_sweep(sweep::CheckpointFile& file, const sweep::TargetSpace& space,
                                                 SweepOptions& options, sweep::AnswerSet& answers);

class SweepKeeper {
 public:
  static constexpr Nanoseconds interval = std::chrono::milliseconds(500);

  // Both outlive it. `output`: the descriptor that rows go to. `earlier_rows`: of the runs before.
  SweepKeeper(sweep::CheckpointFile& file, SweepRows& rows, int output, Nanoseconds linger,
              std::uint64_t earlier_rows);

  // Of a new sweep, before its first probe. Errors: those of the file.
  Result<void> begin(const SweepOptions& options, const sweep::TargetSpace& space,
                     const sweep::AnswerSet& answers, const sweep::Sweep& sweep);
  // Where the workers go on is `begin` until more is known.
  void go_on_at(std::vector<sweep::WalkPosition> begin) { settled_at_ = std::move(begin); }

  // Keeps what may be kept now. Errors: those of the file; the next call tries it again.
  Result<void> keep(const sweep::State& state, MonotonicTime now);
  // The workers have ended. Where every answer had its time, and its row, it can go on exactly where it was.
  Result<void> keep_last(const sweep::State& state);

 private:
  struct Looked {
    MonotonicTime at{};
    std::vector<sweep::WalkPosition> positions{};
  };
  void take_settled();
  Result<void> add_step(const sweep::Counts& counts);

  sweep::CheckpointFile* file_;
  SweepRows* rows_;
  int output_;
  Nanoseconds linger_;
  std::uint64_t earlier_rows_;
  std::deque<Looked> looked_;  // where the workers were, oldest first
  std::vector<sweep::WalkPosition> settled_at_;
  std::vector<std::uint64_t> answered_;  // not in the file yet
  std::uint64_t rows_kept_ = 0;
};

}  // namespace sonde::cli
