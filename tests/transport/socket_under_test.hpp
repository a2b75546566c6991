// socket_under_test.hpp: an ICMP socket of the library behind its Transport interface, on the real kernel.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/network_namespace.hpp"
#include "net/ping_socket.hpp"
#include "transport/transport.hpp"

namespace sonde::transport::testing {

using net::testing::address;
using net::testing::in_network_namespace;
using net::testing::run;
using net::testing::set_sysctl;

// What all tests of a socket are repeated for.
struct Way {
  Family family = Family::ipv4;
  TransportKind kind = TransportKind::icmp_datagram;
  bool own_numbers = true;  // false: as on kernels before 6.13

  bool is_ipv4() const { return family == Family::ipv4; }
  bool is_raw() const { return kind == TransportKind::icmp_raw; }
};
std::vector<Way> every_way();   // both kinds, both families, both numberings
std::vector<Way> every_kind();  // both kinds, both families
std::string way_name(const ::testing::TestParamInfo<Way>& instance);

// An arrival with what of it outlives the next receive().
struct Answer {
  Arrival arrival;  // its spans point nowhere any more
  std::vector<std::byte> payload;
  std::optional<std::uint16_t> quoted_sequence;

  wire::IcmpKind kind() const { return arrival.message.kind; }
  std::uint16_t sequence() const { return arrival.message.sequence; }
};

class SocketUnderTest {
 public:
  // Fails the test when the socket cannot be opened. `options` other than kind and numbering are taken as
  // they are.
  explicit SocketUnderTest(const Way& way, TransportOptions options = {});

  Transport& transport() { return *transport_; }
  std::uint16_t identifier() const { return transport_->identifier(); }

  struct Probe {
    Address to;
    std::size_t payload_bytes = 56;
    bool stamp = true;
  };
  // Sends one probe to each in one batch, numbered on from the last call. Everything must be decided at once.
  std::vector<Departure> send(const std::vector<Probe>& probes);
  Departure send(const Address& to, std::size_t payload_bytes = 56, bool stamp = true);

  // Receives until `enough` says so; false when `patience` passes before.
  bool receive_until(const std::function<bool()>& enough,
                     std::chrono::milliseconds patience = std::chrono::seconds(2));
  // Until the probe has an answer, and until all these have; false when one does not come.
  bool receive_answer_to(std::uint32_t number);
  bool receive_answers_to(const std::vector<std::uint32_t>& numbers);
  // What is there by now.
  void receive_waiting();

  const Answer* answer_to(std::uint32_t number) const;  // an echo reply
  const Answer* error_about(std::uint32_t number) const;

  std::vector<Answer> answers;
  std::map<std::uint32_t, UnixTime> stamps;  // by number; a second stamp under one number fails the test
  std::uint32_t next_number = 0;

 private:
  std::unique_ptr<Transport> transport_;
};

// The probe's stamp lies between its send call and its answer's stamp: it is credited to no other. Clocks are
// compared to within `slack`.
void expect_own_stamp(const SocketUnderTest& socket, const Departure& departure);
// Fails unless every answered probe has its own stamp, and every stamp belongs to a probe that was taken.
void expect_all_stamps_right(const SocketUnderTest& socket, const std::vector<Departure>& departures);

// v0 (192.0.2.1/24, 2001:db8:1::1/64) and its other end v1, which answers nobody; a resolved neighbour on it,
// an address behind a route that refuses, and one without a route.
struct Network {
  Address loopback, own, neighbour, refused, no_route;
};
Network make_network(Family family);

}  // namespace sonde::transport::testing
