// worker_receiving.cpp: from what the sockets hold to records; see worker.hpp.
#include <algorithm>

#include "sweep/worker.hpp"

namespace sonde::sweep {

void Worker::receive() {
  handed_over_ = false;
  const MonotonicTime began = watch_.now();  // what comes from here on may not be read in this turn
  bool all = true;
  for (Lane* lane : {&ipv4_, &ipv6_}) {
    for (Channel& channel : lane->channels) all = receive_from(channel) && all;
  }
  if (common_->exchange != nullptr) {
    exchange();
    all = all && !has_to_hand_over();
  }
  if (!records_.empty()) {
    common_->findings->take(records_, counts_);
    records_.clear();
  }
  if (all) received_until_ = began;
}

bool Worker::receive_from(Channel& channel) {
  // Bounded, so that a flood cannot keep the worker from sending.
  constexpr int most_batches = 64;
  for (int batch = 0; batch < most_batches; ++batch) {
    received_.clear();
    const bool more = channel.transport->receive(received_);
    // A step of the wall clock has to be known before a stamp is believed.
    if (!received_.arrivals.empty()) watch_.check();
    for (const transport::SendStamp& stamp : received_.stamps) take_stamp(channel, stamp);
    for (const transport::Arrival& arrival : received_.arrivals) take(channel, arrival);
    if (!more) return true;
  }
  return false;
}

void Worker::take_stamp(Channel& channel, const transport::SendStamp& stamp) {
  const auto probe = channel.stamps.take(stamp.number);
  if (!probe || watch_.stepped_since(probe->sent_at)) return;
  log_.correct(probe->ordinal, stamp.at);
  usual_delay_.add(stamp.at - watch_.to_unix(probe->sent_at));
}

void Worker::take(const Channel& channel, const transport::Arrival& arrival) {
  switch (arrival.message.kind) {
    case wire::IcmpKind::echo_reply:
      return take_reply(channel, arrival);
    case wire::IcmpKind::error:
      return take_error(channel, arrival);
    case wire::IcmpKind::note:
    case wire::IcmpKind::echo_request:
    case wire::IcmpKind::timestamp_reply:
    case wire::IcmpKind::node_reply:
    case wire::IcmpKind::other:
      return;
  }
}

void Worker::describe(const Channel& channel, const transport::Arrival& arrival, const Address& address,
                      Record& record) const {
  record.to = channel.source;
  record.address = address;
  record.from = arrival.from.value_or(address);
  record.type = arrival.message.type;
  record.code = arrival.message.code;
  record.reason = arrival.message.reason;
  record.received_at = arrival.stamp.value_or(watch_.to_unix(arrival.received_at));
  record.ttl = arrival.ttl;
  record.bytes = arrival.bytes;
  record.cooldown = is_sending_done();
}

void Worker::measure(const transport::Arrival& arrival, const ProbeNumbers& numbers, Record& record) const {
  record.probe = numbers.probe;
  const auto sending = log_.find(numbers.ordinal);
  if (!sending) return;
  const Nanoseconds around = estimate(arrival, *sending);
  // What the estimate says of when the probe left may be wrong by as much as it lies behind the earliest moment, but hardly by
  // more than stamps were found to be.
  const bool by_stamp = arrival.stamp && !watch_.stepped_since(sending->at);
  const Nanoseconds longest = upper_bound(arrival, *sending);
  const Nanoseconds unsure = sending->is_stamped && by_stamp
                                 ? Nanoseconds::zero()
                                 : std::min(longest - around, usual_delay_.spread());
  record.rtt_is_bound = around <= unsure;
  record.rtt = record.rtt_is_bound ? longest : around;
  record.sent_at = record.received_at - *record.rtt;
  record.late = around > common_->settings->late;
}

Nanoseconds Worker::estimate(const transport::Arrival& arrival, const SendLog::Sending& sending) const {
  if (!arrival.stamp || watch_.stepped_since(sending.at)) return arrival.received_at - sending.at;
  return *arrival.stamp - sending.left.value_or(watch_.to_unix(sending.at) + usual_delay_.median());
}

// From the earliest moment at which the probe can have left.
Nanoseconds Worker::upper_bound(const transport::Arrival& arrival, const SendLog::Sending& sending) const {
  const Nanoseconds until_read = arrival.received_at - sending.earliest;
  if (!arrival.stamp || watch_.stepped_since(sending.at)) return until_read;
  UnixTime earliest = watch_.to_unix(sending.earliest);
  if (sending.not_before) earliest = std::max(earliest, *sending.not_before);
  const Nanoseconds longest = *arrival.stamp - earliest;
  // The offset between the two clocks is known to some microseconds only.
  return longest > Nanoseconds::zero() ? std::min(longest, until_read) : until_read;
}

// What rings bring is not of the channel that read them: they are a thread's, and a queue's (xdp/xdp_transport.hpp).
void Worker::take_reply(const Channel& by, const transport::Arrival& arrival) {
  const std::uint16_t identifier = arrival.message.identifier;
  const Channel* channel = by.identifier == identifier ? &by : channel_of(identifier);
  std::optional<unsigned> other;
  if (channel == nullptr && common_->exchange != nullptr) other = common_->exchange->owner(identifier);
  const auto payload = arrival.message.payload;
  const auto numbers = Proof::read(payload);
  const bool possible = (channel != nullptr || other) && !arrival.bad_checksum && numbers &&
                        numbers->index < common_->space->size();
  const Address address = possible ? common_->space->at(numbers->index) : Address();
  if (!possible || !common_->proof->proves(payload, address)) {
    ++counts_.forged;
    return;
  }
  if (channel == nullptr) return hand_over(*other, arrival, *numbers);
  enter(*channel, arrival, address, *numbers);
}

const Channel* Worker::channel_of(std::uint16_t identifier) const {
  for (const Lane* lane : {&ipv4_, &ipv6_}) {
    const auto found = std::ranges::find(lane->channels, identifier, &Channel::identifier);
    if (found != lane->channels.end()) return &*found;
  }
  return nullptr;
}

void Worker::enter(const Channel& channel, const transport::Arrival& arrival, const Address& address,
                   const ProbeNumbers& numbers) {
  Record& record = records_.emplace_back();
  describe(channel, arrival, address, record);
  record.is_reply = true;
  record.index = numbers.index;
  record.identifier = arrival.message.identifier;
  record.sequence = arrival.message.sequence;
  measure(arrival, numbers, record);
  if (record.rtt_is_bound) ++counts_.rtt_bounds;
}

void Worker::hand_over(unsigned owner, const transport::Arrival& arrival, const ProbeNumbers& numbers) {
  const bool found_room = common_->exchange->passage(number_, owner)
                              .give({.numbers = numbers,
                                     .from = *arrival.from,
                                     .received_at = arrival.received_at,
                                     .bytes = arrival.bytes,
                                     .identifier = arrival.message.identifier,
                                     .sequence = arrival.message.sequence,
                                     .type = arrival.message.type,
                                     .code = arrival.message.code,
                                     .ttl = arrival.ttl});
  handed_over_ = true;
  ++handovers_.all;
  if (!found_room) ++handovers_.waited;
}

void Worker::exchange() {
  Exchange& exchange = *common_->exchange;
  for (unsigned other = 0; other < exchange.workers(); ++other) {
    if (other == number_) continue;
    exchange.passage(number_, other).retry();
    exchange.passage(other, number_).take_all([this](const Handover& answer) { take_over(answer); });
  }
}

bool Worker::has_to_hand_over() const {
  for (unsigned other = 0; other < common_->exchange->workers(); ++other) {
    if (other != number_ && common_->exchange->passage(number_, other).waits()) return true;
  }
  return false;
}

void Worker::take_over(const Handover& answer) {
  const Channel* channel = channel_of(answer.identifier);
  if (channel == nullptr) return;  // it was told of its own only
  transport::Arrival arrival;
  arrival.message.kind = wire::IcmpKind::echo_reply;
  arrival.message.type = answer.type;
  arrival.message.code = answer.code;
  arrival.message.identifier = answer.identifier;
  arrival.message.sequence = answer.sequence;
  arrival.from = answer.from;
  arrival.received_at = answer.received_at;
  arrival.ttl = answer.ttl;
  arrival.bytes = answer.bytes;
  enter(*channel, arrival, common_->space->at(answer.numbers.index), answer.numbers);
}

// An error need quote no more than identifier and sequence number of the probe: then those, and the address it went to,
// are the proof, and the RTT is unknown.
void Worker::take_error(const Channel& channel, const transport::Arrival& arrival) {
  if (!arrival.message.quoted) return;
  const wire::QuotedProbe& quoted = *arrival.message.quoted;
  const auto address = arrival.probed ? arrival.probed : quoted.destination;
  // Raw sockets see what is about other programs' probes.
  if (!address || quoted.identifier != channel.identifier) return;
  const auto index = common_->space->index_of(*address);
  const auto numbers = Proof::read(quoted.payload);
  const bool proved = numbers ? common_->proof->proves(quoted.payload, *address) && numbers->index == index
                              : quoted.sequence == common_->proof->sequence(*address);
  if (!index || !proved) {
    ++counts_.forged;
    return;
  }
  ++counts_.errors;
  Record& record = records_.emplace_back();
  describe(channel, arrival, *address, record);
  record.index = *index;
  record.identifier = quoted.identifier;
  record.sequence = quoted.sequence;
  if (numbers) measure(arrival, *numbers, record);
  if (record.rtt_is_bound) ++counts_.rtt_bounds;
}

}  // namespace sonde::sweep
