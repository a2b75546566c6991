// transport_words_test.cpp: transports by their words, and which of them a reader takes.
#include "text/transport_words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

namespace sonde::text {
namespace {

constexpr std::array every = {TransportKind::automatic, TransportKind::icmp_datagram, TransportKind::icmp_raw,
                              TransportKind::udp,       TransportKind::tcp,           TransportKind::xdp};
constexpr std::array echoes = {TransportKind::automatic, TransportKind::icmp_raw};

TEST(TransportWords, EveryTransportIsReadByTheNameItIsReportedBy) {
  EXPECT_EQ(transport_list(every), "auto, icmp, raw, udp, tcp, xdp");
  for (const TransportKind kind : every) {
    const auto read = parse_transport(to_string(kind), every);
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->kind, kind);
    EXPECT_EQ(read->tcp_port, 0);
  }
}

TEST(TransportWords, TcpMayNameItsPort) {
  const auto read = parse_transport("tcp:8443", every);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->kind, TransportKind::tcp);
  EXPECT_EQ(read->tcp_port, 8443);
  EXPECT_EQ(parse_transport("tcp:0", every).error(), "tcp: \"0\" is too small; at least 1");
  for (const std::string_view text : {"tcp:", "tcp:65536", "tcp:x", "udp:53"})
    EXPECT_FALSE(parse_transport(text, every)) << text;
}

TEST(TransportWords, WhatIsNotAmongThoseWantedIsRefusedWithTheirWords) {
  EXPECT_EQ(parse_transport("udp", echoes).error(), "\"udp\" is not one of auto, raw");
  for (const std::string_view text : {"", "tcp", "tcp:80", "RAW", "rawx"})
    EXPECT_FALSE(parse_transport(text, echoes)) << text;
}

}  // namespace
}  // namespace sonde::text
