// ping_socket.hpp: a bare ICMP socket for tests of the kernel's behaviour, without any of the library's care.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "net/control_message.hpp"
#include "net/file_descriptor.hpp"
#include "net/socket_address.hpp"
#include "net/timestamping.hpp"

namespace sonde::net::testing {

Address address(std::string_view text);

struct Packet {
  Address from;
  std::vector<std::byte>
      bytes;  // from the ICMP header on (ping sockets), from the IP header on (raw IPv4 sockets)
  ReceivedControl control;

  std::uint8_t type() const { return std::to_integer<std::uint8_t>(bytes.at(0)); }
  std::uint16_t identifier() const { return word(4); }
  std::uint16_t sequence() const { return word(6); }

 private:
  std::uint16_t word(std::size_t at) const;
};

class PingSocket {
 public:
  // A datagram socket (or a raw one) of `family`; fails the test when there is none.
  explicit PingSocket(Family family, int type = SOCK_DGRAM);

  int fd() const { return descriptor_.get(); }
  Family family() const { return family_; }
  std::uint16_t identifier() const;
  // 0 or the errno.
  int bind(std::uint16_t identifier, const std::optional<Address>& source = {});
  int connect(const Address& peer);
  // Sends one echo request; 0 or the errno.
  int send(const Address& to, std::uint16_t sequence, std::size_t payload_bytes = 56,
           std::span<const std::byte> control = {}, std::uint32_t flow_label = 0);
  // The next packet, or nullopt when none comes within `patience`.
  std::optional<Packet> receive(std::chrono::milliseconds patience = std::chrono::milliseconds(1000));
  // The next message of the error queue.
  std::optional<Packet> receive_error(std::chrono::milliseconds patience = std::chrono::milliseconds(1000));
  // What is there by now.
  std::vector<Packet> receive_all();
  // The numbers of the TX stamps that are there by now.
  std::vector<std::uint32_t> stamp_numbers();

 private:
  std::optional<Packet> read(int flags);

  Family family_;
  FileDescriptor descriptor_;
};

// Both families, for INSTANTIATE_TEST_SUITE_P, and their names.
std::vector<Family> both_families();
std::string family_name(const ::testing::TestParamInfo<Family>& instance);

// Sends `icmp` (header and payload, its checksum filled in) from any address to a local one. Needs
// CAP_NET_RAW.
void forge(const Address& from, const Address& to, std::vector<std::uint8_t> icmp);
// The bytes of an echo reply.
std::vector<std::uint8_t> echo_reply(Family family, std::uint16_t identifier, std::uint16_t sequence,
                                     std::size_t payload_bytes = 56);

// Forges "host unreachable" (3/1; 1/3 for IPv6) from `offender`, quoting an echo request from `own` to
// `probed`.
void forge_unreachable(const Address& offender, const Address& own, const Address& probed,
                       std::uint16_t identifier, std::uint16_t sequence);

}  // namespace sonde::net::testing
