// leaks_test.cpp: no way of asking leaks sockets or memory. (bench/run --rows leaks does the same with a million probes.)
#include <dirent.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "net/network_namespace.hpp"
#include "session/loopback.hpp"

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

namespace sonde {
namespace {

using namespace std::chrono_literals;

// A sanitizer's own memory grows with what is allocated and freed.
constexpr bool memory_is_ours = !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);

constexpr std::uint64_t probes = 20'000;

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

std::size_t resident_bytes() {
  std::size_t total = 0, resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  EXPECT_EQ(std::fscanf(file, "%zu %zu", &total, &resident), 2);
  std::fclose(file);
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// Sessions come and go too, as whatever one does not give back is a leak.
void ask(TransportKind way, std::uint64_t sessions) {
  for (std::uint64_t i = 0; i < sessions; ++i) {
    Session session = test::opened({.transport = way, .pace_udp = false, .events = false});
    const std::uint64_t each = probes / 10 / sessions;
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      TargetOptions target = test::every(0ns, each / 2);
      target.network.tcp_port = 9;  // closed
      ASSERT_TRUE(session.add(Address::loopback(family), target));
    }
    ASSERT_TRUE(session.run_until({}));
    const Figures figures = session.merged_figures();
    EXPECT_EQ(figures.sent, each);
    EXPECT_EQ(figures.received, each) << "lost " << figures.lost << ", local " << figures.local;
  }
}

class Leaks : public ::testing::TestWithParam<TransportKind> {};
INSTANTIATE_TEST_SUITE_P(, Leaks,
                         ::testing::Values(TransportKind::icmp_datagram, TransportKind::icmp_raw,
                                           TransportKind::udp, TransportKind::tcp),
                         [](const auto& instance) { return std::string(to_string(instance.param)); });

TEST_P(Leaks, NeitherSocketsNorMemoryOverTwentyThousandProbes) {
  net::testing::in_network_namespace([] {
    // What answers UDP is an ICMP error, of which a host sends so many in all and no more.
    const bool unlimited = net::testing::set_sysctl("net.ipv4.icmp_msgs_per_sec", "100000000") &&
                           net::testing::set_sysctl("net.ipv4.icmp_msgs_burst", "1000000");
    if (GetParam() == TransportKind::udp && !unlimited) GTEST_SKIP() << "port unreachables are limited here";
    ask(GetParam(), 5);  // what is used once stays
    const std::size_t descriptors = open_descriptors(), memory = resident_bytes();
    for (int round = 0; round < 10; ++round) ask(GetParam(), 5);
    EXPECT_EQ(open_descriptors(), descriptors);
    if (!memory_is_ours) return;
    // A leak of 16 bytes a probe would be 320,000.
    constexpr std::size_t noise = 256 * 1024;
    EXPECT_LT(resident_bytes(), memory + noise);
  });
}

}  // namespace
}  // namespace sonde
