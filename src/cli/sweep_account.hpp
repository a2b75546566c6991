// sweep_account.hpp: what a sweep did and lost, at its end: for people, and as `--metadata` has it.
#pragma once

#include <string>
#include <vector>

#include "cli/sweep_options.hpp"
#include "sweep/metadata.hpp"
#include "sweep/sweep.hpp"
#include "sweep/target_space.hpp"

namespace sonde::cli {

struct SweepAccount {
  const SweepOptions* options = nullptr;
  const sweep::TargetSpaceBuilder::Built* space = nullptr;
  sweep::State state;
  TransportKind transport = TransportKind::automatic;
  sweep::SweepEnd end = sweep::SweepEnd::finished;
  std::string failure{};
  std::uint64_t written = 0;  // rows, of all runs
  UnixTime started{}, ended{};
  Nanoseconds elapsed{};
};

// Lines for standard error.
std::vector<std::string> summary_lines(const SweepAccount& account);

// Errors: where a name cannot be written as JSON.
Result<std::string> make_metadata(const SweepAccount& account);

}  // namespace sonde::cli
