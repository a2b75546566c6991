// ping_lines_test.cpp: events as ping's lines, and what it counts.
#include <gtest/gtest.h>

#include <bit>

#include "compat/ping/error_words.hpp"
#include "compat/ping/ip_options.hpp"
#include "compat/ping/lines.hpp"
#include "compat/ping/quoted_header.hpp"
#include "compat/ping/tally.hpp"

namespace sonde::compat::ping {
namespace {

using std::chrono::microseconds;

Event reply() {
  Event event;
  event.kind = EventKind::reply;
  event.address = Address::loopback(Family::ipv4);
  event.sequence = 0;
  event.bytes = 64;
  event.ttl = 64;
  event.rtt = microseconds(1234);
  return event;
}

TEST(PingLines, TimesHaveFourDigitsThatCount) {
  EXPECT_EQ(reply_time_text(microseconds(9), false), "0.009");
  EXPECT_EQ(reply_time_text(microseconds(999), false), "0.999");
  EXPECT_EQ(reply_time_text(microseconds(1005), false), "1.01");
  EXPECT_EQ(reply_time_text(microseconds(9'994), false), "9.99");
  EXPECT_EQ(reply_time_text(microseconds(9'995), false), "10.0");
  EXPECT_EQ(reply_time_text(microseconds(99'949), false), "99.9");
  EXPECT_EQ(reply_time_text(microseconds(99'950), false), "100");
  EXPECT_EQ(reply_time_text(microseconds(1'234'567), false), "1235");
  EXPECT_EQ(reply_time_text(microseconds(1'234'567), true), "1234.567");
}

TEST(PingLines, SequenceNumbersBeginWithOneAndWrapAtSixteenBits) {
  EXPECT_EQ(icmp_sequence(0), 1);
  EXPECT_EQ(icmp_sequence(65'534), 65'535);
  EXPECT_EQ(icmp_sequence(65'535), 0);
}

TEST(PingLines, WhatIsParticularStandsBehindTheTime) {
  Event event = reply();
  event.kind = EventKind::duplicate;
  event.flags = EventFlag::other_source;
  ReplyStyle style;
  style.verbose = style.audible = true;
  style.identifier = 7;
  EXPECT_EQ(
      reply_line(event, "127.0.0.1", style, ""),
      "64 bytes from 127.0.0.1: icmp_seq=1 ident=7 ttl=64 time=1.23 ms (DUP!) (DIFFERENT ADDRESS!)\a\n");
  style = {};
  style.many_may_answer = style.any_source = true;
  EXPECT_EQ(reply_line(event, "127.0.0.1", style, ""),
            "64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=1.23 ms\n");
}

TEST(PingLines, AShortAnswerHasNoTimeButALineEnd) {
  Event event = reply();
  event.bytes = 40;
  EXPECT_EQ(reply_line(event, "a", {}, ""), "40 bytes from a: icmp_seq=1 ttl=64 (truncated)\n");
}

TEST(PingLines, ErrorsNameTheirSequenceNumberWhole) {
  Event event = reply();
  event.sequence = 299;
  event.icmp_type = 3;
  event.icmp_code = 13;
  EXPECT_EQ(error_line(event, "192.0.2.1", error_words(event, {})),
            "From 192.0.2.1 icmp_seq=300 Packet filtered\n");
  event.icmp_type = 5;
  event.icmp_code = 1;
  event.reason = ErrorReason::redirect;
  EXPECT_EQ(error_line(event, "192.0.2.1", error_words(event, "192.0.2.2")),
            "From 192.0.2.1: icmp_seq=300 Redirect Host(New nexthop: 192.0.2.2)\n");
}

TEST(PingTally, ALongPipeAndDuplicatesAreInTheSummary) {
  Tally tally(true);
  tally.sent(4, std::chrono::milliseconds(300));
  for (const std::uint64_t sequence : std::vector<std::uint64_t>{0, 1, 3}) {
    tally.acknowledge(sequence);
    tally.reply(sequence);
    tally.time(microseconds(1000 * (1 + static_cast<int>(sequence))));
  }
  tally.duplicate();
  tally.time(microseconds(3000));
  EXPECT_EQ(summary_text(tally, "host", false),
            "\n--- host ping statistics ---\n"
            "4 packets transmitted, 3 received, +1 duplicates, 25% packet loss, time 300ms\n"
            "rtt min/avg/max/mdev = 1.000/2.500/4.000/1.118 ms, pipe 4\n");
}

TEST(PingTally, WithoutAnswersTheSummaryEndsWithAnEmptyLine) {
  Tally tally(true);
  tally.sent(3, {});
  EXPECT_EQ(summary_text(tally, "h", true),
            "\n--- h ping statistics ---\n3 packets transmitted, 0 received, 100% packet loss, time 0ms\n\n");
  tally.reply(0);
  EXPECT_NE(summary_text(tally, "h", true).find(", 66.6667% packet loss"), std::string::npos);
}

TEST(PingIpOptions, AnUnchangedRouteIsNotRepeated) {
  IpOptionsText text([](const Address& address) { return address.to_string(); });
  std::vector<std::byte> option(40);
  const std::vector<int> begin = {1, 7, 39, 12, 192, 0, 2, 1, 192, 0, 2, 2};
  for (std::size_t i = 0; i < begin.size(); ++i) option[i] = static_cast<std::byte>(begin[i]);
  EXPECT_EQ(text.text(option), "\nNOP\nRR: \t192.0.2.1\n\t192.0.2.2\n");
  EXPECT_EQ(text.text(option), "\nNOP\t(same route)");
}

std::vector<std::byte> quoted_packet(const std::vector<int>& options) {
  std::vector<int> header = {0x45, 0x10, 0x00, 0x54, 0x12, 0x34, 0x40, 0x00, 0x3f, 0x01,
                             0xab, 0xcd, 192,  0,    2,    1,    198,  51,   100,  7};
  header[0] += static_cast<int>(options.size()) / 4;
  header.insert(header.end(), options.begin(), options.end());
  header.insert(header.end(), {8, 0, 1, 2, 3, 4, 5, 6});
  std::vector<std::byte> packet;
  for (const int octet : header) packet.push_back(static_cast<std::byte>(octet));
  return packet;
}

TEST(PingQuotedHeader, FieldsOfTwoBytesAreShownAsThisMachineReadsThem) {
  IpOptionsText options([](const Address& address) { return address.to_string(); });
  const std::string names = "Vr HL TOS  Len   ID Flg  off TTL Pro  cks      Src      Dst Data\n";
  const bool little = std::endian::native == std::endian::little;
  EXPECT_EQ(quoted_header_text(quoted_packet({}), options),
            names + (little ? " 4  5  10 5400 3412   0 0040  3f  01 cdab 192.0.2.1  198.51.100.7 \n"
                            : " 4  5  10 0054 1234   2 0000  3f  01 abcd 192.0.2.1  198.51.100.7 \n"));
}

TEST(PingQuotedHeader, OptionsFollowIt) {
  IpOptionsText options([](const Address& address) { return address.to_string(); });
  const std::string text = quoted_header_text(quoted_packet({7, 7, 8, 192, 0, 2, 9, 0}), options);
  EXPECT_TRUE(text.starts_with("Vr HL")) << text;
  EXPECT_NE(text.find(" 4  7  10 "), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with(" 192.0.2.1  198.51.100.7 \n\nRR: \t192.0.2.9\n")) << text;
}

TEST(PingQuotedHeader, WithoutAWholeHeaderThereIsNone) {
  IpOptionsText options([](const Address& address) { return address.to_string(); });
  const auto packet = quoted_packet({7, 7, 8, 192, 0, 2, 9, 0});
  for (std::size_t bytes = 0; bytes < 28; ++bytes)
    EXPECT_EQ(quoted_header_text(std::span(packet).first(bytes), options), "") << bytes;
  auto ipv6 = packet;
  ipv6.resize(60);
  ipv6[0] = std::byte{0x60};
  EXPECT_EQ(quoted_header_text(ipv6, options), "");
}

TEST(PingIpOptions, OfAFullOptionTheLastEntryIsShownToo) {
  IpOptionsText text([](const Address& address) { return address.to_string(); });
  const auto option = [](const std::vector<int>& octets) {
    std::vector<std::byte> bytes;
    for (const int octet : octets) bytes.push_back(static_cast<std::byte>(octet));
    return bytes;
  };
  EXPECT_EQ(text.text(option({7, 11, 12, 192, 0, 2, 1, 192, 0, 2, 2})), "\nRR: \t192.0.2.1\n\t192.0.2.2\n");
  EXPECT_EQ(text.text(option({68, 12, 13, 0, 0, 0, 0, 5, 0, 0, 0, 9})), "\nTS: \t5 absolute\n\t4\n");
}

TEST(PingIpOptions, WhatIsCutShortIsReadNoFurther) {
  IpOptionsText text([](const Address& address) { return address.to_string(); });
  for (const std::vector<std::byte>& option :
       std::vector<std::vector<std::byte>>{{std::byte{7}},
                                           {std::byte{7}, std::byte{9}},
                                           {std::byte{7}, std::byte{3}, std::byte{9}},
                                           {std::byte{68}, std::byte{4}, std::byte{255}, std::byte{1}},
                                           {std::byte{131}, std::byte{0}}}) {
    text.text(option);
  }
}

}  // namespace
}  // namespace sonde::compat::ping
