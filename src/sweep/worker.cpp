// worker.cpp: a turn of a worker, and sending; see worker.hpp.
#include "sweep/worker.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "wire/icmp.hpp"

namespace sonde::sweep {

namespace {

constexpr std::size_t batch_size = transport::Transport::batch_size;
constexpr int batches_per_turn = 4;

constexpr Nanoseconds send_buffer_pause = std::chrono::microseconds(200);
// When the queue behind the socket is full (ENOBUFS), and how often the same probe is tried then.
constexpr Nanoseconds full_queue_pause = std::chrono::milliseconds(1);
constexpr int most_attempts = 20;

// TX stamps cost a fifth of the peak rate. So up to `stamp_all` probes a second each has one; above, one in 64 on average,
// never on a fixed place of a batch, and more often until the usual delay is known.
constexpr double stamp_all = 10'000;
constexpr int most_until_stamp = 127, most_until_stamp_at_first = 7;
constexpr std::uint64_t stamps_at_first = 64;

constexpr Nanoseconds longest_sleep = std::chrono::milliseconds(5);
// While others send: what comes in meanwhile has to find room in the ring of a queue.
constexpr Nanoseconds longest_sleep_for_others = std::chrono::microseconds(500);
constexpr Nanoseconds shortest_sleep = std::chrono::microseconds(30);
constexpr Nanoseconds publish_every = std::chrono::milliseconds(20);
constexpr Nanoseconds look_every = std::chrono::milliseconds(10);
constexpr Nanoseconds flood_patience = std::chrono::seconds(1);

void sleep_until(MonotonicTime time) {
  const std::int64_t count = time.time_since_epoch().count();
  const timespec until{.tv_sec = count / 1'000'000'000, .tv_nsec = count % 1'000'000'000};
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

}  // namespace

Worker::Worker(Common& common, unsigned number, Walk walk, std::vector<Channel> ipv4,
               std::vector<Channel> ipv6, const Clock& clock)
    : common_(&common),
      number_(number),
      walk_(walk),
      ipv4_{.channels = std::move(ipv4)},
      ipv6_{.channels = std::move(ipv6)},
      watch_(clock),
      rate_(common.rate_each, watch_.now()),
      rate_asked_(common.rate_each),
      last_sent_(watch_.now()),
      random_(static_cast<std::minstd_rand::result_type>(watch_.now().time_since_epoch().count() | 1)) {
  const Settings& settings = *common.settings;
  buffers_.assign(batch_size, std::vector<std::byte>(wire::echo_header_bytes + payload_size(settings)));
  for (auto& buffer : buffers_)
    std::memcpy(buffer.data() + wire::echo_header_bytes + proof_bytes, settings.contact.data(),
                settings.contact.size());
  departures_.resize(batch_size);
  if (common.exchange != nullptr) leaving_.emplace(*common.exchange);
  publish(false);
}

void Worker::run() {
  while (turn()) sleep();
  publish(true);
}

Progress Worker::progress() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

bool Worker::turn() {
  watch_.check();
  if (common_->stop) return false;
  if (!is_sending_done() && !common_->hold_sending) send();
  receive();
  if (watch_.now() - looked_at_ >= look_every) look_after_drops();
  if (watch_.now() - published_at_ >= publish_every) publish(false);
  const bool awaits = awaits_answers();
  if (awaits || !leaving_) return awaits;
  return !leaving_->turn_ended(has_to_hand_over());
}

bool Worker::awaits_answers() {
  if (!is_sending_done()) return true;
  // By what the sockets were read up to: after a standstill there are answers in them that came in time. A flood of other
  // packets, behind which that never is the case, holds nobody for ever.
  const MonotonicTime end = last_sent_ + common_->settings->linger;
  awaited_ = received_until_ >= end;
  return !awaited_ && watch_.now() < end + common_->settings->linger + flood_patience;
}

bool Worker::is_sending_done() const {
  return common_->stop_sending || (walk_.is_over() && ipv4_.staged.empty() && ipv6_.staged.empty());
}

void Worker::send() {
  if (const double asked = common_->rate_each; asked != rate_asked_) {
    rate_asked_ = asked;
    rate_.set_rate(asked);
  }
  for (int batch = 0; batch < batches_per_turn; ++batch) {
    const std::size_t allowance = rate_.allowance(watch_.now(), batch_size);
    if (allowance == 0) return;
    const std::size_t staged = stage(allowance);
    awaits_round_ = staged == 0 && walk_.round_is_over();
    if (staged == 0) return;
    const std::size_t decided = flush(ipv4_) + flush(ipv6_);
    if (decided == 0) return;
    rate_.spend(decided);
    watch_.check();
  }
}

std::size_t Worker::stage(std::size_t allowance) {
  std::size_t staged = ipv4_.staged.size() + ipv6_.staged.size();
  while (staged < allowance && !walk_.is_over()) {
    const WalkPosition from = walk_.at();
    const auto step = walk_.next();
    if (!step) {
      if (!walk_.round_is_over()) break;
      if (walk_.next_round_is_retry() && (staged > 0 || watch_.now() - last_sent_ < common_->settings->late))
        break;
      walk_.next_round();
      continue;
    }
    const Address address = common_->space->at(step->index);
    Lane& lane = address.is_ipv4() ? ipv4_ : ipv6_;
    lane.staged.push_back({.address = address, .index = step->index, .probe = step->probe, .from = from});
    ++staged;
  }
  return staged;
}

bool Worker::stamps_every_probe() const {
  return rate_asked_ > 0 && rate_asked_ <= stamp_all;
}

int Worker::probes_until_next_stamp() {
  if (stamps_every_probe()) return 1;
  const int most = usual_delay_.count() < stamps_at_first ? most_until_stamp_at_first : most_until_stamp;
  return 1 + static_cast<int>(random_() % static_cast<unsigned>(most));
}

void Worker::compose(const Staged& staged, std::uint64_t ordinal, std::size_t place, Channel& channel) {
  transport::Departure& departure = departures_[place];
  departure.message = buffers_[place];
  departure.to =
      net::SocketAddress::from(staged.address, 0, common_->settings->network.flow_label.value_or(0));
  departure.number = channel.next_number++;
  departure.sequence = common_->proof->sequence(staged.address);
  departure.stamp = --until_stamp_ <= 0;
  if (departure.stamp) until_stamp_ = probes_until_next_stamp();
  common_->proof->write(departure.message.subspan(wire::echo_header_bytes), staged.address,
                        {.index = staged.index, .ordinal = ordinal, .probe = staged.probe});
}

std::size_t Worker::flush(Lane& lane) {
  if (lane.staged.empty() || watch_.now() < lane.blocked_until) return 0;
  Channel& channel = lane.channels[lane.next_channel++ % lane.channels.size()];
  const std::size_t count = std::min(lane.staged.size(), batch_size);
  const std::uint64_t first_ordinal = next_ordinal_;
  for (std::size_t i = 0; i < count; ++i) compose(lane.staged[i], first_ordinal + i, i, channel);
  const std::size_t decided = channel.transport->send(std::span(departures_).first(count));
  channel.next_number -= static_cast<std::uint32_t>(count - decided);
  next_ordinal_ += decided;
  if (decided < count) lane.blocked_until = watch_.now() + send_buffer_pause;
  departed(lane, channel, decided, first_ordinal);
  return decided;
}

// Enters what left into the send log and takes it off the stage: one record for each system call, or, where each probe has a
// stamp of its own to correct it, for each probe.
void Worker::departed(Lane& lane, Channel& channel, std::size_t decided, std::uint64_t first_ordinal) {
  std::vector<Staged> again;
  std::size_t begin = 0;  // of the probes of the current record
  for (std::size_t i = 0; i < decided; ++i) {
    const transport::Departure& departure = departures_[i];
    if (departure.system_errno == 0) {
      ++counts_.sent;
      if (departure.stamp) channel.stamps.ask({departure.number, first_ordinal + i, departure.sent_at});
    } else if (departure.system_errno == ENOBUFS && lane.staged[i].attempts < most_attempts) {
      ++refused_for_room_;
      again.push_back(lane.staged[i]);
      ++again.back().attempts;
    } else {
      ++counts_.refused;
      ++refusals_[departure.system_errno];
    }
    const bool record_ends =
        stamps_every_probe() || i + 1 == decided || departures_[i + 1].call_began != departure.call_began;
    if (!record_ends) continue;
    if (departure.system_errno == 0)
      log_.add(first_ordinal + begin, static_cast<std::uint32_t>(i + 1 - begin),
               departures_[begin].call_began, departures_[begin].sent_at, departure.sent_at);
    begin = i + 1;
  }
  if (decided > 0) {
    last_sent_ = departures_[decided - 1].sent_at;
    if (!first_sent_) first_sent_ = departures_[0].sent_at;
  }
  lane.staged.erase(lane.staged.begin(), lane.staged.begin() + static_cast<std::ptrdiff_t>(decided));
  if (again.empty()) return;
  lane.staged.insert(lane.staged.end(), again.begin(), again.end());
  lane.blocked_until = watch_.now() + full_queue_pause;
}

void Worker::look_after_drops() {
  looked_at_ = watch_.now();
  std::uint64_t drops = 0;
  for (Lane* lane : {&ipv4_, &ipv6_}) {
    for (Channel& channel : lane->channels) drops += channel.transport->receive_drops();
  }
  counts_.receive_drops = drops;
  counts_.clock_steps = watch_.steps();
  rate_.feedback(counts_.sent, drops + refused_for_room_, watch_.now());
  log_.forget_before(watch_.now() - common_->settings->linger - std::chrono::seconds(1));
}

WalkPosition Worker::settled() const {
  WalkPosition at = walk_.at();
  for (const Lane* lane : {&ipv4_, &ipv6_}) {
    for (const Staged& staged : lane->staged) at = std::min(at, staged.from);
  }
  return at;
}

void Worker::publish(bool done) {
  published_at_ = watch_.now();
  const std::lock_guard lock(mutex_);
  const WalkPosition at = settled();
  published_ = {.counts = counts_,
                .at = at,
                .left = walk_.left() + ipv4_.staged.size() + ipv6_.staged.size(),
                .asked = at.round > 0 ? walk_.length() : at.position,
                .first_sent = first_sent_,
                .last_sent = first_sent_ ? std::optional(last_sent_) : std::nullopt,
                .rate_in_force = rate_.in_force(),
                .received_until = received_until_,
                .sending_done = is_sending_done(),
                .done = done,
                .awaited = done && awaited_,
                .refusals = refusals_,
                .handovers = handovers_};
}

void Worker::sleep() const {
  const MonotonicTime now = watch_.now();
  if (leaving_ && leaving_->is_ending()) return;
  MonotonicTime until = now + (handed_over_ ? longest_sleep_for_others : longest_sleep);
  if (is_sending_done()) {
    // Past that it is for others that it is still here.
    if (const MonotonicTime end = last_sent_ + common_->settings->linger; end > now)
      until = std::min(until, end);
  } else if (!awaits_round_) {
    until = std::min(until, rate_.next());
    for (const Lane* lane : {&ipv4_, &ipv6_}) {
      if (!lane->staged.empty()) until = std::max(until, std::min(lane->blocked_until, now + longest_sleep));
    }
  }
  if (until - now >= shortest_sleep) sleep_until(until);
}

}  // namespace sonde::sweep
