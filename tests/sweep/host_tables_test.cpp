// host_tables_test.cpp: how full the kernel's tables are, from what /proc says.
#include "sweep/host_tables.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "lab/network.hpp"

namespace sonde::sweep {
namespace {

using ::testing::HasSubstr;

class HostTables : public ::testing::Test {
 protected:
  void write(const char* name, const char* text) const {
    const auto path = directory_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::vector<HostTable> read() const { return host_tables(directory_.path()); }

  lab::ScratchDirectory directory_;
};

TEST_F(HostTables, WhatIsNotThereIsLeftOut) {
  EXPECT_TRUE(read().empty());
  write("sys/net/netfilter/nf_conntrack_count", "12\n");
  EXPECT_TRUE(read().empty()) << "without its limit";
}

TEST_F(HostTables, ConnectionTrackingIsNearlyFullFromNineTenthsOn) {
  write("sys/net/netfilter/nf_conntrack_max", "65536\n");
  write("sys/net/netfilter/nf_conntrack_count", "58982\n");
  ASSERT_EQ(read().size(), 1u);
  EXPECT_FALSE(read()[0].is_nearly_full());
  write("sys/net/netfilter/nf_conntrack_count", "58983\n");
  EXPECT_TRUE(read()[0].is_nearly_full());
  EXPECT_THAT(read()[0].advice, HasSubstr("notrack"));
}

TEST_F(HostTables, NeighboursAreCountedInHexadecimal) {
  write("net/stat/arp_cache", "entries  allocs destroys\n000003fa  00000001 00000002\n");
  write("sys/net/ipv4/neigh/default/gc_thresh3", "1024\n");
  write("net/stat/ndisc_cache", "entries  allocs\n00000002  00000001\n");
  write("sys/net/ipv6/neigh/default/gc_thresh3", "1024\n");
  const auto tables = read();
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(tables[0].entries, 1018u);
  EXPECT_TRUE(tables[0].is_nearly_full());
  EXPECT_EQ(tables[1].entries, 2u);
  EXPECT_FALSE(tables[1].is_nearly_full());
}

}  // namespace
}  // namespace sonde::sweep
