// churn_test.cpp: targets that come and go for ever, with ever other options, take no more than those that are there.
#include <dirent.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>

#include "lab/memory.hpp"
#include "loopback.hpp"
#include "net/network_namespace.hpp"

namespace sonde::test {
namespace {

using std::chrono::milliseconds;

std::size_t open_descriptors() {
  DIR* directory = ::opendir("/proc/self/fd");
  std::size_t count = 0;
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

// 1,000 sets of options, which all differ in what sockets are shared by.
TargetOptions set(std::uint32_t number) {
  TargetOptions options = every(milliseconds(100));
  options.timeout = milliseconds(2);
  options.phase = Nanoseconds(number % 7);
  options.network.ttl = static_cast<std::uint8_t>(1 + number % 25);
  options.network.tcp_port = static_cast<std::uint16_t>(number);  // means nothing by ICMP
  return options;
}

// Targets of set after set, each removed when `living` others have come.
void come_and_go(Session& session, std::uint32_t count, std::deque<TargetId>& targets) {
  constexpr std::size_t living = 64;
  for (std::uint32_t i = 0; i < count; ++i) {
    // Sets in runs, so that groups empty themselves.
    const auto added = session.add(Address::ipv4(0x7f000001 + i % 250), set(i / 37 % 1000));
    ASSERT_TRUE(added) << added.error().message();
    targets.push_back(*added);
    if (targets.size() > living) {
      ASSERT_TRUE(session.remove(targets.front()));
      targets.pop_front();
    }
    if (i % 100 == 0) {
      ASSERT_TRUE(session.process());
    }
  }
}

TEST(Churn, AMillionTargetsOfAThousandOptionSetsLeaveNothingBehind) {
  net::testing::in_network_namespace(
      [] {
        constexpr std::uint32_t all = lab::sanitized ? 40'000 : 1'000'000;
        Session session = opened({.transport = TransportKind::icmp_datagram, .receive_buffer_bytes = 65'536});
        std::deque<TargetId> targets;
        come_and_go(session, all / 10, targets);
        const std::size_t memory = lab::memory_of(::getpid()), descriptors = open_descriptors();
        for (int round = 0; round < 9; ++round) come_and_go(session, all / 10, targets);
        EXPECT_LE(lab::memory_of(::getpid()), memory + 512) << "pages: 2 MB";
        EXPECT_LE(open_descriptors(), descriptors + 40);
        EXPECT_LE(open_descriptors(), 120u);
        EXPECT_GT(session.totals().probes, all / 10);
      },
      std::chrono::seconds(280));
}

}  // namespace
}  // namespace sonde::test
