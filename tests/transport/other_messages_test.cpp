// other_messages_test.cpp: raw sockets for timestamp requests and node information queries take what answers these, and
// nothing else.
#include <gmock/gmock.h>

#include "transport/select.hpp"
#include "transport/socket_under_test.hpp"
#include "wire/probe_message.hpp"

namespace sonde::transport::testing {
namespace {

using net::testing::echo_reply;
using net::testing::forge;
using ::testing::HasSubstr;

constexpr std::uint16_t ours = 0x5bde;

TransportOptions asking(ProbeMessage message) {
  TransportOptions options;
  options.network.message = message;
  return options;
}

SocketUnderTest raw_socket(ProbeMessage message) {
  const Family family = message == ProbeMessage::timestamp ? Family::ipv4 : Family::ipv6;
  return SocketUnderTest({family, TransportKind::icmp_raw}, asking(message));
}

TEST(Timestamps, TheKernelAnswersAndForeignAnswersStayOut) {
  in_network_namespace([] {
    const Address loopback = Address::loopback(Family::ipv4);
    SocketUnderTest socket = raw_socket(ProbeMessage::timestamp);
    forge(loopback, loopback, echo_reply(Family::ipv4, ours, 0));
    auto foreign = echo_reply(Family::ipv4, ours + 1, 0, wire::timestamp_payload_bytes);
    foreign[0] = wire::icmpv4_timestamp_reply;
    forge(loopback, loopback, foreign);
    socket.send(loopback, wire::timestamp_payload_bytes);
    ASSERT_TRUE(socket.receive_until([&] { return !socket.answers.empty(); }));
    socket.receive_waiting();
    ASSERT_EQ(socket.answers.size(), 1u);
    const Answer& answer = socket.answers.front();
    EXPECT_EQ(answer.kind(), wire::IcmpKind::timestamp_reply);
    EXPECT_EQ(answer.arrival.message.identifier, ours);
    EXPECT_EQ(answer.sequence(), 0u);
    EXPECT_EQ(answer.arrival.bytes, 20u);
    EXPECT_FALSE(answer.arrival.bad_checksum);
    EXPECT_NE(wire::read_icmp_times(answer.payload)->receive, 0u);
  });
}

std::vector<std::uint8_t> node_message(std::uint8_t type, std::uint16_t identifier, std::uint16_t sequence) {
  auto message = echo_reply(Family::ipv6, 2, 0, wire::nonce_bytes);
  message[0] = type;
  message[8] = static_cast<std::uint8_t>(sequence >> 8);
  message[9] = static_cast<std::uint8_t>(sequence);
  message[10] = static_cast<std::uint8_t>(identifier >> 8);
  message[11] = static_cast<std::uint8_t>(identifier);
  return message;
}

TEST(NodeInformation, AnswersWithOurIdentifierInTheirNonceComeInAlone) {
  in_network_namespace([] {
    const Address loopback = Address::loopback(Family::ipv6);
    SocketUnderTest socket = raw_socket(ProbeMessage::node_information);
    forge(loopback, loopback, echo_reply(Family::ipv6, ours, 3));
    forge(loopback, loopback, node_message(wire::icmpv6_node_query, ours, 4));
    forge(loopback, loopback, node_message(wire::icmpv6_node_reply, ours + 1, 5));
    auto cut = node_message(wire::icmpv6_node_reply, ours, 6);
    cut.resize(11);
    forge(loopback, loopback, cut);
    forge(loopback, loopback, node_message(wire::icmpv6_node_reply, ours, 7));
    ASSERT_TRUE(socket.receive_until([&] { return !socket.answers.empty(); }));
    socket.receive_waiting();
    ASSERT_EQ(socket.answers.size(), 1u);
    EXPECT_EQ(socket.answers.front().kind(), wire::IcmpKind::node_reply);
    EXPECT_EQ(socket.answers.front().sequence(), 7u);
    EXPECT_EQ(socket.transport().receive_drops(), 0u);
  });
}

TEST(OtherMessages, GoByRawSocketsAlone) {
  in_network_namespace([] {
    TransportOptions options = asking(ProbeMessage::timestamp);
    const auto automatic = open_transport(Family::ipv4, options);
    ASSERT_TRUE(automatic) << automatic.error().message();
    EXPECT_EQ(automatic->transport->kind(), TransportKind::icmp_raw);
    for (const TransportKind kind : {TransportKind::icmp_datagram, TransportKind::udp, TransportKind::tcp}) {
      options.kind = kind;
      const auto refused = open_transport(Family::ipv4, options);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
      EXPECT_THAT(refused.error().message(), HasSubstr(std::string(to_string(kind))));
    }
  });
}

TEST(OtherMessages, WithoutRawSocketsAreRefusedAndNotAskedOtherwise) {
  in_network_namespace([] {
    net::testing::drop_privileges();
    const auto refused = open_transport(Family::ipv6, asking(ProbeMessage::node_information));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::permission_denied);
    EXPECT_THAT(refused.error().message(), HasSubstr("CAP_NET_RAW"));
  });
}

}  // namespace
}  // namespace sonde::transport::testing
