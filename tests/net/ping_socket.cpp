// ping_socket.cpp: echo requests by hand.
#include "net/ping_socket.hpp"

#include <gtest/gtest.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sonde::net::testing {
namespace {

std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += static_cast<std::uint32_t>(bytes[i]) << 8 | (i + 1 < bytes.size() ? bytes[i + 1] : 0U);
  }
  while (sum >> 16 != 0) sum = (sum & 0xffffU) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace

Address address(std::string_view text) {
  const auto parsed = Address::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Address());
}

std::uint16_t Packet::word(std::size_t at) const {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes.at(at)) << 8 |
                                    std::to_integer<unsigned>(bytes.at(at + 1)));
}

PingSocket::PingSocket(Family family, int type)
    : family_(family),
      descriptor_(::socket(address_family(family), type | SOCK_CLOEXEC | SOCK_NONBLOCK,
                           family == Family::ipv4 ? static_cast<int>(IPPROTO_ICMP) : IPPROTO_ICMPV6)) {
  EXPECT_TRUE(descriptor_) << "no ICMP socket: " << errno_name(errno);
}

std::uint16_t PingSocket::identifier() const {
  const auto name = SocketAddress::of_socket(fd());
  return name ? name->port() : 0;
}

int PingSocket::bind(std::uint16_t identifier, const std::optional<Address>& source) {
  const SocketAddress name = SocketAddress::from(source.value_or(Address::any(family_)), identifier);
  return ::bind(fd(), name.data(), name.size()) == 0 ? 0 : errno;
}

int PingSocket::connect(const Address& peer) {
  const SocketAddress name = SocketAddress::from(peer);
  return ::connect(fd(), name.data(), name.size()) == 0 ? 0 : errno;
}

int PingSocket::send(const Address& to, std::uint16_t sequence, std::size_t payload_bytes,
                     std::span<const std::byte> control, std::uint32_t flow_label) {
  std::vector<std::uint8_t> bytes(8 + payload_bytes);
  bytes[0] = family_ == Family::ipv4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
  bytes[6] = static_cast<std::uint8_t>(sequence >> 8);
  bytes[7] = static_cast<std::uint8_t>(sequence & 0xff);
  SocketAddress name = SocketAddress::from(to, 0, flow_label);
  std::vector<std::byte> control_copy(control.begin(), control.end());
  iovec data{bytes.data(), bytes.size()};
  msghdr header{};
  header.msg_name = name.data();
  header.msg_namelen = name.size();
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control_copy.empty() ? nullptr : control_copy.data();
  header.msg_controllen = control_copy.size();
  return ::sendmsg(fd(), &header, 0) >= 0 ? 0 : errno;
}

std::optional<Packet> PingSocket::read(int flags) {
  Packet packet;
  packet.bytes.resize(2048);
  alignas(cmsghdr) std::array<std::byte, receive_control_bytes> control{};
  SocketAddress name;
  iovec data{packet.bytes.data(), packet.bytes.size()};
  msghdr header{};
  header.msg_name = name.data();
  header.msg_namelen = SocketAddress::capacity();
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t length = ::recvmsg(fd(), &header, flags | MSG_DONTWAIT);
  if (length < 0) return std::nullopt;
  packet.bytes.resize(static_cast<std::size_t>(length));
  if (name.is_set()) packet.from = name.address();
  packet.control = read_control(header);
  EXPECT_FALSE(packet.control.truncated);
  return packet;
}

std::optional<Packet> PingSocket::receive(std::chrono::milliseconds patience) {
  pollfd waiting{fd(), POLLIN, 0};
  ::poll(&waiting, 1, static_cast<int>(patience.count()));
  return read(0);
}

std::optional<Packet> PingSocket::receive_error(std::chrono::milliseconds patience) {
  pollfd waiting{fd(), 0, 0};  // POLLERR is always told
  ::poll(&waiting, 1, static_cast<int>(patience.count()));
  return read(MSG_ERRQUEUE);
}

std::vector<Packet> PingSocket::receive_all() {
  std::vector<Packet> packets;
  while (auto packet = read(0)) packets.push_back(std::move(*packet));
  return packets;
}

std::vector<std::uint32_t> PingSocket::stamp_numbers() {
  std::vector<std::uint32_t> numbers;
  while (const auto message = read(MSG_ERRQUEUE)) {
    if (message->control.error && message->control.error->is_send_stamp()) {
      EXPECT_TRUE(message->control.software_stamp);
      numbers.push_back(message->control.error->data);
    }
  }
  return numbers;
}

std::vector<Family> both_families() {
  return {Family::ipv4, Family::ipv6};
}

std::string family_name(const ::testing::TestParamInfo<Family>& instance) {
  return std::string(to_string(instance.param));
}

void forge(const Address& from, const Address& to, std::vector<std::uint8_t> icmp) {
  PingSocket raw(from.family(), SOCK_RAW);
  ASSERT_EQ(raw.bind(0, from), 0) << from.to_string();
  if (from.is_ipv4()) {  // the kernel fills it in for IPv6
    const std::uint16_t checksum = internet_checksum(icmp);
    icmp[2] = static_cast<std::uint8_t>(checksum >> 8);
    icmp[3] = static_cast<std::uint8_t>(checksum & 0xff);
  }
  const SocketAddress name = SocketAddress::from(to);
  ASSERT_EQ(::sendto(raw.fd(), icmp.data(), icmp.size(), 0, name.data(), name.size()),
            static_cast<ssize_t>(icmp.size()))
      << errno_name(errno);
}

std::vector<std::uint8_t> echo_reply(Family family, std::uint16_t identifier, std::uint16_t sequence,
                                     std::size_t payload_bytes) {
  std::vector<std::uint8_t> bytes(8 + payload_bytes);
  bytes[0] = family == Family::ipv4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
  bytes[4] = static_cast<std::uint8_t>(identifier >> 8);
  bytes[5] = static_cast<std::uint8_t>(identifier & 0xff);
  bytes[6] = static_cast<std::uint8_t>(sequence >> 8);
  bytes[7] = static_cast<std::uint8_t>(sequence & 0xff);
  return bytes;
}

void forge_unreachable(const Address& offender, const Address& own, const Address& probed,
                       std::uint16_t identifier, std::uint16_t sequence) {
  const auto append = [](std::vector<std::uint8_t>& bytes, const Address& address) {
    for (const std::byte byte : address.bytes()) bytes.push_back(std::to_integer<std::uint8_t>(byte));
  };
  std::vector<std::uint8_t> icmp;
  if (own.is_ipv4()) {
    icmp = {ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0, 0, 0, 0, 0, 0};
    icmp.insert(icmp.end(), {0x45, 0, 0, 84, 0, 0, 0, 0, 64, IPPROTO_ICMP, 0, 0});
  } else {
    icmp = {ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, 0, 0, 0, 0, 0, 0};
    icmp.insert(icmp.end(), {0x60, 0, 0, 0, 0, 64, IPPROTO_ICMPV6, 64});
  }
  append(icmp, own);
  append(icmp, probed);
  std::vector<std::uint8_t> quoted = echo_reply(own.family(), identifier, sequence);
  quoted[0] = own.is_ipv4() ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
  icmp.insert(icmp.end(), quoted.begin(), quoted.end());
  forge(offender, own, std::move(icmp));
}

}  // namespace sonde::net::testing
