// sweep_run.cpp: see sweep_run.hpp.
#include "cli/sweep_run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
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
constexpr Nanoseconds flush_every = std::chrono::milliseconds(200);
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

SweepRun::SweepRun(const SweepOptions& options, const sweep::TargetSpaceBuilder::Built& space)
    : options_(options),
      built_(&space),
      signals_({SIGINT, SIGTERM, SIGUSR1, SIGUSR2}),
      began_(Clock::system().unix_time()),
      started_(Clock::system().monotonic()),
      rate_(options.settings.rate),
      shows_status_(!options.quiet && ::isatty(STDERR_FILENO) != 0) {}

Result<void> SweepRun::open_output() {
  int descriptor = STDOUT_FILENO;
  std::string name = "standard output";
  if (!options_.output_file.empty()) {
    name = options_.output_file;
    const int how = options_.resume_file.empty() ? O_TRUNC : O_APPEND;
    file_ = net::FileDescriptor(::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | how, 0644));
    if (!file_) return std::unexpected(Error::from_errno(errno, "cannot write the answers", name));
    descriptor = file_.get();
  }
  output_.emplace(descriptor, name);
  if (!options_.heatmap_file.empty()) heatmap_.emplace(layout_of(built_->space));
  writer_.emplace(options_.format, *sweep::parse_fields(options_.fields), *output_);
  if (!options_.filter.empty()) filter_ = *sweep::Filter::parse(options_.filter);
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
  std::optional<sweep::Sweep::Earlier> earlier;
  if (!options_.resume_file.empty()) {
    auto resumed = resume_sweep(options_.resume_file, built_->space, options_, *answers_);
    if (!resumed) return refuse(resumed.error(), ExitStatus::usage);
    earlier = std::move(*resumed);
  }
  options_.settings.seed = options_.seed.value_or(random_seed());
  options_.settings.headers = wants_headers(options_);
  net::keep_only(xdp::useful_capabilities);  // those of raw sockets are among them
  auto opened =
      sweep::Sweep::open(options_.settings, built_->space, *answers_, *this, earlier ? &*earlier : nullptr);
  net::keep_only({});  // every socket is open
  if (!opened) return refuse(opened.error(), ExitStatus::refused);
  sweep_ = std::move(*opened);
  if (!options_.quiet && !sweep_->notice().empty()) say(sweep_->notice());
  if (auto tried = net::try_threads(options_.settings.threads); !tried)
    return refuse(without_threads(tried.error(), options_.settings.threads), ExitStatus::refused);
  // Last, so that what fails before leaves the file of an earlier run as it is.
  if (auto written = open_output(); !written) return refuse(written.error(), ExitStatus::output_failed);
  const std::string& file = earlier ? options_.resume_file : options_.checkpoint_file;
  if (!file.empty()) keeper_.emplace(file, options_, built_->space, *answers_, *sweep_, *output_);
  if (!earlier || options_.output_file.empty()) writer_->begin();
  return {};
}

void SweepRun::take(const sweep::Record& record) {
  if (keeper_ && record.is_reply && !record.duplicate) keeper_->answered(record.index);
  if (heatmap_) heatmap_->add(record);
  const bool wanted = filter_ ? filter_->matches(record) : record.is_reply && !record.duplicate;
  if (wanted) writer_->write(record);
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
  shown_ = {.at = started_, .counts = begin.counts, .asked = begin.asked, .written = 0};
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
  MonotonicTime flushed = started_, shown = started_, kept = started_;
  for (bool done = false; !done;) {
    std::array<pollfd, 2> waiting{{{signals_.fd(), POLLIN, 0}, {sweep_->done_fd(), POLLIN, 0}}};
    ::poll(waiting.data(), waiting.size(), look_every_ms);
    answer_signals();
    const sweep::State state = sweep_->state();
    const MonotonicTime now = Clock::system().monotonic();
    check_bounds(state, now);
    if (is_time(flushed, now, flush_every)) sweep_->pause_findings([this] { output_->flush(); });
    if (keeper_ && is_time(kept, now, SweepKeeper::interval)) keep(state);
    if (is_time(shown, now, status_every)) {
      if (!options_.quiet) warn_of_full_tables();
      if (shows_status_) show_status(state, now);
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
  if (nothing_leaves_ || output_->error()) {
    ended_ = sweep::SweepEnd::failed;
    std::ignore = sweep_->stop();
  }
}

void SweepRun::keep(const sweep::State& state) {
  const auto kept = keeper_->keep(state);
  if (!kept && !kept_badly_) warn(fmt::format("{}; the sweep goes on", kept.error().message()));
  kept_badly_ = kept ? std::nullopt : std::optional(kept.error());
}

void SweepRun::show_status(const sweep::State& state, MonotonicTime now) {
  const sweep::StatusSample sample{
      .at = now, .counts = state.counts, .asked = state.asked, .written = writer_->written()};
  // Over the line before.
  fmt::print(stderr, "\r{}\033[K", sweep::status_line(shown_, sample, bounds_));
  shown_ = sample;
  status_shown_ = true;
}

void SweepRun::warn(std::string_view text) {
  if (std::exchange(status_shown_, false)) fmt::print(stderr, "\n");
  say(text);
}

void SweepRun::warn_of_full_tables() {
  for (const sweep::HostTable& table : sweep::host_tables()) {
    if (!table.is_nearly_full() || !warned_of_.insert(table.name).second) continue;
    warn(fmt::format("the {} of this host is nearly full, {} of {}: {}", table.name, table.entries,
                     table.most, table.advice));
  }
}

int SweepRun::finish() {
  output_->flush(std::chrono::seconds(5));
  SweepAccount account{.options = &options_,
                       .space = built_,
                       .state = sweep_->state(),
                       .transport = sweep_->transport(),
                       .end = ended_.value_or(sweep::SweepEnd::finished),
                       .written = writer_->written(),
                       .started = began_,
                       .ended = Clock::system().unix_time(),
                       .elapsed = Clock::system().monotonic() - started_};
  if (output_->error()) account.failure = output_->error()->message();
  if (status_shown_) fmt::print(stderr, "\n");
  if (!options_.quiet) {
    for (const std::string& line : summary_lines(account)) say(line);
  }
  bool written = true;
  const auto check = [&written](const Result<void>& result) {
    if (!result) say(result.error().message());
    written = written && result;
  };
  if (keeper_) check(keeper_->end(account.state, !ended_ && account.failure.empty()));
  if (!options_.metadata_file.empty()) check(write_metadata(account, options_.metadata_file));
  if (heatmap_) check(sweep::write_heatmap(*heatmap_, options_.heatmap_file));
  if (output_->error()) check(std::unexpected(*output_->error()));
  if (!written) return static_cast<int>(ExitStatus::output_failed);
  if (nothing_leaves_ || refused_) return static_cast<int>(ExitStatus::refused);
  const bool somebody = account.state.counts.answering > 0 && account.end != sweep::SweepEnd::min_hit_rate;
  return static_cast<int>(somebody ? ExitStatus::all_answered : ExitStatus::some_silent);
}

}  // namespace sonde::cli
