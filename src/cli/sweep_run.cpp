// sweep_run.cpp: see sweep_run.hpp.
#include "cli/sweep_run.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <new>
#include <tuple>
#include <utility>

#include "cli/exit_status.hpp"
#include "cli/say.hpp"
#include "net/permissions.hpp"
#include "net/random.hpp"
#include "net/thread.hpp"
#include "sweep/heatmap_picture.hpp"
#include "sweep/host_tables.hpp"
#include "xdp/devices.hpp"

namespace sonde::cli {

namespace {

constexpr int look_every_ms = 20;
constexpr Nanoseconds status_every = std::chrono::seconds(1);
constexpr Nanoseconds hit_rate_counts_after = std::chrono::seconds(5);
constexpr std::uint64_t most_refused = 1000;  // before anything was sent: then nothing will be
constexpr double live_step = 1.05;            // of the rate, by SIGUSR1 and SIGUSR2

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  std::memcpy(&seed, net::random_key().data(), sizeof seed);
  return seed;
}

// IPv4 by address, so that prefixes are where one looks for them; else by index.
sweep::HeatmapLayout layout_of(const sweep::TargetSpace& space) {
  const Address first = space.at(0), last = space.at(space.size() - 1);
  return first.is_ipv4() && last.is_ipv4() ? sweep::HeatmapLayout::by_address(first, last)
                                           : sweep::HeatmapLayout::by_index(space.size());
}

// Whether a TTL is asked for, or what follows from it.
bool wants_headers(const SweepOptions& options) {
  if (options.fields == "*") return true;
  const auto named = [](std::string_view text) {
    return text.find("ttl") != std::string_view::npos || text.find("distance") != std::string_view::npos;
  };
  return named(options.fields) || named(options.filter);
}

std::optional<sweep::Filter> filter_of(const SweepOptions& options) {
  if (options.filter.empty()) return std::nullopt;
  return *sweep::Filter::parse(options.filter);
}

Error unread(const std::string& name) {
  return Error{ErrorCode::system, 0, "not everything was read by the reader", name, {}};
}

// Whether `interval` has passed since `last`, which is `now` from then on.
bool is_time(MonotonicTime& last, MonotonicTime now, Nanoseconds interval) {
  if (now - last < interval) return false;
  last = now;
  return true;
}

// With what may be done about it.
Error without_threads(Error error, unsigned wanted) {
  if (wanted > 1) error.hint += "; --threads 1 takes one alone";
  return error;
}

}  // namespace

SweepRun::SweepRun(const SweepOptions& options, const sweep::TargetSpaceBuilder::Built& space,
                   const sweep::RecordWriter& writer, SweepOutputs outputs)
    : options_(options),
      built_(&space),
      signals_({SIGINT, SIGTERM, SIGUSR1, SIGUSR2}),
      outputs_(std::move(outputs)),
      output_(outputs_.rows->descriptor(), outputs_.rows->name()),
      rows_(writer, filter_of(options), output_),
      carriers_(space.space, options.settings.network),
      began_(Clock::system().unix_time()),
      started_(Clock::system().monotonic()),
      rate_(options.settings.rate),
      shows_status_(!options.quiet && ::isatty(STDERR_FILENO) != 0) {
  if (outputs_.checkpoint) checkpoint_.emplace(std::move(*outputs_.checkpoint));
  if (outputs_.heatmap) heatmap_.emplace(layout_of(space.space));
}

Result<std::optional<EarlierSweep>> SweepRun::read_earlier() {
  if (options_.resume_file.empty()) return std::nullopt;
  return resume_sweep(*checkpoint_, built_->space, options_, *answers_);
}

// Once the sockets are open: what fails before leaves the files of an earlier run as they are.
Result<void> SweepRun::begin_outputs(const std::optional<EarlierSweep>& earlier) {
  EarlierRows there;
  if (!options_.resume_file.empty()) {
    const auto mended = mend_rows(*outputs_.rows, rows_.writer());
    if (!mended) return std::unexpected(mended.error());
    there = *mended;
  }
  const bool counted = outputs_.rows->is_regular();
  earlier_rows_ = counted ? there.rows : earlier ? earlier->rows : 0;
  if (counted && earlier && there.rows < earlier->rows) {
    warn(fmt::format("{} has lost {} rows of the earlier run, which are not asked for again",
                     outputs_.rows->name(), earlier->rows - there.rows));
  }
  if (checkpoint_) {
    keeper_.emplace(*checkpoint_, rows_, output_.descriptor(), options_.settings.linger, earlier_rows_);
    keeper_->go_on_at(sweep_->state().at);
    if (!earlier) {
      if (auto begun = keeper_->begin(options_, built_->space, *answers_, *sweep_); !begun) return begun;
    }
  }
  if (auto begun = outputs_.rows->begin(); !begun) return begun;
  if (!there.has_header) rows_.write_header();
  return {};
}

std::expected<void, SweepRun::Refusal> SweepRun::open() {
  const auto refuse = [](const Error& error, ExitStatus status) {
    return std::unexpected(Refusal{error, static_cast<int>(status)});
  };
  if (const auto& refused = signals_.refused()) return refuse(*refused, ExitStatus::refused);
  auto answers = sweep::AnswerSet::make(built_->space.size());
  if (!answers) return refuse(answers.error(), ExitStatus::refused);
  answers_ = std::move(*answers);
  auto earlier = read_earlier();
  if (!earlier) return refuse(earlier.error(), ExitStatus::usage);
  options_.settings.seed = options_.seed.value_or(random_seed());
  options_.settings.headers = wants_headers(options_);
  net::keep_only(xdp::useful_capabilities);  // those of raw sockets are among them
  auto opened = sweep::Sweep::open(options_.settings, built_->space, *answers_, *this,
                                   *earlier ? &(*earlier)->walk : nullptr);
  net::keep_only({});  // every socket is open
  if (!opened) return refuse(opened.error(), ExitStatus::refused);
  sweep_ = std::move(*opened);
  if (!options_.quiet && !sweep_->notice().empty()) say(sweep_->notice());
  if (auto tried = net::try_threads(options_.settings.threads); !tried)
    return refuse(without_threads(tried.error(), options_.settings.threads), ExitStatus::refused);
  if (auto begun = begin_outputs(*earlier); !begun) return refuse(begun.error(), ExitStatus::output_failed);
  return {};
}

void SweepRun::take(const sweep::Record& record) {
  if (heatmap_) heatmap_->add(record);
  if (rows_.take(record)) sweep_->hold_sending(true);
}

int SweepRun::run() {
  if (const auto opened = open(); !opened) {
    say(opened.error().error.message());
    return opened.error().status;
  }
  const sweep::State begin = sweep_->state();
  bounds_ = {.started = started_,
             .probes = begin.left,
             .max_results = options_.settings.max_results,
             .max_runtime = options_.max_runtime,
             .linger = options_.settings.linger,
             .sending_ended = std::nullopt};
  shown_ = {.at = started_, .counts = begin.counts, .asked = begin.asked, .written = earlier_rows_};
  if (const auto started = sweep_->start(); !started) {
    say(without_threads(started.error(), options_.settings.threads).message());
    return static_cast<int>(ExitStatus::refused);
  }
  try {
    watch();
  } catch (const std::bad_alloc&) {
    std::ignore = sweep_->stop();  // its threads use what goes before it does
    throw;
  }
  const auto stopped = sweep_->stop();
  if (stopped) return finish();
  ended_ = sweep::SweepEnd::failed;
  refused_ = true;
  const int status = finish();
  say(stopped.error().message());  // last: without memory for the rest it is said by main()
  return status;
}

void SweepRun::watch() {
  MonotonicTime shown = started_, kept = started_;
  for (bool done = false; !done;) {
    std::array<pollfd, 2> waiting{{{signals_.fd(), POLLIN, 0}, {sweep_->done_fd(), POLLIN, 0}}};
    ::poll(waiting.data(), waiting.size(), look_every_ms);
    answer_signals();
    const sweep::State state = sweep_->state();
    const MonotonicTime now = Clock::system().monotonic();
    rows_.write(*sweep_, state, now);
    hold_or_go_on();
    check_bounds(state, now);
    if (keeper_ && is_time(kept, now, SweepKeeper::interval)) keep(state, now);
    if (is_time(shown, now, status_every)) {
      if (!options_.quiet) warn_of_full_tables();
      if (shows_status_) show_status(state, now);
    }
    done = state.done;
  }
}

void SweepRun::hold_or_go_on() {
  const auto lost = carriers_.lost();
  if (lost && !std::exchange(told_of_carrier_, true)) warn(*lost + " has no carrier: the sweep waits for it");
  if (!lost) told_of_carrier_ = false;
  sweep_->hold_sending(lost || rows_.is_behind());
}

void SweepRun::answer_signals() {
  while (const auto signal = signals_.next()) {
    if (*signal == SIGUSR1 || *signal == SIGUSR2) {
      rate_ *= *signal == SIGUSR1 ? live_step : 1 / live_step;
      sweep_->set_rate(rate_);
    } else if (std::exchange(interrupted_, true)) {
      std::ignore = sweep_->stop();
    } else {
      end_sending(sweep::SweepEnd::interrupted);
    }
  }
}

void SweepRun::end_sending(sweep::SweepEnd why) {
  if (!ended_) ended_ = why;
  sweep_->stop_sending();
}

void SweepRun::check_bounds(const sweep::State& state, MonotonicTime now) {
  const sweep::Counts& counts = state.counts;
  if (!state.sending_done && options_.max_runtime && now - started_ >= *options_.max_runtime)
    end_sending(sweep::SweepEnd::max_runtime);
  if (!state.sending_done && options_.min_hit_rate > 0 && now - started_ >= hit_rate_counts_after &&
      static_cast<double>(counts.answering) < options_.min_hit_rate * static_cast<double>(state.asked))
    end_sending(sweep::SweepEnd::min_hit_rate);
  if (options_.settings.max_results != 0 && counts.answering >= options_.settings.max_results && !ended_)
    ended_ = sweep::SweepEnd::max_results;
  if (state.sending_done && !bounds_.sending_ended) bounds_.sending_ended = now;
  if (counts.sent == 0 && counts.refused >= most_refused) nothing_leaves_ = true;
  if (nothing_leaves_ || output_.error()) {
    ended_ = sweep::SweepEnd::failed;
    std::ignore = sweep_->stop();
  }
}

void SweepRun::keep(const sweep::State& state, MonotonicTime now) {
  const auto kept = keeper_->keep(state, now);
  if (!kept && !kept_badly_) warn(fmt::format("{}; the sweep goes on", kept.error().message()));
  kept_badly_ = kept ? std::nullopt : std::optional(kept.error());
}

void SweepRun::show_status(const sweep::State& state, MonotonicTime now) {
  const sweep::StatusSample sample{
      .at = now, .counts = state.counts, .asked = state.asked, .written = earlier_rows_ + rows_.rows()};
  // Over the line before.
  const std::string line = "\r" + sweep::status_line(shown_, sample, bounds_) + "\033[K";
  std::fputs(line.c_str(), stderr);
  shown_ = sample;
  status_shown_ = true;
}

void SweepRun::warn(std::string_view text) {
  if (std::exchange(status_shown_, false)) std::fputc('\n', stderr);
  say(text);
}

void SweepRun::warn_of_full_tables() {
  for (const sweep::HostTable& table : sweep::host_tables()) {
    if (!table.is_nearly_full() || !warned_of_.insert(table.name).second) continue;
    warn(fmt::format("the {} of this host is nearly full, {} of {}: {}", table.name, table.entries,
                     table.most, table.advice));
  }
}

void SweepRun::write_last_rows() {
  const sweep::State state = sweep_->state();
  while (!rows_.write_all(*sweep_, state, signals_.fd()) && !output_.error()) {
    while (const auto signal = signals_.next()) {
      if (*signal == SIGINT || *signal == SIGTERM) return;
    }
  }
}

bool SweepRun::write_file(report::OutputFile& file, const Result<std::string>& content) {
  Result<void> written{};
  if (!content) {
    written = std::unexpected(content.error());
  } else if (written = file.begin(); written) {
    report::Output output(file.descriptor(), file.name());
    output.write(*content);
    if (!output.drain(signals_.fd()))
      written = std::unexpected(output.error() ? *output.error() : unread(file.name()));
  }
  if (!written) say(written.error().message());
  return written.has_value();
}

// A checkpoint goes when there is nothing to go on with, and everything else that was to be written is.
bool SweepRun::end_checkpoint(bool everything_written) {
  const bool is_through = !ended_ && everything_written;
  if (const auto kept = keeper_->keep_last(sweep_->state()); !kept && !is_through) {
    say(kept.error().message());
    return false;
  }
  if (!is_through) return true;
  // Where its directory was another user's, the privilege is gone. A sweep that is through goes on with nothing.
  if (const auto removed = checkpoint_->remove(); !removed)
    say(removed.error().message() + "; the sweep is through, it may go");
  return true;
}

int SweepRun::finish() {
  write_last_rows();
  SweepAccount account{.options = &options_,
                       .space = built_,
                       .state = sweep_->state(),
                       .transport = sweep_->transport(),
                       .end = ended_.value_or(sweep::SweepEnd::finished),
                       .written = earlier_rows_ + rows_.rows(),
                       .started = began_,
                       .ended = Clock::system().unix_time(),
                       .elapsed = Clock::system().monotonic() - started_};
  bool written = !output_.error() && output_.pending() == 0;
  if (!written) {
    const Error failure = output_.error() ? *output_.error() : unread(outputs_.rows->name());
    account.failure = failure.message();
    account.end = sweep::SweepEnd::failed;
    account.written = earlier_rows_ + rows_.settled_rows();
    ended_ = account.end;
  }
  if (status_shown_) std::fputc('\n', stderr);
  if (!options_.quiet) {
    for (const std::string& line : summary_lines(account)) say(line);
  }
  if (!written) say(account.failure);
  if (outputs_.metadata) written = write_file(*outputs_.metadata, make_metadata(account)) && written;
  if (heatmap_) {
    const auto picture = sweep::draw_heatmap(*heatmap_, options_.heatmap_file);
    written = write_file(*outputs_.heatmap, picture) && written;
  }
  if (keeper_) written = end_checkpoint(written) && written;
  if (!written) return static_cast<int>(ExitStatus::output_failed);
  if (nothing_leaves_ || refused_) return static_cast<int>(ExitStatus::refused);
  const bool somebody = account.state.counts.answering > 0 && account.end != sweep::SweepEnd::min_hit_rate;
  return static_cast<int>(somebody ? ExitStatus::all_answered : ExitStatus::some_silent);
}

}  // namespace sonde::cli
