// echo_test.cpp: probes over loopback and their answers, whole, with their stamps, through every kind of
// socket.
#include <gmock/gmock.h>
#include <netinet/in.h>

#include "net/socket_options.hpp"
#include "transport/socket_under_test.hpp"
#include "wire/payload.hpp"

namespace sonde::transport::testing {
namespace {

using ::testing::Each;
using ::testing::Key;
using ::testing::ResultOf;
using ::testing::UnorderedElementsAre;

class Echo : public ::testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(, Echo, ::testing::ValuesIn(every_way()), way_name);

TEST_P(Echo, AnAnswerComesWholeWithTheStampsOfBothWays) {
  in_network_namespace([way = GetParam()] {
    SocketUnderTest socket(way);
    EXPECT_EQ(socket.transport().clock(), RttClock::kernel);
    EXPECT_EQ(socket.transport().kind(), way.kind);
    const Address to = Address::loopback(way.family);
    socket.next_number = 0x2fffe;  // the sequence number is its low half and wraps
    for (int i = 0; i < 4; ++i) {
      const Departure departure = socket.send(to);
      ASSERT_EQ(departure.system_errno, 0);
      EXPECT_LE(departure.call_began, departure.sent_at);
      ASSERT_TRUE(socket.receive_answer_to(departure.number));
      const Answer& answer = *socket.answer_to(departure.number);
      EXPECT_EQ(answer.arrival.message.identifier, socket.identifier());
      EXPECT_EQ(answer.arrival.from, to);
      EXPECT_EQ(answer.arrival.ttl, 64);
      EXPECT_EQ(answer.arrival.tos, 0);
      EXPECT_EQ(answer.arrival.bytes, 64u);
      EXPECT_EQ(answer.payload.size(), 56u);
      EXPECT_FALSE(answer.arrival.bad_checksum);
      EXPECT_TRUE(answer.arrival.ip_options.empty());
      EXPECT_EQ(answer.arrival.has_ip_header, way.is_raw() && way.is_ipv4());
      EXPECT_GE(answer.arrival.received_at, departure.call_began);
      expect_own_stamp(socket, departure);
    }
    EXPECT_THAT(socket.stamps, UnorderedElementsAre(Key(0x2fffe), Key(0x2ffff), Key(0x30000), Key(0x30001)));
  });
}

TEST_P(Echo, EveryProbeOfABatchHasItsOwnStamp) {
  in_network_namespace([way = GetParam()] {
    SocketUnderTest socket(way);
    for (int round = 0; round < 5; ++round) {
      const auto departures = socket.send(
          std::vector<SocketUnderTest::Probe>(Transport::batch_size, {Address::loopback(way.family)}));
      for (const Departure& departure : departures) ASSERT_TRUE(socket.receive_answer_to(departure.number));
      expect_all_stamps_right(socket, departures);
    }
    EXPECT_EQ(socket.stamps.size(), 5 * Transport::batch_size);
  });
}

TEST_P(Echo, SampledStampsComeForThoseThatAskedAlone) {
  in_network_namespace([way = GetParam()] {
    TransportOptions options;
    options.sampled_stamps = true;
    SocketUnderTest socket(way, options);
    std::vector<SocketUnderTest::Probe> probes;
    for (unsigned i = 0; i < 12; ++i) probes.push_back({Address::loopback(way.family), 56, i % 4 == 1});
    for (int round = 0; round < 2; ++round) {
      const auto departures = socket.send(probes);
      for (const Departure& departure : departures) {
        ASSERT_TRUE(socket.receive_answer_to(departure.number));
        EXPECT_TRUE(socket.answer_to(departure.number)->arrival.stamp) << "receive stamps are on all";
        if (departure.stamp) expect_own_stamp(socket, departure);
      }
    }
    EXPECT_THAT(socket.stamps, UnorderedElementsAre(Key(1), Key(5), Key(9), Key(13), Key(17), Key(21)));
  });
}

class EchoOfEachKind : public ::testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(, EchoOfEachKind, ::testing::ValuesIn(every_kind()), way_name);

TEST_P(EchoOfEachKind, WithTheUserClockThereAreNoStamps) {
  in_network_namespace([way = GetParam()] {
    TransportOptions options;
    options.clock = ClockChoice::user;
    SocketUnderTest socket(way, options);
    EXPECT_EQ(socket.transport().clock(), RttClock::user);
    ASSERT_TRUE(socket.receive_answer_to(socket.send(Address::loopback(way.family)).number));
    EXPECT_TRUE(socket.stamps.empty());
    EXPECT_FALSE(socket.answers.front().arrival.stamp);
  });
}

TEST_P(EchoOfEachKind, TheOptionsReachTheWire) {
  in_network_namespace([way = GetParam()] {
    const Network network = make_network(way.family);
    TransportOptions options;
    options.network.source = network.own;
    options.network.ttl = 9;
    options.network.tos = 0x48;
    SocketUnderTest socket(way, options);
    const Departure departure = socket.send(network.own);
    ASSERT_TRUE(socket.receive_answer_to(departure.number));
    // The kernel answers with the TOS it was asked with; IPv6 by its own traffic class.
    if (way.is_ipv4()) {
      EXPECT_EQ(socket.answer_to(departure.number)->arrival.tos, 0x48);
    }
    EXPECT_EQ(socket.answer_to(departure.number)->arrival.from, network.own);
  });
}

TEST_P(EchoOfEachKind, AnAnswerLargerThanTheBufferIsCutAndReportsItsTrueLengthOnRawSockets) {
  in_network_namespace([way = GetParam()] {
    SocketUnderTest socket(way);
    const Departure large = socket.send(Address::loopback(way.family), 9000);
    ASSERT_EQ(large.system_errno, 0);
    ASSERT_TRUE(socket.receive_answer_to(large.number));
    if (way.is_raw()) {
      EXPECT_EQ(socket.answer_to(large.number)->arrival.bytes, 9008u);
    } else {
      EXPECT_EQ(socket.answer_to(large.number)->arrival.bytes,
                socket.answer_to(large.number)->payload.size() + 8)
          << "a ping socket does not tell (ping_recvmsg() ignores MSG_TRUNC)";
    }
    EXPECT_LT(socket.answer_to(large.number)->payload.size(), 9000u) << "nobody expected so much";
    EXPECT_FALSE(socket.answer_to(large.number)->arrival.bad_checksum) << "it cannot be told from a part";
    expect_own_stamp(socket, large);

    socket.transport().expect_messages_of(9008);
    const Departure expected = socket.send(Address::loopback(way.family), 9000);
    ASSERT_TRUE(socket.receive_answer_to(expected.number));
    EXPECT_EQ(socket.answer_to(expected.number)->payload.size(), 9000u);
  });
}

TEST_P(EchoOfEachKind, WithoutPayloadAndWithTheLargest) {
  in_network_namespace([way = GetParam()] {
    SocketUnderTest socket(way);
    socket.transport().expect_messages_of(65'515);
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{65'507}}) {
      const Departure departure = socket.send(Address::loopback(way.family), bytes);
      ASSERT_EQ(departure.system_errno, 0) << bytes;
      ASSERT_TRUE(socket.receive_answer_to(departure.number)) << bytes;
      EXPECT_EQ(socket.answer_to(departure.number)->payload.size(), bytes);
      expect_own_stamp(socket, departure);
    }
  });
}

// What may be fragmented costs the kernel an identification.
TEST_P(EchoOfEachKind, ShortProbesAreNotToBeFragmentedUntilALongOneIsExpected) {
  in_network_namespace([way = GetParam()] {
    const auto discovery = [](SocketUnderTest& socket) {
      return net::path_mtu_discovery(socket.transport().fd()).value();
    };
    SocketUnderTest socket(way);
    if (!way.is_ipv4()) return;  // IPv6 fragments have theirs, and nothing else does
    EXPECT_EQ(discovery(socket), IP_PMTUDISC_PROBE);
    socket.transport().expect_messages_of(64);
    EXPECT_EQ(discovery(socket), IP_PMTUDISC_PROBE);
    socket.transport().expect_messages_of(1008);
    EXPECT_EQ(discovery(socket), IP_PMTUDISC_WANT) << "the system's";
    TransportOptions options;
    options.network.path_mtu = PathMtu::never;
    SocketUnderTest told(way, options);
    EXPECT_EQ(discovery(told), IP_PMTUDISC_DONT) << "as it was asked for";
  });
}

TEST_P(EchoOfEachKind, DropsForWantOfReceiveBufferAreCounted) {
  in_network_namespace([way = GetParam()] {
    TransportOptions options;
    options.receive_buffer_bytes = 4096;
    SocketUnderTest socket(way, options);
    EXPECT_LE(socket.transport().receive_capacity(), 16u);
    EXPECT_EQ(socket.transport().receive_drops(), 0u);
    std::vector<Departure> all;
    for (int round = 0; round < 4; ++round) {
      const auto departures = socket.send(
          std::vector<SocketUnderTest::Probe>(Transport::batch_size, {Address::loopback(way.family)}));
      all.insert(all.end(), departures.begin(), departures.end());
    }
    // Loopback answers within the call: what came is there by now.
    socket.receive_waiting();
    const std::size_t answered = socket.answers.size();
    EXPECT_LT(answered, all.size());
    const std::uint64_t drops = socket.transport().receive_drops();
    if (way.is_raw()) {
      // A full raw socket counts before it filters: our own requests on loopback too.
      EXPECT_GE(drops, all.size() - answered);
      EXPECT_LE(drops, 2 * all.size());
    } else {
      EXPECT_EQ(drops, all.size() - answered) << "every answer came or was counted";
    }
    EXPECT_LT(socket.stamps.size(), all.size()) << "stamps were lost with them";
    // None of those left was credited to another probe.
    for (const Departure& departure : all) {
      if (socket.stamps.contains(departure.number) && socket.answer_to(departure.number) != nullptr) {
        expect_own_stamp(socket, departure);
      }
    }
    // And the socket goes on working.
    const Departure after = socket.send(Address::loopback(way.family));
    ASSERT_TRUE(socket.receive_answer_to(after.number));
    expect_own_stamp(socket, after);
  });
}

}  // namespace
}  // namespace sonde::transport::testing
