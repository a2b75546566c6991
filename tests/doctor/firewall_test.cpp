// firewall_test.cpp: traces of packet filters, made up and real.
#include "doctor/firewall.hpp"

#include <gmock/gmock.h>
#include <linux/netlink.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "doctor/fake_root.hpp"
#include "net/network_namespace.hpp"

namespace sonde::doctor::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

TEST(FirewallTraces, AreTableNamesAndModules) {
  const FakeRoot root;
  root.write("proc/net/ip_tables_names", "filter\nnat\n");
  root.write("proc/modules", "nf_tables 12345 1 nft_ct, Live 0x0\n");
  const Firewall firewall = read_firewall_traces(root.path());
  EXPECT_THAT(firewall.iptables, Optional(ElementsAre("filter", "nat")));
  EXPECT_THAT(firewall.ip6tables, Optional(IsEmpty()));
  EXPECT_EQ(firewall.nftables_seen, true);
}

TEST(FirewallTraces, WithoutAModuleListAreUnknown) {
  EXPECT_EQ(read_firewall_traces(FakeRoot().path()).nftables_seen, std::nullopt);
}

TEST(FirewallTraces, SayOfAModuleListWithoutItThatItIsNotThere) {
  const FakeRoot root;
  root.write("proc/modules", "nf_conntrack 1 0 - Live 0x0\n");
  EXPECT_EQ(read_firewall_traces(root.path()).nftables_seen, false);
}

TEST(Chains, ThatHookIntoInputOrOutputAreListed) {
  net::testing::in_network_namespace([] {
    ASSERT_TRUE(net::testing::run("nft add table ip filter"));
    ASSERT_TRUE(net::testing::run(
        "nft 'add chain ip filter out { type filter hook output priority 0; policy drop; }'"));
    ASSERT_TRUE(
        net::testing::run("nft 'add chain ip filter through { type filter hook forward priority 0; }'"));
    ASSERT_TRUE(net::testing::run("nft add chain ip filter helper"));
    Firewall firewall;
    list_chains(firewall);
    ASSERT_TRUE(firewall.chains) << errno_name(firewall.chains_errno);
    ASSERT_EQ(firewall.chains->size(), 1U);
    const FirewallChain& chain = firewall.chains->front();
    EXPECT_EQ(chain.family, "ip");
    EXPECT_EQ(chain.table, "filter");
    EXPECT_EQ(chain.chain, "out");
    EXPECT_EQ(chain.hook, "output");
    EXPECT_EQ(chain.policy, "drop");
  });
}

TEST(Chains, AreNotToldToAnOrdinaryUser) {
  net::testing::in_network_namespace([] {
    net::testing::drop_privileges();
    Firewall firewall;
    list_chains(firewall);
    EXPECT_FALSE(firewall.chains);
    EXPECT_EQ(firewall.chains_errno, EPERM);
  });
}

TEST(Chains, OfNonsenseAreNone) {
  std::vector<FirewallChain> chains;
  int failure = 0;
  std::array<std::byte, 40> bytes{};
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    for (const std::uint32_t claimed : {0U, 16U, 19U, 40U, 0xffffffffU}) {
      std::memcpy(bytes.data(), &claimed, sizeof claimed);
      parse_chains(std::span(bytes).first(length), chains, failure);
    }
  }
  EXPECT_THAT(chains, IsEmpty());
}

}  // namespace
}  // namespace sonde::doctor::testing
