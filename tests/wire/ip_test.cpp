// ip_test.cpp: IPv4 and IPv6 headers, whole, with options, and cut at every length.
#include "wire/ip.hpp"

#include <gtest/gtest.h>

#include "wire/checksum.hpp"
#include "wire/packet_bytes.hpp"

namespace sonde::wire {
namespace {

using test::Bytes;
using test::cut;
using test::hex;
using test::joined;

const Bytes ipv6_addresses = hex("20010db8000000000000000000000001 20010db8000000000000000000000002");

Bytes ipv6_packet(std::string_view next_header, std::string_view rest) {
  return joined({hex("6000 0000 0040"), hex(next_header), hex("40"), ipv6_addresses, hex(rest)});
}

TEST(IpHeader, Ipv4FieldsAreRead) {
  const auto header = parse_ip(hex("45b8 0073 1234 4000 3f01 b861 c0a8 0001 c0a8 00c7 0800"));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->family, Family::ipv4);
  EXPECT_EQ(header->header_bytes, 20u);
  EXPECT_EQ(header->total_bytes, 0x73u);
  EXPECT_EQ(header->tos, 0xb8);
  EXPECT_EQ(header->ttl, 0x3f);
  EXPECT_EQ(header->protocol, protocol_icmpv4);
  EXPECT_EQ(header->identification, 0x1234);
  EXPECT_TRUE(header->dont_fragment);
  EXPECT_FALSE(header->more_fragments);
  EXPECT_EQ(header->source, Address::ipv4(0xc0a80001));
  EXPECT_EQ(header->destination, Address::ipv4(0xc0a800c7));
  EXPECT_FALSE(header->has_options);
}

TEST(IpHeader, Ipv4OptionsAreHandedOver) {
  const Bytes packet = hex("4700 0054 0000 2003 4001 0000 7f000001 7f000001 07070400 00000000 08");
  const auto header = parse_ip(packet);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->header_bytes, 28u);
  EXPECT_TRUE(header->has_options);
  EXPECT_EQ(Bytes(header->options.begin(), header->options.end()), hex("0707040000000000"));
  EXPECT_TRUE(header->more_fragments);
  EXPECT_EQ(header->fragment_offset, 24u);
}

TEST(IpHeader, CutIpv4IsRefusedAtEveryLength) {
  const Bytes packet = hex("4700 0054 0000 0000 4001 0000 7f000001 7f000001 07070400 00000000");
  for (std::size_t length = 0; length < packet.size(); ++length)
    EXPECT_FALSE(parse_ip(cut(packet, length))) << length;
  EXPECT_TRUE(parse_ip(packet));
}

TEST(IpHeader, ImpossibleLengthsAndVersionsAreRefused) {
  Bytes packet = hex("4500 0054 0000 0000 4001 0000 7f000001 7f000001");
  for (unsigned first = 0; first < 256; ++first) {
    packet[0] = static_cast<std::byte>(first);
    EXPECT_EQ(parse_ip(packet).has_value(), first == 0x45) << first;
  }
}

TEST(IpHeader, Ipv6FieldsAreRead) {
  Bytes packet = ipv6_packet("3a", "8000");
  packet[0] = std::byte{0x6b};
  packet[1] = std::byte{0x8a};
  packet[2] = std::byte{0xbc};
  packet[3] = std::byte{0xde};
  const auto header = parse_ip(packet);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->family, Family::ipv6);
  EXPECT_EQ(header->header_bytes, 40u);
  EXPECT_EQ(header->total_bytes, 104u);
  EXPECT_EQ(header->tos, 0xb8);
  EXPECT_EQ(header->flow_label, 0xabcdeu);
  EXPECT_EQ(header->ttl, 0x40);
  EXPECT_EQ(header->protocol, protocol_icmpv6);
  EXPECT_EQ(header->source.to_string(), "2001:db8::1");
  EXPECT_EQ(header->destination.to_string(), "2001:db8::2");
  EXPECT_FALSE(header->has_options);
}

// Hop-by-hop, routing (24 bytes), fragment (first), authentication (12 bytes), destination options, then
// ICMPv6.
constexpr std::string_view chain =
    "2b00 010400000000 2c02 0400 00000000 0000000000000000 0000000000000000 3300 0001 00000007"
    "3c01 0000 00000000 00000000 3a00 010400000000";

TEST(IpHeader, Ipv6ExtensionHeadersAreWalked) {
  const auto header = parse_ip(ipv6_packet("00", chain));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->protocol, protocol_icmpv6);
  EXPECT_EQ(header->header_bytes, 40u + 8 + 24 + 8 + 12 + 8);
  EXPECT_TRUE(header->has_options);
  EXPECT_EQ(header->options.size(), 60u);
  EXPECT_TRUE(header->more_fragments);
  EXPECT_EQ(header->fragment_offset, 0u);
}

TEST(IpHeader, CutIpv6ChainIsRefusedAtEveryLength) {
  const Bytes packet = ipv6_packet("00", chain);
  for (std::size_t length = 0; length < packet.size(); ++length)
    EXPECT_FALSE(parse_ip(cut(packet, length))) << length;
  EXPECT_TRUE(parse_ip(packet));
}

TEST(IpHeader, ALaterFragmentEndsTheWalk) {
  const auto header = parse_ip(ipv6_packet("2c", "0000 0588 00000001 ffffffff"));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->fragment_offset, 0x588u);
  EXPECT_EQ(header->header_bytes, 48u);
}

TEST(IpHeader, AChainLongerThanAnyRealOneIsRefused) {
  const auto chain_of = [](int extension_headers) {
    Bytes packet = ipv6_packet("3c", "");
    for (int i = 1; i <= extension_headers; ++i) {
      packet = joined({packet, hex(i == extension_headers ? "3a00010400000000" : "3c00010400000000")});
    }
    return packet;
  };
  EXPECT_TRUE(parse_ip(chain_of(16)));
  EXPECT_FALSE(parse_ip(chain_of(17)));
}

TEST(IpHeader, WrittenIpv4IsReadBackWithARightChecksum) {
  const IpFields fields{.source = Address::ipv4(0xc0000201),
                        .destination = Address::ipv4(0xcb007102),
                        .protocol = protocol_icmpv4,
                        .payload_bytes = 64,
                        .ttl = 33,
                        .tos = 0x10,
                        .identification = 777,
                        .dont_fragment = true};
  const auto bytes = ipv4_header(fields);
  EXPECT_EQ(internet_checksum(bytes), 0);
  const auto header = parse_ip(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->source, fields.source);
  EXPECT_EQ(header->destination, fields.destination);
  EXPECT_EQ(header->protocol, fields.protocol);
  EXPECT_EQ(header->total_bytes, 84u);
  EXPECT_EQ(header->ttl, 33);
  EXPECT_EQ(header->tos, 0x10);
  EXPECT_EQ(header->identification, 777);
  EXPECT_TRUE(header->dont_fragment);
}

TEST(IpHeader, WrittenIpv6IsReadBack) {
  const IpFields fields{.source = Address::ipv6(std::span(ipv6_addresses).first<16>()),
                        .destination = Address::ipv6(std::span(ipv6_addresses).last<16>()),
                        .protocol = protocol_icmpv6,
                        .payload_bytes = 1000,
                        .ttl = 255,
                        .tos = 0xb8,
                        .flow_label = 0xf1234};
  const auto header = parse_ip(ipv6_header(fields));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->source, fields.source);
  EXPECT_EQ(header->destination, fields.destination);
  EXPECT_EQ(header->protocol, fields.protocol);
  EXPECT_EQ(header->total_bytes, 1040u);
  EXPECT_EQ(header->ttl, 255);
  EXPECT_EQ(header->tos, 0xb8);
  EXPECT_EQ(header->flow_label, 0xf1234u);
}

}  // namespace
}  // namespace sonde::wire
