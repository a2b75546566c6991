// select_test.cpp: which way of asking is taken, and what is said when all are closed.
#include "transport/select.hpp"

#include <gmock/gmock.h>

#include <cerrno>

#include "transport/socket_under_test.hpp"

namespace sonde::transport::testing {
namespace {

using net::testing::drop_privileges;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Select : public ::testing::TestWithParam<Family> {};
INSTANTIATE_TEST_SUITE_P(, Select, ::testing::ValuesIn(net::testing::both_families()),
                         net::testing::family_name);

constexpr const char* range = "net.ipv4.ping_group_range";

TEST_P(Select, TakesDatagramSocketsWhereTheGroupRangeIsOpen) {
  in_network_namespace([family = GetParam()] {
    drop_privileges();
    const auto opened = open_transport(family, {});
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_EQ(opened->transport->kind(), TransportKind::icmp_datagram);
    EXPECT_EQ(opened->transport->family(), family);
    EXPECT_EQ(opened->transport->clock(), RttClock::kernel);
    EXPECT_THAT(opened->reason, IsEmpty()) << "it is the first choice";
  });
}

TEST_P(Select, TakesDatagramSocketsFromRootToo) {
  in_network_namespace([family = GetParam()] {
    const auto opened = open_transport(family, {});
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_EQ(opened->transport->kind(), TransportKind::icmp_datagram) << "the least privilege that works";
  });
}

TEST_P(Select, TakesRawSocketsWhereOnlyTheyAreOpenAndSaysWhy) {
  in_network_namespace([family = GetParam()] {
    ASSERT_TRUE(set_sysctl(range, "1 0"));
    const auto opened = open_transport(family, {});
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_EQ(opened->transport->kind(), TransportKind::icmp_raw);
    EXPECT_THAT(opened->reason, HasSubstr("EACCES (net.ipv4.ping_group_range is \"1 0\": nobody)"));
  });
}

TEST_P(Select, TakesUdpWhereIcmpIsClosedAndSaysWhy) {
  in_network_namespace([family = GetParam()] {
    ASSERT_TRUE(set_sysctl(range, "1 0"));
    drop_privileges();
    const auto opened = open_transport(family, {});
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_EQ(opened->transport->kind(), TransportKind::udp);
    EXPECT_THAT(
        opened->reason,
        HasSubstr("ping sockets EACCES (net.ipv4.ping_group_range is \"1 0\": nobody), raw sockets EPERM "
                  "(needs CAP_NET_RAW)"));
  });
}

TEST_P(Select, TakesUdpWhereASeccompFilterRefusesIcmpSockets) {
  in_network_namespace([family = GetParam()] {
    ASSERT_TRUE(net::testing::deny_icmp_sockets());
    const auto opened = open_transport(family, {});
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_EQ(opened->transport->kind(), TransportKind::udp);
    EXPECT_THAT(opened->reason, HasSubstr("ping sockets EPERM (a seccomp filter refuses it: "));
    EXPECT_THAT(opened->reason,
                HasSubstr("raw sockets EPERM (a seccomp filter refuses it: CAP_NET_RAW is there)"));
  });
}

TEST_P(Select, ExplainsItselfWhenIcmpAloneIsAskedForAndClosed) {
  in_network_namespace([family = GetParam()] {
    ASSERT_TRUE(set_sysctl(range, "1 0"));
    drop_privileges();
    TransportOptions icmp;
    icmp.kind = TransportKind::icmp_datagram;
    const auto opened = open_transport(family, icmp);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::permission_denied);
    const std::string message = opened.error().message();
    EXPECT_THAT(message, HasSubstr("group "));
    EXPECT_THAT(message, HasSubstr("net.ipv4.ping_group_range \"1 0\""));
    EXPECT_THAT(message, HasSubstr("sudo sysctl -w net.ipv4.ping_group_range="));
  });
}

TEST_P(Select, TakesNoOtherThanTheOneAskedFor) {
  in_network_namespace([family = GetParam()] {
    TransportOptions raw;
    raw.kind = TransportKind::icmp_raw;
    const auto opened = open_transport(family, raw);
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_EQ(opened->transport->kind(), TransportKind::icmp_raw);
    EXPECT_THAT(opened->reason, IsEmpty());

    ASSERT_TRUE(set_sysctl(range, "1 0"));
    TransportOptions datagram;
    datagram.kind = TransportKind::icmp_datagram;
    const auto refused = open_transport(family, datagram);
    ASSERT_FALSE(refused) << "root could have had a raw one";
    EXPECT_THAT(refused.error().message(), HasSubstr("ping_group_range"));
  });
}

TEST_P(Select, RawWithoutTheCapabilityNamesItsSet) {
  in_network_namespace([family = GetParam()] {
    drop_privileges();
    TransportOptions raw;
    raw.kind = TransportKind::icmp_raw;
    const auto refused = open_transport(family, raw);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::permission_denied);
    EXPECT_THAT(refused.error().message(), HasSubstr("CAP_NET_RAW is not among the capabilities"));
    EXPECT_THAT(refused.error().message(), HasSubstr("effective 0x0"));
  });
}

TEST_P(Select, OptionsThatCannotBeHadAreErrorsNotReasonsToTryAnother) {
  in_network_namespace([family = GetParam()] {
    TransportOptions interface;
    interface.network.interface = "nowhere0";
    const auto no_interface = open_transport(family, interface);
    ASSERT_FALSE(no_interface);
    EXPECT_EQ(no_interface.error().code, ErrorCode::not_found);
    EXPECT_EQ(no_interface.error().subject, "nowhere0");

    TransportOptions source;
    source.network.source = family == Family::ipv4 ? address("192.0.2.77") : address("2001:db8::77");
    const auto no_source = open_transport(family, source);
    ASSERT_FALSE(no_source);
    EXPECT_EQ(no_source.error().code, ErrorCode::unavailable);
  });
}

}  // namespace
}  // namespace sonde::transport::testing
