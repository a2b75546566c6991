// packet.hpp: the lab's own packet code: reads echo and timestamp requests, node information queries, UDP datagrams and TCP SYNs, writes answers and ICMP errors,
// both families.
//
// It shares nothing with the code under test, whose faults would otherwise be the oracle's too.
// Sources: RFC 768, 791, 792, 1071, 4443, 4620, 4861 (redirect), 8200, 9293.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lab/host_address.hpp"
#include "lab/scenario.hpp"

namespace sonde::lab {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline constexpr std::size_t icmp_header_bytes = 8;
inline constexpr std::size_t token_bytes = 8;

// RFC 1071 over the bytes, an odd last one padded with zero; `sum` is what was added up before.
std::uint32_t add_to_sum(ByteView bytes, std::uint32_t sum = 0);
std::uint16_t checksum_of(std::uint32_t sum);
// The checksum over an ICMP message (for IPv6 with its pseudo-header). Over a message that carries its
// checksum: 0.
std::uint16_t icmp_checksum(ByteView message, const HostAddress& source, const HostAddress& destination);

enum class Protocol : std::uint8_t { icmp, udp, tcp };

// What an ICMP message asks for.
enum class Question : std::uint8_t { echo, timestamp, node_information };

struct Request {
  Protocol protocol = Protocol::icmp;
  Question question = Question::echo;
  HostAddress source, destination;
  std::uint16_t identifier = 0,
                sequence = 0;  // of UDP and TCP the ports: the sender's, and the one that is asked
  std::uint8_t ttl = 0, tos = 0;
  bool checksum_right = false;  // the message's checksum, and of IPv4 the header's
  std::size_t ip_header_bytes = 0;
  ByteView packet;  // the whole, views the bytes it was read from

  ByteView message() const { return packet.subspan(ip_header_bytes); }
  // Behind the header, of ICMP and UDP 8 bytes both; a SYN carries none.
  ByteView payload() const {
    return protocol == Protocol::tcp ? ByteView() : message().subspan(icmp_header_bytes);
  }
};

// nullopt: anything but a whole (not fragmented) echo request.
std::optional<Request> read_echo_request(ByteView packet);
// nullopt: anything but a whole timestamp request (IPv4) or node information query (IPv6), whose identifier and sequence
// are the bytes in that place.
std::optional<Request> read_other_request(ByteView packet);
// nullopt: anything but a whole UDP datagram or the SYN that opens a TCP connection.
std::optional<Request> read_port_request(ByteView packet);

// Of an IP packet that is whole; nullopt otherwise.
std::optional<HostAddress> source_of(ByteView packet);

// In what an answer differs from the true one. Found by comparing bytes, not from what was asked for.
struct Defects {
  bool checksum = false, identifier = false, sequence = false, token = false, payload = false, cut = false,
       extra = false, source = false;
};

// A packet that answers, and what it says.
struct Answer {
  enum class Kind : std::uint8_t { reply, duplicate, forged, error, note };
  Kind kind = Kind::reply;
  HostAddress from;
  std::uint8_t type = 0, code = 0, ttl = 0;
  std::uint32_t mtu = 0;
  std::uint32_t icmp_bytes = 0;
  bool ip_options = false;
  Defects defects;
};

// Writes the reply to an ICMP request that `behaviour` asks for to `packet`. `forgery` above 0 makes another wrong token
// (originate time, nonce) of each number.
Answer make_reply(const Request& request, const Behaviour& behaviour, std::uint32_t forgery, Bytes& packet);

// Writes the ICMP error; nullopt where the family knows none such. The behaviour's shifts and alterations
// apply to the quote.
std::optional<Answer> make_icmp_error(const Request& request, const Behaviour& behaviour,
                                      const IcmpError& error, Bytes& packet);

// Writes what a host sends that has no socket at the UDP port, quoting the whole datagram as Linux does.
Answer make_port_unreachable(const Request& request, const Behaviour& behaviour, Bytes& packet);
// Writes the SYN-ACK of an open TCP port, or the reset of a closed one.
Answer make_tcp_answer(const Request& request, const Behaviour& behaviour, Bytes& packet);

}  // namespace sonde::lab
