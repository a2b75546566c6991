// tries_test.cpp: ways, stamps and beliefs tried on a real kernel, in a network namespace.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "doctor/beliefs.hpp"
#include "doctor/diagnose.hpp"
#include "net/network_namespace.hpp"

namespace sonde::doctor::testing {
namespace {

using net::testing::deny_icmp_sockets;
using net::testing::drop_privileges;
using net::testing::in_network_namespace;
using net::testing::run;
using net::testing::set_sysctl;
using ::testing::HasSubstr;

const WayFound& way(const Diagnosis& diagnosis, Way wanted) {
  return *std::ranges::find(diagnosis.ways, wanted, &WayFound::way);
}

const Belief& belief(const std::vector<Belief>& beliefs, const std::string& id) {
  return *std::ranges::find(beliefs, id, &Belief::id);
}

TEST(Ways, AreAllOpenToRootAndTheirPacketsStamped) {
  in_network_namespace([] {
    const Diagnosis diagnosis = diagnose({});
    EXPECT_TRUE(diagnosis.works());
    for (const WayFound& found : diagnosis.ways) {
      ASSERT_EQ(found.attempts.size(), 2U);
      for (const Attempt& attempt : found.attempts) {
        EXPECT_TRUE(attempt.open) << to_string(found.way) << attempt.failed_call;
        const bool stamped = found.way != Way::tcp;
        EXPECT_EQ(attempt.transmit_stamp, stamped) << to_string(found.way) << to_string(attempt.family);
        EXPECT_EQ(attempt.receive_stamp, stamped) << to_string(found.way) << to_string(attempt.family);
      }
      EXPECT_TRUE(found.remedy.fixes.empty());
    }
  });
}

TEST(Ways, AreTriedInTheFamilyAskedForAlone) {
  in_network_namespace([] {
    const Diagnosis diagnosis = diagnose({.family = Family::ipv6});
    for (const WayFound& found : diagnosis.ways) {
      ASSERT_EQ(found.attempts.size(), 1U);
      EXPECT_EQ(found.attempts[0].family, Family::ipv6);
    }
    EXPECT_EQ(diagnosis.routes.size(), 1U);
  });
}

TEST(Ways, OfAnOrdinaryUserAreClosedByTheRuleThatIsNamed) {
  in_network_namespace([] {
    if (!set_sysctl("net.ipv4.ping_group_range", "1 0")) GTEST_SKIP() << "cannot close ping sockets";
    drop_privileges();
    const Diagnosis diagnosis = diagnose({});
    for (const Attempt& attempt : way(diagnosis, Way::icmp).attempts) {
      EXPECT_EQ(attempt.system_errno, EACCES);
      EXPECT_EQ(attempt.closed_by, ClosedBy::group_rule);
      EXPECT_THAT(attempt.failed_call, HasSubstr("SOCK_DGRAM"));
    }
    for (const Attempt& attempt : way(diagnosis, Way::raw).attempts) {
      EXPECT_EQ(attempt.system_errno, EPERM);
      EXPECT_EQ(attempt.closed_by, ClosedBy::capability);
      EXPECT_THAT(attempt.failed_call, HasSubstr("SOCK_RAW"));
    }
    EXPECT_TRUE(way(diagnosis, Way::udp).open());
    EXPECT_TRUE(way(diagnosis, Way::tcp).open());
    EXPECT_TRUE(diagnosis.works());
  });
}

TEST(Ways, ThatASeccompFilterClosesAreBlamedOnIt) {
  in_network_namespace([] {
    ASSERT_TRUE(deny_icmp_sockets());
    const Diagnosis diagnosis = diagnose({});
    for (const Way closed : {Way::icmp, Way::raw}) {
      const WayFound& found = way(diagnosis, closed);
      EXPECT_FALSE(found.open());
      EXPECT_EQ(found.attempts[0].system_errno, EPERM);
      EXPECT_EQ(found.attempts[0].closed_by, ClosedBy::seccomp) << found.attempts[0].because;
    }
    EXPECT_TRUE(way(diagnosis, Way::udp).open());
  });
}

TEST(Routes, ThatAreNotThereAreSaid) {
  in_network_namespace([] {
    const Diagnosis diagnosis = diagnose({.family = Family::ipv4});
    ASSERT_EQ(diagnosis.routes.size(), 1U);
    EXPECT_FALSE(diagnosis.routes[0].exists);
    EXPECT_EQ(diagnosis.routes[0].system_errno, ENETUNREACH);
  });
}

TEST(Stamps, ThatAFilterKeepsFromBeingTestedAreNotClaimed) {
  in_network_namespace([] {
    ASSERT_TRUE(run("nft add table ip filter"));
    ASSERT_TRUE(run("nft 'add chain ip filter out { type filter hook output priority 0; }'"));
    ASSERT_TRUE(run("nft add rule ip filter out icmp type echo-request drop"));
    const Diagnosis diagnosis = diagnose({.family = Family::ipv4});
    const Attempt& raw = way(diagnosis, Way::raw).attempts[0];
    EXPECT_TRUE(raw.open);
    EXPECT_EQ(raw.loopback_errno, EPERM);
    EXPECT_EQ(raw.transmit_stamp, std::nullopt);
    EXPECT_EQ(way(diagnosis, Way::udp).attempts[0].transmit_stamp, true);
  });
}

TEST(Interfaces, ThatAreDownAreSeen) {
  in_network_namespace([] {
    ASSERT_TRUE(run("ip link add near0 type veth peer name far0"));
    const Diagnosis diagnosis = diagnose({});
    const auto near = std::ranges::find_if(
        diagnosis.interfaces, [](const InterfaceFound& found) { return found.interface.name == "near0"; });
    ASSERT_NE(near, diagnosis.interfaces.end());
    EXPECT_FALSE(near->interface.is_up);
  });
}

// --- Beliefs ------------------------------------------------------------------------------------------------

TEST(Beliefs, AreAllTestedByRoot) {
  in_network_namespace([] {
    const auto beliefs = test_beliefs();
    for (const Belief& each : beliefs)
      EXPECT_EQ(each.basis, Basis::tested) << each.id << ": " << each.evidence;
    EXPECT_EQ(belief(beliefs, "raw_by_device").holds, false);
    EXPECT_THAT(belief(beliefs, "raw_by_device").evidence, HasSubstr("EPERM"));
    EXPECT_EQ(belief(beliefs, "no_errors_on_ping_sockets").holds, false);
    EXPECT_EQ(belief(beliefs, "writable_sys_class_net").holds, false);
    EXPECT_EQ(belief(beliefs, "raw_sees_everything").holds, true);
    // The thread that gave the capability up was another.
    EXPECT_TRUE(open_way(spec_of(Way::raw), Family::ipv4).socket);
  });
}

TEST(Beliefs, OfAnOrdinaryUserAreTestedWithoutARawSocket) {
  in_network_namespace([] {
    drop_privileges();
    const auto beliefs = test_beliefs();
    EXPECT_EQ(belief(beliefs, "raw_by_device").basis, Basis::tested);
    EXPECT_EQ(belief(beliefs, "no_errors_on_ping_sockets").holds, false);
    EXPECT_EQ(belief(beliefs, "raw_sees_everything").basis, Basis::not_tested);
    EXPECT_THAT(belief(beliefs, "raw_sees_everything").evidence, HasSubstr("EPERM"));
  });
}

TEST(Beliefs, AreNotTestedWithoutALoopbackDevice) {
  in_network_namespace([] {
    ASSERT_TRUE(run("ip link set lo down"));
    const auto beliefs = test_beliefs();
    EXPECT_EQ(belief(beliefs, "no_errors_on_ping_sockets").holds, std::nullopt);
    EXPECT_EQ(belief(beliefs, "raw_sees_everything").holds, std::nullopt);
  });
}

}  // namespace
}  // namespace sonde::doctor::testing
