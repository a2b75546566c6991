// ping_start.cpp: how a run begins: session, capture, targets from addresses and names, the report's head.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <utility>

#include "cli/ping_run.hpp"
#include "net/own_address.hpp"
#include "net/unreachable_limits.hpp"
#include "process/descriptor_limit.hpp"
#include "report/display.hpp"
#include "report/words.hpp"
#include "sonde/version.hpp"

namespace sonde::cli {

namespace {

// From this many targets on, a target's percentiles are kept in little memory (within 5 %).
constexpr std::size_t compact_from = 4096;

// The first probes of few targets follow each other closely, those of many fill the interval.
constexpr Nanoseconds spread_per_target = std::chrono::milliseconds(10);

// Of so few, each event is looked at also where none is written.
constexpr std::size_t few_targets = 64;

resolve::FamilyFilter filter_of(std::optional<Family> family) {
  if (!family) return resolve::FamilyFilter::any;
  return *family == Family::ipv4 ? resolve::FamilyFilter::ipv4 : resolve::FamilyFilter::ipv6;
}

bool is_terminal() {
  return ::isatty(STDOUT_FILENO) == 1;
}

bool colour_wanted(ColourChoice choice) {
  return report::use_colour(choice, is_terminal(), std::getenv("NO_COLOR"), std::getenv("TERM"));
}

bool unicode_wanted() {
  return report::locale_is_utf8(std::getenv("LC_ALL"), std::getenv("LC_CTYPE"), std::getenv("LANG"));
}

// What the library does to the schedule by UDP, in words; nothing where it does nothing.
std::string udp_pace(const PingOptions& options, std::size_t targets, bool alone) {
  if (!options.pace_udp) return {};
  const double interval_s = std::chrono::duration<double>(options.interval).count();
  const double wanted = static_cast<double>(targets) / std::max(interval_s, 1e-9);
  std::string pace;
  if (options.interval < net::unreachable_interval &&
      (options.count == 0 || options.count > net::unreachable_burst)) {
    pace = "each target is asked once a second, as a Linux host answers no more";
  } else if (wanted > net::paced_udp_rate && targets > 1) {
    pace = fmt::format("all targets together are asked {} times a second, as one Linux host answers no more",
                       net::paced_udp_rate);
  } else {
    return {};
  }
  return fmt::format("{}{}; --unpaced asks as told", alone ? "" : "; ", pace);
}

}  // namespace

// When something will be sent: what fails before leaves an earlier capture as it is.
bool PingRun::begin_capture() {
  if (!capture_file_) return true;
  if (const auto begun = capture_file_->begin(); !begun) {
    complain(begun.error().message());
    capture_failed_ = true;
    return false;
  }
  capture_output_.emplace(capture_file_->descriptor(), capture_file_->name());
  capture_.emplace(*capture_output_, version(),
                   [own = std::make_shared<net::OwnAddress>(target_options_.network)](const Address& peer) {
                     return own->towards(peer);
                   });
  return true;
}

bool PingRun::open_session() {
  const bool maybe_tcp =
      options_.transport == TransportKind::tcp || options_.transport == TransportKind::automatic;
  if (maybe_tcp) process::raise_descriptor_limit();
  SessionOptions session;
  session.transport = options_.transport;
  session.clock = options_.clock;
  session.stamp_every = options_.stamp_every;
  session.threads = options_.threads;
  session.sockets = options_.sockets;
  session.max_rate = options_.rate;
  session.pace_udp = options_.pace_udp;
  session.receive_buffer_bytes = options_.receive_buffer_bytes;
  session.compact_figures = list_.size() >= compact_from;
  session.packets = capture_file_.has_value();
  session.event_capacity = std::size_t{1} << 20;  // until this thread gets to writing them
  session.spread =
      spread_per_target * static_cast<std::int64_t>(std::min<std::size_t>(list_.size(), 1'000'000));
  const bool lists = options_.alive || options_.unreachable;
  const bool summaries_only = options_.quiet || lists || options_.format == OutputFormat::prometheus;
  session.events = !summaries_only || options_.live.value_or(false) || list_.size() <= few_targets ||
                   options_.warn_rtt || options_.warn_loss_ratio;

  Session::EventCallback on_event;
  if (options_.threads == 1) on_event = [this](const Event& event) { take_event(event); };
  Session::PacketCallback on_packet;
  if (capture_file_) {
    on_packet = [this](const PacketView& packet) {
      const std::scoped_lock lock(capture_mutex_);
      capture_->packet(packet);
    };
  }
  auto opened = Session::open(session, on_event, on_packet);
  if (!opened) {
    complain(opened.error().message());
    refused_ = true;
    return false;
  }
  session_ = std::move(*opened);
  return true;
}

void PingRun::add_requested() {
  session_->reserve(list_.size());
  targets_.reserve(list_.size());
  for (std::size_t request = 0; request < list_.size(); ++request) {
    if (const auto address = list_.address(request)) {
      add_target(request, *address);
    } else {
      add_name(request, list_[request].text);
    }
  }
}

void PingRun::add_name(std::size_t request, std::string name) {
  if (!resolver_) {
    auto opened = resolve::Resolver::open();
    if (!opened) {
      complain(opened.error().message());
      refused_ = true;
      return;
    }
    resolver_ = std::move(*opened);
  }
  ++pending_names_;
  asked_names_.insert(request);
  resolver_->watch(std::move(name), filter_of(options_.family),
                   [this, request, first = true](const Result<resolve::Resolution>& resolution) mutable {
                     if (first) --pending_names_, asked_names_.erase(request);
                     resolved(request, resolution, std::exchange(first, false));
                   });
}

void PingRun::resolved(std::size_t request, const Result<resolve::Resolution>& resolution, bool first) {
  if (!resolution) {
    complain(resolution.error().message());
    (resolution.error().code == ErrorCode::resource_limit ? refused_ : name_failed_) = true;
    failed_names_.emplace_back(request, resolution.error().message());
    if (reporter_) report_failed_names();
    return;
  }
  std::vector<Address> wanted;
  for (const auto& resolved : resolution->addresses) {
    wanted.push_back(resolved.address);
    if (!options_.all_addresses) break;
  }
  // Nothing is measured for it yet; among a hundred thousand names that is not looked for.
  if (first) return begin_target(request, wanted, std::nullopt);
  move_target(request, wanted);
}

// Those that were resolved before there was a report to tell it.
void PingRun::report_names() {
  for (std::size_t place = 0; place < targets_.size(); ++place) {
    if (!list_.address(targets_[place].request)) reporter_->resolved(targets_.name(place), std::nullopt);
  }
  report_failed_names();
}

void PingRun::report_failed_names() {
  for (const auto& [request, reason] : failed_names_) {
    RequestedTarget requested = list_[request];
    reporter_->unresolved({std::move(requested.text), std::move(requested.label), {}, {}}, reason);
  }
  failed_names_.clear();
}

// Measures `request` at the wanted addresses: those it is not measured at yet are added, others end.
void PingRun::move_target(std::size_t request, const std::vector<Address>& wanted) {
  std::vector<Address> missing = wanted;
  std::optional<Address> previous;
  for (std::size_t place = 0; place < targets_.size(); ++place) {
    auto& measured = targets_[place];
    if (measured.request != request || !measured.present()) continue;
    const auto still = std::find(missing.begin(), missing.end(), measured.address);
    if (still != missing.end()) {
      missing.erase(still);
      continue;
    }
    previous = measured.address;
    measured.last = std::make_unique<report::Summary>(summary_of(measured.id));
    if (auto last = session_->remove(measured.id)) measured.last->figures = *last;
  }
  begin_target(request, missing, previous);
}

void PingRun::begin_target(std::size_t request, const std::vector<Address>& addresses,
                           std::optional<Address> previous) {
  for (const Address& address : addresses) {
    const std::size_t before = targets_.size();
    add_target(request, address);
    if (targets_.size() > before && reporter_ && !live_) reporter_->resolved(targets_.name(before), previous);
  }
}

void PingRun::add_target(std::size_t request, const Address& address) {
  const TransportKind way = way_of(address.family());
  TargetOptions by_way;
  if (way != TransportKind::automatic) {
    by_way = target_options_;
    by_way.network.transport = way;
  }
  const auto added = session_->add(address, way != TransportKind::automatic ? by_way : target_options_);
  if (!added) {
    // One message for a reason that all share.
    if (!std::exchange(refused_, true)) complain(added.error().message());
    return;
  }
  const std::size_t place = targets_.add(request, address, *added, way);
  if (!live_) return;
  add_row(place);
}

void PingRun::add_row(std::size_t place) {
  report::LiveRow row;
  row.name = report::display_name(targets_.name(place), options_.numeric);
  live_->rows().push_back(std::move(row));
}

// Names take a moment; the report's head says which transport was taken, so the first target is waited for.
void PingRun::await_first_target() {
  const auto over = [this] { return stop_asked_ || (deadline_ && clock_.monotonic() >= *deadline_); };
  while (targets_.size() == 0 && pending_names_ != 0 && !over()) {
    wait();
    take_signals();
    resolver_->process();
  }
}

void PingRun::begin_report() {
  report::ReportOptions& report = report_options_;
  report.format = options_.format;
  report.quiet = options_.quiet;
  report.verbose = options_.verbose;
  report.timestamps = options_.timestamps;
  report.numeric = options_.numeric;
  report.colour = colour_wanted(options_.colour);
  report.unicode = unicode_wanted();
  report.histogram = options_.histogram;
  report.alive = options_.alive;
  report.unreachable = options_.unreachable;
  report.many_targets = list_.size() > 1 || options_.all_addresses;
  report.rate_limited = options_.rate > 0;
  report.width = is_terminal() ? terminal_size(STDOUT_FILENO).first : 80;
  report.percentiles = options_.percentiles;
  report.timeout = options_.timeout;
  reporter_ = report::make_reporter(report, output_);

  report::RunStart& start = start_;
  start.version = version();
  start.notices = session_->notices();
  for (TransportNotice& notice : start.notices) {
    if (notice.taken == TransportKind::udp)
      notice.reason += udp_pace(options_, list_.size(), notice.reason.empty());
  }
  start.targets = list_.size();
  start.payload_bytes = options_.size_bytes;
  constexpr std::size_t names_measured = 1000;
  for (std::size_t place = 0; place < std::min(targets_.size(), names_measured); ++place) {
    const std::string name = report::display_name(targets_.name(place), options_.numeric);
    start.name_width = std::max(start.name_width, report::display_width(name));
  }
  for (const TransportNotice& notice : start.notices) {
    const std::string_view taken = to_string(notice.taken);
    if (start.transport.find(taken) == std::string::npos) {
      start.transport += (start.transport.empty() ? "" : "+") + std::string(taken);
    }
    start.clock = to_string(notice.clock);
  }
  if (targets_.size() == 1 && list_.size() == 1) start.only_target = targets_.name(0);
  const bool shows_nothing = std::ranges::any_of(start.notices, [](const TransportNotice& notice) {
    return notice.taken == TransportKind::udp || notice.taken == TransportKind::tcp;
  });
  if (capture_file_ && shows_nothing)
    complain("--pcap: ICMP is closed here, and the capture shows ICMP probes only");
  begin_live();
  if (!live_) {
    reporter_->start(start);
    report_names();
  }
}

bool PingRun::start_threads() {
  if (options_.threads == 1) return true;
  auto started = session_->start();
  if (started) return true;
  started.error().hint += "; --threads 1 takes none";
  refuse(started.error());
  return false;
}

void PingRun::begin_live() {
  const bool possible = options_.format == OutputFormat::text && !options_.quiet && !options_.alive &&
                        !options_.unreachable && is_terminal() && list_.size() <= LiveDisplay::most_rows;
  if (!possible || !options_.live.value_or(list_.size() > 1)) return;
  live_.emplace(
      STDOUT_FILENO, colour_wanted(options_.colour), unicode_wanted(),
      fmt::format("sonde {}: {}, every {} s", version(), report::counted(list_.size(), "target", "targets"),
                  std::chrono::duration<double>(options_.interval).count()));
  was_live_ = true;
  for (std::size_t place = 0; place < targets_.size(); ++place) add_row(place);
}

}  // namespace sonde::cli
