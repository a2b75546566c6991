// tcp_connections_test.cpp: handshakes with the real kernel: accepted, refused, unanswered, and out of descriptors.
#include "transport/tcp_connections.hpp"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <fstream>
#include <string>

#include "engine/fake_clock.hpp"
#include "net/file_descriptor.hpp"
#include "net/network_namespace.hpp"
#include "net/ping_socket.hpp"
#include "wire/icmp.hpp"

namespace sonde::transport::testing {
namespace {

using net::testing::drop_privileges;
using net::testing::in_network_namespace;
using net::testing::run;

class Tcp : public ::testing::TestWithParam<Family> {};
INSTANTIATE_TEST_SUITE_P(, Tcp, ::testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& instance) { return std::string(to_string(instance.param)); });

net::FileDescriptor listen_on(Family family, std::uint16_t port) {
  net::FileDescriptor listener(::socket(net::address_family(family), SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto name = net::SocketAddress::from(Address::any(family), port);
  EXPECT_EQ(::bind(listener.get(), name.data(), name.size()), 0);
  EXPECT_EQ(::listen(listener.get(), 128), 0);
  return listener;
}

class Asking {
 public:
  explicit Asking(Family family, std::uint16_t port = 0, const Clock& clock = Clock::system()) {
    TransportOptions options;
    options.network.tcp_port = port;
    options.clock_source = &clock;
    auto opened = TcpConnections::open(family, options);
    EXPECT_TRUE(opened) << opened.error().message();
    connections_ = std::move(*opened);
  }

  Departure send(const Address& to, std::size_t decided = 1) {
    std::array<Departure, 1> departures;
    departures[0].to = net::SocketAddress::from(to);
    departures[0].number = next_number;
    EXPECT_EQ(connections_->send(departures), decided);
    if (decided == 1) ++next_number;
    return departures[0];
  }

  std::vector<Arrival> receive(std::size_t count,
                               std::chrono::milliseconds patience = std::chrono::seconds(2)) {
    ReceiveBatch batch;
    const auto until = std::chrono::steady_clock::now() + patience;
    while (batch.arrivals.size() < count && std::chrono::steady_clock::now() < until) {
      pollfd waiting{connections_->fd(), POLLIN, 0};
      ::poll(&waiting, 1, 50);
      connections_->receive(batch);
    }
    return batch.arrivals;
  }
  // Until no attempt waits any more; false after two seconds.
  bool receive_until_idle() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (connections_->under_way() > 0 && std::chrono::steady_clock::now() < until)
      receive(1, std::chrono::milliseconds(50));
    return connections_->under_way() == 0;
  }

  TcpConnections& connections() { return *connections_; }
  std::uint32_t next_number = 0x1fffe;

 private:
  std::unique_ptr<TcpConnections> connections_;
};

TEST_P(Tcp, AnAcceptedHandshakeIsAnAnswerTimedByTheKernel) {
  in_network_namespace([family = GetParam()] {
    const auto listener = listen_on(family, 8099);
    drop_privileges();
    Asking asking(family, 8099);
    for (int i = 0; i < 4; ++i) {
      const Departure departure = asking.send(Address::loopback(family));
      EXPECT_EQ(departure.system_errno, 0);
      const auto arrivals = asking.receive(1);
      ASSERT_EQ(arrivals.size(), 1u);
      EXPECT_EQ(arrivals[0].message.kind, wire::IcmpKind::echo_reply);
      EXPECT_EQ(arrivals[0].message.sequence, static_cast<std::uint16_t>(departure.number));
      EXPECT_EQ(arrivals[0].proof, Proof::connection);
      EXPECT_FALSE(arrivals[0].refused);
      ASSERT_TRUE(arrivals[0].rtt);
      EXPECT_LE(*arrivals[0].rtt, arrivals[0].received_at - departure.sent_at + std::chrono::microseconds(1));
    }
    EXPECT_EQ(asking.connections().under_way(), 0u);
  });
}

TEST_P(Tcp, AnAcceptedConnectionIsResetSoThatNoStateIsLeft) {
  in_network_namespace([family = GetParam()] {
    const auto listener = listen_on(family, 8099);
    Asking asking(family, 8099);
    asking.send(Address::loopback(family));
    ASSERT_EQ(asking.receive(1).size(), 1u);
    for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
      std::ifstream lines(table);
      std::string line;
      std::getline(lines, line);
      while (std::getline(lines, line))
        EXPECT_THAT(line, ::testing::HasSubstr(" 0A ")) << "only the listener is left";
    }
  });
}

TEST_P(Tcp, ARefusedHandshakeIsAnAnswerTimedByTheClock) {
  in_network_namespace([family = GetParam()] {
    Asking asking(family, 8099);
    const Departure departure = asking.send(Address::loopback(family));
    EXPECT_EQ(departure.system_errno, 0);
    const auto arrivals = asking.receive(1);
    ASSERT_EQ(arrivals.size(), 1u);
    EXPECT_EQ(arrivals[0].message.kind, wire::IcmpKind::echo_reply);
    EXPECT_TRUE(arrivals[0].refused);
    EXPECT_FALSE(arrivals[0].rtt);
  });
}

TEST_P(Tcp, AResetIsTimedWhenItCameNotWhenItIsAskedFor) {
  in_network_namespace([family = GetParam()] {
    test::FakeClock clock;
    clock.set(Clock::system().monotonic() + std::chrono::hours(1));  // no timer of an attempt's end fires
    Asking asking(family, 8099, clock);
    constexpr std::size_t probes = 40;  // more than one call tells of
    for (std::size_t i = 0; i < probes; ++i) {
      asking.send(Address::loopback(family));
      // Also what was noticed already has to be fetched.
      pollfd waiting{asking.connections().fd(), POLLIN, 0};
      ASSERT_EQ(::poll(&waiting, 1, 2000), 1);
    }
    const MonotonicTime sent_at = clock.monotonic();
    clock.advance(std::chrono::milliseconds(500));
    const auto arrivals = asking.receive(probes);
    ASSERT_EQ(arrivals.size(), probes);
    // Nobody need have noticed the last: nothing was sent after it.
    for (std::size_t i = 0; i + 1 < probes; ++i) EXPECT_EQ(arrivals[i].received_at, sent_at);
  });
}

TEST_P(Tcp, AnIcmpErrorIsAnErrorAlsoWhereItsErrnoIsThatOfAReset) {
  in_network_namespace([family = GetParam()] {
    run("nft add table inet t; nft add chain inet t in '{ type filter hook input priority 0; }'");
    run("nft add rule inet t in tcp dport 8099 reject with icmpx port-unreachable");
    Asking asking(family, 8099);
    const Departure departure = asking.send(Address::loopback(family));
    const auto arrivals = asking.receive(1);
    ASSERT_EQ(arrivals.size(), 1u);
    EXPECT_EQ(arrivals[0].message.kind, wire::IcmpKind::error);
    EXPECT_EQ(arrivals[0].message.reason, ErrorReason::port_unreachable);
    ASSERT_TRUE(arrivals[0].message.quoted);
    EXPECT_EQ(arrivals[0].message.quoted->sequence, static_cast<std::uint16_t>(departure.number));
    EXPECT_EQ(arrivals[0].from, Address::loopback(family));
  });
}

TEST_P(Tcp, OneProbeIsOneSynAndTheNextAsksTheOtherUsualPort) {
  in_network_namespace([family = GetParam()] {
    const auto listener = listen_on(family, 80);
    run("nft add table inet t; nft add counter inet t asked; "
        "nft add chain inet t in '{ type filter hook input priority 0; }'");
    run("nft add rule inet t in tcp dport 443 counter name asked drop");
    Asking asking(family);
    asking.send(Address::loopback(family));
    EXPECT_TRUE(asking.receive(1, std::chrono::milliseconds(1200)).empty());
    EXPECT_EQ(asking.connections().under_way(), 0u) << "given up before the kernel asks again";
    EXPECT_TRUE(run("nft list counter inet t asked | grep -q 'packets 1 '"));
    asking.send(Address::loopback(family));
    const auto arrivals = asking.receive(1);
    ASSERT_EQ(arrivals.size(), 1u) << "port 80 answers";
    EXPECT_FALSE(arrivals[0].refused);
    asking.send(Address::loopback(family));
    EXPECT_EQ(asking.receive(1).size(), 1u) << "and is asked from then on";
  });
}

TEST_P(Tcp, WithoutDescriptorsAProbeWaitsForAnotherToEnd) {
  in_network_namespace([family = GetParam()] {
    run("nft add table inet t; nft add chain inet t in '{ type filter hook input priority 0; }'");
    run("nft add rule inet t in tcp dport 8099 drop");
    const rlimit few{40, 40};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    Asking asking(family, 8099);
    std::size_t sent = 0;
    std::array<Departure, 1> departures;
    departures[0].to = net::SocketAddress::from(Address::loopback(family));
    for (; sent < 100; ++sent) {
      departures[0].number = asking.next_number++;
      if (asking.connections().send(departures) == 0) break;
      ASSERT_EQ(departures[0].system_errno, 0);
    }
    EXPECT_GT(sent, 4u);
    EXPECT_LT(sent, 40u) << "some descriptors are left to others";
    EXPECT_EQ(asking.connections().under_way(), sent);
    ASSERT_TRUE(asking.receive_until_idle());
    EXPECT_EQ(asking.connections().send(departures), 1u);
  });
}

TEST_P(Tcp, WithoutARouteTheProbeDoesNotLeave) {
  in_network_namespace([family = GetParam()] {
    Asking asking(family, 8099);
    const Address nowhere = net::testing::address(family == Family::ipv4 ? "203.0.113.1" : "2001:db8:3::1");
    EXPECT_EQ(asking.send(nowhere).system_errno, ENETUNREACH);
    EXPECT_EQ(asking.connections().under_way(), 0u);
  });
}

}  // namespace
}  // namespace sonde::transport::testing
