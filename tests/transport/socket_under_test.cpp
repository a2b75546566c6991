// socket_under_test.cpp: sending, receiving, and the proof that a stamp is where it belongs.
#include "transport/socket_under_test.hpp"

#include <poll.h>

#include <algorithm>

#include "net/timestamping.hpp"
#include "transport/icmp_socket.hpp"

namespace sonde::transport::testing {

std::vector<Way> every_kind() {
  std::vector<Way> ways;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    for (const TransportKind kind : {TransportKind::icmp_datagram, TransportKind::icmp_raw})
      ways.push_back({family, kind});
  }
  return ways;
}

std::vector<Way> every_way() {
  std::vector<Way> ways;
  for (Way way : every_kind()) {
    for (const bool own_numbers : {true, false}) {
      way.own_numbers = own_numbers;
      ways.push_back(way);
    }
  }
  return ways;
}

std::string way_name(const ::testing::TestParamInfo<Way>& instance) {
  const Way& way = instance.param;
  return std::string(to_string(way.family)) + (way.is_raw() ? "Raw" : "Datagram") +
         (way.own_numbers ? "" : "NumberedByTheKernel");
}

SocketUnderTest::SocketUnderTest(const Way& way, TransportOptions options) {
  options.kind = way.kind;
  options.own_send_numbers = way.own_numbers;
  if (options.identifier == 0) options.identifier = 0x5bde;
  auto descriptor = IcmpSocket::open_descriptor(way.family, way.kind);
  EXPECT_TRUE(descriptor) << descriptor.error().message();
  auto socket = IcmpSocket::configure(std::move(*descriptor), way.family, way.kind, options);
  EXPECT_TRUE(socket) << socket.error().message();
  transport_ = std::move(*socket);
  // The kernel switches receive stamps on a moment after it was asked to.
  if (transport_->clock() != RttClock::user) {
    EXPECT_TRUE(net::await_receive_stamps(std::chrono::seconds(1)));
  }
}

std::vector<Departure> SocketUnderTest::send(const std::vector<Probe>& probes) {
  std::vector<std::vector<std::byte>> messages;
  std::vector<Departure> departures;
  for (const Probe& probe : probes) {
    messages.emplace_back(wire::echo_header_bytes + probe.payload_bytes);
    Departure& departure = departures.emplace_back();
    departure.to = net::SocketAddress::from(probe.to);
    departure.number = next_number++;
    departure.stamp = probe.stamp;
    departure.message = messages.back();
  }
  EXPECT_EQ(transport_->send(departures), departures.size());
  for (Departure& departure : departures) departure.message = {};
  return departures;
}

Departure SocketUnderTest::send(const Address& to, std::size_t payload_bytes, bool stamp) {
  return send(std::vector<Probe>{{to, payload_bytes, stamp}}).front();
}

void SocketUnderTest::receive_waiting() {
  ReceiveBatch batch;
  bool more = true;
  while (more) {
    batch.clear();
    more = transport_->receive(batch);
    for (const SendStamp& stamp : batch.stamps) {
      EXPECT_TRUE(stamps.emplace(stamp.number, stamp.at).second) << "a second stamp of " << stamp.number;
    }
    for (const Arrival& arrival : batch.arrivals) {
      Answer& answer = answers.emplace_back();
      answer.arrival = arrival;
      answer.payload.assign(arrival.message.payload.begin(), arrival.message.payload.end());
      if (arrival.message.quoted) answer.quoted_sequence = arrival.message.quoted->sequence;
    }
  }
}

bool SocketUnderTest::receive_until(const std::function<bool()>& enough, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    receive_waiting();
    if (enough()) return true;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd waiting{transport_->fd(), POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(left));
  }
}

bool SocketUnderTest::receive_answer_to(std::uint32_t number) {
  return receive_until([&] { return answer_to(number) != nullptr; });
}

bool SocketUnderTest::receive_answers_to(const std::vector<std::uint32_t>& numbers) {
  return std::ranges::all_of(numbers, [this](std::uint32_t number) { return receive_answer_to(number); });
}

const Answer* SocketUnderTest::answer_to(std::uint32_t number) const {
  const auto found = std::ranges::find_if(answers, [number](const Answer& answer) {
    return answer.kind() == wire::IcmpKind::echo_reply &&
           answer.sequence() == static_cast<std::uint16_t>(number);
  });
  return found == answers.end() ? nullptr : &*found;
}

const Answer* SocketUnderTest::error_about(std::uint32_t number) const {
  const auto found = std::ranges::find_if(answers, [number](const Answer& answer) {
    return answer.kind() == wire::IcmpKind::error &&
           answer.quoted_sequence == static_cast<std::uint16_t>(number);
  });
  return found == answers.end() ? nullptr : &*found;
}

void expect_own_stamp(const SocketUnderTest& socket, const Departure& departure) {
  const auto stamp = socket.stamps.find(departure.number);
  ASSERT_NE(stamp, socket.stamps.end()) << "probe " << departure.number << " has no stamp";
  const Answer* answer = socket.answer_to(departure.number);
  ASSERT_NE(answer, nullptr);
  ASSERT_TRUE(answer->arrival.stamp);
  EXPECT_GE(*answer->arrival.stamp, stamp->second) << departure.number;
  // How the clocks differ is known as exactly as two reads of them lie together.
  const Clock& clock = Clock::system();
  const MonotonicTime before = clock.monotonic();
  const UnixTime unix_now = clock.unix_time();
  const Nanoseconds uncertain = clock.monotonic() - before;
  const UnixTime call_began = unix_now - (before - departure.call_began);
  EXPECT_GE(stamp->second + uncertain + std::chrono::microseconds(5), call_began) << departure.number;
}

void expect_all_stamps_right(const SocketUnderTest& socket, const std::vector<Departure>& departures) {
  for (const Departure& departure : departures) {
    if (departure.system_errno == 0 && socket.answer_to(departure.number) != nullptr) {
      expect_own_stamp(socket, departure);
    }
    if (departure.system_errno != 0) {
      EXPECT_FALSE(socket.stamps.contains(departure.number)) << departure.number << " was refused";
    }
  }
}

Network make_network(Family family) {
  run("ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up");
  // The carrier comes a moment later, and when it does, the addresses are set up anew.
  run("for i in $(seq 200); do ip -o link show dev v0 | grep -q 'state UP' && exit 0; done; exit 1");
  if (family == Family::ipv4) {
    run("ip addr add 192.0.2.1/24 dev v0; ip route add unreachable 198.51.100.0/24");
    run("ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev v0");
    return {Address::loopback(family), address("192.0.2.1"), address("192.0.2.2"), address("198.51.100.1"),
            address("203.0.113.1")};
  }
  run("ip addr add 2001:db8:1::1/64 dev v0 nodad; ip -6 route add unreachable 2001:db8:2::/64");
  net::testing::await_address("2001:db8:1::1");
  run("ip neigh add 2001:db8:1::2 lladdr 02:00:00:00:00:02 dev v0");
  return {Address::loopback(family), address("2001:db8:1::1"), address("2001:db8:1::2"),
          address("2001:db8:2::1"), address("2001:db8:3::1")};
}

}  // namespace sonde::transport::testing
