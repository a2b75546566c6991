// shard.cpp: see shard.hpp.
#include "session/shard.hpp"

#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <new>

namespace sonde::session {

namespace {

// A TargetId: the place's generation, the shard, the place.
constexpr unsigned shard_shift = 32, generation_shift = 40;

// What refuses the descriptors that a shard waits on, asked once more.
int why_no_descriptor() {
  const net::FileDescriptor event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!event) return errno;
  const net::FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  return epoll ? EMFILE : errno;
}

}  // namespace

Shard::Shard(const ShardOptions& options, const Clock& clock, engine::OpenTransport open,
             Session::EventCallback on_event, Session::PacketCallback on_packet)
    : options_(options),
      clock_(&clock),
      on_event_(std::move(on_event)),
      on_packet_(std::move(on_packet)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      ready_(::epoll_create1(EPOLL_CLOEXEC)),
      prober_(options.prober, clock, std::move(open), *this) {
  for (const int descriptor : {wake_.get(), prober_.fd()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (::epoll_ctl(ready_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0) continue;
    // EBADF: one of them was refused when it was asked for.
    refused_ = Error::from_errno(errno == EBADF ? why_no_descriptor() : errno,
                                 "cannot create a descriptor to wait on", {},
                                 "`ulimit -n` says how many there may be");
  }
}

TargetId Shard::id_of(engine::TargetIndex index) const {
  const std::uint64_t generation = prober_.target(index).generation;
  return TargetId{generation << generation_shift | std::uint64_t{options_.number} << shard_shift | index};
}

std::optional<engine::TargetIndex> Shard::index_of(TargetId id) const {
  const auto index = static_cast<engine::TargetIndex>(static_cast<std::uint64_t>(id));
  if (index >= prober_.agenda().places()) return std::nullopt;
  const engine::Target& target = prober_.target(index);
  if (!target.present || target.question || id_of(index) != id) return std::nullopt;
  return index;
}

Error Shard::no_such_target() {
  return {ErrorCode::not_found, 0, "no such target", {}, {}};
}

Result<TargetId> Shard::add(const Address& address, const TargetOptions& options, Nanoseconds phase) {
  const Access access(*this);
  const auto index = prober_.add(address, options, phase);
  if (!index) return std::unexpected(index.error());
  begin_figures(*index);
  return id_of(*index);
}

void Shard::begin_figures(engine::TargetIndex index) {
  try {
    if (index == figures_.size()) {
      figures_.emplace_back(options_.resolution);
    } else {
      figures_[index] = stats::TargetFigures(options_.resolution);
    }
  } catch (const std::bad_alloc&) {
    prober_.remove(index);  // none is asked that has no figures
    throw;
  }
}

Result<void> Shard::ask(const Address& address, const TargetOptions& options, std::uint64_t tag) {
  const Access access(*this);
  if (!options_.events) return std::unexpected(Error::invalid("a session without events gives no answers"));
  const auto index = prober_.ask(address, options);
  if (!index) return std::unexpected(index.error());
  begin_figures(*index);
  if (tags_.size() <= *index) tags_.resize(figures_.size());
  tags_[*index] = tag;
  return {};
}

Result<void> Shard::open_ahead(Family family, const SocketOptions& sockets) {
  const Access access(*this);
  return prober_.open_ahead(family, sockets);
}

void Shard::reserve(std::size_t targets) {
  const Access access(*this);
  prober_.reserve(targets);
  figures_.reserve(targets);
}

Result<Figures> Shard::remove(TargetId id) {
  const Access access(*this);
  const auto index = index_of(id);
  if (!index) return std::unexpected(no_such_target());
  stats::TargetFigures& figures = figures_[*index];
  for (std::uint64_t waiting = prober_.target(*index).waiting; waiting > 0; --waiting) figures.lost(false);
  prober_.remove(*index);
  ++removals_;
  return figures.snapshot();
}

Result<void> Shard::change(TargetId id, const TargetChange& change) {
  const Access access(*this);
  const auto index = index_of(id);
  if (!index) return std::unexpected(no_such_target());
  return prober_.change(*index, change);
}

bool Shard::done() {
  const Access access(*this);
  return prober_.done();
}

std::vector<TransportNotice> Shard::notices() {
  const Access access(*this);
  return prober_.notices();
}

ShardTotals Shard::totals() {
  const Access access(*this);
  return {prober_.totals(), foreign_rejected_};
}

std::uint64_t Shard::probes_sent() {
  const Access access(*this);
  return prober_.probes_sent();
}

void Shard::process() {
  {
    const std::scoped_lock lock(mutex_);
    prober_.process();
    removals_at_turn_ = removals_.load();
  }
  deliver_events();
}

std::optional<MonotonicTime> Shard::next_deadline() const {
  const std::scoped_lock lock(mutex_);
  return prober_.pause();
}

bool Shard::wait(std::optional<MonotonicTime> deadline) {
  auto until = next_deadline();
  if (deadline && (!until || *deadline < *until)) until = deadline;
  timespec timeout{};
  if (until) {
    const auto left = (*until - clock_->monotonic()).count();
    if (left <= 0) return false;
    timeout = {static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
  }
  pollfd waited_for{fd(), POLLIN, 0};
  const int ready = ::ppoll(&waited_for, 1, until ? &timeout : nullptr, nullptr);
  return ready < 0 && errno == EINTR;
}

void Shard::run(const std::stop_token& stopping) {
  runner_ = std::this_thread::get_id();
  for (;;) {
    // First taken, then looked at: whoever asks to stop wakes afterwards.
    take_wake();
    if (stopping.stop_requested()) break;
    process();
    while (callers_.load() > 0) ::sched_yield();
    wait(std::nullopt);
  }
  runner_ = std::thread::id{};
}

void Shard::fail() {
  runner_ = std::thread::id{};
  failed_ = true;
}

void Shard::stop_sending() {
  if (failed_) return;
  const Access access(*this);
  prober_.stop_sending();
}

void Shard::hold_sending(bool held) {
  const Access access(*this);
  prober_.hold_sending(held);
}

void Shard::finish(MonotonicTime deadline) {
  if (failed_) return;
  process();
  while (!done() && clock_->monotonic() < deadline) {
    wait(deadline);
    process();
  }
  {
    const Access access(*this);
    prober_.give_up();
    removals_at_turn_ = removals_.load();
  }
  deliver_events();
}

void Shard::wake() const {
  const std::uint64_t one = 1;
  // Cannot block; that the counter is full means that a wake is pending already.
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  woken_.store(true);  // after the write: who sees this finds something to read
}

bool Shard::take_wake() const {
  if (!woken_.exchange(false)) return false;  // spares a system call nearly every time
  std::uint64_t count = 0;
  return ::read(wake_.get(), &count, sizeof count) == static_cast<ssize_t>(sizeof count);
}

stats::TargetFigures Shard::merged() {
  const Access access(*this);
  stats::TargetFigures all(options_.resolution);
  for (engine::TargetIndex index = 0; index < figures_.size(); ++index) {
    const engine::Target& target = prober_.target(index);
    if (target.present && !target.question) all.merge(figures_[index]);
  }
  return all;
}

std::size_t Shard::poll_events(std::span<Event> events) {
  const Access access(*this);
  const std::size_t count = std::min(events.size(), kept_.size());
  std::copy_n(kept_.begin(), count, events.begin());
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(count));
  return count;
}

std::uint64_t Shard::events_dropped() {
  const Access access(*this);
  return events_dropped_;
}

void Shard::count(stats::TargetFigures& figures, const Event& event) {
  switch (event.kind) {
    case EventKind::reply:
      return figures.reply(*event.rtt, event.host_time);
    case EventKind::lost:
      return figures.lost(event.flags.has(EventFlag::suspect));
    case EventKind::late:
      return figures.late(event.flags.has(EventFlag::suspect));
    case EventKind::error:
      return figures.error();
    case EventKind::local:
      return figures.local();
    case EventKind::duplicate:
      return figures.duplicate();
    case EventKind::rejected:
      return figures.rejected();
    case EventKind::note:
      return;
  }
}

void Shard::outcome(std::optional<engine::TargetIndex> target, Event& event) {
  if (target) {
    count(figures_[*target], event);
  } else {
    ++foreign_rejected_;
  }
  if (!options_.events) return;
  const bool answers_question = target && prober_.target(*target).question;
  event.has_target = target && !answers_question;
  if (event.has_target) event.target = id_of(*target);
  if (answers_question) event.tag = tags_[*target];
  fresh_.push_back(event);
}

void Shard::packet(const PacketView& packet) {
  if (on_packet_) on_packet_(packet);
}

void Shard::hand_over(const Event& event, std::uint64_t removals) {
  // Another thread, or the callback for the event before, may have removed the target since the turn.
  if (event.has_target && removals_.load() != removals) {
    const Access access(*this);
    if (!index_of(event.target)) return;
  }
  on_event_(event);
}

void Shard::deliver_events() {
  if (fresh_.empty()) return;
  if (on_event_) {
    // A callback may lead to another turn and its events.
    std::vector<Event> events;
    events.swap(fresh_);
    const std::uint64_t removals = removals_at_turn_;
    for (const Event& event : events) hand_over(event, removals);
    events.clear();
    if (fresh_.empty()) fresh_.swap(events);
    return;
  }
  const Access access(*this);
  for (const Event& event : fresh_) {
    if (kept_.size() >= options_.event_capacity) {
      ++events_dropped_;
      if (kept_.empty()) continue;
      kept_.pop_front();
    }
    kept_.push_back(event);
  }
  fresh_.clear();
}

}  // namespace sonde::session
