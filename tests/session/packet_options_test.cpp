// packet_options_test.cpp: TTL, TOS and flow label are each probe's own, whatever socket it leaves by: as the wire shows it.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <set>
#include <string>
#include <vector>

#include "loopback.hpp"
#include "net/file_descriptor.hpp"
#include "net/network_namespace.hpp"
#include "transport/select.hpp"

namespace sonde::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A probe as it left.
struct Header {
  unsigned ttl = 0, tos = 0;
  std::uint32_t flow_label = 0;
  unsigned asker = 0;  // ICMP identifier, or source port

  friend auto operator<=>(const Header&, const Header&) = default;
};

// Sees what goes out by the loopback device.
class Tap {
 public:
  Tap() : descriptor_(::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL))) {
    sockaddr_ll name{};
    name.sll_family = AF_PACKET;
    name.sll_protocol = htons(ETH_P_ALL);
    name.sll_ifindex = static_cast<int>(::if_nametoindex("lo"));
    EXPECT_EQ(::bind(descriptor_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  }

  // The probes among the packets that have left.
  std::vector<Header> probes() const {
    std::vector<Header> headers;
    std::array<std::uint8_t, 2048> bytes{};
    for (;;) {
      sockaddr_ll from{};
      socklen_t length = sizeof from;
      const ssize_t size = ::recvfrom(descriptor_.get(), bytes.data(), bytes.size(), 0,
                                      reinterpret_cast<sockaddr*>(&from), &length);
      if (size < 0) return headers;
      if (from.sll_pkttype != PACKET_OUTGOING) continue;
      if (const auto header = read(bytes)) headers.push_back(*header);
    }
  }

 private:
  static unsigned word(const std::uint8_t* bytes) { return static_cast<unsigned>(bytes[0] << 8 | bytes[1]); }

  static std::optional<Header> read(const std::array<std::uint8_t, 2048>& bytes) {
    const bool ipv4 = bytes[0] >> 4 == 4;
    Header header;
    header.ttl = bytes[ipv4 ? 8 : 7];
    header.tos = ipv4 ? bytes[1] : word(bytes.data()) >> 4 & 0xffU;
    if (!ipv4) header.flow_label = (bytes[1] & 0xfU) << 16 | word(&bytes[2]);
    const std::uint8_t* inner = bytes.data() + (ipv4 ? 20 : 40);
    constexpr unsigned least_udp_bytes = 16;
    constexpr std::uint8_t only_syn = 2, echo_request = 8, echo_request6 = 128;
    switch (bytes[ipv4 ? 9 : 6]) {
      case IPPROTO_ICMP:
      case IPPROTO_ICMPV6:
        if (inner[0] != (ipv4 ? echo_request : echo_request6)) return std::nullopt;
        header.asker = word(inner + 4);
        return header;
      case IPPROTO_TCP:
        if (inner[13] != only_syn) return std::nullopt;
        return header;  // each connection has a port of its own
      case IPPROTO_UDP:
        // The session waits for the kernel to begin stamping, by shorter ones.
        if (word(inner + 4) < least_udp_bytes) return std::nullopt;
        header.asker = word(inner);
        return header;
      default:
        return std::nullopt;
    }
  }

  net::FileDescriptor descriptor_;
};

struct Way {
  TransportKind kind;
  Family family;
};

class PacketsOfEachWay : public ::testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(
    , PacketsOfEachWay,
    ::testing::Values(Way{TransportKind::icmp_datagram, Family::ipv4},
                      Way{TransportKind::icmp_datagram, Family::ipv6},
                      Way{TransportKind::icmp_raw, Family::ipv4}, Way{TransportKind::icmp_raw, Family::ipv6},
                      Way{TransportKind::udp, Family::ipv4}, Way{TransportKind::udp, Family::ipv6},
                      Way{TransportKind::tcp, Family::ipv4}, Way{TransportKind::tcp, Family::ipv6}),
    [](const auto& instance) {
      return std::string(to_string(instance.param.kind)) + std::string(to_string(instance.param.family));
    });

// 30 TTLs, four TOS values, and of IPv6 three flow labels.
std::vector<PacketOptions> packets_for(Family family) {
  std::vector<PacketOptions> packets;
  for (std::uint8_t ttl = 1; ttl <= 30; ++ttl) {
    PacketOptions packet{.ttl = ttl, .tos = static_cast<std::uint8_t>(ttl % 4 * 0x20)};
    if (family == Family::ipv6) packet.flow_label = 0xa0001U + ttl % 3;
    packets.push_back(packet);
  }
  return packets;
}

TEST_P(PacketsOfEachWay, CarryTheirOwnOptionsAndShareOneSocket) {
  net::testing::in_network_namespace([way = GetParam()] {
    const Tap tap;
    Session session = opened({.transport = way.kind, .pace_udp = false});
    std::set<Header> wanted, seen;
    for (const PacketOptions& packet : packets_for(way.family)) {
      TargetOptions options = every(milliseconds(10), 1);
      static_cast<PacketOptions&>(options.network) = packet;
      ASSERT_TRUE(session.add(Address::loopback(way.family), options));
      wanted.insert({*packet.ttl, *packet.tos, packet.flow_label.value_or(0), 0});
    }
    ASSERT_TRUE(session.run_until(Clock::system().monotonic() + seconds(10)));
    EXPECT_EQ(session.merged_figures().received, wanted.size());
    std::set<unsigned> askers;
    for (Header header : tap.probes()) {
      askers.insert(std::exchange(header.asker, 0));
      seen.insert(header);
    }
    EXPECT_EQ(seen, wanted);
    EXPECT_EQ(askers.size(), 1u);
  });
}

// As an IPv6 ping socket does before Linux 5.18.
TEST_P(PacketsOfEachWay, AreRightAlsoWhereTheKernelReadsNoControlMessages) {
  if (GetParam().kind == TransportKind::tcp) GTEST_SKIP() << "a connection has no control messages";
  net::testing::in_network_namespace([way = GetParam()] {
    const Tap tap;
    transport::TransportOptions options;
    options.kind = way.kind;
    options.options_by_message = false;
    options.network.ttl = 77;
    auto opened = transport::open_transport(way.family, options);
    ASSERT_TRUE(opened);
    std::vector<std::array<std::byte, 16>> messages(6);
    std::vector<transport::Departure> departures(6);
    const std::array<std::optional<std::uint8_t>, 6> ttls{3, 3, 4, std::nullopt, std::nullopt, 3};
    for (std::uint32_t i = 0; i < 6; ++i) {
      departures[i].to = net::SocketAddress::from(Address::loopback(way.family));
      departures[i].number = i;
      departures[i].message = messages[i];
      departures[i].packet = {.ttl = ttls[i], .tos = i == 1 ? std::optional<std::uint8_t>(8) : std::nullopt};
    }
    EXPECT_EQ(opened->transport->send(departures), 6u);
    std::vector<std::pair<unsigned, unsigned>> seen;
    for (const Header& header : tap.probes()) seen.emplace_back(header.ttl, header.tos);
    EXPECT_EQ(seen,
              (std::vector<std::pair<unsigned, unsigned>>{{3, 0}, {3, 8}, {4, 0}, {77, 0}, {77, 0}, {3, 0}}));
  });
}

}  // namespace
}  // namespace sonde::test
