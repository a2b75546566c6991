// ask.cpp: see ask.hpp.
#include "explain/ask.hpp"

#include <sys/random.h>

#include <memory>
#include <utility>

#include "explain/socket_row.hpp"
#include "explain/timeline.hpp"
#include "net/interfaces.hpp"
#include "net/timestamping.hpp"
#include "net/wait.hpp"
#include "transport/select.hpp"
#include "wire/icmp.hpp"
#include "wire/payload.hpp"
#include "wire/token.hpp"

namespace sonde::explain {
namespace {

constexpr std::uint32_t probe_number = 1;

// Nobody else can know it: an answer that brings it back answers this probe.
std::uint64_t random_token() {
  std::uint64_t token = 0;
  while (::getrandom(&token, sizeof token, 0) != static_cast<ssize_t>(sizeof token)) {
  }
  return token;
}

// CLOCK_REALTIME - CLOCK_MONOTONIC, to some 50 ns: the closest of many pairs of readings, as whatever interrupts one lies
// within it.
Nanoseconds clock_offset(const Clock& clock) {
  constexpr int attempts = 50;
  Nanoseconds offset{}, smallest = Nanoseconds::max();
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const MonotonicTime before = clock.monotonic();
    const UnixTime wall = clock.unix_time();
    const Nanoseconds between = clock.monotonic() - before;
    if (between >= smallest) continue;
    smallest = between;
    offset = wall.time_since_epoch() - (before + between / 2).time_since_epoch();
  }
  return offset;
}

// One probe on one transport, from the call that sends it to the one that receives the answer.
class Watch {
 public:
  Watch(transport::Transport& transport, const Question& question, Explanation& found)
      : transport_(transport),
        question_(question),
        found_(found),
        clock_(Clock::system()),
        offset_(clock_offset(clock_)),
        message_(wire::echo_header_bytes + question.payload_bytes),
        token_(random_token()) {}

  void run() {
    if (!send()) return;
    receive();
    finish();
  }

 private:
  std::span<std::byte> payload() { return std::span(message_).subspan(wire::echo_header_bytes); }
  bool has_token() const { return question_.payload_bytes >= wire::token_bytes; }

  bool send() {
    wire::fill_payload(payload());
    if (has_token()) wire::write_token(payload(), token_);
    transport_.expect_messages_of(message_.size());
    transport::Departure departure;
    departure.to = net::SocketAddress::from(question_.address, 0, question_.network.flow_label.value_or(0));
    departure.number = probe_number;
    departure.message = message_;
    // ICMP errors about other probes, or answers that fill the buffer, may keep it from being decided; reading makes room.
    const MonotonicTime until = clock_.monotonic() + question_.timeout;
    std::size_t decided = 0;
    transport::ReceiveBatch others;
    while ((decided = transport_.send(std::span(&departure, 1))) == 0 && clock_.monotonic() < until) {
      others.clear();
      transport_.receive(others);
    }
    if (decided == 1 && departure.system_errno == 0) {
      note(Instant::send_called, departure.call_began);
      note(Instant::send_returned, departure.call_ended);
      sent_at_ = departure.call_began;
      return true;
    }
    found_.verdict = EventKind::local;
    found_.system_errno = decided == 1 ? departure.system_errno : EAGAIN;
    return false;
  }

  void receive() {
    const MonotonicTime until = sent_at_ + question_.timeout;
    transport::ReceiveBatch batch;
    constexpr int most_calls_in_a_row = 1000;
    // Once more after the time is over: what came in time may be read late.
    bool in_time = true;
    while (!answered_ && in_time) {
      in_time = wait(until);
      const MonotonicTime woke = clock_.monotonic();
      bool more = true;
      for (int calls = 0; more && !answered_ && calls < most_calls_in_a_row; ++calls) {
        batch.clear();
        more = transport_.receive(batch);
        for (const transport::SendStamp& stamp : batch.stamps) take(stamp);
        for (const transport::Arrival& arrival : batch.arrivals) take(arrival, woke);
      }
    }
  }

  // False when the time is over.
  bool wait(MonotonicTime until) const {
    pollfd waited_for{transport_.fd(), POLLIN, 0};
    net::wait_until(std::span(&waited_for, 1), until);
    return clock_.monotonic() < until;
  }

  void take(const transport::SendStamp& stamp) {
    if (stamp.number != probe_number || stamp.hardware) return;
    stamps_[static_cast<std::size_t>(stamp.scheduler ? Instant::scheduled : Instant::sent)] = stamp.at;
  }

  void take(const transport::Arrival& arrival, MonotonicTime woke) {
    if (answered_ || arrival.bad_checksum) return;
    const bool reply = arrival.message.kind == wire::IcmpKind::echo_reply && answers(arrival);
    if (!reply && !(arrival.message.kind == wire::IcmpKind::error && quotes_probe(arrival))) return;
    if (woke > sent_at_ + question_.timeout && arrival.stamp &&
        *arrival.stamp > UnixTime(sent_at_.time_since_epoch() + offset_) + question_.timeout)
      return;  // came too late, not only read too late
    answered_ = true;
    found_.verdict = reply ? EventKind::reply : EventKind::error;
    found_.from = arrival.from;
    found_.ttl = arrival.ttl;
    found_.bytes = arrival.bytes;
    if (arrival.ttl) found_.distance = likely_distance(*arrival.ttl);
    if (arrival.message.reason != ErrorReason::none) explain_error(arrival);
    if (found_.reason == ErrorReason::neighbour) return;  // this host's own word: nothing came back
    if (arrival.stamp) stamps_[static_cast<std::size_t>(Instant::arrived)] = arrival.stamp;
    note(Instant::poll_woke, woke);
    note(Instant::receive_returned, arrival.received_at);
  }

  bool answers(const transport::Arrival& arrival) const {
    if (arrival.message.sequence != static_cast<std::uint16_t>(probe_number)) return false;
    const auto came = wire::read_token(arrival.message.payload);
    if (arrival.proof == transport::Proof::token && has_token()) return came == token_;
    if (arrival.proof == transport::Proof::quote && has_token() && came) return came == token_;
    return arrival.from == question_.address || question_.address.is_multicast();
  }

  bool quotes_probe(const transport::Arrival& arrival) const {
    const auto& quoted = arrival.message.quoted;
    if (!quoted || quoted->asks != ProbeMessage::echo || quoted->identifier != transport_.identifier())
      return false;
    if (quoted->sequence != static_cast<std::uint16_t>(probe_number)) return false;
    const auto came = wire::read_token(quoted->payload);
    return !has_token() || !came || came == token_;
  }

  void explain_error(const transport::Arrival& arrival) {
    found_.reason = arrival.message.reason;
    found_.reason_text = wire::describe(transport_.family(), arrival.message.type, arrival.message.code);
    const bool own_word = found_.reason == ErrorReason::host_unreachable && arrival.from &&
                          net::is_own_address(*arrival.from).value_or(false);
    if (!own_word) return;
    found_.reason = ErrorReason::neighbour;
    found_.distance.reset();
    found_.ttl.reset();
  }

  void note(Instant instant, MonotonicTime at) { own_[static_cast<std::size_t>(instant)] = at; }

  // Puts all on the axis of the stamps.
  void finish() {
    // A clock that was set meanwhile moved the stamps against each other. NTP's slewing moves both clocks alike.
    constexpr Nanoseconds most_read_wrong = std::chrono::microseconds(2);
    const Nanoseconds moved = clock_offset(clock_) - offset_;
    found_.clock_was_set = moved > most_read_wrong || moved < -most_read_wrong;
    Measurements measurements;
    if (!found_.clock_was_set) measurements = stamps_;
    for (std::size_t i = 0; i < instant_count; ++i) {
      if (own_[i]) measurements[i] = UnixTime(own_[i]->time_since_epoch() + offset_);
    }
    found_.timeline = make_timeline(measurements);
    const auto sent = found_.timeline.at(Instant::sent), arrived = found_.timeline.at(Instant::arrived);
    if (sent && arrived) found_.rtt = *arrived - *sent;
    if (const auto received = found_.timeline.at(Instant::receive_returned))
      found_.user_rtt = *received - *found_.timeline.at(Instant::send_called);
  }

  transport::Transport& transport_;
  const Question& question_;
  Explanation& found_;
  const Clock& clock_;
  Nanoseconds offset_;  // of the wall clock, before the probe
  std::vector<std::byte> message_;
  std::uint64_t token_;
  MonotonicTime sent_at_{};
  bool answered_ = false;
  Measurements stamps_{};
  std::array<std::optional<MonotonicTime>, instant_count> own_{};
};

// What this host knows of the way before the probe has taught it more.
void look_at_route(const Question& question, Explanation& found) {
  auto route = net::find_route(question.address, question.network);
  if (!route) {
    found.route_failure = route.error().message();
    return;
  }
  found.route = std::move(*route);
  if (found.route->kind != net::RouteKind::unicast) return;
  found.next_hop = found.route->gateway.value_or(question.address);
  const auto neighbour = net::find_neighbour(*found.next_hop, found.route->interface_index);
  found.neighbour_was_known = neighbour && *neighbour && !(*neighbour)->link_address.empty();
}

void look_at_neighbour(Explanation& found) {
  if (!found.next_hop) return;
  const auto neighbour = net::find_neighbour(*found.next_hop, found.route->interface_index);
  if (neighbour) found.neighbour = *neighbour;
}

}  // namespace

Result<Explanation> ask(const Question& question) {
  constexpr Nanoseconds patience_for_stamps = std::chrono::milliseconds(20);
  transport::TransportOptions options;
  options.kind = question.transport;
  options.network = question.network;
  options.scheduler_stamps = true;
  auto opened = transport::open_transport(question.address.family(), options);
  if (!opened) return std::unexpected(std::move(opened.error()));
  if (question.on_opened) question.on_opened();
  transport::Transport& transport = *opened->transport;
  if (transport.kind() == TransportKind::tcp) {
    return std::unexpected(Error{ErrorCode::unavailable, 0,
                                 "only TCP is open to this process, whose handshakes get no stamps",
                                 question.name, "`sonde ping --transport tcp` times them"});
  }
  net::await_receive_stamps(patience_for_stamps);

  Explanation found;
  found.name = question.name;
  found.address = question.address;
  found.transport = transport.kind();
  found.transport_reason = std::move(opened->reason);
  found.timeout = question.timeout;
  look_at_route(question, found);
  Watch(transport, question, found).run();
  found.socket = find_socket_row(transport.fd(), transport.kind(), transport.family());
  look_at_neighbour(found);
  return found;
}

}  // namespace sonde::explain
