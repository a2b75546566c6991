// sweep.cpp: see sweep.hpp.
#include "sweep/sweep.hpp"

#include <sched.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <new>
#include <ranges>
#include <tuple>
#include <utility>

#include "net/random.hpp"
#include "net/thread.hpp"
#include "transport/receive_ring.hpp"
#include "transport/select.hpp"
#include "wire/icmp.hpp"

namespace sonde::sweep {

namespace {

// Receive buffers hold what comes in so long: a busy machine does not run a thread for a while.
constexpr double buffered_seconds = 0.02;
constexpr std::size_t most_sockets = 16;
constexpr std::size_t sockets_at_full_speed = 8;
// Of a family's addresses, for the device that most of it leaves by.
constexpr std::uint64_t samples_for_device = 64;

// Whom the counters below `limit` belong to: this process's shard, dealt out to its threads.
Shard thread_shard(const Settings& settings, unsigned thread) {
  return {.number = settings.shard.number + thread * settings.shard.shards,
          .shards = settings.shard.shards * settings.threads};
}

std::vector<Address> of_family(const std::vector<Address>& addresses, Family family) {
  std::vector<Address> found;
  std::ranges::copy_if(addresses, std::back_inserter(found),
                       [family](const Address& address) { return address.family() == family; });
  return found;
}

// Of which families the space has addresses.
std::vector<Family> families_in(const TargetSpace& space) {
  const Family first = space.at(0).family(), last = space.at(space.size() - 1).family();
  return first == last ? std::vector{first} : std::vector{first, last};
}

// Some of the space's addresses of a family, evenly over all of them. IPv4 is before IPv6.
std::vector<Address> samples_of(const TargetSpace& space, Family family) {
  const auto all = std::views::iota(std::uint64_t{0}, space.size());
  const auto ipv6 =
      std::ranges::partition_point(all, [&space](std::uint64_t index) { return space.at(index).is_ipv4(); });
  const auto ipv4 = static_cast<std::uint64_t>(ipv6 - all.begin());  // how many
  const std::uint64_t begin = family == Family::ipv4 ? 0 : ipv4;
  const std::uint64_t end = family == Family::ipv4 ? ipv4 : space.size();
  const std::uint64_t step = std::max<std::uint64_t>(1, (end - begin) / samples_for_device);
  std::vector<Address> samples;
  for (std::uint64_t index = begin; index < end && samples.size() < samples_for_device; index += step)
    samples.push_back(space.at(index));
  return samples;
}

Result<transport::OpenedTransport> open_icmp(Family family, transport::TransportOptions options) {
  if (options.kind != TransportKind::automatic) return transport::open_transport(family, options);
  options.kind = TransportKind::icmp_datagram;
  auto opened = transport::open_transport(family, options);
  if (opened || opened.error().code != ErrorCode::permission_denied) return opened;
  options.kind = TransportKind::icmp_raw;
  auto raw = transport::open_transport(family, options);
  return raw ? std::move(raw) : std::move(opened);
}

// A device without queues of its own (veth) puts an answer into the queue with the number of the processor that brings it, which is the
// one that sent; what lands in another thread's queue has to be handed over. Where the processor is not to be had, so be it.
void stay_on_processor(unsigned number) {
  cpu_set_t processor;
  CPU_ZERO(&processor);
  CPU_SET(number % CPU_SETSIZE, &processor);
  ::sched_setaffinity(0, sizeof processor, &processor);
}

}  // namespace

Sweep::Sweep(const Settings& settings, const TargetSpace& space, AnswerSet& answers, RecordSink& sink,
             const Earlier* earlier)
    : settings_(settings),
      answers_(&answers),
      sink_(&sink),
      key_(earlier != nullptr ? earlier->key : net::random_key()),
      order_(space.size(), settings.seed),
      proof_(key_),
      earlier_(earlier != nullptr ? earlier->counts : Counts{}),
      answering_(earlier != nullptr ? answers.count() : 0),
      done_(::eventfd(0, EFD_CLOEXEC)) {
  const auto random = net::random_key();
  next_identifier_ = static_cast<std::uint16_t>(std::to_integer<unsigned>(random[0]) << 8 |
                                                std::to_integer<unsigned>(random[1]));
  common_.space = &space;
  common_.proof = &proof_;
  common_.settings = &settings_;
  common_.findings = this;
  set_rate(settings.rate);
}

Sweep::~Sweep() {
  std::ignore = stop();
}

Result<std::unique_ptr<Sweep>> Sweep::open(const Settings& settings, const TargetSpace& space,
                                           AnswerSet& answers, RecordSink& sink, const Earlier* earlier) {
  std::unique_ptr<Sweep> sweep(new Sweep(settings, space, answers, sink, earlier));
  if (!sweep->done_)
    return std::unexpected(Error::from_errno(errno, "cannot create a descriptor to wait on"));
  if (auto opened = sweep->open_workers(earlier); !opened) return std::unexpected(opened.error());
  return sweep;
}

// A family leaves by one device, which is that of most of its addresses.
Result<void> Sweep::open_devices() {
  devices_ = std::make_unique<xdp::Devices>(settings_.threads);
  for (const Family family : families_in(*common_.space)) {
    NetworkOptions network = settings_.network;
    if (const auto sources = of_family(settings_.sources, family); !sources.empty())
      network.source = sources.front();
    if (auto added = devices_->add(samples_of(*common_.space, family), network); !added) return added;
  }
  if (settings_.threads > 1) exchange_ = std::make_unique<Exchange>(settings_.threads);
  common_.exchange = exchange_.get();
  if (devices_->without_program())
    notice_ = "answers come by a raw socket: " + devices_->without_program()->message();
  return {};
}

Result<void> Sweep::open_workers(const Earlier* earlier) {
  const TargetSpace& space = *common_.space;
  if (settings_.transport == TransportKind::xdp) {
    if (auto opened = open_devices(); !opened) return opened;
  }
  const std::uint64_t limit =
      settings_.max_targets != 0 ? std::min(settings_.max_targets, space.size()) : space.size();
  for (unsigned thread = 0; thread < settings_.threads; ++thread) {
    std::vector<Channel> lanes[2];
    for (const Family family : families_in(space)) {
      auto channels = open_channels(family, thread);
      if (!channels) return std::unexpected(channels.error());
      lanes[family == Family::ipv6] = std::move(*channels);
    }
    const Shard shard = thread_shard(settings_, thread);
    targets_ += shard.size_of(limit);
    const Walk walk(order_, *answers_, shard, limit, settings_.rounds,
                    earlier != nullptr ? earlier->begin[thread] : WalkPosition{},
                    earlier != nullptr ? earlier->caught_up[thread] : WalkPosition{});
    workers_.push_back(std::make_unique<Worker>(common_, thread, walk, std::move(lanes[0]),
                                                std::move(lanes[1]), Clock::system()));
  }
  return {};
}

Result<transport::OpenedTransport> Sweep::open_one(Family family, unsigned thread,
                                                   transport::TransportOptions options) {
  if (!devices_) return open_icmp(family, std::move(options));
  auto opened = devices_->open_transport(family, thread, options);
  if (!opened) return std::unexpected(opened.error());
  return transport::OpenedTransport{.transport = std::move(*opened), .reason = {}};
}

Result<std::vector<Channel>> Sweep::open_channels(Family family, unsigned thread) {
  const auto sources = of_family(settings_.sources, family);
  transport::TransportOptions options;
  options.kind = settings_.transport;
  options.network = settings_.network;
  options.sampled_stamps = true;
  options.headers = settings_.headers;
  options.buffers = std::make_shared<transport::ReceiveBuffers>();
  std::vector<Channel> channels;
  // By rings there is nothing to be had of more: they are a thread's, however many channels it has.
  const std::size_t at_first = devices_ ? sources.size() : settings_.sockets;
  for (std::size_t wanted = std::max<std::size_t>(1, at_first); channels.size() < wanted;) {
    options.identifier = next_identifier_++;
    if (!sources.empty()) options.network.source = sources[channels.size() % sources.size()];
    auto opened = open_one(family, thread, options);
    if (!opened) return std::unexpected(opened.error());
    opened->transport->expect_messages_of(wire::echo_header_bytes + payload_size(settings_));
    transport_ = opened->transport->kind();
    if (exchange_) exchange_->add(opened->transport->identifier(), thread);
    if (channels.empty() && settings_.sockets == 0 && !devices_) {
      const double answers = common_.rate_each * buffered_seconds;
      const double capacity =
          static_cast<double>(std::max<std::size_t>(1, opened->transport->receive_capacity()));
      wanted = settings_.rate > 0 ? std::clamp(static_cast<std::size_t>(std::ceil(answers / capacity)),
                                               std::max<std::size_t>(1, sources.size()), most_sockets)
                                  : sockets_at_full_speed;
    }
    channels.emplace_back(std::move(opened->transport), options.network.source);
  }
  return channels;
}

// Nobody is there to throw to: it ends the sweep.
void Sweep::run_worker(unsigned number) {
  try {
    if (devices_ && workers_.size() > 1) stay_on_processor(number);
    workers_[number]->run();
  } catch (const std::bad_alloc&) {
    common_.stop = true;
    out_of_memory_ = true;
  }
  if (--running_ == 0) ::eventfd_write(done_.get(), 1);
}

Result<void> Sweep::start() {
  running_ = workers_.size();
  threads_.reserve(workers_.size());
  for (unsigned number = 0; number < workers_.size(); ++number) {
    auto started = net::start_thread([this, number] { run_worker(number); });
    if (!started) {
      std::ignore = stop();
      return std::unexpected(std::move(started.error()));
    }
    threads_.push_back(std::move(*started));
  }
  return {};
}

Result<void> Sweep::stop() {
  common_.stop = true;
  threads_.clear();  // joins
  if (out_of_memory_) return std::unexpected(net::out_of_memory());
  return {};
}

void Sweep::set_rate(double rate) {
  common_.rate_each = rate / settings_.threads;
}

State Sweep::state() const {
  State state;
  state.counts = earlier_;
  state.sending_done = state.done = state.complete = true;
  state.received_until = MonotonicTime::max();
  for (const auto& worker : workers_) {
    const Progress progress = worker->progress();
    state.counts += progress.counts;
    state.rate_in_force += progress.rate_in_force;
    state.left += progress.left;
    state.asked += progress.asked;
    if (progress.first_sent) {
      state.first_sent = std::min(state.first_sent.value_or(*progress.first_sent), *progress.first_sent);
      state.last_sent = std::max(state.last_sent.value_or(*progress.last_sent), *progress.last_sent);
    }
    state.sending_done = state.sending_done && progress.sending_done;
    state.done = state.done && progress.done;
    state.complete = state.complete && progress.awaited;
    state.received_until = std::min(state.received_until, progress.received_until);
    state.at.push_back(progress.at);
    for (const auto& [system_errno, probes] : progress.refusals) state.refusals[system_errno] += probes;
    state.handovers += progress.handovers;
  }
  state.complete = state.complete || (state.done && everybody_answered_);
  if (out_of_memory_) state.sending_done = state.done = true;
  return state;
}

void Sweep::take(std::span<Record> records, Counts& counts) {
  const std::lock_guard lock(mutex_);
  for (Record& record : records) {
    if (record.is_reply) {
      record.duplicate = answers_->test_and_set(record.index);
      ++counts.replies;
      record.duplicate ? ++counts.duplicates : ++counts.answering;
      if (!record.duplicate) ++answering_;
      if (record.late) ++counts.late;
    }
    sink_->take(record);
  }
  if (settings_.max_results != 0 && answering_ >= settings_.max_results) common_.stop = true;
  // Everybody has answered, and nobody is asked twice: nothing is left to wait for.
  if (settings_.rounds.probes == 1 && answering_ == targets_) {
    everybody_answered_ = true;
    common_.stop = true;
  }
}

}  // namespace sonde::sweep
