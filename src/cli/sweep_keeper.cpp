// sweep_keeper.cpp: see sweep_keeper.hpp.
#include "cli/sweep_keeper.hpp"

#include <algorithm>
#include <utility>

#include "wire/siphash.hpp"

namespace sonde::cli {

namespace {

constexpr std::chrono::milliseconds patience_for_rows(5000);

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

Error another_sweep(const std::string& file, const char* what) {
  return Error::invalid(std::string("cannot resume: the checkpoint is of other ") + what, file,
                        "give the targets, exclusions and options that it was begun with");
}

}  // namespace

Result<sweep::Sweep::Earlier> resume_sweep(const std::string& file, const sweep::TargetSpace& space,
                                           SweepOptions& options, sweep::AnswerSet& answers) {
  const auto kept = sweep::read_checkpoint(file, answers.words());
  if (!kept) return std::unexpected(kept.error());
  sweep::Settings& settings = options.settings;
  const sweep::Shard shard{.number = kept->shard, .shards = kept->shards};
  if (kept->space_digest != space.digest() || kept->answered.size() != answers.words())
    return std::unexpected(another_sweep(file, "targets"));
  const bool other_shard = settings.shard.shards > 1 && settings.shard != shard;
  const bool other_seed = options.seed && *options.seed != kept->seed;
  if (kept->options_digest != digest_of(options) || other_shard || other_seed || kept->threads.empty())
    return std::unexpected(another_sweep(file, "options"));
  options.seed = kept->seed;
  settings.shard = shard;
  settings.threads = static_cast<unsigned>(kept->threads.size());
  answers.load(0, kept->answered);
  sweep::Sweep::Earlier earlier{.key = kept->key, .begin = {}, .caught_up = {}, .counts = kept->counts};
  for (const auto& [pass, position] : kept->threads)
    earlier.begin.push_back({.round = pass, .position = position});
  // Of several probes to each address an answer says nothing about the others.
  const sweep::WalkPosition everywhere{.round = settings.rounds.count(), .position = 0};
  earlier.caught_up.assign(kept->threads.size(),
                           settings.rounds.probes == 1 ? everywhere : sweep::WalkPosition{});
  return earlier;
}

SweepKeeper::SweepKeeper(std::string file, const SweepOptions& options, const sweep::TargetSpace& space,
                         const sweep::AnswerSet& answers, sweep::Sweep& sweep, report::Output& output)
    : file_(std::move(file)), answers_(&answers), sweep_(&sweep), output_(&output) {
  head_.space_digest = space.digest();
  head_.options_digest = digest_of(options);
  head_.seed = options.settings.seed;
  head_.key = sweep.key();
  head_.shard = options.settings.shard.number;
  head_.shards = options.settings.shard.shards;
  before_ = sweep.state().at;
}

// True when every row so far is with the kernel.
bool SweepKeeper::write_rows() {
  output_->flush();
  return output_->pending() == 0 && !output_->error();
}

Result<void> SweepKeeper::keep(const sweep::State& state) {
  const auto go_on_at = std::exchange(before_, state.at);
  return write(state, go_on_at);
}

Result<void> SweepKeeper::end(const sweep::State& state, bool is_through) {
  return is_through ? file_.remove() : write(state, state.at);
}

Result<void> SweepKeeper::write(const sweep::State& state, const std::vector<sweep::WalkPosition>& go_on_at) {
  const auto threads = to_threads(go_on_at);
  if (file_.wants_whole()) return write_whole(state.counts, threads);
  sweep::CheckpointStep step{.threads = threads, .counts = state.counts, .newly_answered = {}};
  bool written = false;
  sweep_->pause_findings([&] {
    written = write_rows();
    if (written) step.newly_answered = std::exchange(newly_answered_, {});
  });
  return written ? file_.add(step) : Result<void>{};
}

// The set is copied while answers come in; those in the copy have their rows in `output_` by then, and these are written before
// the file takes its place, however long a slow reader takes.
Result<void> SweepKeeper::write_whole(const sweep::Counts& counts,
                                      const std::vector<sweep::ThreadPosition>& threads) {
  sweep_->pause_findings([this] { newly_answered_.clear(); });
  head_.counts = counts;
  head_.threads = threads;
  const std::size_t words = answers_->words();
  return file_.write_whole(head_,
                           {.size = words, .copy = [&](std::size_t first, std::span<std::uint64_t> to) {
                              answers_->copy_out(first, to);
                              if (first + to.size() < words) return;
                              sweep_->pause_findings([this] { output_->flush(patience_for_rows); });
                            }});
}

}  // namespace sonde::cli
