// run.cpp: see run.hpp.
#include "compat/ping/run.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cinttypes>
#include <climits>
#include <csignal>
#include <random>
#include <system_error>
#include <tuple>

#include "compat/ping/error_words.hpp"
#include "compat/ping/json.hpp"
#include "compat/ping/quoted_header.hpp"
#include "net/permissions.hpp"
#include "net/wait.hpp"
#include "text/printable.hpp"
#include "wire/token.hpp"

namespace sonde::compat::ping {

namespace {

constexpr int user_interval_ms = 2;  // the least that an ordinary user may ask for

// Flooding without answers.
constexpr Nanoseconds flood_interval = std::chrono::milliseconds(10);

constexpr int most_turns_without_wait = 64;

// After this the library calls a probe lost and may use its sequence number again after as much once more. Ping itself
// takes answers at any time: what comes later counts as well, while the number is not in use.
constexpr Nanoseconds patience = std::chrono::seconds(30);

// The library repeats the pattern from behind its token on; ping's starts with the payload.
std::vector<std::byte> shifted(std::vector<std::byte> pattern, int size_bytes) {
  if (pattern.empty() || size_bytes < static_cast<int>(wire::token_bytes)) return pattern;
  std::rotate(pattern.begin(),
              pattern.begin() + static_cast<std::ptrdiff_t>(wire::token_bytes % pattern.size()),
              pattern.end());
  return pattern;
}

std::uint32_t random_below(std::uint32_t limit) {
  std::random_device source;
  return std::uniform_int_distribution<std::uint32_t>(1, limit - 1)(source);
}

std::uint64_t terminal_width() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) == 0 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return UINT64_MAX;
  return size.ws_col;
}

}  // namespace

Run::Run(const Options& options, Destination destination, TransportKind way, bool is_root, const Voice& voice)
    : options_(options),
      destination_(std::move(destination)),
      way_(way),
      is_root_(is_root),
      asks_node_(options.node_query && !destination_.address.is_ipv4()),
      payload_bytes_(asks_node_ ? 0 : options.size_bytes),
      voice_(voice),
      streams_(voice.streams()),
      clock_(Clock::system()),
      signals_({SIGINT, SIGALRM, SIGQUIT}),
      names_(options.force_names || !(options.numeric || destination_.is_numeric), signals_.fd()),
      ip_options_([this](const Address& address) { return text::printable(names_.of(address)); }),
      tally_(is_timed(payload_bytes_)),
      screen_width_(terminal_width()) {
  style_.size_bytes = payload_bytes_;
  style_.pattern = options.pattern.value_or(std::vector<std::byte>{});
  style_.precise = options.precise;
  style_.verbose = options.verbose;
  style_.audible = options.audible;
  style_.many_may_answer = destination_.many_may_answer;
  style_.any_source = asks_node_ || destination_.many_may_answer || destination_.is_anycast;
  style_.identifier = options.identifier;
}

void Run::show_header() const {
  if (options_.json) return;
  std::string line =
      fmt::format("PING {} ({}) ", text::printable(destination_.name), destination_.address_text);
  if (options_.flow_label && !destination_.address.is_ipv4())
    line += fmt::format(", flow {:#07x}, ", *options_.flow_label);
  if (!options_.device.empty() || options_.strict_source)
    line += fmt::format("from {} {}: ", destination_.source.to_string(), text::printable(options_.device));
  if (destination_.address.is_ipv4()) {
    constexpr int headers = 8 + 20;
    line += fmt::format("{}({}) bytes of data.\n", options_.size_bytes,
                        options_.size_bytes + headers + counted_ip_option_bytes(options_));
  } else {
    line += fmt::format("{} data bytes\n", options_.size_bytes);
  }
  streams_.out(line);
}

std::optional<Exit> Run::check_pace() const {
  const int interval_ms = options_.flood && !options_.interval_given ? 0 : options_.interval_ms;
  if (!is_root_ && interval_ms < user_interval_ms) {
    return voice_.refuse(refusal_status,
                         "cannot flood, minimal interval for user must be >= 2 ms, use -i 0.002 (or higher)");
  }
  if (interval_ms >= INT_MAX / options_.preload)
    return voice_.refuse(refusal_status, fmt::format("illegal preload and/or interval: {}", interval_ms));
  return std::nullopt;
}

Schedule Run::schedule() const {
  const Nanoseconds interval = std::chrono::milliseconds(options_.interval_ms);
  const auto preload = static_cast<std::uint32_t>(options_.preload);
  if (options_.adaptive) {
    const Nanoseconds least = is_root_ ? Nanoseconds{} : std::chrono::milliseconds(user_interval_ms);
    return OnAnswer{least, preload, std::max(interval, flood_interval)};
  }
  if ((options_.flood && !options_.interval_given) || options_.interval_ms == 0)
    return OnAnswer{{}, preload, flood_interval};
  // As many ahead as were preloaded.
  if (preload > 1) return OnAnswer{interval, preload, interval};
  return FixedInterval{interval};
}

TargetOptions Run::target_options() {
  TargetOptions target;
  target.schedule = schedule();
  if (options_.deadline_s == 0) target.max_probes = options_.count;
  target.timeout = patience;
  target.phase = Nanoseconds{};
  target.payload_bytes = static_cast<std::uint16_t>(options_.size_bytes);
  target.pattern = shifted(style_.pattern, options_.size_bytes);
  NetworkOptions& network = target.network;
  if (options_.ttl) network.ttl = static_cast<std::uint8_t>(*options_.ttl);
  if (options_.tos != 0) network.tos = static_cast<std::uint8_t>(options_.tos);
  if (!destination_.mark_refused) network.mark = options_.mark;
  if (!destination_.address.is_ipv4()) network.flow_label = options_.flow_label;
  if (destination_.source_is_set) network.source = destination_.source;
  network.interface = options_.device;
  network.path_mtu =
      options_.path_mtu.value_or(destination_.many_may_answer ? PathMtu::always : PathMtu::system);
  network.transport = way_;
  if (asks_node_) {
    network.message = ProbeMessage::node_information;
    target.node_query = *options_.node_query;
  }
  // What -v shows has to be known.
  if (!style_.identifier && options_.verbose && way_ == TransportKind::icmp_raw)
    style_.identifier = static_cast<std::uint16_t>(random_below(0x10000));
  network.identifier = style_.identifier;
  network.ip_options = requested_ip_options(options_, destination_);
  network.broadcast = options_.broadcast && destination_.address.is_ipv4();
  network.dont_route = options_.dont_route;
  network.multicast_loop = !options_.no_multicast_loop;
  return target;
}

std::optional<Exit> Run::open_session() {
  SessionOptions session;
  session.transport = way_;
  if (options_.user_latency) session.clock = ClockChoice::user;
  const TargetOptions target = target_options();
  if (target.network.identifier) session.sockets = 1;
  auto opened = Session::open(session, [this](const Event& event) { take(event); });
  if (!opened) return voice_.refuse(refusal_status, opened.error().what, opened.error().system_errno);
  session_ = std::move(*opened);
  const auto added = session_->add(destination_.address, target);
  if (!added) return voice_.refuse(refusal_status, added.error().what, added.error().system_errno);
  target_ = *added;
  return std::nullopt;
}

int Run::run() {
  // The tool's own word on what the kernel refuses.
  if (const auto& refused = signals_.refused())
    return voice_.refuse(refusal_status, refused->what, refused->system_errno).status;
  if (options_.ttl == 0 && destination_.address.is_ipv4())
    return voice_.refuse(refusal_status, "cannot set unicast time-to-live", EINVAL).status;
  show_header();
  if (const auto exit = check_pace()) return exit->status;
  streams_.flush();
  if (const auto exit = open_session()) return exit->status;
  net::keep_only({});  // the one socket is open
  started_ = clock_.monotonic();
  if (options_.deadline_s != 0) ends_ = started_ + std::chrono::seconds(options_.deadline_s);
  loop();
  return streams_.finish(voice_.name(), finish(), &signals_);
}

// --- the loop -----------------------------------------------------------------------------------------------------

bool Run::has_enough() const {
  return options_.count != 0 && tally_.received() + tally_.errors() >= options_.count;
}

bool Run::is_over() const {
  if (exiting_ || has_enough() || streams_.failed()) return true;
  // With a deadline the first error ends it too.
  if (options_.deadline_s != 0 && tally_.errors() != 0) return true;
  return ends_ && clock_.monotonic() >= *ends_;
}

void Run::loop() {
  while (!is_over()) {
    if (const auto processed = session_->process(); !processed) {
      voice_.say(processed.error().what, processed.error().system_errno);
      return;
    }
    note_sent();
    plan_end();
    if (is_over()) break;
    if (wait()) take_signals();
  }
  // The time is over, perhaps only because this process did not run: what came meanwhile counts.
  if (exiting_ || has_enough()) return;
  std::ignore = session_->stop_sending();
  std::ignore = session_->process();
}

// When all is sent, so long is waited for answers: as -W says where none has come yet, else twice as long as the longest
// took, and an interval at least.
void Run::plan_end() {
  if (ends_ || options_.count == 0 || tally_.sent() < options_.count) return;
  Nanoseconds wait = options_.linger;
  if (tally_.received() != 0) {
    wait = std::max<Nanoseconds>(2 * tally_.most(), std::chrono::milliseconds(options_.interval_ms));
  }
  if (wait > Nanoseconds{}) ends_ = clock_.monotonic() + wait;
}

std::optional<MonotonicTime> Run::next_wake() const {
  return net::earlier(session_->next_deadline(), ends_);
}

bool Run::wait() {
  const auto next = next_wake();
  if (next) {
    // While a flood keeps up there is never anything to wait for, and looking for signals is a good part of its cost.
    // So is writing its marks or lines one by one, which nobody could tell apart.
    const bool due = *next <= clock_.monotonic();
    if (due && ++turns_without_wait_ < most_turns_without_wait) return false;
    turns_without_wait_ = 0;
  }
  print_flood(std::exchange(flood_, {}));
  streams_.flush();
  streams_.make_room(signals_.fd());
  const auto [output, errors] = streams_.waited_for();
  std::array<pollfd, 4> waited_for{{{signals_.fd(), POLLIN, 0}, {session_->fd(), POLLIN, 0}, output, errors}};
  net::wait_until(waited_for, next);
  return (waited_for[0].revents & POLLIN) != 0;
}

void Run::take_signals() {
  while (const auto signal = signals_.next()) {
    if (*signal == SIGQUIT) {
      streams_.err(status_text(tally_));
    } else {
      exiting_ = true;
      names_.stop();
    }
  }
}

// --- what happened ------------------------------------------------------------------------------------------------

// The library tells no single sends; how many there were is seen here, before what they led to.
void Run::note_sent() {
  const std::uint64_t probes = session_->probes_sent();
  for (std::uint64_t sent = tally_.sent(); sent < probes; ++sent) {
    if (options_.outstanding && sent > 0 && !tally_.last_is_answered()) {
      const auto waited_for = static_cast<std::uint16_t>(sent);
      print(options_.json ? json_outstanding(waited_for)
                          : stamp() + fmt::format("no answer yet for icmp_seq={}\n", waited_for));
    }
    tally_.sent(sent + 1, clock_.monotonic() - started_);
    if (options_.flood && !options_.quiet && flood_marks_fit()) flood_ += '.';
  }
}

// Without this a large pipe fills the screen.
bool Run::flood_marks_fit() const {
  const auto preload = static_cast<std::uint64_t>(options_.preload);
  return (preload < screen_width_ && tally_.pipe() < screen_width_) || tally_.in_flight() < screen_width_;
}

void Run::take(const Event& event) {
  note_sent();
  // The tool looks whether it has enough whenever nothing is under way; what else waits then is not read.
  if (has_enough() && tally_.in_flight() == 0) return;
  switch (event.kind) {
    case EventKind::reply:
    case EventKind::late:
    case EventKind::duplicate:
      return take_answer(event);
    case EventKind::error:
      return take_error(event);
    case EventKind::note:
      return take_note(event);
    case EventKind::local:
      return take_refusal(event);
    case EventKind::rejected:
      if (event.flags.has(EventFlag::bad_checksum) && event.has_target) tally_.corrupted();
      return;
    case EventKind::lost:
      return;  // provisional, and ping waits for answers to the end
  }
}

void Run::take_answer(const Event& event) {
  tally_.acknowledge(event.sequence);
  if (has_time(event, payload_bytes_)) tally_.time(time_of(event));
  if (event.kind == EventKind::duplicate) {
    tally_.duplicate();
  } else {
    tally_.reply(event.sequence);
  }
  if (options_.quiet) return;
  if (options_.flood) {
    flood_ += "\b \b";
    if (options_.audible) flood_ += '\a';
    return;
  }
  const std::string& who = names_.of(event.from.value_or(event.address));
  print(options_.json ? json_reply(event, who, style_)
                      : stamp() + reply_line(event, who, style_, ip_options_.text(event.ip_options)));
}

void Run::take_error(const Event& event) {
  if (event.address.is_ipv4()) tally_.acknowledge(event.sequence);
  tally_.error();
  if (options_.quiet) return;
  if (options_.flood) {
    flood_ += "\bE";
    return;
  }
  const std::string who = names_.of(event.from.value_or(event.address));
  const std::string words = error_words(event, {});
  print(options_.json ? json_error(event, who, words) : stamp() + error_line(event, who, words));
}

void Run::take_note(const Event& event) {
  // An error about a probe that the library had called lost is one to ping.
  if (event.reason != ErrorReason::redirect && event.reason != ErrorReason::source_quench)
    return take_error(event);
  // Of redirects in IPv6 the tool hears none.
  if (options_.quiet || options_.flood || !event.address.is_ipv4()) return;
  const std::string gateway = event.gateway ? names_.of(*event.gateway) : "";
  const std::string who = names_.of(event.from.value_or(event.address));
  const std::string words = error_words(event, gateway);
  if (options_.json) return print(json_error(event, who, words));
  const std::string header = options_.verbose ? quoted_header_text(event.payload, ip_options_) : "";
  print(stamp() + error_line(event, who, words) + header);
}

// The send call failed: ping counts the probe as sent, and an error only where it was too long.
void Run::take_refusal(const Event& event) {
  if (event.system_errno == EMSGSIZE) tally_.error();
  if (options_.quiet) return;
  if (options_.flood) {
    flood_ += 'E';
    return;
  }
  const std::string_view what = "sendmsg";
  const auto behind = refusals_.pass(std::generic_category().message(event.system_errno));
  if (!behind) return;
  voice_.say(what, event.system_errno, *behind);
}

// --- output -------------------------------------------------------------------------------------------------------

std::string Run::stamp() const {
  if (!options_.timestamps) return {};
  const auto now = clock_.unix_time().time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto us = std::chrono::floor<std::chrono::microseconds>(now - seconds);
  return fmt::format("[{}.{:06}] ", seconds.count(), us.count());
}

void Run::print(const std::string& line) {
  streams_.out(line);
}

void Run::print_flood(std::string_view marks) {
  if (!options_.json) streams_.out(marks);
}

int Run::finish() {
  print_flood(std::exchange(flood_, {}));
  for (const std::string& text : refusals_.rest()) voice_.say("sendmsg: " + text);
  const bool with_pace = options_.flood || options_.adaptive || options_.interval_ms == 0;
  print(options_.json ? json_summary(tally_, destination_.name, with_pace)
                      : summary_text(tally_, text::printable(destination_.name), with_pace));
  const bool too_few = options_.deadline_s != 0 && tally_.received() < options_.count;
  return tally_.received() == 0 || too_few ? 1 : 0;
}

}  // namespace sonde::compat::ping
