// pcapng_test.cpp: captures that libpcap and tcpdump read back as the packets they were made of.
#include "report/pcapng.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "wire/checksum.hpp"
#include "wire/ip.hpp"

namespace sonde::report {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr UnixTime stamp{1'700'000'000'123'456'789ns};

Address address(std::string_view text) {
  return Address::parse(text).value();
}

// An echo message with an empty checksum.
std::vector<std::byte> echo(std::uint8_t type) {
  std::vector<std::byte> message(64);
  message[0] = std::byte{type};
  message[4] = std::byte{0x12};
  message[7] = std::byte{5};
  for (std::size_t i = 8; i < message.size(); ++i) message[i] = static_cast<std::byte>(i);
  return message;
}

// A file that is gone with the test.
class CaptureFile {
 public:
  CaptureFile() { descriptor_ = ::mkstemp(path_.data()); }
  ~CaptureFile() {
    ::close(descriptor_);
    ::unlink(path_.data());
  }
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;

  int descriptor() const { return descriptor_; }
  const char* path() const { return path_.data(); }
  void write(const std::vector<PacketView>& packets) const {
    Output output(descriptor_, "capture");
    PcapNgWriter writer(output, "0.1.0");
    for (const PacketView& packet : packets) writer.packet(packet);
    output.flush();
    EXPECT_FALSE(output.error().has_value());
  }

 private:
  std::string path_ = "/tmp/sonde_capture_XXXXXX";
  int descriptor_ = -1;
};

struct Captured {
  std::int64_t unix_ns = 0;
  std::vector<std::byte> bytes;
};

std::vector<Captured> read_back(const CaptureFile& file) {
  std::vector<Captured> packets;
  std::array<char, PCAP_ERRBUF_SIZE> problem{};
  pcap_t* capture =
      pcap_open_offline_with_tstamp_precision(file.path(), PCAP_TSTAMP_PRECISION_NANO, problem.data());
  if (capture == nullptr) {
    ADD_FAILURE() << problem.data();
    return packets;
  }
  EXPECT_EQ(pcap_datalink(capture), DLT_RAW);
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  while (pcap_next_ex(capture, &header, &data) == 1) {
    EXPECT_EQ(header->caplen, header->len);
    const auto bytes = std::as_bytes(std::span(data, header->caplen));
    packets.push_back(
        {std::int64_t{header->ts.tv_sec} * 1'000'000'000 + header->ts.tv_usec, {bytes.begin(), bytes.end()}});
  }
  pcap_close(capture);
  return packets;
}

TEST(PcapNg, OutgoingPacketsOfBothFamiliesGetHeadersAndChecksums) {
  const std::vector<std::byte> v4 = echo(8), v6 = echo(128);
  const CaptureFile file;
  file.write({{.outgoing = true,
               .at = stamp,
               .from = address("192.0.2.2"),
               .to = address("192.0.2.1"),
               .ttl = 7,
               .tos = 0xb8,
               .bytes = v4},
              {.outgoing = true,
               .at = stamp + 1ns,
               .from = address("2001:db8::2"),
               .to = address("2001:db8::1"),
               .bytes = v6}});
  const auto packets = read_back(file);
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_EQ(packets[0].unix_ns, stamp.time_since_epoch().count());
  EXPECT_EQ(packets[1].unix_ns, stamp.time_since_epoch().count() + 1);

  const auto first = wire::parse_ip(packets[0].bytes);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->source, address("192.0.2.2"));
  EXPECT_EQ(first->destination, address("192.0.2.1"));
  EXPECT_EQ(first->ttl, 7);
  EXPECT_EQ(first->tos, 0xb8);
  EXPECT_EQ(first->total_bytes, 84u);
  const std::span<const std::byte> v4_packet(packets[0].bytes);
  EXPECT_EQ(wire::internet_checksum(v4_packet.first(20)), 0);
  EXPECT_EQ(wire::internet_checksum(v4_packet.subspan(20)), 0);
  EXPECT_TRUE(std::ranges::equal(v4_packet.subspan(24), std::span(v4).subspan(4)));

  const auto second = wire::parse_ip(packets[1].bytes);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->source, address("2001:db8::2"));
  EXPECT_EQ(second->protocol, wire::protocol_icmpv6);
  const std::span<const std::byte> v6_packet(packets[1].bytes);
  EXPECT_EQ(wire::internet_checksum(v6_packet.subspan(40),
                                    wire::pseudo_header_sum(second->source, second->destination, 64)),
            0);
}

TEST(PcapNg, AnswersChecksumIsLeftAsItCame) {
  const std::vector<std::byte> wrong = echo(0);  // its checksum is 0
  const CaptureFile file;
  file.write(
      {{.at = stamp, .from = address("192.0.2.1"), .to = address("192.0.2.2"), .ttl = 60, .bytes = wrong}});
  const auto packets = read_back(file);
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_TRUE(std::ranges::equal(std::span(packets[0].bytes).subspan(20), wrong));
}

TEST(PcapNg, UnknownEndOfTheOtherFamilyStillMakesAPacket) {
  const std::vector<std::byte> answer = echo(129);
  const CaptureFile file;
  file.write({{.at = stamp, .from = address("2001:db8::1"), .to = Address(), .bytes = answer}});
  const auto packets = read_back(file);
  ASSERT_EQ(packets.size(), 1u);
  const auto header = wire::parse_ip(packets[0].bytes);
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->family, Family::ipv6);
  EXPECT_TRUE(header->destination.is_any());
  const std::uint32_t sum = wire::pseudo_header_sum(header->source, header->destination, 64);
  EXPECT_EQ(wire::internet_checksum(std::span<const std::byte>(packets[0].bytes).subspan(40), sum), 0);
}

TEST(PcapNg, PacketWithItsHeaderIsWrittenAsItIs) {
  const std::vector<std::byte> message = echo(0);
  const auto header = wire::ipv4_header({.source = address("192.0.2.1"),
                                         .destination = address("192.0.2.2"),
                                         .protocol = 1,
                                         .payload_bytes = 64,
                                         .ttl = 33,
                                         .identification = 4711});
  std::vector<std::byte> packet(header.begin(), header.end());
  packet.insert(packet.end(), message.begin(), message.end());
  const CaptureFile file;
  file.write({{.has_ip_header = true,
               .at = stamp,
               .from = address("192.0.2.1"),
               .to = address("192.0.2.2"),
               .bytes = packet}});
  const auto packets = read_back(file);
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(packets[0].bytes, packet);
}

TEST(PcapNg, OddLengthsArePadded) {
  std::vector<PacketView> views;
  const std::vector<std::byte> bytes = echo(8);
  for (std::size_t length = 1; length <= bytes.size(); ++length) {
    views.push_back({.outgoing = true,
                     .at = stamp,
                     .from = address("192.0.2.2"),
                     .to = address("192.0.2.1"),
                     .bytes = std::span(bytes).first(length)});
  }
  const CaptureFile file;
  file.write(views);
  const auto packets = read_back(file);
  ASSERT_EQ(packets.size(), bytes.size());
  for (std::size_t i = 0; i < packets.size(); ++i) EXPECT_EQ(packets[i].bytes.size(), 20 + i + 1);
}

TEST(PcapNg, WhatFitsNoPacketIsLeftOut) {
  const std::vector<std::byte> huge(65536);
  const CaptureFile file;
  file.write({{.outgoing = true,
               .at = stamp,
               .from = address("192.0.2.2"),
               .to = address("192.0.2.1"),
               .bytes = huge},
              {.outgoing = true, .at = stamp, .from = address("::1"), .to = address("::1"), .bytes = huge}});
  EXPECT_TRUE(read_back(file).empty());
}

TEST(PcapNg, TcpdumpReadsIt) {
  if (std::system("command -v tcpdump >/dev/null 2>&1") != 0) GTEST_SKIP() << "tcpdump is not installed";
  const std::vector<std::byte> v4 = echo(8), v6 = echo(128);
  const CaptureFile file;
  file.write(
      {{.outgoing = true, .at = stamp, .from = address("192.0.2.2"), .to = address("192.0.2.1"), .bytes = v4},
       {.outgoing = true,
        .at = stamp,
        .from = address("2001:db8::2"),
        .to = address("2001:db8::1"),
        .bytes = v6}});
  // From standard input: packaged profiles forbid tcpdump to open files of other names.
  const std::string command = "tcpdump -vvn --nano -r - < " + std::string(file.path()) + " 2>&1";
  std::FILE* tcpdump = ::popen(command.c_str(), "r");
  ASSERT_NE(tcpdump, nullptr);
  std::string said;
  for (int c = std::fgetc(tcpdump); c != EOF; c = std::fgetc(tcpdump)) said += static_cast<char>(c);
  EXPECT_EQ(::pclose(tcpdump), 0) << said;
  EXPECT_THAT(said, HasSubstr("192.0.2.2 > 192.0.2.1: ICMP echo request, id 4608, seq 5, length 64"));
  EXPECT_THAT(said, HasSubstr("2001:db8::2 > 2001:db8::1: [icmp6 sum ok] ICMP6, echo request"));
  EXPECT_THAT(said, HasSubstr(".123456789"));
  EXPECT_THAT(said, testing::Not(HasSubstr("bad")));
  EXPECT_THAT(said, testing::Not(HasSubstr("wrong")));
}

TEST(PcapNg, TheEndThatASocketDoesNotShowIsLookedUp) {
  const CaptureFile file;
  {
    Output output(file.descriptor(), "capture");
    PcapNgWriter writer(output, "0.1.0", [](const Address& peer) {
      return peer.is_ipv4() ? std::optional(address("192.0.2.1")) : std::nullopt;
    });
    const std::vector<std::byte> request = echo(8), answer = echo(0);
    const Address unknown = Address::any(Family::ipv4), peer = address("192.0.2.7");
    writer.packet({.outgoing = true, .at = stamp, .from = unknown, .to = peer, .bytes = request});
    writer.packet({.outgoing = false, .at = stamp, .from = peer, .to = unknown, .bytes = answer});
    output.flush();
  }
  const auto packets = read_back(file);
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_EQ(wire::parse_ip(packets[0].bytes)->source, address("192.0.2.1"));
  EXPECT_EQ(wire::parse_ip(packets[1].bytes)->destination, address("192.0.2.1"));
}

TEST(PcapNg, FullDiskIsReported) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  {
    Output output(full, "capture.pcapng");
    PcapNgWriter writer(output, "0.1.0");
    output.flush();
    ASSERT_TRUE(output.error().has_value());
    EXPECT_EQ(output.error()->system_errno, ENOSPC);
    EXPECT_EQ(output.error()->subject, "capture.pcapng");
  }
  ::close(full);
}

}  // namespace
}  // namespace sonde::report
