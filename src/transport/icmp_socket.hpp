// icmp_socket.hpp: an ICMP socket, datagram ("ping") or raw, of either family.
//
// The two kinds differ in four things only:
//   datagram: the kernel owns identifier and checksum, delivers our own answers without their IP header, and puts ICMP
//             errors on the error queue.
//   raw:      we choose the identifier, a filter keeps foreign packets out, IPv4 packets come with their IP header,
//             their checksum is ours to write and to verify, and ICMP errors arrive like answers. IP_RECVERR is on
//             there too, as without it a full queue's ENOBUFS and the MTU of an EMSGSIZE are not told; the ICMP
//             errors that it queues are anybody's and unfiltered: they are only thrown away.
#pragma once

#include <memory>

#include "transport/probe_socket.hpp"

namespace sonde::transport {

class IcmpSocket final : public ProbeSocket {
 public:
  // `kind` is icmp_datagram or icmp_raw. Errors: that of socket(2); only this one says whether the way is
  // open.
  static Result<net::FileDescriptor> open_descriptor(Family family, TransportKind kind);
  // Sets up what open_descriptor() gave. Errors: that of the option that could not be set.
  static Result<std::unique_ptr<IcmpSocket>> configure(net::FileDescriptor descriptor, Family family,
                                                       TransportKind kind, const TransportOptions& options);

 private:
  IcmpSocket(net::FileDescriptor descriptor, Family family, TransportKind kind,
             const TransportOptions& options);
  Result<void> configure(const TransportOptions& options);

  bool is_ours(const wire::IcmpMessage& message) const;
  bool is_raw() const { return kind() == TransportKind::icmp_raw; }
  std::span<std::byte> compose(Departure& departure) override;
  bool read_answer(const ReceiveRing& ring, std::size_t place, Arrival& arrival) const override;
  void read_error(const QueuedError& queued, Arrival& arrival) const override;
  bool keeps_errors() const override { return !is_raw(); }

  ProbeMessage message_;
};

}  // namespace sonde::transport
