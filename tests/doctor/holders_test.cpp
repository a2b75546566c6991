// holders_test.cpp: who else has ICMP sockets, from made-up tables and from the system.
#include "doctor/holders.hpp"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doctor/fake_root.hpp"
#include "net/file_descriptor.hpp"
#include "net/network_namespace.hpp"

namespace sonde::doctor::testing {
namespace {

using ::testing::IsEmpty;

constexpr Nanoseconds patience = std::chrono::seconds(5);
const std::string heading =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref "
    "pointer drops\n";
const std::string table =
    heading +
    " 1234: 00000000:04D2 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 4711 2 "
    "0000000000000000 3\n";

TEST(SocketTable, GivesIdentifierOwnerInodeAndDrops) {
  const auto holders = parse_socket_table("icmp", table);
  ASSERT_EQ(holders.size(), 1U);
  EXPECT_EQ(holders[0].table, "icmp");
  EXPECT_EQ(holders[0].number, 1234U);
  EXPECT_EQ(holders[0].user, 1000U);
  EXPECT_EQ(holders[0].inode, 4711U);
  EXPECT_EQ(holders[0].drops, 3U);
  EXPECT_FALSE(holders[0].process);
}

TEST(SocketTable, LeavesOutWhatMakesNoSense) {
  EXPECT_THAT(parse_socket_table("icmp", ""), IsEmpty());
  EXPECT_THAT(parse_socket_table("icmp", heading), IsEmpty());
  EXPECT_THAT(parse_socket_table("icmp", " 1: x y\n 2: 00000000:zz b 07 c d e many f g h i j\n"), IsEmpty());
}

TEST(Holders, AreNamedByTheProcessThatHasTheSocket) {
  const FakeRoot root;
  root.write("proc/net/icmp6", table);
  root.write("proc/815/comm", "ping\n");
  root.link("proc/815/fd/3", "socket:[4711]");
  root.write("proc/816/comm", "other\n");
  root.link("proc/816/fd/3", "socket:[4712]");
  root.link("proc/816/fd/4", "/dev/null");
  const auto holders = find_holders(root.path(), 1, patience);
  ASSERT_EQ(holders.size(), 1U);
  EXPECT_EQ(holders[0].process, 815);
  EXPECT_EQ(holders[0].command, "ping");
}

TEST(Holders, ThatAreThisProcessAreLeftOut) {
  const FakeRoot root;
  root.write("proc/net/icmp", table);
  root.write("proc/815/comm", "sonde\n");
  root.link("proc/815/fd/3", "socket:[4711]");
  EXPECT_THAT(find_holders(root.path(), 815, patience), IsEmpty());
}

TEST(Holders, OfTheSystemAreFound) {
  net::testing::in_network_namespace([] {
    const net::FileDescriptor socket(::socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
    ASSERT_TRUE(socket);
    const auto holders = find_holders("/", 0, patience);
    ASSERT_EQ(holders.size(), 1U);
    EXPECT_EQ(holders[0].table, "raw6");
    EXPECT_EQ(holders[0].number, static_cast<std::uint32_t>(IPPROTO_ICMPV6));
    EXPECT_EQ(holders[0].process, ::getpid());
  });
}

}  // namespace
}  // namespace sonde::doctor::testing
