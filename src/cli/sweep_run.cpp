// sweep_run.cpp: see sweep_run.hpp.
#include "cli/sweep_run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/exit_status.hpp"
#include "cli/say.hpp"
#include "net/permissions.hpp"
#include "net/random.hpp"

namespace sonde::cli {

namespace {

constexpr int look_every_ms = 20;
constexpr Nanoseconds flush_every = std::chrono::milliseconds(200);
constexpr Nanoseconds status_every = std::chrono::seconds(1);
constexpr Nanoseconds hit_rate_counts_after = std::chrono::seconds(5);
constexpr std::uint64_t refused_at_most = 1000;  // before anything was sent: nothing will be
constexpr double live_step = 1.05;               // of the rate, SIGUSR1 and SIGUSR2

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  std::memcpy(&seed, net::random_key().data(), sizeof seed);
  return seed;
}

double seconds(Nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

SweepRun::SweepRun(const SweepOptions& options, const sweep::TargetSpaceBuilder::Built& space)
    : options_(options),
      built_(&space),
      signals_({SIGINT, SIGTERM, SIGUSR1, SIGUSR2}),
      rate_(options.settings.rate) {}

Result<void> SweepRun::open_output() {
  int descriptor = STDOUT_FILENO;
  std::string name = "standard output";
  if (!options_.output_file.empty()) {
    name = options_.output_file;
    const int how = options_.resume_file.empty() ? O_TRUNC : O_APPEND;
    file_ = net::FileDescriptor(::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | how, 0644));
    if (!file_) return std::unexpected(Error::from_errno(errno, "cannot write answers", name));
    descriptor = file_.get();
  }
  output_.emplace(descriptor, name);
  writer_.emplace(options_.format, *sweep::parse_fields(options_.fields), *output_);
  if (!options_.filter.empty()) filter_ = *sweep::Filter::parse(options_.filter);
  return {};
}

Result<void> SweepRun::open_sweep() {
  auto answers = sweep::AnswerSet::make(built_->space.size());
  if (!answers) return std::unexpected(answers.error());
  answers_ = std::move(*answers);
  options_.settings.seed = options_.seed.value_or(random_seed());
  net::keep_only({net::Capability::net_raw, net::Capability::net_admin});
  auto opened = sweep::Sweep::open(options_.settings, built_->space, *answers_, *this);
  net::keep_only({});  // every socket is open
  if (!opened) return std::unexpected(opened.error());
  sweep_ = std::move(*opened);
  return {};
}

void SweepRun::take(const sweep::Record& record) {
  const bool wanted = filter_ ? filter_->matches(record) : record.is_reply && !record.duplicate;
  if (wanted) writer_->write(record);
}

int SweepRun::run() {
  if (const auto opened = open_output(); !opened) {
    say(opened.error().message());
    return static_cast<int>(ExitStatus::output_failed);
  }
  if (const auto opened = open_sweep(); !opened) {
    say(opened.error().message());
    return static_cast<int>(ExitStatus::refused);
  }
  writer_->begin();
  started_ = Clock::system().monotonic();
  sweep_->start();
  watch();
  sweep_->stop();
  output_->flush(std::chrono::seconds(5));
  const sweep::State state = sweep_->state();
  summarise(state);
  if (output_->error()) {
    say(output_->error()->message());
    return static_cast<int>(ExitStatus::output_failed);
  }
  if (nothing_leaves_) return static_cast<int>(ExitStatus::refused);
  const bool somebody = state.counts.answering > 0 && !too_few_answered_;
  return static_cast<int>(somebody ? ExitStatus::all_answered : ExitStatus::some_silent);
}

void SweepRun::watch() {
  MonotonicTime flushed = started_, shown = started_;
  for (bool done = false; !done;) {
    pollfd waiting{.fd = signals_.fd(), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, look_every_ms);
    answer_signals();
    const sweep::State state = sweep_->state();
    check_bounds(state);
    const MonotonicTime now = Clock::system().monotonic();
    if (now - flushed >= flush_every) {
      flushed = now;
      flush();
    }
    if (now - shown >= status_every) {
      shown = now;
      show_status(state);
    }
    done = state.done;
  }
}

void SweepRun::answer_signals() {
  while (const auto signal = signals_.next()) {
    if (*signal == SIGUSR1 || *signal == SIGUSR2) {
      rate_ *= *signal == SIGUSR1 ? live_step : 1 / live_step;
      sweep_->set_rate(rate_);
    } else if (std::exchange(interrupted_, true)) {
      sweep_->stop();
    } else {
      sweep_->stop_sending();
    }
  }
}

void SweepRun::check_bounds(const sweep::State& state) {
  const Nanoseconds elapsed = Clock::system().monotonic() - started_;
  if (options_.max_runtime && elapsed >= *options_.max_runtime) sweep_->stop_sending();
  if (options_.min_hit_rate > 0 && elapsed >= hit_rate_counts_after && !state.sending_done) {
    const auto sent = static_cast<double>(state.counts.sent);
    too_few_answered_ = static_cast<double>(state.counts.answering) < options_.min_hit_rate * sent;
    if (too_few_answered_) sweep_->stop_sending();
  }
  if (state.counts.sent == 0 && state.counts.refused >= refused_at_most) {
    nothing_leaves_ = true;
    sweep_->stop();
  }
  if (output_->error()) sweep_->stop();
}

void SweepRun::flush() {
  sweep_->pause_findings([this] { output_->flush(); });
}

void SweepRun::show_status(const sweep::State&) {}

void SweepRun::summarise(const sweep::State& state) const {
  if (options_.quiet) return;
  const sweep::Counts& counts = state.counts;
  const double share =
      counts.sent > 0 ? 100 * static_cast<double>(counts.answering) / static_cast<double>(counts.sent) : 0;
  say(fmt::format("{} probes sent in {:.1f} s, {} addresses answered ({:.2f} %)", counts.sent,
                  seconds(Clock::system().monotonic() - started_), counts.answering, share));
  say(fmt::format(
      "{} late, {} duplicate, {} forged, {} ICMP errors; on this host: {} refused, {} answers dropped",
      counts.late, counts.duplicates, counts.forged, counts.errors, counts.refused, counts.receive_drops));
  for (const auto& [system_errno, probes] : state.refusals) {
    say(Error::from_errno(system_errno, fmt::format("{} probes never left", probes)).message());
  }
}

}  // namespace sonde::cli
