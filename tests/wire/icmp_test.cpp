// icmp_test.cpp: echo messages, and errors with quotes whole, cut, extended and misleading, in both families.
#include "wire/icmp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/bytes.hpp"
#include "wire/checksum.hpp"
#include "wire/ip.hpp"
#include "wire/packet_bytes.hpp"

namespace sonde::wire {
namespace {

using test::Bytes;
using test::cut;
using test::hex;
using test::joined;

// The probe in every quote here: identifier 0xbeef, sequence 0x0102, payload 56 bytes.
Bytes echo_request(Family family, std::size_t payload_bytes = 56) {
  Bytes message(echo_header_bytes + payload_bytes, std::byte{0x55});
  write_echo_request(message, family, 0xbeef, 0x0102);
  return message;
}

const Bytes source_v6 = hex("20010db8000000000000000000000001"),
            target_v6 = hex("20010db8000000000000000000000099");

Bytes probe_packet(Family family, std::size_t payload_bytes = 56) {
  const Bytes message = echo_request(family, payload_bytes);
  const auto length = static_cast<std::uint16_t>(message.size());
  if (family == Family::ipv4) {
    return joined({ipv4_header({.source = Address::ipv4(0xc0000201),
                                .destination = Address::ipv4(0xc6336401),
                                .protocol = protocol_icmpv4,
                                .payload_bytes = length}),
                   message});
  }
  return joined({ipv6_header({.source = test::ipv6(source_v6),
                              .destination = test::ipv6(target_v6),
                              .protocol = protocol_icmpv6,
                              .payload_bytes = length}),
                 message});
}

Bytes error(std::string_view header, const Bytes& quote) {
  return joined({hex(header), quote});
}

void expect_the_probe(const std::optional<IcmpMessage>& message, Family family) {
  ASSERT_TRUE(message);
  ASSERT_TRUE(message->quoted);
  EXPECT_EQ(message->quoted->family, family);
  EXPECT_EQ(message->quoted->asks, ProbeMessage::echo);
  EXPECT_EQ(message->quoted->identifier, 0xbeef);
  EXPECT_EQ(message->quoted->sequence, 0x0102);
  ASSERT_TRUE(message->quoted->source && message->quoted->destination);
  EXPECT_EQ(message->quoted->source->to_string(), family == Family::ipv4 ? "192.0.2.1" : "2001:db8::1");
  EXPECT_EQ(message->quoted->destination->to_string(),
            family == Family::ipv4 ? "198.51.100.1" : "2001:db8::99");
}

TEST(Icmp, EchoRequestIsWrittenInNetworkOrder) {
  EXPECT_EQ(echo_request(Family::ipv4, 2), hex("0800 0000 beef 0102 5555"));
  EXPECT_EQ(echo_request(Family::ipv6, 2), hex("8000 0000 beef 0102 5555"));
}

TEST(Icmp, Ipv4ChecksumIsWrittenAndRecognized) {
  for (std::size_t payload = 0; payload < 40; ++payload) {
    Bytes message = echo_request(Family::ipv4, payload);
    EXPECT_FALSE(icmpv4_checksum_valid(message));
    write_icmpv4_checksum(message);
    EXPECT_TRUE(icmpv4_checksum_valid(message));
    write_icmpv4_checksum(message);
    EXPECT_TRUE(icmpv4_checksum_valid(message)) << "written again over itself";
    message.back() ^= std::byte{1};
    EXPECT_FALSE(icmpv4_checksum_valid(message));
  }
  EXPECT_FALSE(icmpv4_checksum_valid({}));
}

TEST(Icmp, EchoMessagesAreRead) {
  for (const auto& [family, bytes, kind] :
       {std::tuple{Family::ipv4, "0000 1234 beef 0102 aabb", IcmpKind::echo_reply},
        std::tuple{Family::ipv4, "0800 1234 beef 0102 aabb", IcmpKind::echo_request},
        std::tuple{Family::ipv6, "8100 1234 beef 0102 aabb", IcmpKind::echo_reply},
        std::tuple{Family::ipv6, "8000 1234 beef 0102 aabb", IcmpKind::echo_request}}) {
    const Bytes message = hex(bytes);
    const auto parsed = parse_icmp(family, message);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->kind, kind);
    EXPECT_EQ(parsed->identifier, 0xbeef);
    EXPECT_EQ(parsed->sequence, 0x0102);
    EXPECT_EQ(parsed->payload.size(), 2u);
    EXPECT_EQ(parsed->reason, ErrorReason::none);
    EXPECT_FALSE(parsed->quoted);
  }
}

TEST(Icmp, OneFamiliesNumbersAreNotTheOthers) {
  EXPECT_EQ(parse_icmp(Family::ipv6, hex("0000 0000 beef 0102"))->kind, IcmpKind::other);
  EXPECT_EQ(parse_icmp(Family::ipv4, hex("8100 0000 beef 0102"))->kind, IcmpKind::other);
  EXPECT_EQ(parse_icmp(Family::ipv4, hex("0100 0000 beef 0102"))->kind, IcmpKind::other);
}

TEST(Icmp, FewerThanEightBytesAreRefused) {
  const Bytes message = echo_request(Family::ipv4, 0);
  for (std::size_t length = 0; length < 8; ++length) {
    EXPECT_FALSE(parse_icmp(Family::ipv4, cut(message, length))) << length;
    EXPECT_FALSE(parse_quoted_icmp(Family::ipv4, cut(message, length))) << length;
  }
}

class QuoteOfFamily : public testing::TestWithParam<Family> {
 protected:
  Family family = GetParam();
  std::string_view unreachable = family == Family::ipv4 ? "0301 0000 00000000" : "0103 0000 00000000";
  std::size_t ip_bytes = family == Family::ipv4 ? 20 : 40;
};

INSTANTIATE_TEST_SUITE_P(Family, QuoteOfFamily, testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& instance) { return std::string(to_string(instance.param)); });

TEST_P(QuoteOfFamily, NamesTheProbe) {
  const Bytes message = error(unreachable, probe_packet(family));
  const auto parsed = parse_icmp(family, message);
  expect_the_probe(parsed, family);
  EXPECT_EQ(parsed->kind, IcmpKind::error);
  EXPECT_EQ(parsed->reason, ErrorReason::host_unreachable);
  EXPECT_EQ(parsed->quoted->payload.size(), 56u);
}

TEST_P(QuoteOfFamily, CutAnywhereNamesTheProbeFromEightBytesOn) {
  const Bytes whole = error(unreachable, probe_packet(family));
  for (std::size_t length = 8; length <= whole.size(); ++length) {
    const Bytes message = cut(whole, length);
    const auto parsed = parse_icmp(family, message);
    ASSERT_TRUE(parsed) << length;
    EXPECT_EQ(parsed->kind, IcmpKind::error) << length;
    if (length < 8 + ip_bytes + 8) {
      EXPECT_FALSE(parsed->quoted) << length;
    } else {
      expect_the_probe(parsed, family);
      EXPECT_EQ(parsed->quoted->payload.size(), length - 16 - ip_bytes);
    }
  }
}

TEST_P(QuoteOfFamily, OfAnotherProtocolIsNoProbe) {
  Bytes packet = probe_packet(family);
  packet[family == Family::ipv4 ? 9 : 6] = std::byte{17};
  EXPECT_FALSE(parse_icmp(family, error(unreachable, packet))->quoted);
}

TEST_P(QuoteOfFamily, OfTheOtherFamilyIsNoProbe) {
  const Family other = family == Family::ipv4 ? Family::ipv6 : Family::ipv4;
  EXPECT_FALSE(parse_icmp(family, error(unreachable, probe_packet(other)))->quoted);
}

TEST_P(QuoteOfFamily, OfAnEchoReplyIsNotARequest) {
  Bytes packet = probe_packet(family);
  packet[ip_bytes] = static_cast<std::byte>(family == Family::ipv4 ? 0 : 129);
  const Bytes message = error(unreachable, packet);
  const auto parsed = parse_icmp(family, message);
  ASSERT_TRUE(parsed->quoted);
  EXPECT_FALSE(parsed->quoted->asks);
}

TEST_P(QuoteOfFamily, WithoutItsIpHeaderIsReadAsTheErrorQueueGivesIt) {
  const Bytes message = echo_request(family, 20);
  const auto quoted = parse_quoted_icmp(family, message);
  ASSERT_TRUE(quoted);
  EXPECT_EQ(quoted->asks, ProbeMessage::echo);
  EXPECT_EQ(quoted->identifier, 0xbeef);
  EXPECT_EQ(quoted->sequence, 0x0102);
  EXPECT_EQ(quoted->payload.size(), 20u);
  EXPECT_FALSE(quoted->source || quoted->destination);
}

// RFC 4884: the quote zero-padded to the length in the header, MPLS label stack object behind it.
Bytes mpls_extension() {
  Bytes bytes = hex("2000 0000 0008 0101 0a0b 01ff");
  store_checksum(bytes, 2, internet_checksum(bytes));
  return bytes;
}

TEST_P(QuoteOfFamily, EndsWhereTheRfc4884LengthSays) {
  Bytes quote = probe_packet(family, 1000);
  quote.resize(256);
  const Bytes message = error(family == Family::ipv4 ? "0b00 0000 00 40 0000" : "0300 0000 20 000000",
                              joined({quote, mpls_extension()}));
  const auto parsed = parse_icmp(family, message);
  expect_the_probe(parsed, family);
  EXPECT_EQ(parsed->reason, ErrorReason::ttl_exceeded);
  EXPECT_EQ(parsed->quoted->payload.size(), 256 - ip_bytes - 8);
  EXPECT_THAT(parsed->label_stack, testing::ElementsAreArray(hex("0a0b 01ff")));
}

TEST_P(QuoteOfFamily, EndsAt128WhenExtensionsFollowUnannounced) {
  Bytes quote = probe_packet(family, 1000);
  quote.resize(128);
  const std::string_view header = family == Family::ipv4 ? "0b00 0000 00000000" : "0300 0000 00000000";
  const Bytes extended = error(header, joined({quote, mpls_extension()}));
  EXPECT_EQ(parse_icmp(family, extended)->quoted->payload.size(), 128 - ip_bytes - 8);
  EXPECT_THAT(parse_icmp(family, extended)->label_stack, testing::ElementsAreArray(hex("0a0b 01ff")));
  Bytes longer = probe_packet(family, 1000);
  longer.resize(140);
  const Bytes plain = error(header, longer);
  EXPECT_EQ(parse_icmp(family, plain)->quoted->payload.size(), 140 - ip_bytes - 8);
  longer[128] = std::byte{0x20};
  const Bytes alike = error(header, longer);
  EXPECT_EQ(parse_icmp(family, alike)->quoted->payload.size(), 140 - ip_bytes - 8) << "the checksum is wrong";
  EXPECT_TRUE(parse_icmp(family, alike)->label_stack.empty());
}

TEST_P(QuoteOfFamily, ZeroPaddingBehindTheQuotedPacketIsNotPayload) {
  Bytes quote = probe_packet(family, 12);
  quote.resize(128);
  const Bytes message = error(family == Family::ipv4 ? "0b00 0000 00 20 0000" : "0300 0000 10 000000",
                              joined({quote, mpls_extension()}));
  const auto parsed = parse_icmp(family, message);
  expect_the_probe(parsed, family);
  EXPECT_EQ(parsed->quoted->payload.size(), 12u);
}

TEST_P(QuoteOfFamily, EveryWrongRfc4884LengthStillNamesTheProbe) {
  Bytes message =
      error(family == Family::ipv4 ? "0b00 0000 00000000" : "0300 0000 00000000", probe_packet(family, 200));
  for (unsigned length = 0; length < 256; ++length) {
    message[family == Family::ipv4 ? 5 : 4] = static_cast<std::byte>(length);
    expect_the_probe(parse_icmp(family, message), family);
  }
}

TEST(Icmp, Ipv4QuoteWithIpOptionsAndAChangedTotalLength) {
  Bytes packet =
      joined({hex("4600 5400 0000 0000 4001 0000 c0000201 c6336401 01010100"), echo_request(Family::ipv4)});
  expect_the_probe(parse_icmp(Family::ipv4, error("0300 0000 00000000", packet)), Family::ipv4);
  store_be16(packet, 2, 0);
  expect_the_probe(parse_icmp(Family::ipv4, error("0300 0000 00000000", packet)), Family::ipv4);
}

TEST(Icmp, QuoteOfALaterFragmentIsNoProbe) {
  Bytes packet = probe_packet(Family::ipv4);
  store_be16(packet, 6, 0x00b9);
  EXPECT_FALSE(parse_icmp(Family::ipv4, error("0b01 0000 00000000", packet))->quoted);
}

TEST(Icmp, Ipv6ExtensionHeadersInTheQuoteAreSkipped) {
  Bytes packet = probe_packet(Family::ipv6);
  packet[6] = std::byte{60};
  const Bytes options = hex("3a00 010400000000");
  packet.insert(packet.begin() + 40, options.begin(), options.end());
  store_be16(packet, 4, static_cast<std::uint16_t>(packet.size() - 40));
  expect_the_probe(parse_icmp(Family::ipv6, error("0103 0000 00000000", packet)), Family::ipv6);
}

TEST(Icmp, MtuIsReadWhereItIs) {
  EXPECT_EQ(parse_icmp(Family::ipv4, hex("0304 0000 0000 0578"))->mtu, 1400u);
  EXPECT_EQ(parse_icmp(Family::ipv6, hex("0200 0000 0001 86a0"))->mtu, 100000u);
  EXPECT_EQ(parse_icmp(Family::ipv4, hex("0304 0000 0000 0000"))->mtu, std::nullopt)
      << "RFC 792 routers leave it 0";
  EXPECT_EQ(parse_icmp(Family::ipv4, hex("0301 0000 0000 0578"))->mtu, std::nullopt);
}

TEST(Icmp, PointerIsReadWhereItIs) {
  EXPECT_EQ(parse_icmp(Family::ipv4, hex("0c00 0000 1400 0000"))->pointer, 20u);
  EXPECT_EQ(parse_icmp(Family::ipv6, hex("0401 0000 0000 0028"))->pointer, 40u);
  EXPECT_EQ(parse_icmp(Family::ipv6, hex("0103 0000 0000 0028"))->pointer, std::nullopt);
}

TEST(Icmp, RedirectsAndSourceQuenchAreNotes) {
  for (const auto* header : {"0501 0000 c0000209", "0400 0000 00000000"}) {
    const Bytes message = error(header, probe_packet(Family::ipv4));
    const auto parsed = parse_icmp(Family::ipv4, message);
    expect_the_probe(parsed, Family::ipv4);
    EXPECT_EQ(parsed->kind, IcmpKind::note);
  }
}

TEST(Icmp, Ipv6RedirectQuotesInItsOption) {
  const Bytes packet = probe_packet(Family::ipv6);
  // Target and destination address, target link-layer option, redirected header option of (8 + 104) / 8
  // units.
  const Bytes message = joined({hex("8900 0000 00000000"), source_v6, target_v6, hex("0201 020000000001"),
                                hex("040e 000000000000"), packet});
  const auto parsed = parse_icmp(Family::ipv6, message);
  expect_the_probe(parsed, Family::ipv6);
  EXPECT_EQ(parsed->kind, IcmpKind::note);
  EXPECT_EQ(parsed->reason, ErrorReason::redirect);
  for (std::size_t length = 8; length < message.size(); ++length) {
    EXPECT_EQ(parse_icmp(Family::ipv6, cut(message, length))->quoted.has_value(), length >= 40 + 8 + 8 + 48)
        << length;
  }
}

TEST(Icmp, Ipv6RedirectWithAnOptionOfNoLengthEnds) {
  const Bytes message =
      joined({hex("8900 0000 00000000"), source_v6, target_v6, hex("0400 000000000000 0000000000000000")});
  EXPECT_FALSE(parse_icmp(Family::ipv6, message)->quoted);
}

}  // namespace
}  // namespace sonde::wire
