// ping_run.cpp: the loop of a run, and its end. How it starts is in ping_start.cpp.
#include "cli/ping_run.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <span>
#include <utility>

#include "cli/say.hpp"
#include "cli/udp_limit.hpp"
#include "net/permissions.hpp"
#include "net/wait.hpp"
#include "report/display.hpp"
#include "report/words.hpp"

namespace sonde::cli {

namespace {

// How often events of a session with threads of its own are fetched.
constexpr Nanoseconds fetch_interval = std::chrono::milliseconds(5);

// Host names of answering addresses are looked up for so few targets only.
constexpr std::size_t most_host_names = 64;

enum Threshold : std::uint8_t { rtt_passed = 1, loss_passed = 2 };

// When answers to the last probes are waited for after a signal, at most this long.
constexpr Nanoseconds longest_farewell = std::chrono::seconds(2);

// While it measures, the program waits for no reader.
constexpr std::chrono::milliseconds no_wait{0};

TargetOptions target_options(const PingOptions& options) {
  TargetOptions target;
  target.schedule = FixedInterval{options.interval};
  target.max_probes = options.count;
  target.timeout = options.timeout;
  target.payload_bytes = options.size_bytes;
  target.pattern = options.pattern;
  target.network.ttl = options.ttl;
  target.network.tos = options.tos;
  target.network.mark = options.mark;
  target.network.flow_label = options.flow_label;
  target.network.source = options.source;
  target.network.interface = options.interface;
  target.network.path_mtu = options.path_mtu;
  target.network.tcp_port = options.tcp_port;
  return target;
}

// By which a target is asked, or was; the first notice of its family is of the way that the session took by itself.
TransportKind taken_way(const MeasuredTargets::Measured& measured, std::span<const TransportNotice> notices) {
  if (measured.way != TransportKind::automatic) return measured.way;
  const auto own = std::ranges::find(notices, measured.address.family(), &TransportNotice::family);
  return own == notices.end() ? TransportKind::automatic : own->taken;
}

}  // namespace

PingRun::PingRun(const PingOptions& options, const TargetList& list,
                 std::optional<report::OutputFile> capture)
    : options_(options),
      list_(list),
      target_options_(target_options(options)),
      clock_(Clock::system()),
      output_(options.pcap_file == "-" ? STDERR_FILENO : STDOUT_FILENO,
              options.pcap_file == "-" ? "standard error" : "standard output"),
      targets_(list),
      capture_file_(std::move(capture)) {}

ExitStatus PingRun::run() {
  if (const auto& refused = signals_.refused()) {
    refuse(*refused);
    return exit_status();
  }
  // What opens sockets; nothing else that follows needs a privilege.
  net::keep_only({net::Capability::net_raw, net::Capability::net_admin});
  if (!open_session()) return exit_status();
  if (options_.deadline) deadline_ = clock_.monotonic() + *options_.deadline;
  add_requested();
  await_first_target();
  // Nothing to report on: what went wrong was said.
  if (targets_.size() == 0) {
    report_pending_names();
    return exit_status();
  }
  give_up_privileges();
  if (!begin_capture() || !start_threads()) return exit_status();
  begin_report();
  loop();
  finish();
  return exit_status();
}

// What the system refuses ends the run.
void PingRun::refuse(const Error& error) {
  complain(error.message());
  refused_ = stop_asked_ = true;
}

void PingRun::complain(const std::string& text) {
  if (const auto behind = complaints_.pass(text)) show_complaint(text + *behind);
}

void PingRun::show_complaint(const std::string& text) {
  // What is written while the table has the screen is gone with it.
  if (live_) {
    constexpr std::size_t most_held = 1000;
    if (held_complaints_.size() < most_held) held_complaints_.push_back(text);
    return;
  }
  output_.flush();
  say(text);
}

// --- the loop -----------------------------------------------------------------------------------------------------

bool PingRun::finished() const {
  if (stop_asked_ || output_.error()) return true;
  if (deadline_ && clock_.monotonic() >= *deadline_) return true;
  return (pending_names_ == 0 || ending_) && session_->done();
}

void PingRun::loop() {
  while (!finished()) {
    wait();
    take_signals();
    if (resolver_) resolver_->process();
    take_events();
    consider_ways();
    refresh_live();
    output_.flush(no_wait);
    hold_for_readers();
  }
}

// A reader that does not keep up is waited for with what makes more for it to read.
void PingRun::hold_for_readers() {
  const bool behind = held_ ? output_.pending() > report::Output::full_bytes / 2 : output_.is_full();
  if ((behind || capture_is_behind()) == held_) return;
  held_ = !held_;
  session_->hold_sending(held_);
}

bool PingRun::capture_is_behind() {
  if (!capture_output_) return false;
  const std::scoped_lock lock(capture_mutex_);
  if (held_) capture_output_->flush(no_wait);
  return capture_output_->pending() > report::Output::full_bytes / (held_ ? 2 : 1);
}

std::optional<MonotonicTime> PingRun::next_wake() const {
  auto next = net::earlier(deadline_, session_->next_deadline());
  if (session_->fd() < 0) next = net::earlier(next, clock_.monotonic() + fetch_interval);
  if (resolver_) next = net::earlier(next, resolver_->next_deadline());
  if (live_) next = net::earlier(next, live_->next_frame());
  return next;
}

void PingRun::wait() {
  const bool capture_waits = held_ && capture_output_ && capture_output_->pending() > 0;
  std::array<pollfd, 5> waited_for{{{session_->fd(), POLLIN, 0},
                                    {resolver_ ? resolver_->fd() : -1, POLLIN, 0},
                                    {signals_.fd(), POLLIN, 0},
                                    {output_.pending() > 0 ? output_.descriptor() : -1, POLLOUT, 0},
                                    {capture_waits ? capture_output_->descriptor() : -1, POLLOUT, 0}}};
  net::wait_until(waited_for, next_wake());
}

void PingRun::take_signals() {
  while (const auto signal = signals_.next()) {
    if (*signal == SIGWINCH) {
      if (live_) live_->resized();
    } else if (*signal == SIGQUIT) {
      report_so_far();
    } else {
      stop_asked_ = true;
    }
  }
}

void PingRun::take_events() {
  if (session_->fd() >= 0) {
    // Events come through the callback, after the turn.
    if (auto processed = session_->process(); !processed) refuse(processed.error());
    return;
  }
  events_.resize(4096);
  for (;;) {
    const std::size_t count = session_->poll_events(events_);
    for (std::size_t i = 0; i < count; ++i) take_event(events_[i]);
    if (count < events_.size()) return;
  }
}

void PingRun::take_event(const Event& event) {
  if (event.has_target) {
    if (const auto place = targets_.find(event.target)) take_event_of(*place, event);
  } else if (!live_) {
    report::TargetName nobody;
    nobody.name = event.address.to_string();
    nobody.address = event.address;
    reporter_->event(event, nobody);
  }
}

void PingRun::take_event_of(std::size_t place, const Event& event) {
  if (!live_) {
    // Lines name a target the same way all along; a host name that turns up in mid-run is for the summary.
    report::TargetName name = targets_.name(place);
    name.host_name.clear();
    reporter_->event(event, name);
  } else if (place < live_->rows().size()) {
    live_->rows()[place].record(event);
  }
  if (event.kind == EventKind::local) unsent_.try_emplace(place, event.system_errno);
  if (event.kind == EventKind::lost && event.flags.has(EventFlag::no_tx_stamp)) ++unstamped_[place];
  check_thresholds(place, event);
  if (event.kind == EventKind::reply && event.sequence == 0) look_up_host_name(place);
}

void PingRun::check_thresholds(std::size_t place, const Event& event) {
  if (!options_.warn_rtt && !options_.warn_loss_ratio) return;
  // A line when a threshold is passed, not one for every probe above it.
  std::uint8_t& warned = warned_[place];
  const auto pass = [&](Threshold threshold, bool above, auto text) {
    const bool before = (warned & threshold) != 0;
    if (above && !before) warn(place, text());
    warned = static_cast<std::uint8_t>(above ? warned | threshold : warned & ~threshold);
  };
  const bool unicode = report_options_.unicode;
  if (options_.warn_rtt && event.rtt && (event.kind == EventKind::reply || event.kind == EventKind::late)) {
    pass(rtt_passed, *event.rtt > *options_.warn_rtt, [&] {
      return fmt::format("round-trip time {} is above {}", report::duration_text(*event.rtt, unicode),
                         report::setting_text(*options_.warn_rtt, unicode));
    });
  }
  if (options_.warn_loss_ratio && event.kind != EventKind::duplicate && event.kind != EventKind::rejected) {
    const auto figures = session_->figures(event.target);
    if (!figures || !figures->loss_ratio) return;
    pass(loss_passed, *figures->loss_ratio > *options_.warn_loss_ratio, [&] {
      return fmt::format("loss {} is above {}", report::percent_text(*figures->loss_ratio),
                         report::percent_text(*options_.warn_loss_ratio));
    });
  }
}

void PingRun::warn(std::size_t place, const std::string& text) {
  if (!live_) return reporter_->warning(targets_.name(place), text);
  complain(
      fmt::format("warning: {}: {}", report::display_name(targets_.name(place), options_.numeric), text));
}

void PingRun::end_live() {
  live_.reset();
  for (const std::string& text : std::exchange(held_complaints_, {})) show_complaint(text);
}

void PingRun::look_up_host_name(std::size_t place) {
  const bool shown = options_.format == OutputFormat::text && !options_.quiet;
  // A target that was given as a name has one; a run that is over needs none.
  if (options_.numeric || !shown || list_.size() > most_host_names || !list_[targets_[place].request].address)
    return;
  if (options_.count == 1) return;
  if (!resolver_) {
    auto opened = resolve::Resolver::open();
    if (!opened) return;
    resolver_ = std::move(*opened);
  }
  resolver_->reverse(targets_[place].address, [this, place](const Result<std::string>& name) {
    if (name) targets_.set_host_name(place, *name);
  });
}

void PingRun::refresh_live() {
  if (!live_) return;
  const MonotonicTime now = clock_.monotonic();
  if (now < live_->next_frame()) return;
  for (std::size_t place = 0; place < live_->rows().size(); ++place) {
    if (const auto figures = session_->figures(targets_[place].id)) live_->rows()[place].figures = *figures;
  }
  const Totals totals = session_->totals();
  const double seconds = std::chrono::duration<double>(totals.elapsed).count();
  live_->draw(now, fmt::format("{:.1f} s; Ctrl-C ends", seconds));
}

// --- the end ------------------------------------------------------------------------------------------------------

void PingRun::finish() {
  // The answers to the last probes are still on their way; another signal cuts that short.
  const bool waits = !output_.error() && !session_->done();
  if (waits && session_->fd() >= 0) {
    if (auto stopped = session_->stop_sending(); !stopped) complain(stopped.error().message());
    const MonotonicTime until = clock_.monotonic() + std::min(options_.timeout, longest_farewell);
    stop_asked_ = false;
    deadline_ = until;
    ending_ = true;
    while (!finished()) {
      wait();
      take_signals();
      take_events();
      refresh_live();
      output_.flush(no_wait);
    }
  }
  const Nanoseconds grace =
      waits && session_->fd() < 0 ? std::min(options_.timeout, longest_farewell) : Nanoseconds{};
  const auto stopped = session_->stop(grace);
  if (session_->fd() < 0) take_events();
  report_pending_names();
  if (live_) {
    end_live();
    reporter_->start(start_);
  }
  report_all();
  Totals totals = session_->totals();
  totals.probes -= trial_probes_;
  reporter_->end(totals, all_figures());
  write_out(output_);
  explain_unsent();
  explain_udp_limits(totals.elapsed);
  for (const std::string& text : complaints_.rest()) show_complaint(text);
  if (!stopped) refuse(stopped.error());  // last: without memory for the rest it is said by main()
  if (capture_output_) write_out(*capture_output_);
}

// A name that was still asked for when the run ended is not silently left out.
void PingRun::report_pending_names() {
  for (const std::size_t request : asked_names_) {
    complain(fmt::format("{}: no name server answered before the run ended",
                         report::printable(list_[request].text)));
    name_failed_ = true;
  }
}

// Lines say why a probe did not leave; without them it is said once for each target.
void PingRun::explain_unsent() {
  const bool lines = options_.format != OutputFormat::text || (!options_.quiet && !was_live_);
  if (lines || options_.alive || options_.unreachable) return;
  for (const auto& [place, system_errno] : unsent_) {
    complain(Error::from_errno(system_errno, "some probes did not leave this host",
                               report::display_name(targets_.name(place), options_.numeric))
                 .message());
  }
}

void PingRun::explain_udp_limits(Nanoseconds elapsed) {
  const std::vector<TransportNotice> notices = session_->notices();
  if (std::ranges::find(notices, TransportKind::udp, &TransportNotice::taken) == notices.end()) return;
  UdpLimits limits(elapsed, options_.timeout);
  for (std::size_t place = 0; place < targets_.size(); ++place) {
    if (taken_way(targets_[place], notices) == TransportKind::udp) limits.hear(summary_at(place).figures);
  }
  if (limits.limited() > 0 && !options_.pace_udp) {
    complain(fmt::format(
        "{} gave as many answers by UDP as a Linux host's own limit lets through (6, then one a second): the "
        "loss is probably that limit, not the network's; leave --unpaced out to ask no faster",
        report::counted(limits.limited(), "target", "targets")));
  } else if (limits.limited_together()) {
    complain(
        "all targets together gave as many answers by UDP as one Linux host's own limits let through (to one "
        "asker 6, then one a second; in all 50, then 1000 a second): if they are addresses of one host, the "
        "loss is probably that, not the network's; " +
        std::string(options_.pace_udp ? "--rate asks more slowly" : "leave --unpaced out to ask no faster"));
  }
}

// With nothing left to measure the reader may take its time; a signal ends that.
void PingRun::write_out(report::Output& output) {
  while (!output.drain(signals_.fd()) && !output.error()) {
    while (const auto signal = signals_.next()) {
      if (*signal == SIGINT || *signal == SIGTERM) return;
    }
  }
}

report::Summary PingRun::summary_of(TargetId id) const {
  report::Summary summary;
  if (auto figures = session_->figures(id)) summary.figures = *figures;
  const auto& rtt = summary.figures.rtt;
  for (const double p : options_.percentiles) {
    if (!rtt) break;
    if (p == 50 || p == 90 || p == 99) {
      summary.percentiles.emplace_back(p, p == 50 ? rtt->p50 : p == 90 ? rtt->p90 : rtt->p99);
    } else if (const auto value = session_->percentile(id, p); value && *value) {
      summary.percentiles.emplace_back(p, **value);
    }
  }
  if (options_.histogram) {
    if (auto bars = session_->histogram(id)) summary.histogram = std::move(*bars);
  }
  return summary;
}

report::Summary PingRun::summary_at(std::size_t place) const {
  const auto& measured = targets_[place];
  return measured.present() ? summary_of(measured.id) : *measured.last;
}

// A live table steps aside for it. A table for programs has no place for it: people read it on standard error.
void PingRun::report_so_far() {
  if (!reporter_) return;
  if (live_) {
    live_->step_aside([this] {
      report_so_far_to(*reporter_);
      output_.flush();
    });
  } else if (reporter_->has_interim()) {
    report_so_far_to(*reporter_);
  } else {
    report::ReportOptions text = report_options_;
    text.format = OutputFormat::text;
    text.alive = text.unreachable = text.colour = false;
    report::Output errors(STDERR_FILENO, "standard error");
    report_so_far_to(*report::make_reporter(text, errors));
  }
}

void PingRun::report_so_far_to(report::Reporter& reporter) {
  for (std::size_t place = 0; place < targets_.size(); ++place)
    reporter.interim(targets_.name(place), summary_at(place));
}

// The counts of all summaries together, also of those that ended before the run.
Figures PingRun::all_figures() const {
  Figures all = session_->merged_figures();
  for (std::size_t place = 0; place < targets_.size(); ++place) {
    if (targets_[place].present()) continue;
    const Figures& ended = targets_[place].last->figures;
    for (const auto count :
         {&Figures::sent, &Figures::received, &Figures::lost, &Figures::late, &Figures::errors,
          &Figures::local, &Figures::duplicates, &Figures::rejected, &Figures::suspect, &Figures::skipped})
      all.*count += ended.*count;
  }
  const std::uint64_t left = all.sent - all.local - all.in_flight;
  if (left > 0) all.loss_ratio = static_cast<double>(all.lost + all.errors) / static_cast<double>(left);
  return all;
}

void PingRun::report_all() {
  for (std::size_t place = 0; place < targets_.size(); ++place) {
    const report::Summary summary = summary_at(place);
    reporter_->summary(targets_.name(place), summary);
    const bool silent = summary.figures.received + summary.figures.late == 0;
    if (silent && targets_[place].present()) some_silent_ = true;
  }
}

ExitStatus PingRun::exit_status() const {
  if (output_.error()) {
    // A reader that went away knows why it did.
    if (output_.error()->system_errno != EPIPE) say(output_.error()->message());
    return ExitStatus::output_failed;
  }
  if (output_.pending() > 0) {
    say("standard output was not read to its end");
    return ExitStatus::output_failed;
  }
  if (session_ && session_->events_dropped() > 0) {
    say(fmt::format("{} are not in the output: this host could not write them as fast as they came",
                    report::counted(session_->events_dropped(), "event", "events")));
    return ExitStatus::output_failed;
  }
  if (capture_output_ && (capture_output_->error() || capture_output_->pending() > 0)) {
    say(capture_output_->error() ? capture_output_->error()->message()
                                 : options_.pcap_file + " was not read to its end");
    return ExitStatus::output_failed;
  }
  if (capture_failed_) return ExitStatus::output_failed;
  if (refused_) return ExitStatus::refused;
  if (name_failed_ || !list_.warnings().empty()) return ExitStatus::usage;
  if (some_silent_) return ExitStatus::some_silent;
  return ExitStatus::all_answered;
}

}  // namespace sonde::cli
