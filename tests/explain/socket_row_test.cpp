// socket_row_test.cpp: a socket finds itself in the kernel's table.
#include "explain/socket_row.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "net/file_descriptor.hpp"

namespace sonde::explain::testing {
namespace {

constexpr std::string_view table =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref "
    "pointer drops\n"
    "    1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 4711 2 "
    "0000000012345678 0\n"
    "  163: 00000000:00A3 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4712 2 "
    "0000000012345678 3\n";

TEST(SocketRow, IsTheOneWithTheInode) {
  const auto row = find_inode("icmp", table, 4712);
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->table, "icmp");
  EXPECT_TRUE(row->heading.starts_with("sl  local_address"));
  EXPECT_TRUE(row->line.starts_with("163: 00000000:00A3"));
  EXPECT_TRUE(row->line.ends_with(" 3"));
}

TEST(SocketRow, IsNoneWhereTheTableHasNoSuchInode) {
  EXPECT_FALSE(find_inode("icmp", table, 1).has_value());
  EXPECT_FALSE(find_inode("icmp", "", 4711).has_value());
  EXPECT_FALSE(find_inode("icmp", "heading\nshort line 4711\n", 4711).has_value());
}

TEST(SocketRow, OfAnOpenSocketIsInTheKernelsTable) {
  const net::FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage any{};
  any.ss_family = AF_INET;
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  const auto row = find_socket_row(socket.get(), TransportKind::udp, Family::ipv4);
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->table, "udp");
}

}  // namespace
}  // namespace sonde::explain::testing
