// icmp_socket.hpp: an ICMP socket, datagram ("ping") or raw, of either family.
//
// The two kinds differ in four things only:
//   datagram: the kernel owns identifier and checksum, delivers our own answers without their IP header, and puts ICMP
//             errors on the error queue (IP_RECVERR); such an error fails the next send or receive call on the socket
//             once, whomever that is for, so a refused send is tried again after reading the error queue.
//   raw:      we choose the identifier, a filter keeps foreign packets out, IPv4 packets come with their IP header,
//             their checksum is ours to write and to verify, and ICMP errors arrive like answers. IP_RECVERR is on
//             there too, as without it a full queue's ENOBUFS and the MTU of an EMSGSIZE are not told; the ICMP
//             errors that it queues are anybody's and unfiltered: they are only thrown away.
//
// TX stamps: each send carries its own number (SCM_TS_OPT_ID), so that a stamp names its probe whatever happened to
// other sends. Kernels before 6.13 count by themselves, and whether a failed send counts depends on how it failed:
// there we keep a map from their numbers to ours, and after any failed send the error queue is read out and the
// count restarted.
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

class IcmpSocket final : public Transport {
 public:
  // `kind` is icmp_datagram or icmp_raw. Errors: that of socket(2); only this one says whether the way is
  // open.
  static Result<net::FileDescriptor> open_descriptor(Family family, TransportKind kind);
  // Sets up what open_descriptor() gave. Errors: that of the option that could not be set.
  static Result<std::unique_ptr<IcmpSocket>> configure(net::FileDescriptor descriptor, Family family,
                                                       TransportKind kind, const TransportOptions& options);

  Family family() const override { return family_; }
  TransportKind kind() const override { return kind_; }
  int fd() const override { return descriptor_.get(); }
  std::uint16_t identifier() const override { return identifier_; }
  RttClock clock() const override { return clock_; }
  std::size_t send(std::span<Departure> departures) override;
  bool receive(ReceiveBatch& batch) override;
  void expect_messages_of(std::size_t bytes) override;
  std::uint64_t receive_drops() override;
  std::size_t receive_capacity() const override { return receive_capacity_; }

 private:
  using SendControl = net::ControlBuffer<64>;

  IcmpSocket(net::FileDescriptor descriptor, Family family, TransportKind kind,
             const TransportOptions& options);
  Result<void> configure(const TransportOptions& options);
  Result<void> configure_stamps(const TransportOptions& options);

  bool is_raw() const { return kind_ == TransportKind::icmp_raw; }
  void prepare(std::size_t place, Departure& departure);
  void note_sent(const Departure& departure);
  // After a refused send: reads the error queue; true when it held an ICMP error that may have been the
  // reason.
  bool explain_refusal();
  void restart_kernel_numbers();

  void take_answer(std::size_t place, MonotonicTime now, ReceiveBatch& batch);
  bool read_answer(std::size_t place, Arrival& arrival) const;
  // Reads the error queue to its end into stamps_ and errors_.
  void drain_error_queue();
  void take_queued(std::size_t place);
  std::optional<std::uint32_t> send_number(std::uint32_t kernel_number) const;

  net::FileDescriptor descriptor_;
  Family family_;
  TransportKind kind_;
  const Clock* clock_source_;
  std::uint16_t identifier_ = 0;
  RttClock clock_ = RttClock::user;
  net::TimestampingOptions stamping_;
  bool own_numbers_ = false;
  bool sampled_ = false;
  std::size_t receive_capacity_ = 0;
  std::uint32_t last_drops_ = 0;
  std::uint64_t drops_ = 0;

  std::array<mmsghdr, batch_size> send_headers_{};
  std::array<iovec, batch_size> send_vectors_{};
  std::array<SendControl, batch_size> send_controls_{};

  std::shared_ptr<ReceiveBuffers> buffers_;

  // What was read off the error queue and not yet handed over: an ICMP error keeps its own bytes.
  struct QueuedError {
    net::ExtendedError error;
    std::optional<Address> probed;
    std::optional<UnixTime> stamp;
    std::optional<std::uint8_t> ttl, tos;
    MonotonicTime received_at{};
    std::vector<std::byte> quoted;
  };
  std::vector<SendStamp> stamps_;
  std::uint64_t errors_queued_ = 0;        // ICMP errors ever read off it, also those thrown away
  std::vector<QueuedError> errors_;        // waiting to be handed over
  std::vector<QueuedError> shown_errors_;  // handed over by the last receive(): arrivals point into them
  std::optional<std::uint32_t> local_mtu_;

  // Without own numbers: the kernel's next one, and ours behind its last 65,536.
  std::uint32_t kernel_next_ = 0;
  std::vector<std::uint32_t> kernel_numbers_;
};

}  // namespace sonde::transport
