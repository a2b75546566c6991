// limits_test.cpp: buffers, rates and tables, from made-up roots.
#include "doctor/limits.hpp"

#include <gtest/gtest.h>

#include "doctor/fake_root.hpp"
#include "net/network_namespace.hpp"

namespace sonde::doctor::testing {
namespace {

TEST(Limits, AreReadFromSysctls) {
  const FakeRoot root;
  root.write("proc/sys/net/core/rmem_max", "4194304\n");
  root.write("proc/sys/net/core/rmem_default", "212992\n");
  root.write("proc/sys/net/ipv4/icmp_ratelimit", "1000\n");
  root.write("proc/sys/net/ipv4/icmp_ratemask", "6168\n");
  root.write("proc/sys/net/ipv4/icmp_msgs_per_sec", "1000\n");
  root.write("proc/sys/net/ipv4/icmp_msgs_burst", "50\n");
  root.write("proc/sys/net/ipv4/icmp_echo_ignore_all", "1\n");
  root.write("proc/sys/net/ipv6/icmp/ratelimit", "100\n");
  const Limits limits = read_limits(root.path());
  EXPECT_EQ(limits.receive_buffer.max_bytes, 4194304);
  EXPECT_EQ(limits.receive_buffer.default_bytes, 212992);
  EXPECT_EQ(limits.icmp_ratelimit_ms, 1000);
  EXPECT_EQ(limits.icmp_ratemask, 6168);
  EXPECT_EQ(limits.icmp_messages_per_second, 1000);
  EXPECT_EQ(limits.icmp_messages_burst, 50);
  EXPECT_EQ(limits.icmpv6_ratelimit_ms, 100);
  EXPECT_EQ(limits.echo_ignored, true);
}

TEST(Limits, ThatAreMissingAreNotMadeUp) {
  const Limits limits = read_limits(FakeRoot().path());
  EXPECT_FALSE(limits.receive_buffer.max_bytes);
  EXPECT_FALSE(limits.icmp_ratelimit_ms);
  EXPECT_FALSE(limits.echo_ignored);
  EXPECT_FALSE(limits.conntrack);
  EXPECT_FALSE(limits.neighbours_ipv4);
}

TEST(Limits, OfNonsenseAreNotMadeUp) {
  const FakeRoot root;
  root.write("proc/sys/net/ipv4/icmp_ratelimit", "often\n");
  root.write("proc/sys/net/netfilter/nf_conntrack_count", "-3\n");
  root.write("proc/net/stat/arp_cache", "entries allocs\nzz 1\n");
  const Limits limits = read_limits(root.path());
  EXPECT_FALSE(limits.icmp_ratelimit_ms);
  EXPECT_FALSE(limits.conntrack);
  EXPECT_FALSE(limits.neighbours_ipv4);
}

TEST(Tables, TellHowFullTheyAre) {
  const FakeRoot root;
  root.write("proc/sys/net/netfilter/nf_conntrack_count", "12\n");
  root.write("proc/sys/net/netfilter/nf_conntrack_max", "262144\n");
  // One line a processor; entries are the whole kernel's, in hex, in each.
  root.write("proc/net/stat/arp_cache", "entries  allocs\n00000015 00003481\n00000015 00003536\n");
  root.write("proc/sys/net/ipv4/neigh/default/gc_thresh3", "1024\n");
  const Limits limits = read_limits(root.path());
  ASSERT_TRUE(limits.conntrack);
  EXPECT_EQ(limits.conntrack->entries, 12U);
  EXPECT_EQ(limits.conntrack->limit, 262144U);
  ASSERT_TRUE(limits.neighbours_ipv4);
  EXPECT_EQ(limits.neighbours_ipv4->entries, 21U);
  EXPECT_EQ(limits.neighbours_ipv4->limit, 1024U);
}

TEST(Tables, OfNeighboursAreCountedByLinesWithoutStatistics) {
  const FakeRoot root;
  root.write("proc/net/arp", "IP address HW type\n192.0.2.1 0x1\n192.0.2.2 0x1\n");
  const Limits limits = read_limits(root.path());
  ASSERT_TRUE(limits.neighbours_ipv4);
  EXPECT_EQ(limits.neighbours_ipv4->entries, 2U);
  EXPECT_FALSE(limits.neighbours_ipv4->limit);
}

TEST(ReceiveBuffer, CarriesAsManyAnswersAsFitBetweenTwoReads) {
  ReceiveBuffer buffer;
  count_answers(buffer, 212'992);
  EXPECT_EQ(buffer.answers, 112U);               // of 1,900 bytes each
  EXPECT_EQ(buffer.probes_per_second, 22'400U);  // in each of 200 reads a second
}

TEST(ReceiveBuffer, IsForcedWithCapNetAdminOnly) {
  net::testing::in_network_namespace([] {
    net::testing::drop_privileges();
    ReceiveBuffer buffer;
    try_receive_buffer(buffer);
    EXPECT_FALSE(buffer.force_works);
    EXPECT_EQ(buffer.force_errno, EPERM);
    EXPECT_GT(buffer.granted_bytes, 0);
  });
}

}  // namespace
}  // namespace sonde::doctor::testing
