// host_test.cpp: kernels and containers, from made-up roots.
#include "doctor/host.hpp"

#include <gmock/gmock.h>
#include <sched.h>

#include <string_view>

#include "doctor/fake_root.hpp"
#include "net/network_namespace.hpp"

namespace sonde::doctor::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const char* no_variables(const char*) {
  return nullptr;
}

const char* lambda_variables(const char* name) {
  return std::string_view(name) == "AWS_LAMBDA_RUNTIME_API" ? "127.0.0.1:9001" : nullptr;
}

TEST(Host, WithoutTracesIsNoContainer) {
  const FakeRoot root;
  root.write("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
  root.write("proc/1/cgroup", "0::/init.scope\n");
  root.write("proc/self/uid_map", "         0          0 4294967295\n");
  const Host host = read_host(root.path(), no_variables);
  EXPECT_EQ(host.kernel, "6.1.0-18-amd64");
  EXPECT_THAT(host.environments, IsEmpty());
  EXPECT_FALSE(host.user_namespace);
}

TEST(Host, TellsContainersByTheirFiles) {
  const std::pair<const char*, const char*> traces[] = {
      {".dockerenv", "docker"},
      {"run/.containerenv", "podman"},
      {"var/run/secrets/kubernetes.io/serviceaccount/token", "kubernetes"}};
  for (const auto& [file, environment] : traces) {
    const FakeRoot root;
    root.write(file, "");
    EXPECT_THAT(read_host(root.path(), no_variables).environments, ElementsAre(environment)) << file;
  }
}

TEST(Host, TellsContainersByControlGroupsAndTheirManager) {
  const FakeRoot root;
  root.write("proc/1/cgroup", "0::/kubepods.slice/kubepods-pod1234.slice/cri-containerd-5.scope\n");
  root.write("run/systemd/container", "lxc\n");
  EXPECT_THAT(read_host(root.path(), no_variables).environments, ElementsAre("kubernetes", "lxc"));
}

TEST(Host, NamesAnEnvironmentOnce) {
  const FakeRoot root;
  root.write(".dockerenv", "");
  root.write("proc/1/cgroup", "0::/docker/4711\n");
  EXPECT_THAT(read_host(root.path(), no_variables).environments, ElementsAre("docker"));
}

TEST(Host, TellsLambdaByItsVariables) {
  EXPECT_THAT(read_host(FakeRoot().path(), lambda_variables).environments, ElementsAre("lambda"));
}

TEST(Host, TellsGvisorByTheKernelItPlays) {
  const FakeRoot root;
  root.write("proc/version", "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\n");
  EXPECT_THAT(read_host(root.path(), no_variables).environments, ElementsAre("gvisor"));
}

TEST(Host, SeesAUserNamespaceByItsMappedIds) {
  const FakeRoot root;
  root.write("proc/self/uid_map", "0 1000 1\n1 100000 65536\n");
  root.write("proc/self/gid_map", "0 1000 1\nnonsense\n1 100000 65536\n");
  const Host host = read_host(root.path(), no_variables);
  EXPECT_TRUE(host.user_namespace);
  ASSERT_EQ(host.groups.size(), 2U);
  EXPECT_EQ(host.groups[1].inside, 1U);
  EXPECT_EQ(host.groups[1].count, 65536U);
}

TEST(Host, OwnsTheNetworkNamespaceThatItMade) {
  net::testing::in_network_namespace([] { EXPECT_EQ(net::owns_network_namespace(), true); });
}

TEST(Host, DoesNotOwnTheNetworkOfTheNamespaceAbove) {
  net::testing::in_network_namespace([] {
    if (::unshare(CLONE_NEWUSER) != 0) GTEST_SKIP() << "no further user namespace";
    EXPECT_EQ(net::owns_network_namespace(), false);
  });
}

}  // namespace
}  // namespace sonde::doctor::testing
