// fake_transport.hpp: a network without sockets, on a FakeClock: what becomes of each probe is a script's
// word.
//
// A probe reaches the device `host_out` after the send call; its answer reaches the host a Fate's delay later
// and is there to be read `read_delay` after that. So the RTT by the kernel's stamps is the delay exactly,
// that by the monotonic clock the delay + host_out + read_delay.
#pragma once

#include <cerrno>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fake_clock.hpp"
#include "transport/transport.hpp"

namespace sonde::test {

inline constexpr Nanoseconds host_out = std::chrono::microseconds(2);

// One packet that comes back.
struct Answer {
  enum class Kind { reply, icmp };
  Nanoseconds delay = std::chrono::milliseconds(1);
  Nanoseconds read_delay = std::chrono::microseconds(3);
  Kind kind = Kind::reply;
  // reply
  bool wrong_token = false, wrong_identifier = false, corrupt = false, bad_checksum = false,
       ip_options = false;
  bool rx_stamp = true;
  int sequence_offset = 0;
  int size_change = 0;                // bytes cut off or appended
  std::vector<std::byte> contents{};  // of no echo: what stands behind the proof instead of what was sent
  std::optional<Address> from{};      // default: who was asked; of ICMP errors 203.0.113.1
  transport::Proof proof = transport::Proof::token;
  bool refused = false;
  std::optional<Nanoseconds> kernel_rtt{};  // measured by the kernel itself
  // icmp: type and code, and what it quotes
  std::uint8_t type = 3, code = 1;
  std::optional<std::uint32_t> mtu{};
  std::size_t quoted_payload =
      65'535;  // bytes behind the quoted ICMP header, at most; 0: RFC 792's short quote
  bool quotes_other_destination = false, quotes_wrong_token = false;
  bool has_ip_header = false;  // as raw IPv4 sockets receive it
};

// What becomes of one probe.
struct Fate {
  int refused = 0;           // errno of the send call
  bool buffer_full = false;  // EAGAIN: neither it nor those behind it are tried
  std::vector<Answer> answers{};
  bool stamped = true;        // its TX stamp comes back...
  Nanoseconds stamp_after{};  // ...this long after the send
};

inline Fate answered(Nanoseconds delay = std::chrono::milliseconds(1)) {
  Fate fate;
  fate.answers.push_back({.delay = delay});
  return fate;
}
inline Fate answered(Answer answer) {
  Fate fate;
  fate.answers.push_back(std::move(answer));
  return fate;
}
inline Fate silent() {
  return {};
}
inline Fate refused(int system_errno) {
  Fate fate;
  fate.refused = system_errno;
  return fate;
}
inline Fate buffer_full() {
  Fate fate;
  fate.buffer_full = true;
  return fate;
}
inline Answer icmp_error(Nanoseconds delay, std::uint8_t type = 3, std::uint8_t code = 1) {
  Answer answer{.delay = delay};
  answer.kind = Answer::Kind::icmp;
  answer.type = type;
  answer.code = code;
  return answer;
}

// A probe as the script sees it.
struct Asked {
  Address to;
  std::uint32_t number = 0;  // of the transport's sends
  std::uint64_t count = 0;   // probes before it, over all transports; refused ones included, untried ones not
  MonotonicTime at{};
};
using Script = std::function<Fate(const Asked&)>;

// What the transports of a test have in common.
struct FakeNetwork {
  FakeClock* clock = nullptr;
  Script script = [](const Asked&) { return answered(); };
  RttClock best_clock = RttClock::kernel;
  TransportKind kind = TransportKind::icmp_datagram;
  std::uint64_t asked = 0;
  bool keep_departures = false;
  std::vector<MonotonicTime> departures;  // when each probe left, if kept
  std::vector<PacketOptions> packets;     // and with what in its header
  std::vector<std::byte> payload_ends;    // and at its end
  std::size_t receive_capacity = 100'000;
  std::function<void()> after_receive{};  // called when receive() has looked
};

class FakeTransport final : public transport::Transport {
 public:
  FakeTransport(FakeNetwork& network, Family family, std::uint16_t identifier)
      : network_(&network), family_(family), identifier_(identifier) {}
  ~FakeTransport() override {
    if (closed) closed(*this);
  }
  FakeTransport(const FakeTransport&) = delete;
  FakeTransport& operator=(const FakeTransport&) = delete;

  Family family() const override { return family_; }
  TransportKind kind() const override { return network_->kind; }
  int fd() const override { return -1; }
  std::uint16_t identifier() const override { return identifier_; }
  RttClock clock() const override { return network_->best_clock; }
  std::size_t send(std::span<transport::Departure> departures) override;
  bool receive(transport::ReceiveBatch& batch) override;
  void expect_messages_of(std::size_t bytes) override { expected_bytes = std::max(expected_bytes, bytes); }
  std::uint64_t receive_drops() override { return drops; }
  std::size_t receive_capacity() const override { return network_->receive_capacity; }

  // A packet that nobody asked for: an echo reply from `from` with any sequence and payload.
  void inject(const Address& from, std::uint16_t sequence, std::vector<std::byte> payload);
  // When something is there to be received next.
  std::optional<MonotonicTime> next_event() const;

  ProbeMessage asks = ProbeMessage::echo;  // what it sends
  std::uint64_t drops = 0;
  std::size_t expected_bytes = 0;
  std::uint64_t sends = 0;                       // calls of send()
  std::function<void(FakeTransport&)> closed{};  // told when it goes

 private:
  static constexpr std::size_t receive_batch = 64;
  struct Pending {
    Answer answer;
    Address to;
    MonotonicTime arrives_at{};
    std::vector<std::byte> message;  // the probe's
  };

  void answer_reply(Pending& pending, transport::Arrival& arrival);
  void answer_icmp(Pending& pending, transport::Arrival& arrival);

  FakeNetwork* network_;
  Family family_;
  std::uint16_t identifier_;
  std::multimap<MonotonicTime, Pending> pending_;
  std::multimap<MonotonicTime, transport::SendStamp> stamps_;
  std::deque<Pending> shown_;  // what the last receive() gave spans of
};

}  // namespace sonde::test
