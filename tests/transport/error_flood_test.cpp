// error_flood_test.cpp: ICMP errors about other probes, tens of thousands a second, while probes are sent: none of these
// may be called refused for them, and what this host does refuse has to be told all the same.
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include "net/ping_socket.hpp"
#include "transport/socket_under_test.hpp"

namespace sonde::transport::testing {
namespace {

using namespace std::chrono_literals;

// "Host unreachable" from this host about one probe, again and again, from a thread of its own: `pause` after each ten.
class Flood {
 public:
  Flood(const Network& network, std::uint16_t identifier, std::uint16_t sequence,
        std::chrono::microseconds pause)
      : thread_([=](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            for (int i = 0; i < 10; ++i)
              net::testing::forge_unreachable(network.own, network.own, network.neighbour, identifier,
                                              sequence);
            std::this_thread::sleep_for(pause);
          }
        }) {}

 private:
  std::jthread thread_;
};

// Sends `count` probes to `to`, from number 1 on, as a prober would: reads after each batch, and tries again what was not decided.
struct Sent {
  std::size_t taken = 0, refused = 0, answered = 0, errors = 0;
  int last_errno = 0;
};
Sent send_many(Transport& transport, const Address& to, std::size_t count) {
  Sent sent;
  ReceiveBatch batch;
  const auto receive = [&] {
    for (bool more = true; more;) {
      batch.clear();
      more = transport.receive(batch);
      for (const Arrival& arrival : batch.arrivals)
        ++(arrival.message.kind == wire::IcmpKind::echo_reply ? sent.answered : sent.errors);
    }
  };
  std::vector<std::array<std::byte, 64>> messages(Transport::batch_size);
  const auto deadline = std::chrono::steady_clock::now() + 15s;
  for (std::uint32_t next = 1; next <= count && std::chrono::steady_clock::now() < deadline;) {
    std::vector<Departure> departures(std::min<std::size_t>(Transport::batch_size, count + 1 - next));
    for (std::size_t i = 0; i < departures.size(); ++i) {
      departures[i].to = net::SocketAddress::from(to);
      departures[i].number = next + static_cast<std::uint32_t>(i);
      departures[i].message = messages[i];
    }
    const std::size_t decided = transport.send(departures);
    for (const Departure& departure : std::span(departures).first(decided)) {
      ++(departure.system_errno == 0 ? sent.taken : sent.refused);
      if (departure.system_errno != 0) sent.last_errno = departure.system_errno;
    }
    next += static_cast<std::uint32_t>(decided);
    receive();
  }
  receive();
  return sent;
}

class ErrorFlood : public ::testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(, ErrorFlood, ::testing::ValuesIn(every_way()), way_name);

TEST_P(ErrorFlood, NoProbeIsRefusedForIt) {
  in_network_namespace([way = GetParam()] {
    const Network network = make_network(way.family);
    SocketUnderTest socket(way);
    ASSERT_EQ(socket.send(network.neighbour).system_errno, 0);  // number 0
    const Flood flood(network, socket.identifier(), 0, 0us);
    constexpr std::size_t probes = 32'768;
    const Sent sent = send_many(socket.transport(), network.loopback, probes);
    EXPECT_EQ(sent.refused, 0u) << "by errno " << sent.last_errno;
    EXPECT_EQ(sent.taken, probes);
    // The flood fills the receive buffer when this process has to wait for a processor; the kernel counts that.
    EXPECT_GE(sent.answered + socket.transport().receive_drops(), probes);
    if (!way.is_raw()) {
      EXPECT_GT(sent.errors, 100u) << "there was no flood";
    }
  });
}

TEST_P(ErrorFlood, WhatThisHostRefusesIsToldMeanwhile) {
  in_network_namespace([way = GetParam()] {
    const Network network = make_network(way.family);
    SocketUnderTest socket(way);
    ASSERT_EQ(socket.send(network.neighbour).system_errno, 0);
    const Flood flood(network, socket.identifier(), 0, 0us);
    // The errno of the flood's errors, and another one.
    const Sent same = send_many(socket.transport(), network.refused, 200);
    EXPECT_EQ(same.refused, 200u);
    EXPECT_EQ(same.last_errno, EHOSTUNREACH);
    const Sent other = send_many(socket.transport(), network.no_route, 200);
    EXPECT_EQ(other.refused, 200u);
    EXPECT_EQ(other.last_errno, ENETUNREACH);
  });
}

TEST_P(ErrorFlood, AnErrorThatFindsNoRoomInTheReceiveBufferRefusesNobody) {
  in_network_namespace([way = GetParam()] {
    const Network network = make_network(way.family);
    TransportOptions options;
    options.receive_buffer_bytes = 4096;
    SocketUnderTest socket(way, options);
    // Answers that nobody reads fill the buffer: loopback answers within the call.
    const Departure doomed = socket.send(network.neighbour);
    for (int i = 0; i < 20; ++i) ASSERT_EQ(socket.send(network.loopback).system_errno, 0);
    const Flood flood(network, socket.identifier(), static_cast<std::uint16_t>(doomed.number), 0us);
    std::array<std::byte, 64> message{};
    for (std::uint32_t number = 100; number < 2100; ++number) {
      Departure departure;
      departure.to = net::SocketAddress::from(network.loopback);
      departure.number = number;
      departure.message = message;
      if (socket.transport().send(std::span(&departure, 1)) == 1) {
        ASSERT_EQ(departure.system_errno, 0) << number;
      } else {
        socket.receive_waiting();
        socket.answers.clear();
      }
    }
  });
}

}  // namespace
}  // namespace sonde::transport::testing
