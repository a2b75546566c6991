// loopback_socket.cpp: see loopback_socket.hpp.
#include "doctor/loopback_socket.hpp"

#include <cerrno>

#include "net/wait.hpp"
#include "wire/icmp.hpp"

namespace sonde::doctor {

std::vector<std::byte> echo_request(Family family, std::uint16_t identifier, std::uint16_t sequence) {
  std::vector<std::byte> message(wire::echo_header_bytes + 8);
  wire::write_echo_request(message, family, identifier, sequence);
  // Of ICMPv6 the kernel writes the checksum itself, on raw sockets too (RFC 3542).
  if (family == Family::ipv4) wire::write_icmpv4_checksum(message);
  return message;
}

int send_to(int descriptor, const net::SocketAddress& to, std::span<const std::byte> message) {
  const auto sent = ::sendto(descriptor, message.data(), message.size(), MSG_DONTWAIT, to.data(), to.size());
  return sent < 0 ? errno : 0;
}

std::optional<Received> receive(int descriptor, int flags) {
  Received received;
  received.bytes.resize(2048);
  alignas(cmsghdr) std::array<std::byte, net::receive_control_bytes> control{};
  iovec data{received.bytes.data(), received.bytes.size()};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const auto length = ::recvmsg(descriptor, &header, flags | MSG_DONTWAIT);
  if (length < 0) return std::nullopt;
  received.bytes.resize(static_cast<std::size_t>(length));
  const net::ReceivedControl told = net::read_control(header);
  received.has_stamp = told.software_stamp.has_value();
  received.error = told.error;
  return received;
}

bool wait_for(int descriptor, MonotonicTime until) {
  pollfd waiting{descriptor, POLLIN, 0};
  return Clock::system().monotonic() < until && net::wait_until(std::span(&waiting, 1), until);
}

}  // namespace sonde::doctor
