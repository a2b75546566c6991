// session.cpp: the public face: dealing targets out to shards, running them, and merging what they measured.
#include "sonde/session.hpp"

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

#include "net/random.hpp"
#include "net/socket_options.hpp"
#include "net/thread.hpp"
#include "net/timestamping.hpp"
#include "session/implementation.hpp"
#include "transport/receive_ring.hpp"
#include "transport/select.hpp"

namespace sonde {

namespace {

// Of all targets together by UDP, where they are paced (SessionOptions::pace_udp has the reason).
constexpr double udp_rate = 800;

// Longer than anybody waits, and short enough that times do not overflow.
constexpr Nanoseconds longest_duration = std::chrono::hours(24 * 366);

Result<void> check(Nanoseconds duration, const char* name) {
  if (duration < Nanoseconds::zero())
    return std::unexpected(Error::invalid(std::string(name) + " is negative"));
  if (duration > longest_duration)
    return std::unexpected(Error::invalid(std::string(name) + " is longer than a year"));
  return {};
}

Result<void> check_timeout(Nanoseconds timeout) {
  if (timeout <= Nanoseconds::zero()) return std::unexpected(Error::invalid("timeout is not positive"));
  return check(timeout, "timeout");
}

Result<void> check(const SessionOptions& options) {
  constexpr unsigned most_threads = 256;
  if (options.threads == 0 || options.threads > most_threads) {
    return std::unexpected(
        Error::invalid("a session runs on 1 to 256 threads", std::to_string(options.threads)));
  }
  if (!(options.max_rate >= 0)) return std::unexpected(Error::invalid("max_rate is negative"));
  if (std::isinf(options.max_rate))
    return std::unexpected(Error::invalid("max_rate is infinite", {}, "0 is no cap"));
  if (options.stamp_every == 0)
    return std::unexpected(Error::invalid("stamp_every is 0", {}, "1 stamps every probe"));
  if (options.receive_buffer_bytes < 0)
    return std::unexpected(Error::invalid("receive_buffer_bytes is negative"));
  return check(options.spread, "spread");
}

struct ScheduleCheck {
  Result<void> operator()(const FixedInterval& fixed) const { return check(fixed.interval, "interval"); }
  Result<void> operator()(const OnAnswer& on_answer) const {
    if (on_answer.preload == 0) return refuse("preload is 0");
    if (auto checked = check(on_answer.min_interval, "min_interval"); !checked) return checked;
    return check(on_answer.flood_interval.value_or(Nanoseconds::zero()), "flood_interval");
  }
  Result<void> operator()(const UntilAnswered& until) const {
    return until.backoff >= 1.0 && until.backoff <= 5.0 ? Result<void>{}
                                                        : refuse("backoff is outside 1 to 5");
  }
  Result<void> operator()(const SynchronousRounds& rounds) const {
    return check(rounds.interval, "interval");
  }
  static Result<void> refuse(const char* why) { return std::unexpected(Error::invalid(why)); }
};

Result<void> check_message(const Address& address, const TargetOptions& options) {
  constexpr std::uint8_t last_subject_type = 2;
  constexpr std::size_t most_subject_bytes = 1024;
  switch (options.network.message) {
    case ProbeMessage::echo:
      return {};
    case ProbeMessage::timestamp:
      if (address.is_ipv4()) return {};
      return std::unexpected(Error::invalid("ICMP timestamps are of IPv4 only", address.to_string()));
    case ProbeMessage::node_information:
      if (address.is_ipv4())
        return std::unexpected(Error::invalid("node information is of IPv6 only", address.to_string()));
      if (options.node_query.subject_type > last_subject_type ||
          options.node_query.subject.size() > most_subject_bytes)
        return std::unexpected(Error::invalid("the subject is none of node information's"));
  }
  return {};
}

Result<void> check(const Address& address, const TargetOptions& options) {
  const std::uint16_t largest_payload = address.is_ipv4() ? 65'507 : 65'527;
  if (auto checked = check_timeout(options.timeout); !checked) return checked;
  if (auto checked = check(options.phase.value_or(Nanoseconds::zero()), "phase"); !checked) return checked;
  if (options.payload_bytes > largest_payload) {
    return std::unexpected(Error::invalid("the payload does not fit a packet",
                                          std::to_string(options.payload_bytes) + " bytes",
                                          "at most " + std::to_string(largest_payload)));
  }
  if (options.network.source && options.network.source->family() != address.family()) {
    return std::unexpected(
        Error::invalid("the source address is of another family than the target", address.to_string()));
  }
  if (auto checked = check_message(address, options); !checked) return checked;
  if (auto checked = net::check_packet_options(address.family(), options.network); !checked) return checked;
  return std::visit(ScheduleCheck{}, options.schedule);
}

// What the openers of a session's shards share. Shards add targets under their own locks, hence the atomics.
struct Shared {
  std::atomic<std::uint16_t> next_identifier;
  std::atomic<bool> stamps_awaited = false;
};

// One for each shard: the sockets of one thread receive into the same buffers.
engine::OpenTransport opener(const SessionOptions& options, const Clock& clock,
                             const std::shared_ptr<Shared>& shared) {
  const auto buffers = std::make_shared_for_overwrite<transport::ReceiveBuffers>();
  return [options, &clock, shared, buffers](Family family, const SocketOptions& sockets) {
    transport::TransportOptions wanted;
    wanted.kind = sockets.transport != TransportKind::automatic ? sockets.transport : options.transport;
    wanted.clock = options.clock;
    static_cast<SocketOptions&>(wanted.network) = sockets;  // probes carry the rest themselves
    wanted.receive_buffer_bytes = options.receive_buffer_bytes;
    wanted.sampled_stamps = options.stamp_every > 1;
    wanted.own_send_numbers = options.own_send_numbers;
    wanted.headers = options.events || options.packets;  // nobody else sees them
    wanted.identifier = shared->next_identifier.fetch_add(1);
    wanted.clock_source = &clock;
    wanted.buffers = buffers;
    auto opened = transport::open_transport(family, wanted);
    const bool stamped = opened && opened->transport->clock() != RttClock::user;
    if (stamped && !shared->stamps_awaited.exchange(true)) {
      // Where nobody stamped before, the kernel begins to a moment after it was asked.
      constexpr Nanoseconds patience = std::chrono::milliseconds(50);
      net::await_receive_stamps(patience);
    }
    return opened;
  };
}

}  // namespace

Session::Implementation::Implementation(SessionOptions session_options,
                                        std::vector<std::unique_ptr<session::Shard>> session_shards)
    : options(session_options),
      clock(options.clock_source != nullptr ? options.clock_source : &Clock::system()),
      shards(std::move(session_shards)),
      opened_at(clock->monotonic()),
      began_at(opened_at) {}

Session::Implementation::~Implementation() {
  join_threads();
}

session::Shard& Session::Implementation::shard_of(TargetId target) {
  const auto number = static_cast<std::uint64_t>(target) >> 32 & 0xff;
  return *shards[number % shards.size()];
}

Nanoseconds Session::Implementation::spread_phase(const TargetOptions& target, std::uint64_t place) const {
  Nanoseconds window = options.spread;
  if (const auto* fixed = std::get_if<FixedInterval>(&target.schedule))
    window = std::min(window, fixed->interval);
  if (std::holds_alternative<SynchronousRounds>(target.schedule)) return {};
  // Multiples of the golden ratio, modulo 1, fill any window evenly however many there come to be, and a
  // target's place never moves when others are added.
  constexpr double golden = 0.618033988749894848;
  double ignored = 0;
  const double fraction = std::modf(static_cast<double>(place) * golden, &ignored);
  return Nanoseconds(static_cast<std::int64_t>(fraction * static_cast<double>(window.count())));
}

bool Session::Implementation::on_own_thread() const {
  return std::any_of(shards.begin(), shards.end(),
                     [](const auto& shard) { return shard->runs_on_this_thread(); });
}

Nanoseconds Session::Implementation::elapsed() const {
  if (!begun) return {};
  return (stopped.load() ? stopped_at : clock->monotonic()) - began_at;
}

void Session::Implementation::turn() {
  if (!std::exchange(begun, true)) began_at = clock->monotonic();
  only().process();
}

void Session::Implementation::run_shard(session::Shard& shard) {
  try {
    shard.run(ending.get_token());
  } catch (const std::bad_alloc&) {
    shard.fail();
    out_of_memory = true;
    ending.request_stop();
    for (const auto& other : shards) other->wake();
  }
}

Result<void> Session::Implementation::start_threads() {
  threads.reserve(shards.size());
  for (const auto& shard : shards) {
    auto started = net::start_thread([this, &runs = *shard] { run_shard(runs); });
    if (!started) return std::unexpected(std::move(started.error()));
    threads.push_back(std::move(*started));
  }
  return {};
}

void Session::Implementation::join_threads() {
  ending.request_stop();
  for (const auto& shard : shards) shard->wake();
  threads.clear();  // joins
}

Session::Session(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::open(SessionOptions options, const EventCallback& on_event,
                              const PacketCallback& on_packet) {
  if (auto checked = check(options); !checked) return std::unexpected(checked.error());
  const Clock& clock = options.clock_source != nullptr ? *options.clock_source : Clock::system();
  session::ShardOptions shard;
  shard.prober.token_key = net::random_key();
  shard.prober.sockets = options.sockets;
  shard.prober.max_rate = options.max_rate / options.threads;
  shard.prober.stamp_every = options.stamp_every;
  shard.prober.pace_udp = options.pace_udp;
  shard.prober.udp_rate = udp_rate / options.threads;
  shard.prober.packets = options.packets && on_packet;
  shard.events = options.events;
  shard.event_capacity = options.event_capacity;
  shard.resolution = options.compact_figures ? stats::Resolution::compact : stats::Resolution::fine;

  const auto random = net::random_key();
  const auto first_identifier = static_cast<std::uint16_t>(std::to_integer<unsigned>(random[0]) << 8 |
                                                           std::to_integer<unsigned>(random[1]));
  const auto shared = std::make_shared<Shared>(first_identifier);
  std::vector<std::unique_ptr<session::Shard>> shards;
  for (unsigned number = 0; number < options.threads; ++number) {
    shard.number = number;
    shards.push_back(
        std::make_unique<session::Shard>(shard, clock, opener(options, clock, shared), on_event, on_packet));
    if (const auto& refused = shards.back()->refused()) return std::unexpected(*refused);
  }
  return Session(std::make_unique<Implementation>(options, std::move(shards)));
}

Result<TargetId> Session::add(const Address& address, const TargetOptions& options) {
  if (auto checked = check(address, options); !checked) return std::unexpected(checked.error());
  Implementation& self = *implementation_;
  if (self.shards.size() > 1 && std::holds_alternative<SynchronousRounds>(options.schedule)) {
    return std::unexpected(Error::invalid("synchronous rounds need a session of one thread"));
  }
  const std::uint64_t place = self.added.fetch_add(1);
  const Nanoseconds phase = options.phase ? *options.phase : self.spread_phase(options, place);
  session::Shard& shard = *self.shards[place % self.shards.size()];
  auto added = shard.add(address, options, phase);
  if (added && self.threaded) shard.wake();
  return added;
}

void Session::reserve(std::size_t targets) {
  const auto& shards = implementation_->shards;
  for (const auto& shard : shards) shard->reserve(targets / shards.size() + 1);
}

Result<void> Session::open_ahead(Family family, const SocketOptions& options) {
  for (const auto& shard : implementation_->shards) {
    if (auto opened = shard->open_ahead(family, options); !opened) return opened;
  }
  return {};
}

Result<Figures> Session::remove(TargetId target) {
  session::Shard& shard = implementation_->shard_of(target);
  auto figures = shard.remove(target);
  // The round it was the last of may be over now.
  if (figures && implementation_->threaded) shard.wake();
  return figures;
}

Result<void> Session::ask(const Address& address, const ProbeOptions& options, std::uint64_t tag) {
  TargetOptions asked;
  asked.schedule = UntilAnswered{.retries = 0};
  asked.max_probes = 1;
  asked.timeout = options.timeout;
  asked.payload_bytes = options.payload_bytes;
  asked.pattern = options.pattern;
  asked.same_source = options.same_source;
  asked.node_query = options.node_query;
  asked.network = options.network;
  if (auto checked = check(address, asked); !checked) return checked;
  Implementation& self = *implementation_;
  session::Shard& shard = *self.shards[self.added.fetch_add(1) % self.shards.size()];
  auto done = shard.ask(address, asked, tag);
  if (done && self.threaded) shard.wake();
  return done;
}

Result<void> Session::change(TargetId target, const TargetChange& change) {
  if (change.interval) {
    if (auto checked = check(*change.interval, "interval"); !checked) return checked;
  }
  if (change.timeout) {
    if (auto checked = check_timeout(*change.timeout); !checked) return checked;
  }
  session::Shard& shard = implementation_->shard_of(target);
  auto changed = shard.change(target, change);
  if (changed && implementation_->threaded) shard.wake();
  return changed;
}

// --- on the caller's thread --------------------------------------------------------------------------------

int Session::fd() const {
  return implementation_->threaded ? -1 : implementation_->only().fd();
}

std::optional<MonotonicTime> Session::next_deadline() const {
  return implementation_->threaded ? std::nullopt : implementation_->only().next_deadline();
}

Result<void> Session::process() {
  Implementation& self = *implementation_;
  if (self.threaded || self.shards.size() != 1) {
    return std::unexpected(
        Error::invalid("process() is for a session of one thread that start() was not called for"));
  }
  self.only().take_wake();
  self.turn();
  return {};
}

Result<void> Session::run_until(std::optional<MonotonicTime> deadline) {
  Implementation& self = *implementation_;
  if (self.threaded || self.shards.size() != 1) {
    return std::unexpected(
        Error::invalid("run_until() is for a session of one thread that start() was not called for"));
  }
  for (;;) {
    // Nobody but this may take the wake: it might come at any moment.
    if (self.only().take_wake()) return {};
    self.turn();
    if (done() || (deadline && self.clock->monotonic() >= *deadline)) return {};
    if (self.only().wait(deadline)) return {};
  }
}

void Session::wake() const {
  for (const auto& shard : implementation_->shards) shard->wake();
}

// --- on threads of its own ---------------------------------------------------------------------------------

Result<void> Session::start() {
  Implementation& self = *implementation_;
  if (self.begun) return std::unexpected(Error::invalid("the session runs already"));
  if (self.stopped) return std::unexpected(Error::invalid("the session was stopped"));
  const auto undo = [&self] {
    self.join_threads();
    self.threaded = self.begun = false;
    self.ending = std::stop_source();
  };
  self.begun = true;
  self.began_at = self.clock->monotonic();
  self.threaded = true;
  try {
    auto started = self.start_threads();
    if (!started) undo();
    return started;
  } catch (const std::bad_alloc&) {
    undo();
    throw;
  }
}

Result<void> Session::stop_sending() {
  for (const auto& shard : implementation_->shards) {
    shard->stop_sending();
    if (implementation_->threaded) shard->wake();
  }
  return {};
}

void Session::hold_sending(bool held) {
  for (const auto& shard : implementation_->shards) {
    shard->hold_sending(held);
    if (implementation_->threaded) shard->wake();
  }
}

Result<void> Session::stop(Nanoseconds grace) {
  Implementation& self = *implementation_;
  if (self.on_own_thread()) {
    return std::unexpected(
        Error::invalid("stop() cannot be called by the session's own callback", {}, "use stop_sending()"));
  }
  if (auto checked = check(grace, "grace"); !checked) return checked;
  const std::scoped_lock lock(self.stopping);
  if (std::exchange(self.stop_begun, true)) return {};
  self.join_threads();
  for (const auto& shard : self.shards) shard->stop_sending();
  const MonotonicTime deadline = self.clock->monotonic() + grace;
  for (const auto& shard : self.shards) shard->finish(deadline);
  self.stopped_at = self.clock->monotonic();
  self.stopped = true;
  if (self.out_of_memory) return std::unexpected(net::out_of_memory());
  return {};
}

bool Session::done() const {
  if (implementation_->out_of_memory) return true;
  return std::all_of(implementation_->shards.begin(), implementation_->shards.end(),
                     [](const auto& shard) { return shard->done(); });
}

// --- what was measured -------------------------------------------------------------------------------------

std::size_t Session::poll_events(std::span<Event> events) {
  std::size_t count = 0;
  for (const auto& shard : implementation_->shards) count += shard->poll_events(events.subspan(count));
  return count;
}

std::uint64_t Session::events_dropped() const {
  std::uint64_t dropped = 0;
  for (const auto& shard : implementation_->shards) dropped += shard->events_dropped();
  return dropped;
}

Result<Figures> Session::figures(TargetId target) const {
  return implementation_->shard_of(target).with_figures(
      target, [](const stats::TargetFigures& figures) { return figures.snapshot(); });
}

Result<std::optional<Nanoseconds>> Session::percentile(TargetId target, double p) const {
  return implementation_->shard_of(target).with_figures(
      target, [p](const stats::TargetFigures& figures) { return figures.percentile(p); });
}

Result<std::vector<HistogramBar>> Session::histogram(TargetId target) const {
  return implementation_->shard_of(target).with_figures(
      target, [](const stats::TargetFigures& figures) { return figures.bars(); });
}

Figures Session::merged_figures() const {
  const auto& shards = implementation_->shards;
  stats::TargetFigures all = shards.front()->merged();
  for (std::size_t i = 1; i < shards.size(); ++i) all.merge(shards[i]->merged());
  return all.snapshot();
}

Totals Session::totals() const {
  const Implementation& self = *implementation_;
  Totals totals;
  totals.elapsed = self.elapsed();
  engine::LagRecorder lag;
  for (const auto& shard : self.shards) {
    const auto part = shard->totals();
    totals.probes += part.prober.probes;
    totals.receive_drops += part.prober.receive_drops;
    totals.stamp_drops += part.prober.stamp_drops;
    totals.skipped_sends += part.prober.skipped_sends;
    totals.clock_steps += part.prober.clock_steps;
    totals.rejected += part.foreign_rejected;
    lag.merge(part.prober.lag);
  }
  totals.schedule_lag_p99 = lag.percentile(0.99);
  totals.schedule_lag_max = lag.largest();
  return totals;
}

std::uint64_t Session::probes_sent() const {
  std::uint64_t probes = 0;
  for (const auto& shard : implementation_->shards) probes += shard->probes_sent();
  return probes;
}

std::vector<TransportNotice> Session::notices() const {
  std::vector<TransportNotice> all;
  for (const auto& shard : implementation_->shards) {
    for (TransportNotice& notice : shard->notices()) {
      const bool known = std::any_of(all.begin(), all.end(), [&](const auto& other) {
        return other.family == notice.family && other.taken == notice.taken;
      });
      if (!known) all.push_back(std::move(notice));
    }
  }
  return all;
}

}  // namespace sonde
