// icmp_filter.cpp: the two filter programs, one per family.
#include "transport/icmp_filter.hpp"

#include <linux/filter.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "wire/icmp.hpp"
#include "wire/probe_message.hpp"

namespace sonde::transport {

namespace {

constexpr sock_filter statement(int code, std::uint32_t k) {
  return {static_cast<std::uint16_t>(code), 0, 0, k};
}
constexpr sock_filter jump(int code, std::uint32_t k, std::uint8_t if_true, std::uint8_t if_false) {
  return {static_cast<std::uint16_t>(code), if_true, if_false, k};
}

constexpr int load_byte = BPF_LD | BPF_B | BPF_ABS;
constexpr int load_half = BPF_LD | BPF_H | BPF_ABS;
constexpr int load_byte_behind_x = BPF_LD | BPF_B | BPF_IND;
constexpr int load_half_behind_x = BPF_LD | BPF_H | BPF_IND;
constexpr int if_equal = BPF_JMP | BPF_JEQ | BPF_K;
constexpr sock_filter pass = statement(BPF_RET | BPF_K, UINT32_MAX);
constexpr sock_filter refuse = statement(BPF_RET | BPF_K, 0);

// The packet starts with its IP header; X becomes that header's length. A load past the end refuses the packet.
std::vector<sock_filter> ipv4_program(ProbeMessage message, std::uint16_t identifier) {
  return {
      statement(BPF_LDX | BPF_B | BPF_MSH, 0),
      statement(load_byte_behind_x, 0),
      jump(if_equal, wire::reply_type(Family::ipv4, message), 0, 4),
      statement(load_half_behind_x, 4),
      jump(if_equal, identifier, 0, 1),
      pass,
      refuse,
      // An error of any kind: X moves on by the quoted IP header's length, then the quoted ICMP header lies at X + 8.
      jump(if_equal, wire::icmpv4_destination_unreachable, 5, 0),
      jump(if_equal, wire::icmpv4_time_exceeded, 4, 0),
      jump(if_equal, wire::icmpv4_parameter_problem, 3, 0),
      jump(if_equal, wire::icmpv4_redirect, 2, 0),
      jump(if_equal, wire::icmpv4_source_quench, 1, 0),
      refuse,
      statement(load_byte_behind_x, 8),
      statement(BPF_ALU | BPF_AND | BPF_K, 0x0f),
      statement(BPF_ALU | BPF_LSH | BPF_K, 2),
      statement(BPF_ALU | BPF_ADD | BPF_X, 0),
      statement(BPF_MISC | BPF_TAX, 0),
      statement(load_byte_behind_x, 8),
      jump(if_equal, wire::request_type(Family::ipv4, message), 0, 3),
      statement(load_half_behind_x, 12),
      jump(if_equal, identifier, 0, 1),
      pass,
      refuse,
  };
}

// The packet starts with its ICMPv6 header. sonde sends no extension headers, so the quoted ICMPv6 header lies at 8 + 40.
std::vector<sock_filter> ipv6_program(ProbeMessage message, std::uint16_t identifier) {
  constexpr std::uint32_t quote_at = 8 + 40;
  const bool in_nonce = message == ProbeMessage::node_information;
  const auto identifier_at =
      static_cast<std::uint32_t>(in_nonce ? wire::echo_header_bytes + wire::nonce_identifier_at : 4);
  return {
      statement(load_byte, 0),
      jump(if_equal, wire::reply_type(Family::ipv6, message), 0, 4),
      statement(load_half, identifier_at),
      jump(if_equal, identifier, 0, 1),
      pass,
      refuse,
      jump(if_equal, wire::icmpv6_redirect, 0, 1),
      pass,
      jump(BPF_JMP | BPF_JGT | BPF_K, wire::icmpv6_parameter_problem, 5, 0),
      statement(load_byte, quote_at),
      jump(if_equal, wire::request_type(Family::ipv6, message), 0, 3),
      statement(load_half, quote_at + identifier_at),
      jump(if_equal, identifier, 0, 1),
      pass,
      refuse,
  };
}

}  // namespace

Result<void> attach_icmp_filter(int descriptor, Family family, ProbeMessage message,
                                std::uint16_t identifier) {
  auto program =
      family == Family::ipv4 ? ipv4_program(message, identifier) : ipv6_program(message, identifier);
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (::setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) {
    return std::unexpected(Error::from_errno(errno, "cannot attach a filter to a raw socket"));
  }
  return {};
}

}  // namespace sonde::transport
