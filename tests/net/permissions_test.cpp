// permissions_test.cpp: ids and capabilities, read from made-up roots and from the system.
#include "net/permissions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <string>

#include "net/file_descriptor.hpp"
#include "net/network_namespace.hpp"
#include "net/ping_socket.hpp"

namespace sonde::net::testing {
namespace {

using ::testing::ElementsAre;

constexpr const char* status_of_an_ordinary_user =
    "Name:\tsonde\nUmask:\t0022\nUid:\t1001\t1000\t1000\t1000\nGid:\t1001\t1000\t1000\t1000\nGroups:\t4 24 "
    "1000 \n"
    "CapInh:\t0000000000000000\nCapPrm:\t0000000000002000\nCapEff:\t0000000000000000\nCapBnd:"
    "\t000001ffffffffff\n"
    "CapAmb:\t0000000000001000\nNoNewPrivs:\t1\nSeccomp:\t2\n";

// A directory that stands for "/", removed with it.
class FakeRoot {
 public:
  FakeRoot() {
    std::string name = ::testing::TempDir() + "sonde-root-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~FakeRoot() { std::filesystem::remove_all(path_); }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }

 private:
  std::filesystem::path path_;
};

TEST(Permissions, AreReadFromProc) {
  const FakeRoot root;
  root.write("proc/thread-self/status", status_of_an_ordinary_user);
  root.write("proc/sys/net/ipv4/ping_group_range", "100\t200\n");
  std::filesystem::create_directories(root.path() / "proc/self");
  std::filesystem::create_symlink("/opt/sonde", root.path() / "proc/self/exe");
  const auto permissions = read_permissions(root.path());
  ASSERT_TRUE(permissions) << permissions.error().message();
  EXPECT_EQ(permissions->user, 1000U);  // the effective ones
  EXPECT_EQ(permissions->group, 1000U);
  EXPECT_THAT(permissions->groups, ElementsAre(4, 24, 1000));
  EXPECT_TRUE(permissions->permitted.has(Capability::net_raw));
  EXPECT_FALSE(permissions->permitted.has(Capability::net_admin));
  EXPECT_FALSE(permissions->effective.has(Capability::net_raw));
  EXPECT_TRUE(permissions->ambient.has(Capability::net_admin));
  EXPECT_EQ(permissions->bounding.bits(), 0x1ffffffffffU);
  EXPECT_TRUE(permissions->no_new_privileges);
  EXPECT_TRUE(permissions->seccomp_filter);
  EXPECT_FALSE(permissions->in_container);
  EXPECT_EQ(permissions->executable, "/opt/sonde");
  ASSERT_TRUE(permissions->ping_group_range);
  EXPECT_EQ(permissions->ping_group_range->first, 100U);
  EXPECT_EQ(permissions->ping_group_range->last, 200U);
}

TEST(Permissions, WithoutProcAreAnErrorThatSaysSo) {
  const FakeRoot root;
  const auto permissions = read_permissions(root.path());
  ASSERT_FALSE(permissions);
  EXPECT_NE(permissions.error().message().find("/proc"), std::string::npos);
}

TEST(Permissions, WithoutTheSysctlHaveNoRange) {
  const FakeRoot root;
  root.write("proc/self/status", status_of_an_ordinary_user);
  const auto permissions = read_permissions(root.path());
  ASSERT_TRUE(permissions);
  EXPECT_FALSE(permissions->ping_group_range);
  EXPECT_FALSE(in_ping_group_range(*permissions));
}

TEST(Permissions, SurviveAStatusOfNonsense) {
  const FakeRoot root;
  root.write("proc/self/status", "Uid:\nGid:\tx\nGroups:\n:\n\nCapEff:\tzz\nSeccomp\nNoNewPrivs:\t\n");
  root.write("proc/sys/net/ipv4/ping_group_range", "many");
  const auto permissions = read_permissions(root.path());
  ASSERT_TRUE(permissions);
  EXPECT_EQ(permissions->effective.bits(), 0U);
  EXPECT_FALSE(permissions->ping_group_range);
}

TEST(Permissions, KnowContainersByTheirTraces) {
  for (const char* trace : {".dockerenv", "run/.containerenv", "var/run/secrets/kubernetes.io/token"}) {
    const FakeRoot root;
    root.write("proc/self/status", status_of_an_ordinary_user);
    root.write(trace, "");
    EXPECT_TRUE(read_permissions(root.path())->in_container) << trace;
  }
}

TEST(PingGroupRange, CountsTheEffectiveAndTheSupplementaryGroups) {
  Permissions permissions;
  permissions.group = 1000;
  permissions.groups = {4, 24};
  const auto inside = [&](std::uint32_t first, std::uint32_t last) {
    permissions.ping_group_range = PingGroupRange{first, last};
    return in_ping_group_range(permissions);
  };
  EXPECT_TRUE(inside(0, 2147483647));
  EXPECT_TRUE(inside(1000, 1000));
  EXPECT_TRUE(inside(24, 24));
  EXPECT_FALSE(inside(25, 999));
  EXPECT_FALSE(inside(1, 0));  // the kernel's default: nobody
}

TEST(Permissions, AgreeWithTheKernelAboutPingSockets) {
  in_network_namespace([] {
    const auto agrees = [] {
      const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
      const auto permissions = read_permissions();
      return permissions && in_ping_group_range(*permissions) == static_cast<bool>(socket);
    };
    EXPECT_TRUE(agrees());
    ASSERT_TRUE(set_sysctl("net.ipv4.ping_group_range", "1 0"));
    EXPECT_TRUE(agrees());
    drop_privileges();
    EXPECT_TRUE(agrees());
  });
}

// The state of a program installed with cap_net_raw+p.
bool permit_only_net_raw() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  sets[0].permitted = 1U << CAP_NET_RAW;
  return ::syscall(SYS_capset, &header, sets.data()) == 0;
}

bool raw_socket_opens() {
  return static_cast<bool>(FileDescriptor(::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)));
}

TEST(RaisedCapability, OpensRawSocketsForItsScope) {
  in_network_namespace([] {
    ASSERT_TRUE(permit_only_net_raw());
    EXPECT_FALSE(raw_socket_opens());
    {
      const RaisedCapability raised({Capability::net_raw, Capability::net_admin});
      EXPECT_TRUE(raised.raised().has(Capability::net_raw));
      EXPECT_FALSE(raised.raised().has(Capability::net_admin));
      EXPECT_TRUE(raw_socket_opens());
    }
    EXPECT_FALSE(raw_socket_opens());
  });
}

TEST(RaisedCapability, LeavesAlreadyEffectiveOnesAlone) {
  in_network_namespace([] {
    {
      const RaisedCapability raised;
    }
    EXPECT_TRUE(raw_socket_opens());
  });
}

TEST(RaisedCapability, NestsWithoutLoweringTheOuterOne) {
  in_network_namespace([] {
    ASSERT_TRUE(permit_only_net_raw());
    const RaisedCapability outer;
    {
      const RaisedCapability inner;
    }
    EXPECT_TRUE(raw_socket_opens());
  });
}

TEST(RaisedCapability, RaisesNothingThatIsNotPermitted) {
  in_network_namespace([] {
    drop_privileges();
    const RaisedCapability raised;
    EXPECT_EQ(raised.raised().bits(), 0U);
    EXPECT_FALSE(raw_socket_opens());
  });
}

}  // namespace
}  // namespace sonde::net::testing
