// udp_socket.hpp: asks by UDP datagrams to closed ports, which hosts answer with an ICMP port unreachable.
//
// Needs no privilege: the kernel puts the port unreachable on the socket's error queue (IP_RECVERR), with the time it
// came, the address and port that the quoted probe went to, and what is quoted of its payload. (The quoted UDP header
// itself, and so its checksum, it keeps to itself.) An answer from a service that listens on the port is one too.
//
// Which probe an answer belongs to is told by the destination port: the low 14 bits of the send's number, masked by a
// keyed function of the target's address, are the port's place among the 16,384 dynamic ports (RFC 6335, 49152-65535).
// So somebody who does not see the probes cannot tell which port waits for an answer, nor the port that they come from.
// The token is in the payload; where a router quotes no more than RFC 792 asks for (8 bytes), the ports are all there is.
#pragma once

#include <memory>
#include <vector>

#include "transport/probe_socket.hpp"
#include "wire/token.hpp"

namespace sonde::transport {

class UdpSocket final : public ProbeSocket {
 public:
  // Errors: system, that of the option that could not be set.
  static Result<std::unique_ptr<UdpSocket>> open(Family family, const TransportOptions& options);

  std::size_t numbers_at_once() const override { return ports; }

 private:
  static constexpr std::size_t ports = 16'384;
  static constexpr std::uint16_t first_port = 49'152;

  UdpSocket(net::FileDescriptor descriptor, Family family, const TransportOptions& options,
            const wire::TokenKey& key);
  Result<void> configure(const TransportOptions& options);

  std::uint16_t port_mask(const Address& address) const;
  // The number of the last probe that went to this address and port.
  std::optional<std::uint32_t> number_of(const net::SocketAddress& probed) const;

  std::span<std::byte> compose(Departure& departure) override;
  bool read_answer(const ReceiveRing& ring, std::size_t place, Arrival& arrival) const override;
  void read_error(const QueuedError& queued, Arrival& arrival) const override;

  wire::TokenKey key_;
  std::vector<std::uint32_t> numbers_;  // by place: of the last probe sent there
};

}  // namespace sonde::transport
