// probe_socket.hpp: what every connectionless socket that probes leave by has in common: batches in and out, the
// kernel's stamps, its error queue.
//
// TX stamps: each send carries its own number (SCM_TS_OPT_ID), so that a stamp names its probe whatever happened to
// other sends. Kernels before 6.13 count by themselves, and whether a failed send counts depends on how it failed:
// there we keep a map from their numbers to ours, and after any failed send the error queue is read out and the
// count restarted.
//
// Errors: an ICMP error lands on the error queue (IP_RECVERR) and fails the next send or receive call on the socket
// once, whomever that is for. So after a refused send the error queue is read and the probe is sent again, as long as
// errors come that explain the refusal. What is refused again and again without one is refused by this host.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "net/control_message.hpp"
#include "net/file_descriptor.hpp"
#include "net/timestamping.hpp"
#include "transport/receive_ring.hpp"
#include "transport/transport.hpp"

namespace sonde::transport {

class ProbeSocket : public Transport {
 public:
  Family family() const final { return family_; }
  TransportKind kind() const final { return kind_; }
  int fd() const final { return descriptor_.get(); }
  std::uint16_t identifier() const final { return identifier_; }
  RttClock clock() const final { return clock_; }
  std::size_t send(std::span<Departure> departures) final;
  bool receive(ReceiveBatch& batch) final;
  Result<void> admit(const PacketOptions& packet) final;
  void expect_messages_of(std::size_t bytes) final;
  std::uint64_t receive_drops() final;
  std::size_t receive_capacity() const final { return receive_capacity_; }

 protected:
  // An ICMP error that was read off the error queue, with its own bytes.
  struct QueuedError {
    net::ExtendedError error;
    net::SocketAddress probed;  // address, and for UDP port, that the quoted probe went to; may be unset
    std::optional<UnixTime> stamp;
    std::optional<std::uint8_t> ttl, tos;
    MonotonicTime received_at{};
    std::vector<std::byte>
        quoted;  // ICMP: from the quoted ICMP header on; UDP: what is behind the UDP header
  };

  ProbeSocket(net::FileDescriptor descriptor, Family family, TransportKind kind,
              const TransportOptions& options);

  // --- What the kinds differ in ---
  // Finishes a probe; returns the bytes to hand to the kernel. May change where it goes.
  virtual std::span<std::byte> compose(Departure& departure) = 0;
  // Reads message `place` of `ring`. False for a packet that is not for this socket.
  virtual bool read_answer(const ReceiveRing& ring, std::size_t place, Arrival& arrival) const = 0;
  // Fills in what the error says about the probe that it quotes.
  virtual void read_error(const QueuedError& queued, Arrival& arrival) const = 0;
  // Whether ICMP errors on the error queue are about our own probes.
  virtual bool keeps_errors() const { return true; }

  // The kernel's choice of an identifier (a ping socket's) or port, unless a bind to a source chose it already.
  Result<void> bind_anywhere(const TransportOptions& options);
  Result<void> configure_receiving(const TransportOptions& options);
  // While all messages are short, says of IPv4 probes that they are not to be fragmented (RFC 6864), unless somebody chose what
  // to say. What may be fragmented gets an identification, out of a table in the kernel that no cache holds: with many
  // targets a tenth of what a probe costs.
  void leave_identifications_out(const TransportOptions& options);
  Result<void> configure_stamps(const TransportOptions& options);

  void set_identifier(std::uint16_t identifier) { identifier_ = identifier; }

 private:
  using SendControl = net::ControlBuffer<4 * CMSG_SPACE(sizeof(int))>;  // number, stamp, TTL, TOS

  // Departures of which all have the same PacketOptions, or tell the kernel theirs by control messages.
  std::size_t send_batch(std::span<Departure> departures);
  // Where the kernel reads no control messages, packet by packet: each run of equal options by itself.
  std::size_t send_by_runs(std::span<Departure> departures);
  void prepare(std::size_t place, Departure& departure);
  void note_sent(const Departure& departure);
  void note_taken(std::span<Departure> taken, MonotonicTime began, MonotonicTime ended);

  // What is known of the probe whose sending fails.
  struct Refusal {
    int tries = 0;             // that an ICMP error explains
    int unexplained = 0;       // in a row
    bool errors_came = false;  // to this socket, meanwhile or not long before
  };
  enum class Verdict : std::uint8_t { local, try_again, undecided };
  // Whose the errno of a refused send is. Reads the error queue.
  Verdict judge(int system_errno, Refusal& refusal);
  void restart_kernel_numbers();

  void take_answer(std::size_t place, MonotonicTime now, ReceiveBatch& batch);
  void show_errors(ReceiveBatch& batch);
  // Reads the error queue to its end into stamps_ and errors_.
  void drain_error_queue();
  void take_queued(std::size_t place);
  std::optional<std::uint32_t> send_number(std::uint32_t kernel_number) const;

  net::FileDescriptor descriptor_;
  Family family_;
  TransportKind kind_;
  std::uint16_t identifier_ = 0;
  const Clock* clock_source_;
  RttClock clock_ = RttClock::user;
  net::TimestampingOptions stamping_;
  bool own_numbers_ = false;
  bool sampled_ = false;
  std::size_t receive_capacity_ = 0;
  std::optional<bool> options_by_message_;  // nullopt: no probe had any yet
  PacketOptions usual_packet_;              // what the socket was opened with
  PacketOptions packet_set_;                // what is set on it now; without options_by_message_
  std::optional<int> path_mtu_before_;      // IP_MTU_DISCOVER without leave_identifications_out()
  std::uint32_t last_drops_ = 0;
  std::uint64_t drops_ = 0;

  std::array<mmsghdr, batch_size> send_headers_{};
  std::array<iovec, batch_size> send_vectors_{};
  std::array<SendControl, batch_size> send_controls_{};

  std::shared_ptr<ReceiveBuffers> buffers_;

  // What was read off the error queue and not yet handed over.
  std::vector<SendStamp> stamps_;
  std::uint64_t errors_queued_ = 0;      // ICMP errors ever read off it, also those thrown away
  std::uint64_t errors_at_refusal_ = 0;  // errors_queued_ at the last refused send
  int awaited_errno_ = 0;                // whether an ICMP error with this one was read: awaited_errno_came_
  bool awaited_errno_came_ = false;
  int undecided_calls_ = 0;                // of send(), in a row, for want of receive buffer
  std::vector<QueuedError> errors_;        // waiting to be handed over
  std::vector<QueuedError> shown_errors_;  // handed over by the last receive(): arrivals point into them
  std::optional<std::uint32_t> local_mtu_;

  // Without own numbers: the kernel's next one, and ours behind its last 65,536.
  std::uint32_t kernel_next_ = 0;
  std::vector<std::uint32_t> kernel_numbers_;
};

}  // namespace sonde::transport
