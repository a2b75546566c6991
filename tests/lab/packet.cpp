// packet.cpp: IPv4, IPv6, ICMP, UDP and TCP of the lab, byte by byte.
#include "lab/packet.hpp"

#include <algorithm>

namespace sonde::lab {
namespace {

constexpr std::uint8_t protocol_icmp = 1, protocol_tcp = 6, protocol_udp = 17, protocol_icmpv6 = 58;
constexpr std::uint8_t timestamp_request = 13, timestamp_reply = 14, node_query = 139, node_reply = 140;
constexpr std::size_t times_bytes = 12, nonce_bytes = 8;
constexpr std::size_t tcp_header_bytes = 20;
// With what it has of its IP header, the least that extensions stand behind.
constexpr std::size_t extended_quote_bytes = 128;
constexpr std::uint8_t tcp_fin = 1, tcp_syn = 2, tcp_rst = 4, tcp_ack = 16;
constexpr std::size_t ipv4_header_bytes = 20, ipv6_header_bytes = 40, largest_packet = 65535;

std::uint16_t read16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

std::uint32_t read32(ByteView bytes, std::size_t at) {
  return static_cast<std::uint32_t>(read16(bytes, at)) << 16 | read16(bytes, at + 2);
}

void write16(Bytes& bytes, std::size_t at, std::uint32_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

void write32(Bytes& bytes, std::size_t at, std::uint32_t value) {
  write16(bytes, at, value >> 16);
  write16(bytes, at + 2, value);
}

void write_address(Bytes& bytes, std::size_t at, const HostAddress& address) {
  std::copy_n(address.bytes.begin(), address.size(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

HostAddress read_address(ByteView bytes, std::size_t at, bool v6) {
  HostAddress address;
  address.v6 = v6;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), address.size(), address.bytes.begin());
  return address;
}

// IPv4 options as a host on the way would have filled them in: one entry used, the others free.
Bytes option_bytes(IpOption option, const HostAddress& recorder) {
  if (option == IpOption::none) return {};
  const bool record_route = option == IpOption::record_route;
  Bytes bytes(record_route ? 40 : 36, 0);
  bytes[0] = record_route ? 7 : 68;
  bytes[1] = record_route ? 39 : 36;
  bytes[2] = record_route ? 8 : 9;  // pointer, counted from 1, behind the first entry
  if (record_route) {
    write_address(bytes, 3, recorder);
  } else {
    write32(bytes, 4, 43'200'000);  // noon
  }
  return bytes;
}

struct IpHeader {
  HostAddress source, destination;
  std::uint8_t ttl = 64, tos = 0;
  IpOption option = IpOption::none;
  bool tcp = false;  // not ICMP
};

// Makes `packet` an IP header with room for `message_bytes` behind it; returns where the message starts.
std::size_t start_packet(const IpHeader& header, std::size_t message_bytes, Bytes& packet) {
  if (header.source.v6) {
    packet.assign(ipv6_header_bytes + message_bytes, 0);
    packet[0] = static_cast<std::uint8_t>(0x60 | header.tos >> 4);
    packet[1] = static_cast<std::uint8_t>(header.tos << 4);
    write16(packet, 4, static_cast<std::uint32_t>(message_bytes));
    packet[6] = header.tcp ? protocol_tcp : protocol_icmpv6;
    packet[7] = header.ttl;
    write_address(packet, 8, header.source);
    write_address(packet, 24, header.destination);
    return ipv6_header_bytes;
  }
  const Bytes options = option_bytes(header.option, header.source);
  const std::size_t header_bytes = ipv4_header_bytes + options.size();
  packet.assign(header_bytes + message_bytes, 0);
  packet[0] = static_cast<std::uint8_t>(0x40 | header_bytes / 4);
  packet[1] = header.tos;
  write16(packet, 2, static_cast<std::uint32_t>(packet.size()));
  packet[8] = header.ttl;
  packet[9] = header.tcp ? protocol_tcp : protocol_icmp;
  write_address(packet, 12, header.source);
  write_address(packet, 16, header.destination);
  std::ranges::copy(options, packet.begin() + ipv4_header_bytes);
  write16(packet, 10, checksum_of(add_to_sum(ByteView(packet).first(header_bytes))));
  return header_bytes;
}

void finish_message(const IpHeader& header, std::size_t start, bool broken, Bytes& packet) {
  const std::uint16_t right =
      icmp_checksum(ByteView(packet).subspan(start), header.source, header.destination);
  write16(packet, start + 2, broken ? right ^ 0x5555u : right);
}

// What the behaviour makes of the request's ICMP header and payload: the same for an answer and for a quote.
void disturb(const Behaviour& behaviour, Bytes& message) {
  if (message.size() < icmp_header_bytes) return;
  const std::uint32_t identifier = behaviour.identifier.value_or(read16(message, 4));
  write16(message, 4, identifier + behaviour.identifier_shift);
  write16(message, 6, read16(message, 6) + std::uint32_t{behaviour.sequence_shift});
  const auto flip = [&](std::size_t payload_byte) {
    if (icmp_header_bytes + payload_byte < message.size()) message[icmp_header_bytes + payload_byte] ^= 0x40;
  };
  if (behaviour.alter_byte) flip(*behaviour.alter_byte);
  if (behaviour.alter_payload) flip(token_bytes);
}

void resize_payload(const Behaviour& behaviour, std::size_t most, Bytes& message) {
  std::size_t payload = message.size() - icmp_header_bytes;
  payload -= std::min<std::size_t>(payload, behaviour.cut_bytes);
  if (behaviour.cut_to) payload = std::min<std::size_t>(payload, *behaviour.cut_to);
  message.resize(icmp_header_bytes + payload);
  message.resize(std::min(message.size() + behaviour.append_bytes, std::max(most, message.size())), 0xee);
}

Defects compare(ByteView asked, ByteView answered) {
  Defects defects;
  defects.cut = answered.size() < asked.size();
  defects.extra = answered.size() > asked.size();
  const std::size_t common = std::min(asked.size(), answered.size());
  const auto differ = [&](std::size_t from, std::size_t to) {
    for (std::size_t at = from; at < std::min(to, common); ++at) {
      if (asked[at] != answered[at]) return true;
    }
    return false;
  };
  defects.identifier = differ(4, 6);
  defects.sequence = differ(6, 8);
  defects.token = differ(icmp_header_bytes, icmp_header_bytes + token_bytes);
  defects.payload = differ(icmp_header_bytes + token_bytes, common);
  return defects;
}

}  // namespace

std::uint32_t add_to_sum(ByteView bytes, std::uint32_t sum) {
  std::uint64_t wide = sum;
  std::size_t at = 0;
  for (; at + 1 < bytes.size(); at += 2) wide += read16(bytes, at);
  if (at < bytes.size()) wide += static_cast<std::uint32_t>(bytes[at] << 8);
  while (wide >> 16 != 0) wide = (wide & 0xffff) + (wide >> 16);
  return static_cast<std::uint32_t>(wide);
}

std::uint16_t checksum_of(std::uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::uint16_t icmp_checksum(ByteView message, const HostAddress& source, const HostAddress& destination) {
  std::uint32_t sum = 0;
  if (source.v6) {
    sum = add_to_sum(destination.bytes, add_to_sum(source.bytes));
    sum += static_cast<std::uint32_t>(message.size()) + protocol_icmpv6;
  }
  return checksum_of(add_to_sum(message, sum));
}

namespace {

struct IpPacket {
  Request request;  // without what only its protocol knows
  std::uint8_t protocol = 0;
  bool header_right = true;
};

// nullopt: not whole, or a fragment.
std::optional<IpPacket> read_ip(ByteView packet) {
  if (packet.empty()) return {};
  IpPacket ip;
  Request& request = ip.request;
  const bool v6 = packet[0] >> 4 == 6;
  std::size_t total = 0;
  if (v6) {
    if (packet.size() < ipv6_header_bytes) return {};
    ip.protocol = packet[6];
    request.ip_header_bytes = ipv6_header_bytes;
    total = ipv6_header_bytes + read16(packet, 4);
    request.tos = static_cast<std::uint8_t>(packet[0] << 4 | packet[1] >> 4);
    request.ttl = packet[7];
  } else {
    if (packet.size() < ipv4_header_bytes || packet[0] >> 4 != 4) return {};
    ip.protocol = packet[9];
    request.ip_header_bytes = (packet[0] & 15u) * 4u;
    total = read16(packet, 2);
    const bool fragment = (read16(packet, 6) & 0x3fff) != 0;
    if (fragment || request.ip_header_bytes < ipv4_header_bytes || request.ip_header_bytes > packet.size())
      return {};
    ip.header_right = checksum_of(add_to_sum(packet.first(request.ip_header_bytes))) == 0;
    request.tos = packet[1];
    request.ttl = packet[8];
  }
  if (total > packet.size() || total < request.ip_header_bytes) return {};
  request.packet = packet.first(total);
  request.source = read_address(packet, v6 ? 8 : 12, v6);
  request.destination = read_address(packet, v6 ? 24 : 16, v6);
  return ip;
}

// The checksum over a UDP datagram or a TCP segment; over one that carries its checksum: 0.
std::uint16_t port_checksum(ByteView message, std::uint8_t protocol, const HostAddress& source,
                            const HostAddress& destination) {
  const ByteView from(source.bytes), to(destination.bytes);
  std::uint32_t sum = add_to_sum(to.first(destination.size()), add_to_sum(from.first(source.size())));
  sum += static_cast<std::uint32_t>(message.size()) + protocol;
  return checksum_of(add_to_sum(message, sum));
}

// The extension structure with an MPLS label stack object (RFC 4884 section 7, RFC 4950 section 4); empty without labels.
Bytes label_extensions(const std::vector<std::uint32_t>& stack) {
  if (stack.empty()) return {};
  Bytes bytes(8 + 4 * stack.size());
  bytes[0] = 2 << 4;  // version
  write16(bytes, 4, static_cast<std::uint16_t>(4 + 4 * stack.size()));
  bytes[6] = bytes[7] = 1;  // MPLS label stack, of the packet as it came in
  for (std::size_t entry = 0; entry < stack.size(); ++entry) write32(bytes, 8 + 4 * entry, stack[entry]);
  write16(bytes, 2, checksum_of(add_to_sum(bytes)));
  return bytes;
}

}  // namespace

std::optional<HostAddress> source_of(ByteView packet) {
  const auto ip = read_ip(packet);
  return ip ? std::optional(ip->request.source) : std::nullopt;
}

namespace {

// An ICMP message of at least its header; type and code are not looked at.
std::optional<Request> read_icmp(ByteView packet) {
  auto ip = read_ip(packet);
  if (!ip) return {};
  Request& request = ip->request;
  const bool v6 = request.destination.v6;
  const ByteView message = request.message();
  if (ip->protocol != (v6 ? protocol_icmpv6 : protocol_icmp) || message.size() < icmp_header_bytes) return {};
  request.identifier = read16(message, 4);
  request.sequence = read16(message, 6);
  request.checksum_right =
      ip->header_right && icmp_checksum(message, request.source, request.destination) == 0;
  return request;
}

}  // namespace

std::optional<Request> read_echo_request(ByteView packet) {
  const auto request = read_icmp(packet);
  if (!request || request->message()[0] != (request->destination.v6 ? 128 : 8) || request->message()[1] != 0)
    return {};
  return request;
}

std::optional<Request> read_other_request(ByteView packet) {
  auto request = read_icmp(packet);
  if (!request) return {};
  const bool v6 = request->destination.v6;
  if (request->message()[0] != (v6 ? node_query : timestamp_request)) return {};
  if (request->payload().size() < (v6 ? nonce_bytes : times_bytes)) return {};
  request->question = v6 ? Question::node_information : Question::timestamp;
  return request;
}

std::optional<Request> read_port_request(ByteView packet) {
  auto ip = read_ip(packet);
  if (!ip) return {};
  Request& request = ip->request;
  const ByteView message = request.message();
  const bool udp = ip->protocol == protocol_udp;
  if (!udp && ip->protocol != protocol_tcp) return {};
  if (message.size() < (udp ? icmp_header_bytes : tcp_header_bytes)) return {};
  constexpr std::uint8_t all_flags = tcp_fin | tcp_syn | tcp_rst | tcp_ack;
  if (!udp && (message[13] & all_flags) != tcp_syn) return {};
  request.protocol = udp ? Protocol::udp : Protocol::tcp;
  request.identifier = read16(message, 0);
  request.sequence = read16(message, 2);
  request.checksum_right =
      ip->header_right && port_checksum(message, ip->protocol, request.source, request.destination) == 0;
  return request;
}

namespace {

// The request as its answer, before anything is wrong with it.
Bytes right_reply(const Request& request, const Behaviour& behaviour) {
  const bool v6 = request.destination.v6;
  Bytes message(request.message().begin(), request.message().end());
  message[2] = message[3] = 0;
  const NodeReply node = behaviour.node.value_or(NodeReply{});
  switch (request.question) {
    case Question::echo:
      message[0] = v6 ? 129 : 0;
      break;
    case Question::timestamp: {
      constexpr std::uint32_t noon = 43'200'000;
      message[0] = timestamp_reply;
      write32(message, 12, noon);
      write32(message, 16, noon + 1);
      break;
    }
    case Question::node_information:
      message[0] = node_reply;
      message[1] = node.code;
      write16(message, 6, node.flags);
      message.resize(icmp_header_bytes + nonce_bytes);
      message.insert(message.end(), node.data.begin(), node.data.end());
      break;
  }
  return message;
}

}  // namespace

Answer make_reply(const Request& request, const Behaviour& behaviour, std::uint32_t forgery, Bytes& packet) {
  const bool v6 = request.destination.v6;
  const HostAddress source = behaviour.source.of(v6).value_or(request.destination);
  const IpHeader header{source, request.source, behaviour.ttl, behaviour.tos,
                        v6 ? IpOption::none : behaviour.ip_option};
  Bytes message = right_reply(request, behaviour);
  disturb(behaviour, message);
  for (std::size_t at = 0; forgery > 0 && at < token_bytes && icmp_header_bytes + at < message.size(); ++at) {
    message[icmp_header_bytes + at] ^= static_cast<std::uint8_t>(0xa5u ^ (forgery >> (at % 4 * 8)));
  }
  resize_payload(behaviour, largest_packet - 60, message);

  Answer answer;
  answer.kind = forgery > 0 ? Answer::Kind::forged : Answer::Kind::reply;
  answer.from = source;
  answer.type = message[0];
  answer.ttl = behaviour.ttl;
  answer.icmp_bytes = static_cast<std::uint32_t>(message.size());
  answer.ip_options = header.option != IpOption::none;
  answer.defects = compare(request.message(), message);
  answer.defects.checksum = behaviour.broken_checksum;
  answer.defects.source = source != request.destination;

  const std::size_t start = start_packet(header, message.size(), packet);
  std::ranges::copy(message, packet.begin() + static_cast<std::ptrdiff_t>(start));
  finish_message(header, start, behaviour.broken_checksum, packet);
  return answer;
}

std::optional<Answer> make_icmp_error(const Request& request, const Behaviour& behaviour,
                                      const IcmpError& error, Bytes& packet) {
  const bool v6 = request.destination.v6;
  const std::optional<IcmpCode> code = error.code(v6);
  if (!code) return {};
  const bool v6_redirect = v6 && code->type == 137;
  const HostAddress source = error.from.of(v6).value_or(request.destination);
  // A redirect is believed from the next hop alone, which its hop limit proves (RFC 4861 section 8.1).
  const IpHeader header{source, request.source, v6_redirect ? std::uint8_t{255} : behaviour.ttl,
                        behaviour.tos, IpOption::none};

  const ByteView asked = request.message();
  Bytes quoted(asked.begin(), asked.end());
  disturb(behaviour, quoted);
  const std::size_t most = (v6 ? 1280u - ipv6_header_bytes : 576u - ipv4_header_bytes) - icmp_header_bytes -
                           request.ip_header_bytes - (v6_redirect ? 40 : 0);
  quoted.resize(std::min({quoted.size(), most, std::size_t{error.quoted_bytes.value_or(0xffff)}}));

  const Bytes extensions = label_extensions(error.label_stack);
  // Where extensions follow, the quote is filled up (RFC 4884 section 4).
  if (!extensions.empty()) quoted.resize(extended_quote_bytes - request.ip_header_bytes);
  const std::size_t quote_bytes = request.ip_header_bytes + quoted.size();
  const std::size_t option_units = (8 + quote_bytes + 7) / 8;
  const std::size_t body_bytes = v6_redirect ? 32 + option_units * 8 : quote_bytes + extensions.size();
  const std::size_t start = start_packet(header, icmp_header_bytes + body_bytes, packet);
  packet[start] = code->type;
  packet[start + 1] = code->code;
  const HostAddress gateway = error.gateway.of(v6).value_or(source);
  std::size_t quote_at = start + icmp_header_bytes;
  if (v6_redirect) {
    write_address(packet, quote_at, gateway);
    write_address(packet, quote_at + 16, request.destination);
    packet[quote_at + 32] = 4;  // redirected header
    packet[quote_at + 33] = static_cast<std::uint8_t>(option_units);
    quote_at += 40;
  } else if (v6) {
    write32(packet, start + 4, code->type == 2 ? error.mtu : 0);
  } else if (code->type == 3 && code->code == 4) {
    write16(packet, start + 6, error.mtu);
  } else if (code->type == 5) {
    write_address(packet, start + 4, gateway);
  }
  if (!extensions.empty() && !error.unmarked_extensions)
    packet[start + (v6 ? 4 : 5)] = static_cast<std::uint8_t>(quote_bytes / (v6 ? 8 : 4));
  auto place = packet.begin() + static_cast<std::ptrdiff_t>(quote_at);
  place = std::ranges::copy(request.packet.first(request.ip_header_bytes), place).out;
  place = std::ranges::copy(quoted, place).out;
  std::ranges::copy(extensions, place);
  finish_message(header, start, behaviour.broken_checksum, packet);

  Answer answer;
  answer.kind = Answer::Kind::error;
  answer.from = source;
  answer.type = code->type;
  answer.code = code->code;
  answer.ttl = header.ttl;
  answer.mtu = error.mtu;
  answer.icmp_bytes = static_cast<std::uint32_t>(icmp_header_bytes + body_bytes);
  answer.defects = compare(asked.first(std::min(asked.size(), quoted.size())),
                           ByteView(quoted).first(std::min(asked.size(), quoted.size())));
  answer.defects.checksum = behaviour.broken_checksum;
  return answer;
}

Answer make_port_unreachable(const Request& request, const Behaviour& behaviour, Bytes& packet) {
  IcmpError error;
  error.v4 = IcmpCode{3, 3};
  error.v6 = IcmpCode{1, 4};
  error.quoted_bytes.reset();
  Answer answer = make_icmp_error(request, behaviour, error, packet).value();
  answer.kind = Answer::Kind::reply;
  return answer;
}

Answer make_tcp_answer(const Request& request, const Behaviour& behaviour, Bytes& packet) {
  constexpr std::uint32_t our_first_byte = 0x5eed;  // any will do
  const IpHeader header{request.destination, request.source, behaviour.ttl,
                        behaviour.tos,       IpOption::none, true};
  const bool accepted = request.sequence == behaviour.tcp_open_port;
  const std::size_t start = start_packet(header, tcp_header_bytes, packet);
  write16(packet, start, request.sequence);
  write16(packet, start + 2, request.identifier);
  write32(packet, start + 4, accepted ? our_first_byte : 0);
  write32(packet, start + 8, read32(request.message(), 4) + 1);
  packet[start + 12] = tcp_header_bytes / 4 << 4;
  packet[start + 13] = (accepted ? tcp_syn : tcp_rst) | tcp_ack;
  write16(packet, start + 14, accepted ? 0xffff : 0);
  const ByteView segment = ByteView(packet).subspan(start);
  write16(packet, start + 16, port_checksum(segment, protocol_tcp, header.source, header.destination));

  Answer answer;
  answer.from = request.destination;
  answer.type = packet[start + 13];
  answer.ttl = header.ttl;
  answer.icmp_bytes = tcp_header_bytes;
  return answer;
}

}  // namespace sonde::lab
