// session.cpp: the public face: dealing targets out to shards, running them, and merging what they measured.
#include "sonde/session.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "session/implementation.hpp"
#include "transport/select.hpp"

namespace sonde {

namespace {

Result<void> check(const SessionOptions& options) {
  constexpr unsigned most_threads = 256;
  if (options.threads == 0 || options.threads > most_threads) {
    return std::unexpected(Error::invalid("a session runs on 1 to 256 threads", std::to_string(options.threads)));
  }
  if (!(options.max_rate >= 0)) return std::unexpected(Error::invalid("max_rate is negative"));
  if (options.stamp_every == 0) return std::unexpected(Error::invalid("stamp_every is 0", {}, "1 stamps every probe"));
  if (options.spread < Nanoseconds::zero()) return std::unexpected(Error::invalid("spread is negative"));
  return {};
}

struct ScheduleCheck {
  Result<void> operator()(const FixedInterval& fixed) const {
    return fixed.interval < Nanoseconds::zero() ? refuse("interval is negative") : Result<void>{};
  }
  Result<void> operator()(const OnAnswer& on_answer) const {
    if (on_answer.preload == 0) return refuse("preload is 0");
    return on_answer.min_interval < Nanoseconds::zero() ? refuse("min_interval is negative") : Result<void>{};
  }
  Result<void> operator()(const UntilAnswered& until) const {
    return until.backoff >= 1.0 && until.backoff <= 5.0 ? Result<void>{} : refuse("backoff is outside 1 to 5");
  }
  Result<void> operator()(const SynchronousRounds& rounds) const {
    return rounds.interval < Nanoseconds::zero() ? refuse("interval is negative") : Result<void>{};
  }
  static Result<void> refuse(const char* why) { return std::unexpected(Error::invalid(why)); }
};

Result<void> check(const Address& address, const TargetOptions& options) {
  constexpr std::uint16_t largest_payload = 65'507;
  if (options.timeout <= Nanoseconds::zero()) return std::unexpected(Error::invalid("timeout is not positive"));
  if (options.payload_bytes > largest_payload) {
    return std::unexpected(Error::invalid("the payload does not fit an IPv4 packet",
                                          std::to_string(options.payload_bytes) + " bytes", "at most 65507"));
  }
  if (options.network.source && options.network.source->family() != address.family()) {
    return std::unexpected(
        Error::invalid("the source address is of another family than the target", address.to_string()));
  }
  return std::visit(ScheduleCheck{}, options.schedule);
}

std::array<std::byte, 16> random_key() {
  std::array<std::byte, 16> key{};
  std::size_t filled = 0;
  while (filled < key.size()) {
    const ssize_t got = ::getrandom(key.data() + filled, key.size() - filled, 0);
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  return key;
}

engine::OpenTransport opener(const SessionOptions& options, const Clock& clock,
                             std::shared_ptr<std::atomic<std::uint16_t>> next_identifier) {
  return [options, &clock, next_identifier](Family family, const NetworkOptions& network) {
    transport::TransportOptions wanted;
    wanted.kind = options.transport;
    wanted.clock = options.clock;
    wanted.network = network;
    wanted.receive_buffer_bytes = options.receive_buffer_bytes;
    wanted.sampled_stamps = options.stamp_every > 1;
    wanted.own_send_numbers = options.own_send_numbers;
    wanted.identifier = next_identifier->fetch_add(1);
    wanted.clock_source = &clock;
    return transport::open_transport(family, wanted);
  };
}

}  // namespace

Session::Implementation::Implementation(SessionOptions session_options,
                                        std::vector<std::unique_ptr<session::Shard>> session_shards)
    : options(std::move(session_options)),
      clock(options.clock_source != nullptr ? options.clock_source : &Clock::system()),
      shards(std::move(session_shards)),
      opened_at(clock->monotonic()),
      began_at(opened_at) {}

Session::Implementation::~Implementation() {
  for (auto& thread : threads) thread.request_stop();
  for (const auto& shard : shards) shard->wake();
}

session::Shard& Session::Implementation::shard_of(TargetId target) {
  const auto number = static_cast<std::uint64_t>(target) >> 32 & 0xff;
  return *shards[number % shards.size()];
}

Nanoseconds Session::Implementation::spread_phase(const TargetOptions& target) {
  const std::uint64_t place = added.load();
  Nanoseconds window = options.spread;
  if (const auto* fixed = std::get_if<FixedInterval>(&target.schedule)) window = std::min(window, fixed->interval);
  if (std::holds_alternative<SynchronousRounds>(target.schedule)) return {};
  // Multiples of the golden ratio, modulo 1, fill any window evenly however many there come to be, and a target's place never
  // moves when others are added.
  constexpr double golden = 0.618033988749894848;
  double ignored = 0;
  const double fraction = std::modf(static_cast<double>(place) * golden, &ignored);
  return Nanoseconds(static_cast<std::int64_t>(fraction * static_cast<double>(window.count())));
}

Session::Session(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::open(SessionOptions options, EventCallback on_event, PacketCallback on_packet) {
  if (auto checked = check(options); !checked) return std::unexpected(checked.error());
  const Clock& clock = options.clock_source != nullptr ? *options.clock_source : Clock::system();
  session::ShardOptions shard;
  shard.prober.token_key = random_key();
  shard.prober.sockets = options.sockets;
  shard.prober.max_rate = options.max_rate / options.threads;
  shard.prober.stamp_every = options.stamp_every;
  shard.prober.packets = options.packets && on_packet;
  shard.events = options.events;
  shard.event_capacity = options.event_capacity;
  shard.resolution = options.compact_figures ? stats::Resolution::compact : stats::Resolution::fine;

  const auto random = random_key();
  const auto first_identifier = static_cast<std::uint16_t>(std::to_integer<unsigned>(random[0]) << 8 | std::to_integer<unsigned>(random[1]));
  const auto next_identifier = std::make_shared<std::atomic<std::uint16_t>>(first_identifier);
  std::vector<std::unique_ptr<session::Shard>> shards;
  for (unsigned number = 0; number < options.threads; ++number) {
    shard.number = number;
    shards.push_back(
        std::make_unique<session::Shard>(shard, clock, opener(options, clock, next_identifier), on_event, on_packet));
    if (shards.back()->fd() < 0) {
      return std::unexpected(Error::from_errno(errno, "cannot create an epoll descriptor"));
    }
  }
  return Session(std::make_unique<Implementation>(std::move(options), std::move(shards)));
}

Result<TargetId> Session::add(const Address& address, const TargetOptions& options) {
  if (auto checked = check(address, options); !checked) return std::unexpected(checked.error());
  Implementation& self = *implementation_;
  if (self.shards.size() > 1 && std::holds_alternative<SynchronousRounds>(options.schedule)) {
    return std::unexpected(Error::invalid("synchronous rounds need a session of one thread"));
  }
  const Nanoseconds phase = options.phase ? *options.phase : self.spread_phase(options);
  session::Shard& shard = *self.shards[self.added.load() % self.shards.size()];
  auto added = shard.add(address, options, phase);
  if (!added) return added;
  ++self.added;
  if (!self.threads.empty()) shard.wake();
  return added;
}

Result<Figures> Session::remove(TargetId target) { return implementation_->shard_of(target).remove(target); }

// --- on the caller's thread ---------------------------------------------------------------------------------------

int Session::fd() const { return implementation_->threads.empty() ? implementation_->only().fd() : -1; }

std::optional<MonotonicTime> Session::next_deadline() const {
  return implementation_->threads.empty() ? implementation_->only().next_deadline() : std::nullopt;
}

Result<void> Session::process() {
  Implementation& self = *implementation_;
  if (!self.threads.empty() || self.shards.size() != 1) {
    return std::unexpected(Error::invalid("process() is for a session of one thread that start() was not called for"));
  }
  if (!std::exchange(self.begun, true)) self.began_at = self.clock->monotonic();
  self.only().take_wake();
  self.only().process();
  return {};
}

Result<void> Session::run_until(std::optional<MonotonicTime> deadline) {
  Implementation& self = *implementation_;
  for (;;) {
    if (!self.threads.empty()) {
      return std::unexpected(Error::invalid("run_until() is for a session that start() was not called for"));
    }
    if (self.begun && self.only().take_wake()) return {};
    if (auto processed = process(); !processed) return processed;
    if (done() || (deadline && self.clock->monotonic() >= *deadline)) return {};
    if (self.only().wait(deadline)) return {};
  }
}

void Session::wake() const {
  for (const auto& shard : implementation_->shards) shard->wake();
}

// --- on threads of its own ----------------------------------------------------------------------------------------

Result<void> Session::start() {
  Implementation& self = *implementation_;
  if (self.begun) return std::unexpected(Error::invalid("the session runs already"));
  self.begun = true;
  self.began_at = self.clock->monotonic();
  for (const auto& shard : self.shards) {
    self.threads.emplace_back([&runs = *shard](const std::stop_token& stopping) { runs.run(stopping); });
  }
  return {};
}

Result<void> Session::stop_sending() {
  for (const auto& shard : implementation_->shards) {
    shard->stop_sending();
    shard->wake();
  }
  return {};
}

Result<void> Session::stop(Nanoseconds grace) {
  Implementation& self = *implementation_;
  if (self.stopped_at) return {};
  for (auto& thread : self.threads) thread.request_stop();
  for (const auto& shard : self.shards) shard->wake();
  for (auto& thread : self.threads) {
    if (thread.joinable()) thread.join();
  }
  for (const auto& shard : self.shards) shard->stop_sending();
  for (const auto& shard : self.shards) shard->finish(self.clock->monotonic() + grace);
  self.stopped_at = self.clock->monotonic();
  return {};
}

bool Session::done() const {
  return std::all_of(implementation_->shards.begin(), implementation_->shards.end(),
                     [](const auto& shard) { return shard->done(); });
}

// --- what was measured --------------------------------------------------------------------------------------------

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
  if (self.begun) totals.elapsed = self.stopped_at.value_or(self.clock->monotonic()) - self.began_at;
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

std::vector<TransportNotice> Session::notices() const {
  std::vector<TransportNotice> all;
  for (const auto& shard : implementation_->shards) {
    for (TransportNotice& notice : shard->notices()) {
      const bool known = std::any_of(all.begin(), all.end(), [&](const auto& other) { return other.family == notice.family; });
      if (!known) all.push_back(std::move(notice));
    }
  }
  return all;
}

}  // namespace sonde
