// packet_test.cpp: the bytes of the lab's answers, against examples written down by hand.
#include "lab/packet.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "lab/hex.hpp"

namespace sonde::lab {
namespace {

HostAddress address(std::string_view text) {
  return HostAddress::parse(text).value();
}

void put16(Bytes& bytes, std::size_t at, std::size_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

// An echo request with identifier 0x1234, sequence 7 and a payload of `payload_bytes` counting up from 1.
Bytes echo_request(bool v6, std::size_t payload_bytes) {
  Bytes message = from_hex(v6 ? "80000000 1234 0007" : "08000000 1234 0007");
  for (std::size_t at = 0; at < payload_bytes; ++at) message.push_back(static_cast<std::uint8_t>(at + 1));
  const HostAddress source = address(v6 ? "fd77::ffff" : "10.77.255.254");
  const HostAddress destination = address(v6 ? "fd77::1" : "10.77.0.1");
  put16(message, 2, icmp_checksum(message, source, destination));
  Bytes packet = from_hex(v6 ? "60000000 0000 3a 40" : "45000000 00004000 40010000");
  packet.insert(packet.end(), source.bytes.begin(), source.bytes.begin() + (v6 ? 16 : 4));
  packet.insert(packet.end(), destination.bytes.begin(), destination.bytes.begin() + (v6 ? 16 : 4));
  put16(packet, v6 ? 4 : 2, message.size() + (v6 ? 0 : 20));
  if (!v6) put16(packet, 10, checksum_of(add_to_sum(packet)));
  packet.insert(packet.end(), message.begin(), message.end());
  return packet;
}

// A packet taken apart as a receiver would.
struct Received {
  ByteView header, message;
  HostAddress source, destination;
  bool checksum_right;
};

Received receive(const Bytes& packet) {
  const bool v6 = packet[0] >> 4 == 6;
  const ByteView bytes(packet);
  const std::size_t header = v6 ? 40 : (packet[0] & 15u) * 4u;
  Received result{bytes.first(header), bytes.subspan(header), {}, {}, false};
  result.source.v6 = result.destination.v6 = v6;
  std::copy_n(packet.begin() + (v6 ? 8 : 12), v6 ? 16 : 4, result.source.bytes.begin());
  std::copy_n(packet.begin() + (v6 ? 24 : 16), v6 ? 16 : 4, result.destination.bytes.begin());
  result.checksum_right = icmp_checksum(result.message, result.source, result.destination) == 0;
  return result;
}

TEST(Checksum, IsThatOfRfc1071) {
  const Bytes example = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(add_to_sum(example), 0xddf2u);
  EXPECT_EQ(checksum_of(add_to_sum(example)), 0x220d);
  EXPECT_EQ(add_to_sum(Bytes{0x12, 0x34, 0x56}), 0x1234u + 0x5600u);
}

TEST(EchoRequest, IsReadWithItsFields) {
  for (const bool v6 : {false, true}) {
    const Bytes packet = echo_request(v6, 13);
    const auto request = read_echo_request(packet);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->destination.text(), v6 ? "fd77::1" : "10.77.0.1");
    EXPECT_EQ(request->identifier, 0x1234);
    EXPECT_EQ(request->sequence, 7);
    EXPECT_EQ(request->payload().size(), 13u);
    EXPECT_TRUE(request->checksum_right);
  }
}

TEST(EchoRequest, WrongChecksumIsNoticed) {
  for (const bool v6 : {false, true}) {
    Bytes packet = echo_request(v6, 13);
    packet.back() ^= 1;
    EXPECT_FALSE(read_echo_request(packet)->checksum_right);
  }
}

TEST(EchoRequest, AnythingElseIsNone) {
  for (const bool v6 : {false, true}) {
    const Bytes packet = echo_request(v6, 13);
    for (std::size_t length = 0; length < packet.size(); ++length) {
      EXPECT_FALSE(read_echo_request(ByteView(packet).first(length))) << length;
    }
    Bytes reply = packet;
    reply[v6 ? 40 : 20] = v6 ? 129 : 0;
    EXPECT_FALSE(read_echo_request(reply));
  }
  Bytes fragment = echo_request(false, 13);
  fragment[6] = 0x20;
  EXPECT_FALSE(read_echo_request(fragment));
}

// The echo request as one of another type, with its checksum.
Bytes other_request(bool v6, std::size_t payload_bytes) {
  Bytes packet = echo_request(v6, payload_bytes);
  const std::size_t start = v6 ? 40 : 20;
  const Request request = read_echo_request(packet).value();
  packet[start] = v6 ? 139 : 13;
  packet[start + 2] = packet[start + 3] = 0;
  const std::uint16_t checksum =
      icmp_checksum(ByteView(packet).subspan(start), request.source, request.destination);
  packet[start + 2] = static_cast<std::uint8_t>(checksum >> 8);
  packet[start + 3] = static_cast<std::uint8_t>(checksum);
  return packet;
}

TEST(OtherRequest, TimestampRequestsAndNodeQueriesAreToldFromEchoes) {
  for (const bool v6 : {false, true}) {
    const Bytes packet = other_request(v6, 12);
    const auto request = read_other_request(packet);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->question, v6 ? Question::node_information : Question::timestamp);
    EXPECT_TRUE(request->checksum_right);
    EXPECT_FALSE(read_echo_request(packet));
    EXPECT_FALSE(read_other_request(echo_request(v6, 12)));
    EXPECT_FALSE(read_other_request(other_request(v6, 7))) << "too short";
  }
}

TEST(OtherRequest, TimestampReplyTellsNoon) {
  const Bytes asked = other_request(false, 12);
  Bytes packet;
  const Answer answer = make_reply(read_other_request(asked).value(), {}, 0, packet);
  EXPECT_EQ(answer.type, 14);
  EXPECT_EQ(answer.icmp_bytes, 20u);
  const ByteView message = ByteView(packet).subspan(20), request = ByteView(asked).subspan(20);
  EXPECT_TRUE(std::ranges::equal(message.subspan(4, 8), request.subspan(4, 8))) << "up to the originate time";
  EXPECT_TRUE(std::ranges::equal(message.subspan(12), from_hex("02932e00 02932e01")));
}

TEST(OtherRequest, NodeReplyIsWhatTheScenarioSays) {
  const Bytes asked = other_request(true, 24);
  Behaviour behaviour;
  behaviour.node = NodeReply{2, 0x0103, {0xaa, 0xbb, 0xcc}};
  Bytes packet;
  const Answer answer = make_reply(read_other_request(asked).value(), behaviour, 0, packet);
  EXPECT_EQ(answer.type, 140);
  const ByteView message = ByteView(packet).subspan(40), request = ByteView(asked).subspan(40);
  EXPECT_EQ(message[1], 2);
  EXPECT_TRUE(std::ranges::equal(message.subspan(6, 2), from_hex("0103")));
  EXPECT_TRUE(std::ranges::equal(message.subspan(8, 8), request.subspan(8, 8))) << "the nonce";
  EXPECT_TRUE(std::ranges::equal(message.subspan(16), from_hex("aabbcc")));
}

// From port 0x1234 to 443, the last byte of what it says being 0xee.
Bytes port_request(bool v6, const char* header, std::uint8_t protocol) {
  Bytes packet = echo_request(v6, 0);
  packet.resize(v6 ? 40 : 20);
  const Bytes message = from_hex(header);
  packet.insert(packet.end(), message.begin(), message.end());
  packet[v6 ? 6 : 9] = protocol;
  put16(packet, v6 ? 4 : 2, message.size() + (v6 ? 0 : 20));
  return packet;
}
Bytes udp_request(bool v6) {
  return port_request(v6, "1234 01bb 0009 0000 ee", 17);
}
Bytes tcp_request(bool v6, const char* flags = "5002") {
  return port_request(v6, (std::string("1234 01bb 00001000 00000000") + flags + "ffff 0000 0000").c_str(), 6);
}

TEST(PortRequest, IsReadWithItsPorts) {
  for (const bool v6 : {false, true}) {
    for (const Bytes& packet : {udp_request(v6), tcp_request(v6)}) {
      const auto request = read_port_request(packet);
      ASSERT_TRUE(request);
      EXPECT_EQ(request->identifier, 0x1234);
      EXPECT_EQ(request->sequence, 443);
      EXPECT_EQ(request->destination.text(), v6 ? "fd77::1" : "10.77.0.1");
      EXPECT_FALSE(request->checksum_right);
      EXPECT_FALSE(read_echo_request(packet));
      EXPECT_FALSE(read_port_request(ByteView(packet).first(packet.size() - 1)));
    }
    EXPECT_EQ(read_port_request(udp_request(v6))->payload().size(), 1u);
    EXPECT_FALSE(read_port_request(tcp_request(v6, "5010"))) << "an acknowledgement opens nothing";
    EXPECT_FALSE(read_port_request(tcp_request(v6, "5012")));
    EXPECT_FALSE(read_port_request(echo_request(v6, 13)));
  }
}

class EitherFamily : public testing::TestWithParam<bool> {
 protected:
  bool v6() const { return GetParam(); }
  Bytes asked = echo_request(GetParam(), 24);
  Request request = read_echo_request(asked).value();
  Behaviour behaviour;
  Bytes packet;
};
INSTANTIATE_TEST_SUITE_P(, EitherFamily, testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "v6" : "v4"; });

TEST_P(EitherFamily, ReplyIsTheRequestTurnedRound) {
  behaviour.ttl = 57;
  const Answer answer = make_reply(request, behaviour, 0, packet);
  const Received received = receive(packet);
  EXPECT_EQ(received.source, request.destination);
  EXPECT_EQ(received.destination, request.source);
  EXPECT_TRUE(received.checksum_right);
  EXPECT_EQ(received.message[0], v6() ? 129 : 0);
  EXPECT_EQ(received.header[v6() ? 7 : 8], 57);
  EXPECT_TRUE(std::ranges::equal(received.message.subspan(4), request.message().subspan(4)));
  EXPECT_EQ(answer.icmp_bytes, 32u);
  if (!v6()) {
    EXPECT_EQ(checksum_of(add_to_sum(received.header)), 0);
  }
}

TEST_P(EitherFamily, PortUnreachableQuotesTheDatagram) {
  const Bytes datagram = udp_request(v6());
  const Answer answer = make_port_unreachable(read_port_request(datagram).value(), behaviour, packet);
  const Received received = receive(packet);
  EXPECT_TRUE(received.checksum_right);
  EXPECT_EQ(received.message[0], v6() ? 1 : 3);
  EXPECT_EQ(received.message[1], v6() ? 4 : 3);
  EXPECT_TRUE(std::ranges::equal(received.message.subspan(8), datagram));
  EXPECT_EQ(answer.kind, Answer::Kind::reply);
}

TEST_P(EitherFamily, OpenPortsAcceptAndOthersReset) {
  const Bytes syn = tcp_request(v6());
  for (const bool open : {true, false}) {
    behaviour.tcp_open_port = open ? 443 : 80;
    make_tcp_answer(read_port_request(syn).value(), behaviour, packet);
    const Received received = receive(packet);
    EXPECT_EQ(received.header[v6() ? 6 : 9], 6);
    EXPECT_EQ(received.message[13], open ? 0x12 : 0x14);
    EXPECT_TRUE(std::ranges::equal(received.message.subspan(2, 2), ByteView(syn).subspan(v6() ? 40 : 20, 2)));
    EXPECT_TRUE(std::ranges::equal(received.message.subspan(8, 4), from_hex("00001001")))
        << "its number and one";
  }
}

TEST_P(EitherFamily, BrokenChecksumIsBroken) {
  behaviour.broken_checksum = true;
  EXPECT_TRUE(make_reply(request, behaviour, 0, packet).defects.checksum);
  EXPECT_FALSE(receive(packet).checksum_right);
}

TEST_P(EitherFamily, AlteredPayloadLeavesTheTokenAndTheChecksumRight) {
  behaviour.alter_payload = true;
  const Answer answer = make_reply(request, behaviour, 0, packet);
  EXPECT_TRUE(answer.defects.payload);
  EXPECT_FALSE(answer.defects.token);
  EXPECT_TRUE(receive(packet).checksum_right);
  EXPECT_NE(receive(packet).message[16], request.message()[16]);
}

TEST_P(EitherFamily, AlteredTokenIsThat) {
  behaviour.alter_byte = 0;
  const Answer answer = make_reply(request, behaviour, 0, packet);
  EXPECT_TRUE(answer.defects.token);
  EXPECT_FALSE(answer.defects.payload);
}

TEST_P(EitherFamily, PayloadIsCutAndLengthened) {
  behaviour.cut_bytes = 5;
  EXPECT_TRUE(make_reply(request, behaviour, 0, packet).defects.cut);
  EXPECT_EQ(receive(packet).message.size(), 27u);
  EXPECT_TRUE(receive(packet).checksum_right);
  behaviour.cut_to = 4;
  EXPECT_EQ(make_reply(request, behaviour, 0, packet).icmp_bytes, 12u);
  behaviour = {};
  behaviour.append_bytes = 16;
  const Answer longer = make_reply(request, behaviour, 0, packet);
  EXPECT_TRUE(longer.defects.extra);
  EXPECT_FALSE(longer.defects.payload);
  EXPECT_EQ(receive(packet).message.size(), 48u);
}

TEST_P(EitherFamily, ForeignIdentifierAndOtherSequence) {
  behaviour.identifier_shift = 1;
  behaviour.sequence_shift = 2;
  const Answer answer = make_reply(request, behaviour, 0, packet);
  EXPECT_TRUE(answer.defects.identifier);
  EXPECT_TRUE(answer.defects.sequence);
  const ByteView message = receive(packet).message;
  EXPECT_EQ(message[5], 0x35);
  EXPECT_EQ(message[7], 9);
  EXPECT_TRUE(receive(packet).checksum_right);
}

TEST_P(EitherFamily, ForgeriesDifferFromTheTrueTokenAndFromEachOther) {
  Bytes other;
  EXPECT_TRUE(make_reply(request, behaviour, 1, packet).defects.token);
  EXPECT_TRUE(make_reply(request, behaviour, 2, other).defects.token);
  EXPECT_FALSE(std::ranges::equal(receive(packet).message, receive(other).message));
  EXPECT_TRUE(receive(packet).checksum_right);
}

TEST_P(EitherFamily, OtherSource) {
  behaviour.source.set(address("10.77.0.9"));
  behaviour.source.set(address("fd77::9"));
  EXPECT_TRUE(make_reply(request, behaviour, 0, packet).defects.source);
  EXPECT_EQ(receive(packet).source.text(), v6() ? "fd77::9" : "10.77.0.9");
  EXPECT_TRUE(receive(packet).checksum_right);
}

TEST_P(EitherFamily, ErrorQuotesTheIpHeaderAndEightBytes) {
  IcmpError error;
  error.v4 = IcmpCode{3, 1};
  error.v6 = IcmpCode{1, 3};
  error.from.set(address("10.77.0.9"));
  error.from.set(address("fd77::9"));
  const auto answer = make_icmp_error(request, behaviour, error, packet);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->type, v6() ? 1 : 3);
  const Received received = receive(packet);
  EXPECT_TRUE(received.checksum_right);
  EXPECT_EQ(received.source.text(), v6() ? "fd77::9" : "10.77.0.9");
  EXPECT_EQ(received.message.size(), 8u + request.ip_header_bytes + 8u);
  EXPECT_TRUE(
      std::ranges::equal(received.message.subspan(8), request.packet.first(request.ip_header_bytes + 8)));
}

TEST_P(EitherFamily, ErrorCarriesLabelsBehindAQuoteOf128Bytes) {
  const Bytes small = echo_request(GetParam(), 8);
  IcmpError error;
  error.v4 = IcmpCode{11, 0};
  error.v6 = IcmpCode{3, 0};
  error.quoted_bytes.reset();
  error.label_stack = {24015u << 12 | 3u << 9 | 1u << 8 | 1u};
  ASSERT_TRUE(make_icmp_error(read_echo_request(small).value(), {}, error, packet));
  const Received received = receive(packet);
  EXPECT_TRUE(received.checksum_right);
  ASSERT_EQ(received.message.size(), 8u + 128 + 12);
  EXPECT_EQ(received.message[GetParam() ? 4 : 5], GetParam() ? 16 : 32);
  const ByteView quote = received.message.subspan(8, 128);
  EXPECT_TRUE(std::ranges::equal(quote.first(small.size()), small));
  EXPECT_TRUE(std::ranges::all_of(quote.subspan(small.size()), [](std::uint8_t byte) { return byte == 0; }));
  const ByteView extensions = received.message.subspan(8 + 128);
  EXPECT_EQ(checksum_of(add_to_sum(extensions)), 0);
  EXPECT_TRUE(std::ranges::equal(extensions.first(2), from_hex("2000")));
  EXPECT_TRUE(std::ranges::equal(extensions.subspan(4), from_hex("0008 0101 05dcf701")));
  error.unmarked_extensions = true;
  make_icmp_error(read_echo_request(small).value(), {}, error, packet);
  EXPECT_EQ(receive(packet).message[GetParam() ? 4 : 5], 0);
}

TEST_P(EitherFamily, ErrorQuotesTheWholePacketWithinTheLimit) {
  IcmpError error;
  error.v4 = IcmpCode{11, 0};
  error.v6 = IcmpCode{3, 0};
  error.quoted_bytes.reset();
  make_icmp_error(request, behaviour, error, packet);
  EXPECT_EQ(receive(packet).message.size(), 8 + request.packet.size());
  const Bytes large = echo_request(v6(), 1400);
  make_icmp_error(read_echo_request(large).value(), behaviour, error, packet);
  EXPECT_EQ(packet.size(), v6() ? 1280u : 576u);
  EXPECT_TRUE(receive(packet).checksum_right);
}

TEST_P(EitherFamily, TooBigCarriesTheMtu) {
  IcmpError error;
  error.v4 = IcmpCode{3, 4};
  error.v6 = IcmpCode{2, 0};
  error.mtu = 1400;
  make_icmp_error(request, behaviour, error, packet);
  const ByteView message = receive(packet).message;
  EXPECT_EQ(message[6] << 8 | message[7], 1400);
}

TEST_P(EitherFamily, RedirectNamesTheGateway) {
  IcmpError error;
  error.v4 = IcmpCode{5, 1};
  error.v6 = IcmpCode{137, 0};
  error.gateway.set(address("10.77.0.8"));
  error.gateway.set(address("fd77::8"));
  make_icmp_error(request, behaviour, error, packet);
  const Received received = receive(packet);
  EXPECT_TRUE(received.checksum_right);
  const ByteView gateway = received.message.subspan(v6() ? 8 : 4, v6() ? 16 : 4);
  EXPECT_TRUE(std::ranges::equal(gateway, ByteView(error.gateway.of(v6())->bytes).first(v6() ? 16 : 4)));
  if (v6()) {
    EXPECT_EQ(received.header[7], 255);
    EXPECT_EQ(received.message[40], 4);
    EXPECT_EQ(received.message[41] * 8u, received.message.size() - 40);
  }
}

TEST_P(EitherFamily, QuoteCanBeThatOfAnotherProbe) {
  IcmpError error;
  error.v4 = IcmpCode{3, 1};
  error.v6 = IcmpCode{1, 3};
  behaviour.sequence_shift = 100;
  EXPECT_TRUE(make_icmp_error(request, behaviour, error, packet)->defects.sequence);
  EXPECT_EQ(receive(packet).message[8 + request.ip_header_bytes + 7], 107);
}

TEST_P(EitherFamily, ErrorThatTheFamilyDoesNotKnowIsNone) {
  IcmpError error;
  (v6() ? error.v4 : error.v6) = IcmpCode{3, 2};
  EXPECT_FALSE(make_icmp_error(request, behaviour, error, packet));
}

TEST(Ipv4Options, AreWellFormedAndIpv6HasNone) {
  Bytes packet;
  for (const IpOption option : {IpOption::record_route, IpOption::timestamp}) {
    Behaviour behaviour;
    behaviour.ip_option = option;
    const Bytes asked = echo_request(false, 24);
    EXPECT_TRUE(make_reply(read_echo_request(asked).value(), behaviour, 0, packet).ip_options);
    const Received received = receive(packet);
    EXPECT_EQ(checksum_of(add_to_sum(received.header)), 0);
    EXPECT_EQ(received.header[20], option == IpOption::record_route ? 7 : 68);
    EXPECT_LE(received.header[21] + 20u, received.header.size());
    EXPECT_TRUE(received.checksum_right);
    const Bytes asked_v6 = echo_request(true, 24);
    EXPECT_FALSE(make_reply(read_echo_request(asked_v6).value(), behaviour, 0, packet).ip_options);
    EXPECT_EQ(packet.size(), 72u);
  }
}

}  // namespace
}  // namespace sonde::lab
