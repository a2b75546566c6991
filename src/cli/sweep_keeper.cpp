// sweep_keeper.cpp: see sweep_keeper.hpp.
#include "cli/sweep_keeper.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "wire/siphash.hpp"

namespace sonde::cli {

namespace {

// Of what decides whom a position means.
std::uint64_t digest_of(const SweepOptions& options) {
  wire::SipHash hash(0, 0);
  hash.block(options.settings.rounds.probes);
  hash.block(options.settings.rounds.retries);
  hash.block(options.settings.max_targets);
  return hash.finish(0, 3 * sizeof(std::uint64_t));
}

std::vector<sweep::ThreadPosition> to_threads(const std::vector<sweep::WalkPosition>& positions) {
  std::vector<sweep::ThreadPosition> threads;
  threads.reserve(positions.size());
  for (const auto& [round, position] : positions) threads.push_back({.pass = round, .position = position});
  return threads;
}

std::unexpected<Error> another_sweep(const sweep::CheckpointFile& file, const char* what) {
  return std::unexpected(Error::invalid(std::string("cannot resume: the checkpoint is of other ") + what,
                                        file.name(),
                                        "give the targets, exclusions and options that it was begun with"));
}

}  // namespace

Result<std::optional<EarlierSweep>> resume_sweep(sweep::CheckpointFile& file, const sweep::TargetSpace& space,
                                                 SweepOptions& options, sweep::AnswerSet& answers) {
  const auto read = file.read(answers.words());
  if (!read) return std::unexpected(read.error());
  if (!*read) return std::nullopt;
  const sweep::Checkpoint& kept = **read;
  sweep::Settings& settings = options.settings;
  const sweep::Shard shard{.number = kept.shard, .shards = kept.shards};
  if (kept.space_digest != space.digest() || kept.answered.size() != answers.words())
    return another_sweep(file, "targets");
  const bool other_shard = settings.shard.shards > 1 && settings.shard != shard;
  const bool other_seed = options.seed && *options.seed != kept.seed;
  if (kept.options_digest != digest_of(options) || other_shard || other_seed)
    return another_sweep(file, "options");
  options.seed = kept.seed;
  settings.shard = shard;
  answers.load(kept.answered);
  EarlierSweep earlier{.walk = {.key = kept.key, .begin = {}, .caught_up = {}, .counts = kept.counts},
                       .rows = kept.rows};
  earlier.walk.counts.answering = answers.count();
  // Killed before its first step, it is where it began, with as many threads as it is given now.
  if (kept.threads.empty()) earlier.walk.begin.resize(settings.threads);
  for (const auto& [pass, position] : kept.threads)
    earlier.walk.begin.push_back({.round = pass, .position = position});
  settings.threads = static_cast<unsigned>(earlier.walk.begin.size());
  // Of several probes to each address an answer says nothing about the others.
  const sweep::WalkPosition everywhere{.round = settings.rounds.count(), .position = 0};
  earlier.walk.caught_up.assign(earlier.walk.begin.size(),
                                settings.rounds.probes == 1 ? everywhere : sweep::WalkPosition{});
  return earlier;
}

SweepKeeper::SweepKeeper(sweep::CheckpointFile& file, SweepRows& rows, int output, Nanoseconds linger,
                         std::uint64_t earlier_rows)
    : file_(&file), rows_(&rows), output_(output), linger_(linger), earlier_rows_(earlier_rows) {}

Result<void> SweepKeeper::begin(const SweepOptions& options, const sweep::TargetSpace& space,
                                const sweep::AnswerSet& answers, const sweep::Sweep& sweep) {
  const sweep::Checkpoint head{.space_digest = space.digest(),
                               .options_digest = digest_of(options),
                               .seed = options.settings.seed,
                               .key = sweep.key(),
                               .shard = options.settings.shard.number,
                               .shards = options.settings.shard.shards,
                               .threads = {},
                               .counts = {},
                               .answered = {}};
  return file_->begin(head, answers.words());
}

Result<void> SweepKeeper::keep(const sweep::State& state, MonotonicTime now) {
  looked_.push_back({now, state.at});
  take_settled();
  return add_step(state.counts);
}

Result<void> SweepKeeper::keep_last(const sweep::State& state) {
  take_settled();
  if (state.complete && rows_->all_delivered()) settled_at_ = state.at;
  return add_step(state.counts);
}

void SweepKeeper::take_settled() {
  SweepRows::Settled settled = rows_->settled();
  answered_.insert(answered_.end(), settled.answered.begin(), settled.answered.end());
  rows_kept_ = settled.rows;
  for (; !looked_.empty() && looked_.front().at + linger_ <= settled.until; looked_.pop_front())
    settled_at_ = std::move(looked_.front().positions);
}

Result<void> SweepKeeper::add_step(const sweep::Counts& counts) {
  while (::fdatasync(output_) != 0) {
    if (errno == EINVAL || errno == EROFS) break;  // a pipe, a terminal
    if (errno != EINTR)
      return std::unexpected(Error::from_errno(errno, "cannot bring the answers to the disk", file_->name()));
  }
  auto added = file_->add({.threads = to_threads(settled_at_),
                           .counts = counts,
                           .rows = earlier_rows_ + rows_kept_,
                           .newly_answered = answered_});
  if (added) answered_.clear();
  return added;
}

}  // namespace sonde::cli
