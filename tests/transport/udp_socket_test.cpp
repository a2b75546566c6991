// udp_socket_test.cpp: probes to closed ports of the real kernel, and what comes back for them.
#include "transport/udp_socket.hpp"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include "net/file_descriptor.hpp"
#include "net/network_namespace.hpp"
#include "net/timestamping.hpp"
#include "wire/icmp.hpp"
#include "wire/token.hpp"

namespace sonde::transport::testing {
namespace {

using net::testing::drop_privileges;
using net::testing::in_network_namespace;
using net::testing::run;

constexpr std::uint64_t token = 0x0123'4567'89ab'cdef;

class Udp : public ::testing::TestWithParam<Family> {};
INSTANTIATE_TEST_SUITE_P(, Udp, ::testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& instance) { return std::string(to_string(instance.param)); });

// One arrival, without what points into buffers.
struct Seen {
  Arrival arrival;
  std::optional<std::uint64_t> token;
};

class Asking {
 public:
  explicit Asking(Family family, const TransportOptions& options = {}) {
    auto opened = UdpSocket::open(family, options);
    EXPECT_TRUE(opened) << opened.error().message();
    socket_ = std::move(*opened);
    EXPECT_TRUE(net::await_receive_stamps(std::chrono::seconds(1)));
  }

  Departure send(const Address& to, std::size_t payload_bytes = 56) {
    std::vector<std::byte> message(wire::echo_header_bytes + payload_bytes);
    const auto payload = std::span(message).subspan(wire::echo_header_bytes);
    if (payload.size() >= wire::token_bytes) wire::write_token(payload, token);
    std::array<Departure, 1> departures;
    departures[0].to = net::SocketAddress::from(to);
    departures[0].number = next_number++;
    departures[0].message = message;
    EXPECT_EQ(socket_->send(departures), 1u);
    departures[0].message = {};
    return departures[0];
  }

  // Receives until so many arrived; what is there after two seconds otherwise.
  std::vector<Seen> receive(std::size_t count) {
    std::vector<Seen> seen;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (seen.size() < count && std::chrono::steady_clock::now() < until) {
      pollfd waiting{socket_->fd(), POLLIN, 0};
      ::poll(&waiting, 1, 100);
      ReceiveBatch batch;
      socket_->receive(batch);
      for (const SendStamp& stamp : batch.stamps) stamps.insert(stamp.number);
      for (const Arrival& arrival : batch.arrivals)
        seen.push_back({arrival, wire::read_token(arrival.message.payload)});
    }
    return seen;
  }

  UdpSocket& socket() { return *socket_; }
  std::uint32_t next_number = 0;
  std::set<std::uint32_t> stamps;

 private:
  std::unique_ptr<UdpSocket> socket_;
};

TEST_P(Udp, APortUnreachableAnswersItsProbeWithStampsOfBothWaysAndNoPrivilege) {
  in_network_namespace([family = GetParam()] {
    drop_privileges();
    Asking asking(family);
    const Address to = Address::loopback(family);
    asking.next_number = 0x2fffe;  // the port repeats after 16,384 probes, the number must not
    for (int i = 0; i < 4; ++i) {
      const Departure departure = asking.send(to);
      EXPECT_EQ(departure.system_errno, 0);
      EXPECT_GE(departure.to.port(), 49'152);
      const auto seen = asking.receive(1);
      ASSERT_EQ(seen.size(), 1u);
      const Arrival& arrival = seen[0].arrival;
      EXPECT_EQ(arrival.message.kind, wire::IcmpKind::echo_reply);
      EXPECT_EQ(arrival.message.reason, ErrorReason::port_unreachable);
      EXPECT_EQ(arrival.message.sequence, static_cast<std::uint16_t>(departure.number));
      EXPECT_EQ(arrival.proof, Proof::quote);
      EXPECT_EQ(seen[0].token, token) << "the quote holds it";
      EXPECT_EQ(arrival.from, to);
      EXPECT_TRUE(arrival.stamp);
      EXPECT_TRUE(asking.stamps.contains(departure.number));
    }
  });
}

TEST_P(Udp, AnswersThatComeWhileABatchIsSentFailNoOtherProbe) {
  in_network_namespace([family = GetParam()] {
    Asking asking(family);
    std::vector<std::vector<std::byte>> messages(Transport::batch_size, std::vector<std::byte>(64));
    std::vector<Departure> departures(Transport::batch_size);
    for (std::size_t i = 0; i < departures.size(); ++i) {
      departures[i].to = net::SocketAddress::from(Address::loopback(family));
      departures[i].number = static_cast<std::uint32_t>(i);
      departures[i].message = messages[i];
    }
    // Over loopback each answer is there before the next probe leaves, as an error pending on the socket.
    EXPECT_EQ(asking.socket().send(departures), departures.size());
    for (const Departure& departure : departures) EXPECT_EQ(departure.system_errno, 0);
    EXPECT_EQ(asking.receive(departures.size()).size(), departures.size());
    EXPECT_EQ(asking.stamps.size(), departures.size());
  });
}

TEST(UdpOverIpv6, LeavesItsPortUnreachableByIpv4) {
  in_network_namespace([] {
    Asking asking(Family::ipv6);
    const auto own = net::SocketAddress::of_socket(asking.socket().fd());
    ASSERT_TRUE(own);
    // A probe of this host by IPv4 may happen to go there.
    const auto to = net::SocketAddress::from(Address::loopback(Family::ipv4), own->port());
    const net::FileDescriptor other(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(other.get(), to.data(), to.size()), 0);
    ASSERT_EQ(::send(other.get(), "", 1, 0), 1);
    EXPECT_EQ(::send(other.get(), "", 1, 0), -1);
    EXPECT_EQ(errno, ECONNREFUSED);
  });
}

TEST_P(Udp, PortsFollowNoOrderThatAnotherCouldGuess) {
  in_network_namespace([family = GetParam()] {
    Asking one(family), other(family);
    const Address to = Address::loopback(family);
    int same = 0;
    std::set<std::uint16_t> ports;
    for (int i = 0; i < 16; ++i) {
      const auto port = one.send(to).to.port();
      EXPECT_TRUE(ports.insert(port).second) << "each probe has a port of its own";
      if (other.send(to).to.port() == port) ++same;
    }
    EXPECT_LT(same, 16) << "the order is keyed";
  });
}

TEST_P(Udp, AServiceThatAnswersIsAnAnswerByItsPortAlone) {
  in_network_namespace([family = GetParam()] {
    Asking asking(family);
    const Address to = Address::loopback(family);
    // Where the next probe of that number will go is known once one went there.
    const std::uint16_t port = asking.send(to).to.port();
    ASSERT_EQ(asking.receive(1).size(), 1u);
    const net::FileDescriptor service(::socket(net::address_family(family), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto name = net::SocketAddress::from(to, port);
    ASSERT_EQ(::bind(service.get(), name.data(), name.size()), 0);
    asking.next_number = 16'384;
    const Departure departure = asking.send(to);
    ASSERT_EQ(departure.to.port(), port);
    std::array<char, 128> asked{};
    net::SocketAddress from;
    socklen_t length = net::SocketAddress::capacity();
    ASSERT_EQ(::recvfrom(service.get(), asked.data(), asked.size(), 0, from.data(), &length), 56);
    ASSERT_EQ(::sendto(service.get(), "yes", 3, 0, from.data(), from.size()), 3);
    const auto seen = asking.receive(1);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].arrival.proof, Proof::ports);
    EXPECT_EQ(seen[0].arrival.message.sequence, 16'384);
    EXPECT_EQ(seen[0].arrival.bytes, 8u + 3u);
    EXPECT_TRUE(seen[0].arrival.stamp);
  });
}

TEST_P(Udp, WhatComesFromAPortThatWasNotAskedIsNoAnswer) {
  in_network_namespace([family = GetParam()] {
    Asking asking(family);
    const Address to = Address::loopback(family);
    const Departure departure = asking.send(to);
    ASSERT_EQ(asking.receive(1).size(), 1u);
    const net::FileDescriptor stranger(::socket(net::address_family(family), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto name = net::SocketAddress::from(to, departure.to.port() == 50'000 ? 50'001 : 50'000);
    ASSERT_EQ(::bind(stranger.get(), name.data(), name.size()), 0);
    const auto us = net::SocketAddress::from(to, asking.socket().identifier());
    ASSERT_EQ(::sendto(stranger.get(), "me", 2, 0, us.data(), us.size()), 2);
    ReceiveBatch batch;
    asking.socket().receive(batch);
    EXPECT_TRUE(batch.arrivals.empty());
  });
}

TEST_P(Udp, OtherErrorsAreErrorsAboutTheirProbe) {
  in_network_namespace([family = GetParam()] {
    Asking asking(family);
    run("nft add table inet t; nft add chain inet t in '{ type filter hook input priority 0; }'");
    run("nft add rule inet t in udp dport 49152-65535 reject with icmpx admin-prohibited");
    const Departure departure = asking.send(Address::loopback(family));
    const auto seen = asking.receive(1);
    ASSERT_EQ(seen.size(), 1u);
    const wire::IcmpMessage& message = seen[0].arrival.message;
    EXPECT_EQ(message.kind, wire::IcmpKind::error);
    EXPECT_EQ(message.reason, ErrorReason::prohibited);
    ASSERT_TRUE(message.quoted);
    EXPECT_EQ(message.quoted->sequence, static_cast<std::uint16_t>(departure.number));
    EXPECT_EQ(message.quoted->destination, Address::loopback(family));
  });
}

}  // namespace
}  // namespace sonde::transport::testing
