// ask_test.cpp: single questions without a target, and all that an error says about them: a router of the kernel's tells.
#include <gtest/gtest.h>

#include <map>
#include <semaphore>
#include <string>
#include <vector>

#include "loopback.hpp"
#include "net/network_namespace.hpp"
#include "wire/bytes.hpp"

namespace sonde::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// v0 (192.0.2.1, 2001:db8:1::1), and behind it a router (.2, ::2) in a namespace of its own, which forwards
// 198.51.100.0/24 and 2001:db8:9::/64 to nobody. It ends with its object.
class Router {
 public:
  Router() {
    working_ = net::testing::run(
        "unshare -n sleep 60 & p=$!; echo $p > /tmp/sonde-router.$PPID; "
        "while [ \"$(readlink /proc/$p/ns/net)\" = \"$(readlink /proc/self/ns/net)\" ]; do sleep 0.01; done; "
        "ip link add v0 type veth peer name v1 netns $p && ip link set v0 up && "
        "ip address add 192.0.2.1/24 dev v0 && ip address add 2001:db8:1::1/64 dev v0 nodad && "
        "nsenter -t $p -n sh -c 'sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 "
        "net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 && ip link set v1 up && "
        "ip address add 192.0.2.2/24 dev v1 && ip address add 2001:db8:1::2/64 dev v1 nodad && "
        "ip link set lo up && ip route add 198.51.100.0/24 dev lo && "
        "ip route add 2001:db8:9::/64 dev v1' && "
        "ip route add 198.51.100.0/24 via 192.0.2.2 && ip route add 2001:db8:9::/64 via 2001:db8:1::2");
    // Neighbours are found before anybody measures.
    working_ = working_ && net::testing::run(
                               "ping -qc1 -W5 192.0.2.2 >/dev/null; "
                               "ping -qc1 -W5 2001:db8:1::2 >/dev/null");
  }
  ~Router() { net::testing::run("f=/tmp/sonde-router.$PPID; kill $(cat $f); rm $f"); }
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  bool working() const { return working_; }

 private:
  bool working_ = false;
};

struct Way {
  TransportKind kind;
  Family family;
};

class QuestionsOfEachWay : public ::testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(
    , QuestionsOfEachWay,
    ::testing::Values(Way{TransportKind::icmp_datagram, Family::ipv4},
                      Way{TransportKind::icmp_datagram, Family::ipv6},
                      Way{TransportKind::icmp_raw, Family::ipv4}, Way{TransportKind::icmp_raw, Family::ipv6},
                      Way{TransportKind::udp, Family::ipv4}, Way{TransportKind::udp, Family::ipv6},
                      Way{TransportKind::tcp, Family::ipv4}, Way{TransportKind::tcp, Family::ipv6}),
    [](const auto& instance) {
      return std::string(to_string(instance.param.kind)) + std::string(to_string(instance.param.family));
    });

void expect_quote(const Event& event, const Way& way) {
  constexpr std::uint8_t echo_request = 8, echo_request6 = 128;
  constexpr std::uint16_t https = 443;
  EXPECT_FALSE(event.extensions_begin);
  if (way.kind == TransportKind::udp) {
    EXPECT_EQ(event.quote.size(), 56u) << "all behind the header";
    EXPECT_FALSE(event.quoted_checksum);
    return;
  }
  ASSERT_GE(event.quote.size(), 20u);
  ASSERT_TRUE(event.quoted_checksum);
  if (way.kind == TransportKind::tcp) {
    EXPECT_EQ(wire::load_be16(event.quote, 2), https);
    EXPECT_EQ(event.quoted_checksum, wire::load_be16(event.quote, 16));
    return;
  }
  EXPECT_EQ(event.quote.size(), 64u);
  EXPECT_EQ(wire::load_u8(event.quote, 0), way.family == Family::ipv4 ? echo_request : echo_request6);
  EXPECT_EQ(event.quoted_checksum, wire::load_be16(event.quote, 2));
  EXPECT_NE(event.quoted_checksum, 0);
}

TEST_P(QuestionsOfEachWay, AreToldAllThatARouterSays) {
  net::testing::in_network_namespace([way = GetParam()] {
    const Router router;
    if (!router.working()) return;
    std::vector<Event> events;
    Session session = opened({.transport = way.kind}, [&](const Event& event) { events.push_back(event); });
    const bool ipv4 = way.family == Family::ipv4;
    ProbeOptions options{.timeout = seconds(5)};
    options.network.ttl = 1;
    constexpr std::uint64_t tag = 0xfedcba9876543210;
    const auto asked =
        session.ask(Address::parse(ipv4 ? "198.51.100.1" : "2001:db8:9::1").value(), options, tag);
    ASSERT_TRUE(asked) << asked.error().message();
    EXPECT_FALSE(session.done());
    ASSERT_TRUE(session.run_until(Clock::system().monotonic() + seconds(10)));
    ASSERT_EQ(events.size(), 1u);
    const Event& event = events.front();
    EXPECT_EQ(event.kind, EventKind::error);
    EXPECT_EQ(event.reason, ErrorReason::ttl_exceeded);
    EXPECT_EQ(event.tag, tag);
    EXPECT_FALSE(event.has_target);
    EXPECT_EQ(event.from, Address::parse(ipv4 ? "192.0.2.2" : "2001:db8:1::2").value());
    EXPECT_EQ(event.icmp_type, ipv4 ? 11 : 3);
    EXPECT_EQ(event.icmp_code, 0);
    EXPECT_EQ(event.ttl, 64);
    EXPECT_EQ(event.tos, ipv4 ? 0xc0 : 0) << "Linux sends errors with precedence 6";
    expect_quote(event, way);
    EXPECT_EQ(session.totals().probes, 1u);
    EXPECT_EQ(session.merged_figures().sent, 0u);
  });
}

class Questions : public Loopback {};

TEST_F(Questions, AreAnsweredBesideTargetsEachByItsTag) {
  std::map<std::uint64_t, EventKind> answers;
  std::uint64_t of_target = 0;
  Session session = opened({}, [&](const Event& event) {
    if (!event.tag) return void(++of_target);
    EXPECT_FALSE(event.has_target);
    EXPECT_TRUE(answers.emplace(*event.tag, event.kind).second) << "one verdict";
  });
  const TargetId target = session.add(loopback(), every(milliseconds(1), 20)).value();
  for (std::uint64_t tag = 0; tag < 500; ++tag) {
    ASSERT_TRUE(session.ask(Address::ipv4(0x7f000001 + static_cast<std::uint32_t>(tag)),
                            {.timeout = seconds(10)}, tag));
  }
  ASSERT_TRUE(session.run_until(Clock::system().monotonic() + seconds(20)));
  EXPECT_EQ(answers.size(), 500u);
  for (const auto& [tag, kind] : answers) EXPECT_EQ(kind, EventKind::reply) << tag;
  EXPECT_EQ(of_target, 20u);
  EXPECT_EQ(session.figures(target)->sent, 20u);
  EXPECT_EQ(session.merged_figures().sent, 20u);
}

TEST_F(Questions, AreRefusedWhereNobodyWouldHearTheAnswer) {
  const auto code_of = [](Session& session, const ProbeOptions& options = {}) {
    const auto asked = session.ask(loopback(), options, 1);
    return asked ? std::nullopt : std::optional(asked.error().code);
  };
  Session silent = opened({.events = false});
  EXPECT_EQ(code_of(silent), ErrorCode::invalid_argument);
  Session stopped = opened();
  EXPECT_EQ(code_of(stopped, {.timeout = Nanoseconds::zero()}), ErrorCode::invalid_argument);
  ASSERT_TRUE(stopped.stop_sending());
  EXPECT_EQ(code_of(stopped), ErrorCode::invalid_argument);
}

TEST_F(Questions, MayComeFromAnyThreadOnceItRuns) {
  std::counting_semaphore<> answered(0);
  Session session = opened({.threads = 2}, [&](const Event& event) {
    if (event.tag == 7) answered.release();
  });
  ASSERT_TRUE(session.start());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(session.ask(loopback(), {.timeout = seconds(10)}, 7));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(answered.try_acquire_for(seconds(10))) << i;
  ASSERT_TRUE(session.stop());
}

}  // namespace
}  // namespace sonde::test
