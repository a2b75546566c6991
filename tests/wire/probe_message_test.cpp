// probe_message_test.cpp: requests of each kind byte by byte, and the proof that their answers bring back.
#include "wire/probe_message.hpp"

#include <gtest/gtest.h>

#include <tuple>

#include "wire/packet_bytes.hpp"
#include "wire/token.hpp"

namespace sonde::wire {
namespace {

using test::Bytes;
using test::cut;
using test::hex;

constexpr std::uint64_t token = 0x1122334455667788;

TEST(ProbeMessage, TimestampRequestCarriesItsOriginateTimeAlone) {
  Bytes message(echo_header_bytes + timestamp_payload_bytes, std::byte{0});
  message[12] = std::byte{0x55};  // what was there before
  write_request(message, Family::ipv4, ProbeMessage::timestamp, 0xbeef, 0x0102);
  write_proof(std::span(message).subspan(echo_header_bytes), ProbeMessage::timestamp,
              proof_of(ProbeMessage::timestamp, token, {7, 8}, 0x0a0b0c0d));
  EXPECT_EQ(message, hex("0d00 0000 beef 0102 0a0b0c0d 00000000 00000000"));
}

TEST(ProbeMessage, NodeQueryCarriesTypeFlagsAndSubjectTypeAndNumbersInItsNonce) {
  Bytes message(echo_header_bytes + nonce_bytes, std::byte{0x55});
  write_node_query(message, {.type = 3, .flags = 0x0022, .subject_type = 1});
  write_request(message, Family::ipv6, ProbeMessage::node_information, 0xbeef, 0x0102);
  const std::uint64_t proof = proof_of(ProbeMessage::node_information, token, {0xbeef, 0x0102}, 0);
  write_proof(std::span(message).subspan(echo_header_bytes), ProbeMessage::node_information, proof);
  EXPECT_EQ(cut(message, 12), hex("8b01 0000 0003 0022 0102 beef"));
  Bytes keyed(token_bytes);
  write_token(keyed, token);
  EXPECT_TRUE(std::equal(message.begin() + 12, message.end(), keyed.begin() + 4, keyed.end()));
}

TEST(ProbeMessage, EchoRequestIsTheSameAsEver) {
  Bytes message(echo_header_bytes, std::byte{0}), echo(echo_header_bytes, std::byte{0});
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    write_request(message, family, ProbeMessage::echo, 0xbeef, 0x0102);
    write_echo_request(echo, family, 0xbeef, 0x0102);
    EXPECT_EQ(message, echo);
  }
  EXPECT_EQ(proof_of(ProbeMessage::echo, token, {7, 8}, 9), token);
}

TEST(ProbeMessage, ProofIsReadAsItWasWritten) {
  for (const ProbeMessage kind :
       {ProbeMessage::echo, ProbeMessage::timestamp, ProbeMessage::node_information}) {
    const std::uint64_t proof = proof_of(kind, token, {0xbeef, 0x0102}, 86'399'999);
    Bytes payload(8);
    write_proof(payload, kind, proof);
    EXPECT_EQ(read_proof(payload, kind), proof);
    const std::size_t needed = kind == ProbeMessage::timestamp ? 4 : 8;
    EXPECT_TRUE(read_proof(cut(payload, needed), kind));
    EXPECT_FALSE(read_proof(cut(payload, needed - 1), kind));
  }
}

TEST(ProbeMessage, RepliesAreReadByKind) {
  const auto times = hex("0e00 0000 beef 0102 00000001 00000002 80000003");
  const auto reply = parse_icmp(Family::ipv4, times);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->kind, IcmpKind::timestamp_reply);
  EXPECT_EQ(reply->identifier, 0xbeef);
  EXPECT_EQ(reply->sequence, 0x0102);
  EXPECT_EQ(read_icmp_times(reply->payload), (IcmpTimes{1, 2, 0x80000003}));
  EXPECT_FALSE(read_icmp_times(reply->payload.first(11)));
  EXPECT_EQ(parse_icmp(Family::ipv6, times)->kind, IcmpKind::other);

  const auto node = hex("8c01 0000 0002 0003 0102 aabbccddeeff");
  const auto answer = parse_icmp(Family::ipv6, node);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind, IcmpKind::node_reply);
  EXPECT_EQ(answer->sequence, 0x0102);
  EXPECT_EQ(answer->identifier, 0xaabb);
  EXPECT_EQ(read_node_answer(node), (NodeAnswer{1, 2, 3}));
  EXPECT_FALSE(read_node_answer(cut(node, 15)));
  EXPECT_EQ(parse_icmp(Family::ipv4, node)->kind, IcmpKind::other);
}

TEST(ProbeMessage, AnAnswerIsOfItsRequestsKind) {
  for (const auto& [asked, kind] : {std::tuple{ProbeMessage::echo, IcmpKind::echo_reply},
                                    std::tuple{ProbeMessage::timestamp, IcmpKind::timestamp_reply},
                                    std::tuple{ProbeMessage::node_information, IcmpKind::node_reply}}) {
    for (const IcmpKind came : {IcmpKind::echo_request, IcmpKind::echo_reply, IcmpKind::timestamp_reply,
                                IcmpKind::node_reply, IcmpKind::error, IcmpKind::other})
      EXPECT_EQ(is_answer(came, asked), came == kind);
  }
}

TEST(ProbeMessage, QuotedRequestsAreTold) {
  EXPECT_EQ(parse_quoted_icmp(Family::ipv4, hex("0d00 0000 beef 0102"))->asks, ProbeMessage::timestamp);
  EXPECT_FALSE(parse_quoted_icmp(Family::ipv4, hex("0e00 0000 beef 0102"))->asks);
  EXPECT_FALSE(parse_quoted_icmp(Family::ipv6, hex("0d00 0000 beef 0102"))->asks);
  const auto query = hex("8b00 0000 0002 0003 0102 aabbccddeeff");
  const auto quoted = parse_quoted_icmp(Family::ipv6, query);
  EXPECT_EQ(quoted->asks, ProbeMessage::node_information);
  EXPECT_EQ(quoted->sequence, 0x0102);
  EXPECT_EQ(quoted->identifier, 0xaabb);
  EXPECT_FALSE(parse_quoted_icmp(Family::ipv6, cut(query, 15))->asks) << "without a nonce it names no probe";
}

TEST(ProbeMessage, TimesCountFromMidnight) {
  using namespace std::chrono;
  EXPECT_EQ(icmp_time(UnixTime(days(20'000) + milliseconds(7) + microseconds(999))), 7u);
  EXPECT_EQ(icmp_time(UnixTime(days(20'001) - nanoseconds(1))), 86'399'999u);
}

}  // namespace
}  // namespace sonde::wire
