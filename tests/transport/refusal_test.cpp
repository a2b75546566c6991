// refusal_test.cpp: sends that fail, for every reason a kernel has, and what they must not do: move the
// stamps of the others, or be told twice.
#include <gmock/gmock.h>

#include <cerrno>

#include "transport/socket_under_test.hpp"

namespace sonde::transport::testing {
namespace {

using ::testing::AnyOf;

class Refusal : public ::testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(, Refusal, ::testing::ValuesIn(every_way()), way_name);

// IPv6 ping sockets never learn what became of a packet behind the socket (icmpv6_push_pending_frames() drops
// the result).
bool learns_of_queues(const Way& way) {
  return way.is_ipv4() || way.is_raw();
}

// Refuses probes whose ICMP sequence number is 3 in its last three bits, however often they are tried.
void refuse_every_eighth(const std::string& verdict) {
  run("nft 'add table inet sonde; add chain inet sonde out { type filter hook output priority 0; }'");
  run("nft 'add rule inet sonde out icmp type echo-request @th,56,8 & 7 == 3 " + verdict + "'");
  run("nft 'add rule inet sonde out icmpv6 type echo-request @th,56,8 & 7 == 3 " + verdict + "'");
}

TEST_P(Refusal, AFirewallsRefusalIsToldAndMovesNoStamp) {
  in_network_namespace([way = GetParam()] {
    refuse_every_eighth("drop");
    SocketUnderTest socket(way);
    for (int round = 0; round < 5; ++round) {
      const auto departures = socket.send(
          std::vector<SocketUnderTest::Probe>(Transport::batch_size, {Address::loopback(way.family)}));
      for (const Departure& departure : departures) {
        const bool refused = departure.number % 8 == 3;
        EXPECT_EQ(departure.system_errno, refused && learns_of_queues(way) ? EPERM : 0) << departure.number;
        if (!refused) {
          EXPECT_TRUE(socket.receive_answer_to(departure.number)) << departure.number;
          expect_own_stamp(socket, departure);
        } else {
          EXPECT_FALSE(socket.stamps.contains(departure.number)) << "never left: " << departure.number;
        }
      }
    }
    EXPECT_EQ(socket.stamps.size(), 5 * (Transport::batch_size - 4));
  });
}

TEST_P(Refusal, ARefusalOfEveryNthPacketMovesNoStamp) {
  in_network_namespace([way = GetParam()] {
    // Counts packets, tried again or not, so that it hits any place of a batch.
    run("nft 'add table inet sonde; add chain inet sonde out { type filter hook output priority 0; }'");
    run("nft 'add rule inet sonde out icmp type echo-request numgen inc mod 7 < 3 drop'");
    run("nft 'add rule inet sonde out icmpv6 type echo-request numgen inc mod 7 < 3 drop'");
    SocketUnderTest socket(way);
    std::size_t refused = 0, answered = 0;
    for (int round = 0; round < 8; ++round) {
      const auto departures =
          socket.send(std::vector<SocketUnderTest::Probe>(11, {Address::loopback(way.family)}));
      socket.receive_waiting();  // loopback answers within the call
      for (const Departure& departure : departures) {
        EXPECT_THAT(departure.system_errno, AnyOf(0, EPERM));
        if (departure.system_errno != 0) ++refused;
        if (socket.answer_to(departure.number) != nullptr) ++answered;
      }
      expect_all_stamps_right(socket, departures);
    }
    if (learns_of_queues(way)) {
      EXPECT_EQ(answered + refused, 88u) << "what was not refused was answered";
    }
    EXPECT_EQ(socket.stamps.size(), answered);
    EXPECT_GT(answered, 0u);
    EXPECT_LT(answered, 88u);
  });
}

TEST_P(Refusal, AFullQueueIsToldAndMovesNoStamp) {
  in_network_namespace([way = GetParam()] {
    const Network network = make_network(way.family);
    // Lets a few packets through and holds none.
    run("tc qdisc add dev v0 root tbf rate 8bit burst 200 limit 200");
    SocketUnderTest socket(way);
    std::size_t refused = 0;
    for (int round = 0; round < 4; ++round) {
      std::vector<SocketUnderTest::Probe> probes;
      for (int i = 0; i < 8; ++i) probes.insert(probes.end(), {{network.loopback}, {network.neighbour}});
      const auto departures = socket.send(probes);
      for (std::size_t i = 0; i < departures.size(); ++i) {
        const Departure& departure = departures[i];
        if (i % 2 == 0) {
          EXPECT_EQ(departure.system_errno, 0) << "to loopback";
          EXPECT_TRUE(socket.receive_answer_to(departure.number));
        } else {
          EXPECT_THAT(departure.system_errno, AnyOf(0, ENOBUFS));
          if (departure.system_errno != 0) ++refused;
        }
      }
      expect_all_stamps_right(socket, departures);
    }
    if (learns_of_queues(way)) {
      EXPECT_GT(refused, 20u);
    }
  });
}

TEST_P(Refusal, WhatHasNoWayIsToldAndMovesNoStamp) {
  in_network_namespace([way = GetParam()] {
    const Network network = make_network(way.family);
    TransportOptions options;
    options.network.path_mtu = PathMtu::always;
    SocketUnderTest socket(way, options);
    for (int round = 0; round < 3; ++round) {
      const auto departures = socket.send(std::vector<SocketUnderTest::Probe>{{network.loopback},
                                                                              {network.refused},
                                                                              {network.loopback},
                                                                              {network.no_route},
                                                                              {network.no_route},
                                                                              {network.loopback},
                                                                              {network.neighbour, 2000},
                                                                              {network.loopback}});
      const std::vector<int> expected{0, EHOSTUNREACH, 0, ENETUNREACH, ENETUNREACH, 0, EMSGSIZE, 0};
      for (std::size_t i = 0; i < departures.size(); ++i) {
        EXPECT_EQ(departures[i].system_errno, expected[i]) << i;
        if (expected[i] == 0) {
          EXPECT_TRUE(socket.receive_answer_to(departures[i].number));
        }
      }
      EXPECT_EQ(departures[6].mtu, 1500u) << "what would have fitted";
      expect_all_stamps_right(socket, departures);
    }
    EXPECT_EQ(socket.stamps.size(), 12u);
  });
}

TEST_P(Refusal, AnErrorPendingFromAnotherProbeFailsNone) {
  in_network_namespace([way = GetParam()] {
    const Network network = make_network(way.family);
    SocketUnderTest socket(way);
    for (int round = 0; round < 5; ++round) {
      const Departure doomed = socket.send(network.neighbour);
      ASSERT_EQ(doomed.system_errno, 0);
      net::testing::forge_unreachable(network.own, network.own, network.neighbour, socket.identifier(),
                                      static_cast<std::uint16_t>(doomed.number));
      // The error is pending on a datagram socket now, and the next send would be told of it.
      const auto departures = socket.send(std::vector<SocketUnderTest::Probe>(3, {network.loopback}));
      for (const Departure& departure : departures) {
        EXPECT_EQ(departure.system_errno, 0) << "that error is another probe's";
        ASSERT_TRUE(socket.receive_answer_to(departure.number));
      }
      expect_all_stamps_right(socket, departures);
      ASSERT_TRUE(socket.receive_until([&] { return socket.error_about(doomed.number) != nullptr; }));
      const Answer& error = *socket.error_about(doomed.number);
      EXPECT_EQ(error.arrival.message.reason, ErrorReason::host_unreachable);
      EXPECT_EQ(error.arrival.from, network.own);
      EXPECT_EQ(error.arrival.probed, network.neighbour);
      EXPECT_TRUE(socket.stamps.contains(doomed.number)) << "it did leave";
    }
  });
}

TEST_P(Refusal, AnErrorPendingDuringAnotherRefusalHidesNeither) {
  in_network_namespace([way = GetParam()] {
    const Network network = make_network(way.family);
    SocketUnderTest socket(way);
    const Departure doomed = socket.send(network.neighbour);
    net::testing::forge_unreachable(network.own, network.own, network.neighbour, socket.identifier(),
                                    static_cast<std::uint16_t>(doomed.number));
    const auto departures =
        socket.send(std::vector<SocketUnderTest::Probe>{{network.no_route}, {network.loopback}});
    EXPECT_EQ(departures[0].system_errno, ENETUNREACH);
    EXPECT_EQ(departures[1].system_errno, 0);
    ASSERT_TRUE(socket.receive_answer_to(departures[1].number));
    EXPECT_TRUE(socket.receive_until([&] { return socket.error_about(doomed.number) != nullptr; }));
    expect_all_stamps_right(socket, departures);
  });
}

TEST_P(Refusal, AnInterfaceThatGoesDownAndUpAgainLeavesTheSocketUsable) {
  in_network_namespace([way = GetParam()] {
    const Network network = make_network(way.family);
    SocketUnderTest socket(way);
    ASSERT_EQ(socket.send(network.neighbour).system_errno, 0);
    run("ip link set v0 down");
    EXPECT_THAT(socket.send(network.neighbour).system_errno, AnyOf(ENETUNREACH, EADDRNOTAVAIL));
    const Departure meanwhile = socket.send(network.loopback);
    EXPECT_EQ(meanwhile.system_errno, 0);
    run("ip link set v0 up");
    if (!way.is_ipv4())
      run("ip addr replace 2001:db8:1::1/64 dev v0 nodad");  // IPv6 addresses go with the link
    // The kernel brings the address up in its own time.
    Departure departure;
    bool answered = false;
    for (int tries = 0; tries < 100 && !answered; ++tries) {
      departure = socket.send(network.own);
      answered = socket.receive_until([&] { return socket.answer_to(departure.number) != nullptr; },
                                      std::chrono::milliseconds(50));
    }
    EXPECT_TRUE(answered);
    EXPECT_TRUE(socket.receive_answer_to(meanwhile.number));
    expect_all_stamps_right(socket, {meanwhile, departure});
  });
}

}  // namespace
}  // namespace sonde::transport::testing
