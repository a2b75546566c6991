// run.cpp: see run.hpp.
#include "compat/fping/run.hpp"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <limits>
#include <random>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

#include "net/permissions.hpp"
#include "net/thread.hpp"
#include "net/wait.hpp"

namespace sonde::compat::fping {

namespace {

// From so many hosts on it is worth a thread for each processor, which share nothing; beyond `most_threads` the kernel's
// own locks would be what they wait for.
constexpr std::size_t hosts_for_threads = 4096;
constexpr unsigned most_threads = 4;

}  // namespace

Run::Run(const Options& options, Hosts& hosts, const Sockets& sockets, Streams& streams, MonotonicTime began)
    : options_(options),
      hosts_(hosts),
      sockets_(sockets),
      streams_(streams),
      clock_(Clock::system()),
      began_(began) {}

int Run::run() {
  auto started = signals_.refused() ? Result<void>(std::unexpected(*signals_.refused())) : start();
  if (!started) return fail(started.error());
  next_report_ = clock_.monotonic() + options_.report_interval;
  loop();
  const int status = failure_ ? fail(*failure_) : finish();
  return streams_.finish(options_.program, status, &signals_);
}

int Run::fail(const Error& error) const {
  streams_.err(fmt::format("{}: {}\n", options_.program, error.message()));
  return 4;
}

// --- the start ------------------------------------------------------------------------------------------------------

TargetOptions Run::target_options() const {
  TargetOptions wanted;
  switch (options_.mode) {
    case Mode::until_answered:
      wanted.schedule = UntilAnswered{static_cast<std::uint16_t>(std::min<std::uint32_t>(
                                          options_.retries, std::numeric_limits<std::uint16_t>::max())),
                                      options_.backoff};
      break;
    case Mode::count:
      wanted.max_probes = options_.count;
      [[fallthrough]];
    case Mode::loop:
      wanted.schedule = FixedInterval{options_.period};
      break;
  }
  wanted.timeout = std::max(options_.timeout, Nanoseconds(1));
  wanted.phase = Nanoseconds{};  // all at once: the rate spreads them, in the order in which they are listed
  wanted.payload_bytes = static_cast<std::uint16_t>(options_.size_bytes);
  wanted.pattern.assign(options_.random_data ? std::max<std::uint32_t>(options_.size_bytes, 1) : 1,
                        std::byte{0});
  if (options_.random_data) {
    std::random_device random;
    for (std::byte& byte : wanted.pattern) byte = static_cast<std::byte>(random());
  }
  wanted.same_source = options_.check_source;
  wanted.network.ttl = options_.ttl;
  wanted.network.tos = options_.tos;
  wanted.network.mark = options_.mark;
  wanted.network.interface = options_.interface.empty() ? options_.outgoing_interface : options_.interface;
  wanted.network.receive_anywhere = !options_.outgoing_interface.empty();
  if (options_.dont_fragment) wanted.network.path_mtu = PathMtu::always;
  if (options_.icmp_timestamp) wanted.network.message = ProbeMessage::timestamp;
  return wanted;
}

unsigned Run::wanted_threads() const {
  if (options_.gap > Nanoseconds::zero() || hosts_.list.size() < hosts_for_threads) return 0;
  const unsigned processors = std::min(std::thread::hardware_concurrency(), most_threads);
  return processors > 1 && queue_.fd() >= 0 && net::try_threads(processors) ? processors : 0;
}

// Nobody asked for threads: where there are none after all, it is done without.
Result<void> Run::start() {
  auto started = start_with(wanted_threads());
  if (started || !threaded_ || started.error().code != ErrorCode::resource_limit) return started;
  places_.clear();
  return start_with(0);
}

Result<void> Run::start_with(unsigned threads) {
  threaded_ = threads > 0;
  SessionOptions wanted;
  wanted.threads = std::max(threads, 1U);
  if (options_.gap > Nanoseconds::zero()) wanted.max_rate = 1e9 / static_cast<double>(options_.gap.count());
  auto opened = Session::open(
      wanted, [this](const Event& event) { threaded_ ? queue_.put(event) : take_event(event); });
  if (!opened) return std::unexpected(std::move(opened.error()));
  session_ = std::move(*opened);
  session_->reserve(hosts_.list.size());
  places_.reserve(hosts_.list.size());
  TargetOptions target = target_options();
  for (std::size_t place = 0; place < hosts_.list.size(); ++place) {
    if (auto added = add(place, target); !added) return added;
  }
  give_up_privileges();
  return threaded_ ? session_->start() : Result<void>{};
}

// What further sockets would take a capability for is opened now.
void Run::give_up_privileges() {
  for (const auto& [family, network] : networks_) std::ignore = session_->open_ahead(family, network);
  net::keep_only({});
}

Result<void> Run::add(std::size_t place, const TargetOptions& wanted) {
  Host& host = hosts_.list[place];
  host.timeout = wanted.timeout;
  const Family family = host.address.family();
  if (sockets_.of(family) == nullptr) return {};  // it stays unreachable
  const TransportKind kind = sockets_.kind_for(host.address);
  if (options_.icmp_timestamp && kind != TransportKind::icmp_raw) {
    // A ping socket sends echo requests only; not_sent() has nothing to take out of the session.
    host.over = true;
    not_sent(host, EINVAL);
    return {};
  }
  TargetOptions target = wanted;
  target.network.transport = kind;
  target.network.source = family == Family::ipv4 ? options_.source_v4 : options_.source_v6;
  networks_.try_emplace(family, target.network);
  auto added = session_->add(host.address, target);
  if (!added) return std::unexpected(std::move(added.error()));
  host.id = *added;
  places_.emplace(static_cast<std::uint64_t>(*added), place);
  return {};
}

// --- the loop -------------------------------------------------------------------------------------------------------

void Run::loop() {
  while (!over_ && !is_through()) {
    wait();
    take_signals();
    // Before what is sent at the same time: a report is of the time that is over.
    report_if_due();
    // Before what has come is read: what came in time is not to be late.
    const MonotonicTime now = clock_.monotonic();
    if (!process()) return;
    expire_waiting(now);
    for (const TargetId id : std::exchange(ended_, {})) std::ignore = session_->remove(id);
    streams_.flush();
    streams_.make_room(signals_.fd());
    if (streams_.failed()) over_ = true;
  }
  over_ = true;
  stop_threads();
}

// Threads are joined first: the session is through before they have handed over what they decided last.
bool Run::is_through() {
  if (!session_->done() || !waiting_.empty()) return false;
  if (threaded_) {
    stop_threads();
    process();
  }
  return waiting_.empty();
}

void Run::stop_threads() {
  if (!threaded_) return;
  queue_.close();
  if (auto stopped = session_->stop(); !stopped) failure_ = std::move(stopped.error());
}

bool Run::process() {
  if (threaded_) {
    queue_.take(taken_);
    for (const Event& event : taken_) take_event(event);
    return true;
  }
  auto processed = session_->process();
  if (!processed) failure_ = std::move(processed.error());
  return processed.has_value();
}

void Run::wait() const {
  auto next = session_->next_deadline();
  if (!waiting_.empty()) next = net::earlier(next, waiting_.begin()->first);
  const bool reports =
      options_.report_interval > Nanoseconds::zero() && options_.mode != Mode::until_answered;
  if (reports) next = net::earlier(next, next_report_);
  const auto [output, errors] = streams_.waited_for();
  std::array<pollfd, 4> waited_for{
      {{threaded_ ? queue_.fd() : session_->fd(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}, output, errors}};
  net::wait_until(waited_for, next);
}

void Run::take_signals() {
  while (const auto signal = signals_.next()) {
    if (*signal == SIGQUIT) {
      report();
    } else if (*signal == SIGINT) {
      over_ = true;
    } else if (*signal == SIGTERM) {
      // Nothing is to be told: it ends as a program does that does not know the signal.
      streams_.flush();
      ::signal(SIGTERM, SIG_DFL);
      sigset_t unblocked;
      ::sigemptyset(&unblocked);
      ::sigaddset(&unblocked, SIGTERM);
      ::raise(SIGTERM);
      ::pthread_sigmask(SIG_UNBLOCK, &unblocked, nullptr);
    }
  }
}

void Run::report_if_due() {
  if (options_.report_interval <= Nanoseconds::zero() || options_.mode == Mode::until_answered) return;
  const MonotonicTime now = clock_.monotonic();
  if (now < next_report_) return;
  if (options_.netdata) {
    streams_.out(netdata_report(options_, hosts_, !std::exchange(charts_told_, true)));
  } else {
    report();
  }
  next_report_ += ((now - next_report_) / options_.report_interval + 1) * options_.report_interval;
}

void Run::report() {
  const std::string text = report_of(options_, hosts_, clock_.unix_time());
  options_.json ? streams_.out(text) : streams_.result_to_err(text);
}

// --- events ---------------------------------------------------------------------------------------------------------

void Run::take_event(const Event& event) {
  if (over_ || !event.has_target) return;
  const auto found = places_.find(static_cast<std::uint64_t>(event.target));
  if (found == places_.end()) return;
  const std::size_t place = found->second;
  Host& host = hosts_.list[place];
  switch (event.kind) {
    case EventKind::reply:
      ++totals_.replies;
      return answered(host, event);
    case EventKind::lost:
      return timed_out(host, event.sequence);
    case EventKind::late:
      ++totals_.replies;
      // In the default mode a later try's patience covers the earlier ones.
      if (options_.mode == Mode::until_answered && event.rtt && *event.rtt <= host.timeout)
        answered(host, event);
      return;
    case EventKind::error:
      icmp_message(host, event);
      return wait_out(place, event);
    case EventKind::note:
      return icmp_message(host, event);
    case EventKind::local:
      return not_sent(host, event.system_errno);
    case EventKind::duplicate:
      ++totals_.replies;
      // The answer after an ICMP error is the first.
      if (!forget_waiting(place, event.sequence)) return duplicated(host, event);
      answered(host, event);
      if (options_.mode == Mode::until_answered) end(host);
      return;
    case EventKind::rejected:
      return;
  }
}

Reply Run::reply_of(const Host& host, const Event& event) const {
  Reply reply;
  reply.index = index_of(event.sequence);
  reply.bytes = event.bytes;
  reply.rtt = event.rtt.value_or(Nanoseconds{});
  reply.received_at = event.received_at;
  if (event.from && event.from->bytes().size() == host.address.bytes().size() &&
      event.from->padded_bytes() != host.address.padded_bytes())
    reply.other_source = event.from;
  reply.ttl = event.ttl;
  reply.tos = event.tos;
  reply.timestamps = event.icmp_times;
  return reply;
}

void Run::answered(Host& host, const Event& event) {
  const Reply reply = reply_of(host, event);
  for (Tally* tally : {&host.all, &host.interval, &totals_.answers}) tally->answered(reply.rtt);
  if (options_.all_rtts) host.keep_rtt(reply.index, reply.rtt);
  if (host.all.received == 1) {
    ++totals_.alive;
    if (options_.fast_reachable && totals_.alive >= options_.min_reachable) over_ = true;
  }
  const bool shown = options_.verbose || options_.alive || options_.each_probe;
  if (!shown) return;
  if (reply.other_source) streams_.err(other_source_note(reply));
  streams_.out(options_.each_probe ? reply_line(options_, host, hosts_.width, reply)
                                   : alive_line(options_, host, reply));
}

void Run::timed_out(Host& host, std::uint64_t sequence) {
  ++host.all.sent;
  ++host.interval.sent;
  ++totals_.timeouts;
  if (options_.each_probe)
    streams_.out(timeout_line(options_, host, hosts_.width, sequence, clock_.unix_time()));
  if (options_.mode == Mode::until_answered && host.all.sent <= options_.retries) {
    const double longer = static_cast<double>(host.timeout.count()) * options_.backoff;
    host.timeout = Nanoseconds(static_cast<std::int64_t>(std::min(longer, 3.6e12)));
  }
}

void Run::not_sent(Host& host, int system_errno) {
  ++host.all.sent;
  ++host.interval.sent;
  if (options_.verbose && !options_.quiet) {
    const std::string text = fmt::format("{}: error while sending ping: {}", host.shown,
                                         std::generic_category().message(system_errno));
    if (const auto behind = refusals_.pass(text)) streams_.err(text + *behind + "\n");
  }
  // What this host refuses once is not tried again.
  if (options_.mode == Mode::until_answered) end(host);
}

void Run::icmp_message(Host& host, const Event& event) {
  if (!event.icmp_type) return;
  ++totals_.other_icmp;
  if (!options_.quiet) streams_.err(icmp_line(host, event));
}

void Run::duplicated(Host& host, const Event& event) {
  // Loops and quiet counts say nothing of them.
  if (options_.each_probe || options_.mode != Mode::until_answered) return;
  streams_.err(duplicate_line(host, reply_of(host, event)));
}

void Run::wait_out(std::size_t place, const Event& event) {
  const Nanoseconds since = clock_.unix_time() - event.sent_at;
  const Nanoseconds left =
      std::clamp(hosts_.list[place].timeout - since, Nanoseconds{}, hosts_.list[place].timeout);
  waiting_.emplace(clock_.monotonic() + left, Waiting{place, event.sequence});
}

bool Run::forget_waiting(std::size_t place, std::uint64_t sequence) {
  for (auto entry = waiting_.begin(); entry != waiting_.end(); ++entry) {
    if (entry->second.place != place || entry->second.sequence != sequence) continue;
    waiting_.erase(entry);
    return true;
  }
  return false;
}

void Run::expire_waiting(MonotonicTime now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const Waiting waiting = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    timed_out(hosts_.list[waiting.place], waiting.sequence);
  }
}

void Run::end(Host& host) {
  if (std::exchange(host.over, true)) return;
  ended_.push_back(host.id);
}

// --- the end --------------------------------------------------------------------------------------------------------

int Run::finish() {
  totals_.elapsed = clock_.monotonic() - began_;
  totals_.sent = session_->totals().probes;
  for (const std::string& text : refusals_.rest()) streams_.err(text + "\n");
  std::string silent;
  for (const Host& host : hosts_.list) {
    if (host.all.received > 0) continue;
    ++totals_.unreachable;
    if (options_.verbose || options_.unreachable)
      silent += host.shown + (options_.verbose ? " is unreachable\n" : "\n");
  }
  streams_.out(silent);
  const auto tell = [this](const std::string& text) {
    options_.json ? streams_.out(text) : streams_.result_to_err(text);
  };
  if (options_.mode != Mode::until_answered) tell(summary_of(options_, hosts_));
  if (options_.stats) tell(totals_of(options_, hosts_, totals_));
  if (options_.min_reachable != 0) {
    const std::uint64_t reachable = hosts_.list.size() - totals_.unreachable;
    const bool enough = reachable >= options_.min_reachable;
    streams_.out(fmt::format("{} hosts reachable (required: {}, reachable: {})\n",
                             enough ? "Enough" : "Not enough", options_.min_reachable, reachable));
    return enough ? 0 : 1;
  }
  if (hosts_.unknown > 0) return 2;
  return totals_.alive == hosts_.list.size() ? 0 : 1;
}

}  // namespace sonde::compat::fping
