// causes_test.cpp: which rule closes a way, and what opens it here.
#include "doctor/causes.hpp"

#include <gmock/gmock.h>

#include <cerrno>

#include "doctor/fixes.hpp"

namespace sonde::doctor::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr net::CapabilitySet all_capabilities{0x1ffffffffff};
constexpr net::CapabilitySet without_net_raw{0x1ffffffffff & ~(std::uint64_t{1} << 13)};

// An ordinary user of an ordinary machine, before anybody opened anything.
Situation ordinary() {
  Situation situation;
  situation.permissions.user = situation.permissions.group = 1000;
  situation.permissions.ping_group_range = net::PingGroupRange{1, 0};
  situation.permissions.bounding = all_capabilities;
  situation.permissions.executable = "/usr/bin/sonde";
  return situation;
}

Situation in(const std::string& environment) {
  Situation situation = ordinary();
  situation.host.environments = {environment};
  situation.host.proc_sys_read_only = true;
  situation.permissions.in_container = true;
  return situation;
}

ClosedBy cause(Way way, int system_errno, const Situation& situation, Family family = Family::ipv4) {
  Attempt attempt;
  attempt.family = family;
  attempt.system_errno = system_errno;
  attempt.failed_call = "socket()";
  explain(way, attempt, situation);
  EXPECT_FALSE(attempt.because.empty());
  return attempt.closed_by;
}

std::vector<std::string> fixes_of(const Remedy& remedy) {
  std::vector<std::string> ids;
  for (const Fix& fix : remedy.fixes) ids.push_back(fix.id);
  return ids;
}

std::string why_not(const Remedy& remedy, const std::string& id) {
  for (const RuledOut& ruled_out : remedy.ruled_out) {
    if (ruled_out.id == id) return ruled_out.because;
  }
  return "(not ruled out)";
}

TEST(Cause, OfEaccesAtAPingSocketIsTheGroupRule) {
  EXPECT_EQ(cause(Way::icmp, EACCES, ordinary()), ClosedBy::group_rule);
}

TEST(Cause, OfEpermAtAPingSocketIsAFilterForTheKernelWouldSayEacces) {
  Situation situation = ordinary();
  EXPECT_EQ(cause(Way::icmp, EPERM, situation), ClosedBy::policy);
  situation.permissions.seccomp_filter = true;
  EXPECT_EQ(cause(Way::icmp, EPERM, situation), ClosedBy::seccomp);
}

TEST(Cause, OfARefusalInsideTheGroupRangeIsAFilter) {
  Situation situation = ordinary();
  situation.permissions.ping_group_range = net::PingGroupRange{0, 2147483647};
  EXPECT_EQ(cause(Way::icmp, EACCES, situation), ClosedBy::policy);
}

TEST(Cause, OfEpermAtARawSocketIsTheMissingCapability) {
  EXPECT_EQ(cause(Way::raw, EPERM, ordinary()), ClosedBy::capability);
}

TEST(Cause, OfARawSocketOutsideTheBoundingSetSaysThatNothingGrantsTheCapability) {
  Situation situation = ordinary();
  situation.permissions.bounding = without_net_raw;
  Attempt attempt;
  attempt.system_errno = EPERM;
  explain(Way::raw, attempt, situation);
  EXPECT_EQ(attempt.because, "needs CAP_NET_RAW, which is not in the bounding set");
}

TEST(Cause, OfEpermAtARawSocketWithTheCapabilityIsAFilterOrAForeignNetwork) {
  Situation situation = ordinary();
  situation.permissions.effective = situation.permissions.permitted = all_capabilities;
  situation.permissions.seccomp_filter = true;
  EXPECT_EQ(cause(Way::raw, EPERM, situation), ClosedBy::seccomp);
  situation.host.owns_network = false;
  EXPECT_EQ(cause(Way::raw, EPERM, situation), ClosedBy::user_namespace);
}

TEST(Cause, OfARefusalThatNoKernelRuleKnowsIsAFilter) {
  Situation situation = ordinary();
  situation.permissions.seccomp_filter = true;
  EXPECT_EQ(cause(Way::udp, EPERM, situation), ClosedBy::seccomp);
  EXPECT_EQ(cause(Way::tcp, EACCES, situation), ClosedBy::seccomp);
}

TEST(Cause, OfAMissingFamilyIsTheKernelUnlessAFilterHidesIt) {
  Situation situation = ordinary();
  situation.has_ipv6 = false;
  EXPECT_EQ(cause(Way::udp, EAFNOSUPPORT, situation, Family::ipv6), ClosedBy::family_off);
  situation.has_ipv6 = true;
  situation.permissions.seccomp_filter = true;
  EXPECT_EQ(cause(Way::udp, EAFNOSUPPORT, situation, Family::ipv6), ClosedBy::seccomp);
}

TEST(Remedy, OfTheGroupRuleIsASysctlAndItsFile) {
  const Remedy remedy = find_remedy(Way::icmp, ClosedBy::group_rule, ordinary());
  ASSERT_THAT(fixes_of(remedy), ElementsAre("sysctl"));
  EXPECT_THAT(remedy.fixes[0].file, HasSubstr("/etc/sysctl.d/"));
  EXPECT_THAT(remedy.fixes[0].lines, ElementsAre("net.ipv4.ping_group_range = 0 2147483647"));
}

TEST(Remedy, OfTheGroupRuleInAContainerIsGivenWhereItIsStarted) {
  const Remedy docker = find_remedy(Way::icmp, ClosedBy::group_rule, in("docker"));
  ASSERT_THAT(fixes_of(docker), ElementsAre("docker"));
  EXPECT_THAT(docker.fixes[0].lines[0], HasSubstr("--sysctl net.ipv4.ping_group_range=\"0 2147483647\""));
  EXPECT_THAT(why_not(docker, "sysctl"), HasSubstr("read-only"));
  const Remedy kubernetes = find_remedy(Way::icmp, ClosedBy::group_rule, in("kubernetes"));
  ASSERT_THAT(fixes_of(kubernetes), ElementsAre("kubernetes"));
  EXPECT_EQ(kubernetes.fixes[0].lines[0], "securityContext:");
}

TEST(Remedy, OfTheGroupRuleInAUserNamespaceStaysWithinItsGroups) {
  Situation situation = ordinary();
  situation.permissions.group = 0;
  situation.host.user_namespace = true;
  situation.host.groups = {{0, 1000, 1}, {1, 100000, 65536}};
  const Remedy remedy = find_remedy(Way::icmp, ClosedBy::group_rule, situation);
  EXPECT_THAT(remedy.fixes.at(0).lines, ElementsAre("net.ipv4.ping_group_range = 0 0"));
}

TEST(Remedy, OfTheMissingCapabilityIsSetcapThenAService) {
  const Remedy remedy = find_remedy(Way::raw, ClosedBy::capability, ordinary());
  ASSERT_THAT(fixes_of(remedy), ElementsAre("setcap", "systemd"));
  EXPECT_THAT(remedy.fixes[0].lines, ElementsAre("sudo setcap cap_net_raw+p /usr/bin/sonde"));
  EXPECT_THAT(remedy.fixes[1].lines, ElementsAre("AmbientCapabilities=CAP_NET_RAW"));
}

TEST(Remedy, RulesSetcapOutWhereExecGrantsNothing) {
  Situation no_new_privs = ordinary();
  no_new_privs.permissions.no_new_privileges = true;
  EXPECT_THAT(why_not(find_remedy(Way::raw, ClosedBy::capability, no_new_privs), "setcap"),
              HasSubstr("no_new_privs"));
  Situation bounded = ordinary();
  bounded.permissions.bounding = without_net_raw;
  const Remedy remedy = find_remedy(Way::raw, ClosedBy::capability, bounded);
  EXPECT_THAT(why_not(remedy, "setcap"), HasSubstr("bounding"));
  ASSERT_THAT(fixes_of(remedy), ElementsAre("systemd"));
  EXPECT_THAT(remedy.fixes[0].lines,
              ElementsAre("AmbientCapabilities=CAP_NET_RAW", "CapabilityBoundingSet=CAP_NET_RAW"));
  Situation nosuid = ordinary();
  nosuid.executable_on_nosuid = true;
  EXPECT_THAT(why_not(find_remedy(Way::raw, ClosedBy::capability, nosuid), "setcap"), HasSubstr("nosuid"));
}

TEST(Remedy, OfTheMissingCapabilityInAContainerIsTheContainers) {
  Situation docker = in("docker");
  docker.permissions.bounding = without_net_raw;
  const Remedy remedy = find_remedy(Way::raw, ClosedBy::capability, docker);
  ASSERT_THAT(fixes_of(remedy), ElementsAre("docker"));
  EXPECT_THAT(remedy.fixes[0].lines, ElementsAre("docker run --cap-add NET_RAW ..."));
  EXPECT_THAT(remedy.fixes[0].remark, HasSubstr("setcap"));  // for it reaches only root by itself
  Situation kubernetes = in("kubernetes");
  kubernetes.permissions.bounding = without_net_raw;
  EXPECT_THAT(fixes_of(find_remedy(Way::raw, ClosedBy::capability, kubernetes)), ElementsAre("kubernetes"));
}

TEST(Remedy, InAContainerWithNoNewPrivsIsToRunAsItsRoot) {
  Situation docker = in("docker");
  docker.permissions.no_new_privileges = true;
  const Remedy remedy = find_remedy(Way::raw, ClosedBy::capability, docker);
  ASSERT_THAT(fixes_of(remedy), ElementsAre("docker"));
  EXPECT_THAT(remedy.fixes[0].lines[0], HasSubstr("--user 0"));
}

TEST(Remedy, InAContainerThatHasTheCapabilityIsSetcapInItsImage) {
  EXPECT_THAT(fixes_of(find_remedy(Way::raw, ClosedBy::capability, in("docker"))), ElementsAre("setcap"));
}

TEST(Remedy, OfASeccompFilterIsTheFilterAndNoSysctl) {
  const Remedy icmp = find_remedy(Way::icmp, ClosedBy::seccomp, ordinary());
  EXPECT_THAT(fixes_of(icmp), ElementsAre("seccomp"));
  EXPECT_THAT(why_not(icmp, "sysctl"), HasSubstr("before any rule"));
  const Remedy raw = find_remedy(Way::raw, ClosedBy::seccomp, in("docker"));
  EXPECT_THAT(fixes_of(raw), ElementsAre("docker"));
  EXPECT_THAT(why_not(raw, "setcap"), HasSubstr("before any rule"));
}

TEST(Remedy, InLambdaThereIsNone) {
  EXPECT_THAT(find_remedy(Way::icmp, ClosedBy::seccomp, in("lambda")).fixes, IsEmpty());
  EXPECT_THAT(find_remedy(Way::raw, ClosedBy::capability, in("lambda")).fixes, IsEmpty());
  EXPECT_THAT(find_remedy(Way::icmp, ClosedBy::group_rule, in("lambda")).fixes, IsEmpty());
}

TEST(Remedy, OfAnOpenWayIsNone) {
  const Remedy remedy = find_remedy(Way::udp, ClosedBy::nothing, ordinary());
  EXPECT_THAT(remedy.fixes, IsEmpty());
  EXPECT_THAT(remedy.ruled_out, IsEmpty());
}

}  // namespace
}  // namespace sonde::doctor::testing
