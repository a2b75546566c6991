// icmp_refusal_test.cpp: what a user is told when ICMP sockets are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "net/file_descriptor.hpp"
#include "net/network_namespace.hpp"
#include "net/permissions.hpp"

namespace sonde::net::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Permissions ordinary_user() {
  Permissions permissions;
  permissions.user = permissions.group = 1000;
  permissions.groups = {4, 24, 1000};
  permissions.ping_group_range = PingGroupRange{1, 0};
  permissions.bounding = CapabilitySet(0x1ffffffffffU);
  permissions.executable = "/usr/local/bin/sonde";
  return permissions;
}

TEST(IcmpRefusal, NamesGroupsRangeCapabilitiesAndTheCommand) {
  const Error error = explain_icmp_refusal(Family::ipv4, EACCES, EPERM, ordinary_user());
  EXPECT_EQ(error.code, ErrorCode::permission_denied);
  EXPECT_EQ(error.system_errno, EACCES);
  EXPECT_EQ(error.subject, "IPv4");
  EXPECT_THAT(error.message(),
              AllOf(HasSubstr("1000"), HasSubstr("supplementary 4, 24"),
                    HasSubstr("ping_group_range \"1 0\" (nobody)"), HasSubstr("CAP_NET_RAW"),
                    HasSubstr("effective 0x0, permitted 0x0, bounding 0x1ffffffffff"),
                    HasSubstr("sysctl -w net.ipv4.ping_group_range=\"0 2147483647\""),
                    HasSubstr("setcap cap_net_raw+p /usr/local/bin/sonde"), Not(HasSubstr("container"))));
}

TEST(IcmpRefusal, AdvisesContainersHowToStart) {
  Permissions permissions = ordinary_user();
  permissions.in_container = true;
  EXPECT_THAT(explain_icmp_refusal(Family::ipv6, EACCES, EPERM, permissions).hint,
              AllOf(HasSubstr("--sysctl net.ipv4.ping_group_range"), HasSubstr("--cap-add NET_RAW")));
}

TEST(IcmpRefusal, OffersSetcapOnlyWhereItWorks) {
  Permissions permissions = ordinary_user();
  permissions.no_new_privileges = true;
  EXPECT_THAT(explain_icmp_refusal(Family::ipv4, EACCES, EPERM, permissions).hint,
              AllOf(HasSubstr("no_new_privs"), Not(HasSubstr("sudo setcap"))));
  permissions = ordinary_user();
  permissions.bounding = CapabilitySet(0);
  EXPECT_THAT(explain_icmp_refusal(Family::ipv4, EACCES, EPERM, permissions).hint,
              AllOf(HasSubstr("not in the bounding set"), Not(HasSubstr("sudo setcap"))));
}

TEST(IcmpRefusal, OfPingSocketsAloneSaysNothingOfCapabilities) {
  Permissions permissions = ordinary_user();
  permissions.no_new_privileges = permissions.in_container = true;
  EXPECT_THAT(explain_icmp_refusal(Family::ipv4, EACCES, 0, permissions).hint,
              AllOf(HasSubstr("sysctl -w"), Not(HasSubstr("setcap")), Not(HasSubstr("NET_RAW"))));
}

TEST(IcmpRefusal, BlamesASecurityPolicyWhereTheRulesAllowIt) {
  Permissions permissions = ordinary_user();
  permissions.ping_group_range = PingGroupRange{0, 2147483647};
  permissions.effective = permissions.permitted = CapabilitySet(1U << 13);
  const Error error = explain_icmp_refusal(Family::ipv4, EPERM, EPERM, permissions);
  EXPECT_THAT(error.hint,
              AllOf(HasSubstr("is inside"), HasSubstr("seccomp"), HasSubstr("another user namespace"),
                    Not(HasSubstr("sysctl -w")), Not(HasSubstr("setcap"))));
}

TEST(IcmpRefusal, KeepsALongListOfGroupsShort) {
  Permissions permissions = ordinary_user();
  for (std::uint32_t group = 100; group < 1000; ++group) permissions.groups.push_back(group);
  const Error error = explain_icmp_refusal(Family::ipv4, EACCES, EPERM, permissions);
  EXPECT_THAT(error.hint, HasSubstr("and 894 more"));
  EXPECT_LT(error.message().size(), 1000U);
}

TEST(IcmpRefusal, IsTheSystemsErrorWhenPermissionWasNotTheReason) {
  const Error error = explain_icmp_refusal(Family::ipv6, EAFNOSUPPORT, EAFNOSUPPORT, ordinary_user());
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_EQ(error.system_errno, EAFNOSUPPORT);
  EXPECT_THAT(error.message(), HasSubstr("IPv6"));
  EXPECT_EQ(explain_icmp_refusal(Family::ipv4, EMFILE, EMFILE, ordinary_user()).code,
            ErrorCode::resource_limit);
}

TEST(IcmpRefusal, SaysThatAKernelHasNoPingSockets) {
  Permissions permissions = ordinary_user();
  permissions.ping_group_range.reset();
  const Error error = explain_icmp_refusal(Family::ipv4, EPROTONOSUPPORT, EPERM, permissions);
  EXPECT_EQ(error.code, ErrorCode::permission_denied);
  EXPECT_EQ(error.system_errno, EPERM);
  EXPECT_THAT(error.hint, AllOf(HasSubstr("EPROTONOSUPPORT"), HasSubstr("setcap")));
}

TEST(IcmpRefusal, FitsWhatTheKernelDoes) {
  in_network_namespace([] {
    ASSERT_TRUE(set_sysctl("net.ipv4.ping_group_range", "1 0"));
    drop_privileges();
    const FileDescriptor datagram(::socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
    const int datagram_errno = datagram ? 0 : errno;
    const FileDescriptor raw(::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    const int raw_errno = raw ? 0 : errno;
    EXPECT_EQ(datagram_errno, EACCES);
    EXPECT_EQ(raw_errno, EPERM);
    const Error error = explain_icmp_refusal(Family::ipv4, datagram_errno, raw_errno);
    EXPECT_EQ(error.code, ErrorCode::permission_denied);
    EXPECT_THAT(error.hint, AllOf(HasSubstr("outside net.ipv4.ping_group_range \"1 0\" (nobody)"),
                                  HasSubstr("effective 0x0")));
  });
}

}  // namespace
}  // namespace sonde::net::testing
