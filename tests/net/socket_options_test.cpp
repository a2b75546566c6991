// socket_options_test.cpp: options as they show on the wire, and their refusals.
#include "net/socket_options.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in6.h>
#include <net/if.h>
#include <poll.h>

#include <array>
#include <cerrno>

#include "net/network_namespace.hpp"
#include "net/permissions.hpp"
#include "net/ping_socket.hpp"

namespace sonde::net::testing {
namespace {

using ::testing::HasSubstr;

// What a probe's IP header says.
struct SentHeader {
  Family family{};
  unsigned ttl = 0;
  unsigned tos = 0;
  std::uint32_t flow_label = 0;
  bool dont_fragment = false;
  bool is_fragment = false;
};

// Sees every packet on a device. Needs CAP_NET_RAW to open, none to read.
class Tap {
 public:
  explicit Tap(const char* device)
      : descriptor_(::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, htons(ETH_P_ALL))) {
    sockaddr_ll name{};
    name.sll_family = AF_PACKET;
    name.sll_protocol = htons(ETH_P_ALL);
    name.sll_ifindex = static_cast<int>(::if_nametoindex(device));
    EXPECT_EQ(::bind(descriptor_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0)
        << errno_name(errno);
  }

  // The header of the next ICMP packet that goes out.
  std::optional<SentHeader> next() {
    for (;;) {
      pollfd waiting{descriptor_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 1000) <= 0) return std::nullopt;
      std::array<unsigned char, 2048> bytes{};
      sockaddr_ll from{};
      socklen_t length = sizeof from;
      const ssize_t size = ::recvfrom(descriptor_.get(), bytes.data(), bytes.size(), 0,
                                      reinterpret_cast<sockaddr*>(&from), &length);
      if (size < 20 || from.sll_pkttype != PACKET_OUTGOING) continue;
      SentHeader header;
      if (bytes[0] >> 4 == 4 && bytes[9] == IPPROTO_ICMP) {
        header.family = Family::ipv4;
        header.tos = bytes[1];
        header.ttl = bytes[8];
        header.dont_fragment = (bytes[6] & 0x40) != 0;
        header.is_fragment = (bytes[6] & 0x3f) != 0 || bytes[7] != 0;
        return header;
      }
      if (bytes[0] >> 4 == 6 && (bytes[6] == IPPROTO_ICMPV6 || bytes[6] == IPPROTO_FRAGMENT)) {
        const std::uint32_t word = static_cast<std::uint32_t>(bytes[0]) << 24 |
                                   static_cast<std::uint32_t>(bytes[1]) << 16 |
                                   static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
        header.family = Family::ipv6;
        header.tos = word >> 20 & 0xffU;
        header.flow_label = word & 0xfffffU;
        header.ttl = bytes[7];
        header.is_fragment = bytes[6] == IPPROTO_FRAGMENT;
        return header;
      }
    }
  }

 private:
  FileDescriptor descriptor_;
};

struct SocketCase {
  Family family;
  int type;
};

class SocketOptions : public ::testing::TestWithParam<SocketCase> {
 protected:
  // The header of a probe to the own host from a socket with `options`, as an unprivileged user where the
  // socket may be.
  static std::optional<SentHeader> header_with(const SocketCase& socket_case, const NetworkOptions& options,
                                               std::size_t payload_bytes = 56) {
    Tap tap("lo");
    PingSocket socket(socket_case.family, socket_case.type);
    drop_privileges();
    const auto applied = apply_network_options(socket.fd(), socket_case.family, options);
    EXPECT_TRUE(applied) << applied.error().message();
    EXPECT_EQ(socket.send(Address::loopback(socket_case.family), 1, payload_bytes, {},
                          options.flow_label.value_or(0)),
              0);
    return tap.next();
  }
};

INSTANTIATE_TEST_SUITE_P(Sockets, SocketOptions,
                         ::testing::Values(SocketCase{Family::ipv4, SOCK_DGRAM},
                                           SocketCase{Family::ipv6, SOCK_DGRAM},
                                           SocketCase{Family::ipv4, SOCK_RAW},
                                           SocketCase{Family::ipv6, SOCK_RAW}),
                         [](const auto& instance) {
                           return std::string(to_string(instance.param.family)) +
                                  (instance.param.type == SOCK_RAW ? "Raw" : "Datagram");
                         });

TEST_P(SocketOptions, TtlAndTosReachTheWire) {
  in_network_namespace([socket_case = GetParam()] {
    const auto header = header_with(socket_case, {{}, {.ttl = std::uint8_t{7}, .tos = std::uint8_t{184}}});
    ASSERT_TRUE(header);
    EXPECT_EQ(header->family, socket_case.family);
    EXPECT_EQ(header->ttl, 7U);
    EXPECT_EQ(header->tos, 184U);
  });
}

TEST_P(SocketOptions, FlowLabelReachesTheWire) {
  if (GetParam().family == Family::ipv4) GTEST_SKIP() << "IPv4 has none";
  in_network_namespace([socket_case = GetParam()] {
    const auto header = header_with(socket_case, {{}, {.flow_label = 0xabcdeU}});
    ASSERT_TRUE(header);
    EXPECT_EQ(header->flow_label, 0xabcdeU);
    EXPECT_EQ(header->tos, 0U);
  });
}

TEST_P(SocketOptions, FlowLabelWorksWhereLabelsMustBeLeased) {
  if (GetParam().family == Family::ipv4) GTEST_SKIP() << "IPv4 has none";
  in_network_namespace([socket_case = GetParam()] {
    // One exclusive label makes the kernel look every label up, from then on.
    PingSocket other(Family::ipv6);
    in6_flowlabel_req request{};
    request.flr_dst.s6_addr[15] = 1;
    request.flr_label = htonl(0x12345U);
    request.flr_action = IPV6_FL_A_GET;
    request.flr_share = IPV6_FL_S_EXCL;
    request.flr_flags = IPV6_FL_F_CREATE;
    ASSERT_EQ(::setsockopt(other.fd(), IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &request, sizeof request), 0);
    const auto header = header_with(socket_case, {{}, {.flow_label = 0x54321U}});
    ASSERT_TRUE(header);
    EXPECT_EQ(header->flow_label, 0x54321U);
  });
}

TEST_P(SocketOptions, PathMtuDecidesAboutFragments) {
  in_network_namespace([socket_case = GetParam()] {
    run("ip link set lo mtu 1500");
    for (const PathMtu path_mtu : {PathMtu::always, PathMtu::probe}) {
      PingSocket socket(socket_case.family, socket_case.type);
      ASSERT_TRUE(apply_network_options(socket.fd(), socket_case.family, {{.path_mtu = path_mtu}, {}}));
      EXPECT_EQ(socket.send(Address::loopback(socket_case.family), 1, 2000), EMSGSIZE);
    }
    const auto header = header_with(socket_case, {{.path_mtu = PathMtu::never}, {}}, 2000);
    ASSERT_TRUE(header);
    EXPECT_TRUE(header->is_fragment);
    EXPECT_FALSE(header->dont_fragment);
  });
}

TEST_P(SocketOptions, PathMtuSetsDontFragment) {
  if (GetParam().family == Family::ipv6) GTEST_SKIP() << "IPv6 has no such bit";
  in_network_namespace([socket_case = GetParam()] {
    const auto header = header_with(socket_case, {{.path_mtu = PathMtu::always}, {}});
    ASSERT_TRUE(header);
    EXPECT_TRUE(header->dont_fragment);
  });
}

class FamilyOptions : public ::testing::TestWithParam<Family> {};
INSTANTIATE_TEST_SUITE_P(Family, FamilyOptions, ::testing::ValuesIn(both_families()), family_name);

TEST_P(FamilyOptions, SourceIsWhereProbesComeFrom) {
  in_network_namespace([family = GetParam()] {
    const Address source = family == Family::ipv4 ? address("127.0.0.77") : address("2001:db8::77");
    if (family == Family::ipv6) add_loopback_address("2001:db8::77");
    drop_privileges();
    PingSocket socket(family);
    ASSERT_TRUE(apply_network_options(socket.fd(), family, {{.source = source}, {}}, 4711));
    EXPECT_EQ(socket.identifier(), 4711);
    PingSocket listener(family);
    ASSERT_EQ(socket.send(source, 1), 0);
    const auto reply = socket.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->from, source);
  });
}

TEST_P(FamilyOptions, ForeignSourceIsUnavailableAndNamed) {
  in_network_namespace([family = GetParam()] {
    PingSocket socket(family);
    const Address foreign = family == Family::ipv4 ? address("192.0.2.9") : address("2001:db8::9");
    const auto applied = apply_network_options(socket.fd(), family, {{.source = foreign}, {}});
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().code, ErrorCode::unavailable);
    EXPECT_EQ(applied.error().system_errno, EADDRNOTAVAIL);
    EXPECT_THAT(applied.error().message(), HasSubstr(foreign.to_string()));
    EXPECT_THAT(applied.error().hint, HasSubstr("this host"));
  });
}

TEST_P(FamilyOptions, SourceOfTheOtherFamilyIsInvalid) {
  in_network_namespace([family = GetParam()] {
    PingSocket socket(family);
    const Family other = family == Family::ipv4 ? Family::ipv6 : Family::ipv4;
    const auto applied =
        apply_network_options(socket.fd(), family, {{.source = Address::loopback(other)}, {}});
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().code, ErrorCode::invalid_argument);
  });
}

TEST_P(FamilyOptions, TakenIdentifierIsNamed) {
  in_network_namespace([family = GetParam()] {
    PingSocket first(family);
    PingSocket second(family);
    ASSERT_TRUE(apply_network_options(first.fd(), family, {}, 4711));
    const auto applied = apply_network_options(second.fd(), family, {}, 4711);
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().code, ErrorCode::unavailable);
    EXPECT_THAT(applied.error().message(), HasSubstr("4711"));
  });
}

TEST_P(FamilyOptions, InterfaceIsBoundWithoutPrivilege) {
  in_network_namespace([family = GetParam()] {
    drop_privileges();
    PingSocket socket(family);
    ASSERT_TRUE(apply_network_options(socket.fd(), family, {{.interface = "lo"}, {}}));
    ASSERT_TRUE(bind_to_interface(socket.fd(), family, "lo"));  // again: refused by the kernel, and as good
    ASSERT_EQ(socket.send(Address::loopback(family), 1), 0);
    EXPECT_TRUE(socket.receive());
  });
}

TEST_P(FamilyOptions, AnotherInterfaceThanTheBoundOneNeedsPrivilege) {
  in_network_namespace([family = GetParam()] {
    run("ip link add v0 type veth peer name v1");
    drop_privileges();
    PingSocket socket(family);
    ASSERT_TRUE(bind_to_interface(socket.fd(), family, "lo"));
    const auto again = bind_to_interface(socket.fd(), family, "v0");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::permission_denied);
    EXPECT_THAT(again.error().message(), HasSubstr("v0"));
    EXPECT_THAT(again.error().hint, HasSubstr("lo"));
  });
}

TEST_P(FamilyOptions, UnknownInterfaceIsNotFound) {
  in_network_namespace([family = GetParam()] {
    PingSocket socket(family);
    for (const char* name : {"nosuch0", "averylongnameofanetworkdevice"}) {
      const auto applied = apply_network_options(socket.fd(), family, {{.interface = name}, {}});
      ASSERT_FALSE(applied);
      EXPECT_EQ(applied.error().code, ErrorCode::not_found);
      EXPECT_EQ(applied.error().subject, name);
    }
  });
}

TEST_P(FamilyOptions, MarkNeedsPrivilegeAndSaysWhich) {
  in_network_namespace([family = GetParam()] {
    PingSocket socket(family);
    ASSERT_TRUE(apply_network_options(socket.fd(), family, {{.mark = 42U}, {}}));
    drop_privileges();
    const auto applied = apply_network_options(socket.fd(), family, {{.mark = 43U}, {}});
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().code, ErrorCode::permission_denied);
    EXPECT_THAT(applied.error().message(), HasSubstr("43: EPERM"));
    EXPECT_THAT(applied.error().hint, HasSubstr("CAP_NET_RAW"));
  });
}

TEST_P(FamilyOptions, ReceiveControlTellsTtlTosAndDestination) {
  in_network_namespace([family = GetParam()] {
    drop_privileges();
    PingSocket socket(family);
    ASSERT_TRUE(enable_receive_control(socket.fd(), family, {.packet_information = true}));
    ASSERT_TRUE(set_tos(socket.fd(), family, 184));  // the echo reply copies it
    ASSERT_EQ(socket.send(Address::loopback(family), 1), 0);
    const auto reply = socket.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->control.ttl, 64);
    ASSERT_TRUE(reply->control.tos);
    if (family == Family::ipv4) {
      EXPECT_EQ(reply->control.tos, 184);
    }
    EXPECT_EQ(reply->control.interface_index, ::if_nametoindex("lo"));
    EXPECT_EQ(reply->control.destination, Address::loopback(family));
  });
}

TEST(SocketOptions, RefusesValuesWithoutMeaning) {
  in_network_namespace([] {
    PingSocket ipv4(Family::ipv4);
    PingSocket ipv6(Family::ipv6);
    const auto code = [](const Result<void>& result) {
      return result ? ErrorCode::system : result.error().code;
    };
    EXPECT_EQ(code(apply_network_options(ipv4.fd(), Family::ipv4, {{}, {.ttl = std::uint8_t{0}}})),
              ErrorCode::invalid_argument);
    EXPECT_EQ(code(apply_network_options(ipv4.fd(), Family::ipv4, {{}, {.flow_label = 1U}})),
              ErrorCode::invalid_argument);
    EXPECT_EQ(code(apply_network_options(ipv6.fd(), Family::ipv6, {{}, {.flow_label = 0x100000U}})),
              ErrorCode::invalid_argument);
  });
}

TEST(SocketOptions, LinkLocalSourceWithoutItsZoneGetsAHint) {
  in_network_namespace([] {
    run("ip link add v0 type veth peer name v1; ip link set v0 up; ip addr add fe80::77/64 dev v0 nodad");
    PingSocket socket(Family::ipv6);
    const auto bound = bind_to_source(socket.fd(), Family::ipv6, address("fe80::77"));
    ASSERT_FALSE(bound);
    EXPECT_THAT(bound.error().hint, HasSubstr("fe80::77%"));
    EXPECT_TRUE(bind_to_source(socket.fd(), Family::ipv6, address("fe80::77%v0")));
  });
}

TEST(ReceiveBuffer, IsCappedForOrdinaryUsersAndForcedForAdministrators) {
  in_network_namespace([] {
    PingSocket socket(Family::ipv4);
    EXPECT_EQ(set_receive_buffer(socket.fd(), 106'496), 212'992);  // the kernel doubles
    EXPECT_EQ(receive_buffer(socket.fd()), 212'992);
    const int much = 64 << 20;
    const auto forced = set_receive_buffer(socket.fd(), much);
    // In a user namespace even root is an ordinary user here: the capability counts in the first one only.
    if (!read_permissions() || succeeds("test $(awk '{print $3}' /proc/self/uid_map) = 1")) return;
    EXPECT_EQ(forced, 2 * much);
    drop_privileges();
    PingSocket ordinary(Family::ipv4);
    const auto capped = set_receive_buffer(ordinary.fd(), much);
    ASSERT_TRUE(capped);
    EXPECT_LT(*capped, 2 * much);
    EXPECT_EQ(set_receive_buffer(ordinary.fd(), 0), std::min(*capped, 2 * largest_receive_buffer_bytes));
  });
}

TEST(ReceiveDrops, IsUnknownForWhatIsNoSocket) {
  EXPECT_EQ(receive_drops(-1), std::nullopt);
}

}  // namespace
}  // namespace sonde::net::testing
