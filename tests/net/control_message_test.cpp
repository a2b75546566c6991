// control_message_test.cpp: control messages read from what the kernel could write, and from what it could
// not.
#include "net/control_message.hpp"

#include <gtest/gtest.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <random>
#include <vector>

#include "net/socket_address.hpp"

namespace sonde::net {
namespace {

using namespace std::chrono_literals;
using Buffer = ControlBuffer<512>;

ReceivedControl read_back(Buffer& buffer, int flags = 0) {
  msghdr header{};
  buffer.attach(header);
  header.msg_flags = flags;
  return read_control(header);
}

// As the kernel lays out an error with its offender.
struct ErrorWithOffender {
  sock_extended_err error;
  sockaddr_in6 offender;
};

TEST(ReadControl, OfNothingIsEmpty) {
  const msghdr header{};
  const ReceivedControl control = read_control(header);
  EXPECT_FALSE(control.software_stamp || control.hardware_stamp || control.ttl || control.tos ||
               control.error);
  EXPECT_FALSE(control.truncated);
}

TEST(ReadControl, ReadsBothLayoutsOfTheStamps) {
  struct Wide {
    std::int64_t words[6];
  };
  struct Long {
    long words[6];
  };
  Buffer wide;
  wide.append(SOL_SOCKET, SO_TIMESTAMPING_NEW, Wide{{5, 7, 0, 0, 9, 11}});
  Buffer narrow;
  narrow.append(SOL_SOCKET, SO_TIMESTAMPING_OLD, Long{{5, 7, 0, 0, 9, 11}});
  for (Buffer* buffer : {&wide, &narrow}) {
    const ReceivedControl control = read_back(*buffer);
    EXPECT_EQ(control.software_stamp, UnixTime(5s + 7ns));
    EXPECT_EQ(control.hardware_stamp, UnixTime(9s + 11ns));
  }
}

TEST(ReadControl, AZeroStampIsNone) {
  struct Wide {
    std::int64_t words[6];
  };
  Buffer buffer;
  buffer.append(SOL_SOCKET, SO_TIMESTAMPING_NEW, Wide{{0, 0, 0, 0, 9, 11}});
  const ReceivedControl control = read_back(buffer);
  EXPECT_EQ(control.software_stamp, std::nullopt);
  EXPECT_EQ(control.hardware_stamp, UnixTime(9s + 11ns));
}

TEST(ReadControl, ReadsTtlAndTosOfBothFamilies) {
  Buffer ipv4;
  ipv4.append(IPPROTO_IP, IP_TTL, int{64});
  ipv4.append(IPPROTO_IP, IP_TOS, std::uint8_t{184});  // one byte for IPv4
  EXPECT_EQ(read_back(ipv4).ttl, 64);
  EXPECT_EQ(read_back(ipv4).tos, 184);
  Buffer ipv6;
  ipv6.append(IPPROTO_IPV6, IPV6_HOPLIMIT, int{255});
  ipv6.append(IPPROTO_IPV6, IPV6_TCLASS, int{184});
  EXPECT_EQ(read_back(ipv6).ttl, 255);
  EXPECT_EQ(read_back(ipv6).tos, 184);
}

TEST(ReadControl, ReadsPacketInformation) {
  in_pktinfo information{};
  information.ipi_ifindex = 3;
  information.ipi_addr.s_addr = htonl(INADDR_LOOPBACK);
  Buffer ipv4;
  ipv4.append(IPPROTO_IP, IP_PKTINFO, information);
  EXPECT_EQ(read_back(ipv4).interface_index, 3U);
  EXPECT_EQ(read_back(ipv4).destination, Address::loopback(Family::ipv4));

  in6_pktinfo information6{};
  information6.ipi6_ifindex = 4;
  information6.ipi6_addr.s6_addr[0] = 0xfe;
  information6.ipi6_addr.s6_addr[1] = 0x80;
  Buffer ipv6;
  ipv6.append(IPPROTO_IPV6, IPV6_PKTINFO, information6);
  EXPECT_EQ(read_back(ipv6).interface_index, 4U);
  ASSERT_TRUE(read_back(ipv6).destination);
  EXPECT_EQ(read_back(ipv6).destination->scope_id(), 4U);
}

TEST(ReadControl, ReadsAnIcmpErrorWithItsOffender) {
  ErrorWithOffender message{};
  message.error.ee_errno = EHOSTUNREACH;
  message.error.ee_origin = SO_EE_ORIGIN_ICMP6;
  message.error.ee_type = 1;
  message.error.ee_code = 3;
  message.error.ee_info = 1280;
  const SocketAddress offender = SocketAddress::from(Address::loopback(Family::ipv6));
  std::memcpy(&message.offender, offender.data(), offender.size());
  Buffer buffer;
  buffer.append(IPPROTO_IPV6, IPV6_RECVERR, message);
  const ReceivedControl control = read_back(buffer);
  ASSERT_TRUE(control.error);
  EXPECT_EQ(control.error->error, EHOSTUNREACH);
  EXPECT_EQ(control.error->type, 1);
  EXPECT_EQ(control.error->code, 3);
  EXPECT_EQ(control.error->info, 1280U);
  EXPECT_EQ(control.error->offender, Address::loopback(Family::ipv6));
  EXPECT_TRUE(control.error->is_icmp());
  EXPECT_FALSE(control.error->is_stamp());
}

TEST(ReadControl, TellsASendStampFromTheOthers) {
  sock_extended_err error{};
  error.ee_errno = ENOMSG;
  error.ee_origin = SO_EE_ORIGIN_TIMESTAMPING;
  error.ee_info = SCM_TSTAMP_SND;
  error.ee_data = 4'000'000'000U;
  Buffer sent;
  sent.append(IPPROTO_IP, IP_RECVERR, error);
  const ReceivedControl control = read_back(sent);
  ASSERT_TRUE(control.error);
  EXPECT_TRUE(control.error->is_send_stamp());
  EXPECT_EQ(control.error->data, 4'000'000'000U);
  EXPECT_EQ(control.error->offender, std::nullopt);

  error.ee_info = SCM_TSTAMP_SCHED;
  Buffer scheduled;
  scheduled.append(IPPROTO_IP, IP_RECVERR, error);
  EXPECT_TRUE(read_back(scheduled).error->is_stamp());
  EXPECT_FALSE(read_back(scheduled).error->is_send_stamp());
}

TEST(ReadControl, SaysThatTheBufferWasTooSmall) {
  Buffer buffer;
  buffer.append(IPPROTO_IP, IP_TTL, int{64});
  EXPECT_TRUE(read_back(buffer, MSG_CTRUNC).truncated);
  EXPECT_EQ(read_back(buffer, MSG_CTRUNC).ttl, 64);
}

TEST(ReadControl, PassesOverWhatItDoesNotKnow) {
  Buffer buffer;
  buffer.append(SOL_SOCKET, 12345, std::array<std::byte, 3>{});
  buffer.append(IPPROTO_TCP, 1, int{1});
  buffer.append(IPPROTO_IP, IP_TTL, int{64});
  EXPECT_EQ(read_back(buffer).ttl, 64);
}

TEST(ControlMessages, EndsAtALengthThatDoesNotFit) {
  for (const std::size_t length : {std::size_t{0}, CMSG_LEN(0) - 1, CMSG_LEN(5000), ~std::size_t{0}}) {
    Buffer buffer;
    buffer.append(IPPROTO_IP, IP_TTL, int{64});
    buffer.append(IPPROTO_IP, IP_TTL, int{65});
    std::vector<std::byte> bytes(buffer.bytes().begin(), buffer.bytes().end());
    std::memcpy(bytes.data() + CMSG_SPACE(sizeof(int)), &length, sizeof length);
    int seen = 0;
    for (const ControlMessage& message : ControlMessages(bytes)) {
      EXPECT_EQ(message.as<int>(), 64);
      ++seen;
    }
    EXPECT_EQ(seen, 1) << length;
  }
}

TEST(ControlMessages, TakesALastMessageWithoutItsPadding) {
  Buffer buffer;
  buffer.append(IPPROTO_IP, IP_TOS, std::uint8_t{7});
  int seen = 0;
  for (const ControlMessage& message : ControlMessages(buffer.bytes().first(CMSG_LEN(1)))) {
    EXPECT_EQ(message.data.size(), 1U);
    ++seen;
  }
  EXPECT_EQ(seen, 1);
}

TEST(ControlMessage, AsRefusesWhatIsTooShort) {
  const std::array<std::byte, 3> bytes{};
  const ControlMessage message{0, 0, bytes};
  EXPECT_EQ(message.as<int>(), std::nullopt);
  EXPECT_TRUE(message.as<std::uint8_t>());
}

TEST(ReadControl, SurvivesAnyBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> bytes(random() % 200);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() % 5 == 0 ? random() : random() % 32);
    msghdr header{};
    header.msg_control = bytes.data();
    header.msg_controllen = bytes.size();
    read_control(header);  // the sanitizers judge
  }
}

TEST(ControlBuffer, SpeaksTheLibrarysOwnLayout) {
  ControlBuffer<64> buffer;
  buffer.add_send_number(7);
  buffer.add_ttl(Family::ipv4, 3);
  msghdr header{};
  buffer.attach(header);
  EXPECT_EQ(header.msg_controllen, 2 * CMSG_SPACE(sizeof(int)));
  const cmsghdr* first = CMSG_FIRSTHDR(&header);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->cmsg_type, 81);
  EXPECT_EQ(first->cmsg_len, CMSG_LEN(sizeof(std::uint32_t)));
}

TEST(ControlBuffer, RefusesWhatDoesNotFitAndKeepsTheRest) {
  ControlBuffer<CMSG_SPACE(sizeof(int))> buffer;
  EXPECT_NE(buffer.add_send_number(1), buffer.npos);
  EXPECT_EQ(buffer.add_stamp_request(), buffer.npos);
  EXPECT_EQ(buffer.bytes().size(), CMSG_SPACE(sizeof(int)));
}

TEST(ControlBuffer, OverwritesAValueInPlace) {
  ControlBuffer<64> buffer;
  const std::size_t position = buffer.add_send_number(1);
  buffer.overwrite(position, std::uint32_t{99});
  buffer.overwrite(buffer.npos, std::uint32_t{5});  // ignored
  for (const ControlMessage& message : ControlMessages(buffer.bytes())) {
    EXPECT_EQ(message.as<std::uint32_t>(), 99U);
  }
}

TEST(ControlBuffer, AttachesNothingWhenEmpty) {
  ControlBuffer<64> buffer;
  msghdr header{};
  buffer.attach(header);
  EXPECT_EQ(header.msg_control, nullptr);
  EXPECT_EQ(header.msg_controllen, 0U);
}

}  // namespace
}  // namespace sonde::net
