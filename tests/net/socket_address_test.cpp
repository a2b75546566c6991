// socket_address_test.cpp: addresses in the kernel's form.
#include "net/socket_address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "net/file_descriptor.hpp"

namespace sonde::net {
namespace {

TEST(SocketAddress, KeepsAnIpv4AddressAndPort) {
  const Address address = Address::ipv4(0xc0000201U);
  const SocketAddress name = SocketAddress::from(address, 4660);
  EXPECT_EQ(name.address(), address);
  EXPECT_EQ(name.port(), 4660);
  EXPECT_EQ(name.size(), sizeof(sockaddr_in));
  EXPECT_EQ(name.data()->sa_family, AF_INET);
}

TEST(SocketAddress, KeepsAnIpv6AddressZoneAndPort) {
  const auto address = Address::parse("fe80::1%7000");
  ASSERT_TRUE(address);
  const SocketAddress name = SocketAddress::from(*address, 4660);
  EXPECT_EQ(name.address(), *address);
  EXPECT_EQ(name.port(), 4660);
  EXPECT_EQ(name.size(), sizeof(sockaddr_in6));
}

TEST(SocketAddress, IsInNetworkOrder) {
  const SocketAddress name = SocketAddress::from(Address::ipv4(0xc0000201U), 0x1234);
  sockaddr_in raw{};
  std::memcpy(&raw, name.data(), sizeof raw);
  EXPECT_EQ(raw.sin_port, htons(0x1234));
  EXPECT_EQ(raw.sin_addr.s_addr, htonl(0xc0000201U));
}

TEST(SocketAddress, CarriesAFlowLabelForIpv6) {
  const SocketAddress name = SocketAddress::from(Address::loopback(Family::ipv6), 0, 0xfabcdeU);
  sockaddr_in6 raw{};
  std::memcpy(&raw, name.data(), sizeof raw);
  EXPECT_EQ(raw.sin6_flowinfo, htonl(0xabcdeU));  // 20 bits, the traffic class not touched
}

TEST(SocketAddress, IsUnsetAtFirst) {
  EXPECT_FALSE(SocketAddress().is_set());
}

TEST(SocketAddress, ReadsWhatTheKernelWrote) {
  sockaddr_storage storage{};
  const SocketAddress name = SocketAddress::from(Address::loopback(Family::ipv6), 9);
  std::memcpy(&storage, name.data(), name.size());
  const auto read = SocketAddress::from(storage, name.size());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->address(), Address::loopback(Family::ipv6));
  EXPECT_EQ(read->port(), 9);
}

TEST(SocketAddress, RefusesACutOrForeignOne) {
  sockaddr_storage storage{};
  storage.ss_family = AF_INET6;
  EXPECT_FALSE(SocketAddress::from(storage, sizeof(sockaddr_in)));
  EXPECT_FALSE(SocketAddress::from(storage, 0));
  EXPECT_FALSE(SocketAddress::from(storage, 1));
  storage.ss_family = AF_INET;
  EXPECT_FALSE(SocketAddress::from(storage, sizeof(sockaddr_in) - 1));
  EXPECT_TRUE(SocketAddress::from(storage, sizeof(sockaddr_in)));
  storage.ss_family = AF_UNIX;
  EXPECT_FALSE(SocketAddress::from(storage, sizeof storage));
}

TEST(SocketAddress, ReadsFromUnalignedBytes) {
  std::array<std::byte, 40> bytes{};
  const SocketAddress name = SocketAddress::from(Address::loopback(Family::ipv4), 7);
  std::memcpy(bytes.data() + 1, name.data(), name.size());
  const auto read = SocketAddress::from(bytes.data() + 1, bytes.size() - 1);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->port(), 7);
}

TEST(SocketAddress, TellsWhatASocketIsBoundTo) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM, 0));
  const SocketAddress wanted = SocketAddress::from(Address::loopback(Family::ipv4));
  ASSERT_EQ(::bind(socket.get(), wanted.data(), wanted.size()), 0);
  const auto bound = SocketAddress::of_socket(socket.get());
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->address(), Address::loopback(Family::ipv4));
  EXPECT_NE(bound->port(), 0);
  EXPECT_FALSE(SocketAddress::of_socket(-1));
}

}  // namespace
}  // namespace sonde::net
