// options_test.cpp: what has no meaning is refused with an error that says what it was.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "loopback.hpp"

namespace sonde::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

void expect_refused(const SessionOptions& options, const std::string& word) {
  const auto session = Session::open(options);
  ASSERT_FALSE(session) << word;
  EXPECT_EQ(session.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(session.error().message().find(word), std::string::npos) << session.error().message();
}

void expect_refused(const TargetOptions& options, const std::string& word,
                    SessionOptions session_options = {}) {
  Session session = opened(std::move(session_options));
  const auto added = session.add(loopback(), options);
  ASSERT_FALSE(added) << word;
  EXPECT_EQ(added.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(added.error().message().find(word), std::string::npos) << added.error().message();
  EXPECT_TRUE(session.done()) << "a target that was refused is not there";
}

TargetOptions by(const SocketOptions& sockets) {
  TargetOptions options;
  static_cast<SocketOptions&>(options.network) = sockets;
  return options;
}

TargetOptions carrying(const PacketOptions& packet) {
  TargetOptions options;
  static_cast<PacketOptions&>(options.network) = packet;
  return options;
}

TEST(SessionOptionsCheck, RefusesWhatHasNoMeaning) {
  expect_refused(SessionOptions{.threads = 0}, "threads");
  expect_refused(SessionOptions{.threads = 257}, "257");
  expect_refused(SessionOptions{.max_rate = -1}, "max_rate");
  expect_refused(SessionOptions{.max_rate = std::nan("")}, "max_rate");
  expect_refused(SessionOptions{.max_rate = std::numeric_limits<double>::infinity()}, "max_rate");
  expect_refused(SessionOptions{.stamp_every = 0}, "stamp_every");
  expect_refused(SessionOptions{.spread = -seconds(1)}, "spread");
  expect_refused(SessionOptions{.spread = Nanoseconds::max()}, "spread");
  expect_refused(SessionOptions{.receive_buffer_bytes = -1}, "receive_buffer_bytes");
}

TEST(TargetOptionsCheck, RefusesWhatHasNoMeaning) {
  expect_refused(TargetOptions{.timeout = {}}, "timeout");
  expect_refused(TargetOptions{.timeout = -seconds(1)}, "timeout");
  expect_refused(TargetOptions{.timeout = Nanoseconds::max()}, "timeout");
  expect_refused(TargetOptions{.phase = -milliseconds(1)}, "phase");
  expect_refused(TargetOptions{.phase = Nanoseconds::max()}, "phase");
  expect_refused(TargetOptions{.payload_bytes = 65'508}, "65508");
  expect_refused(by({.source = Address::loopback(Family::ipv6)}), "family");
}

TEST(TargetOptionsCheck, RefusesMessagesThatTheFamilyDoesNotKnow) {
  expect_refused(by({.message = ProbeMessage::node_information}), "IPv6");
  Session session = opened();
  const auto v6 = session.add(Address::loopback(Family::ipv6), by({.message = ProbeMessage::timestamp}));
  ASSERT_FALSE(v6);
  EXPECT_EQ(v6.error().code, ErrorCode::invalid_argument);
  for (const NodeQuery& query :
       {NodeQuery{.subject_type = 3}, NodeQuery{.subject = std::vector<std::byte>(1025)}}) {
    TargetOptions asking = by({.message = ProbeMessage::node_information});
    asking.node_query = query;
    const auto added = session.add(Address::loopback(Family::ipv6), asking);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, ErrorCode::invalid_argument);
  }
}

TEST(TargetOptionsCheck, RefusesSchedulesWithoutMeaning) {
  expect_refused(TargetOptions{.schedule = FixedInterval{-seconds(1)}}, "interval");
  expect_refused(TargetOptions{.schedule = FixedInterval{Nanoseconds::max()}}, "interval");
  expect_refused(TargetOptions{.schedule = OnAnswer{.preload = 0}}, "preload");
  expect_refused(TargetOptions{.schedule = OnAnswer{.min_interval = -seconds(1)}}, "min_interval");
  expect_refused(TargetOptions{.schedule = OnAnswer{.flood_interval = -seconds(1)}}, "flood_interval");
  expect_refused(TargetOptions{.schedule = UntilAnswered{.backoff = 0.99}}, "backoff");
  expect_refused(TargetOptions{.schedule = UntilAnswered{.backoff = 5.01}}, "backoff");
  expect_refused(TargetOptions{.schedule = UntilAnswered{.backoff = std::nan("")}}, "backoff");
  expect_refused(TargetOptions{.schedule = SynchronousRounds{-seconds(1)}}, "interval");
  expect_refused(TargetOptions{.schedule = SynchronousRounds{}}, "rounds", SessionOptions{.threads = 2});
}

class SocketsRefused : public Loopback {};

TEST_F(SocketsRefused, AreRefusedByNameWhenTheSystemHasNoSuchThing) {
  const auto code_of = [](const TargetOptions& options) {
    const auto added = opened().add(loopback(), options);
    EXPECT_FALSE(added);
    if (added) return ErrorCode::system;
    EXPECT_FALSE(added.error().message().empty());
    return added.error().code;
  };
  EXPECT_EQ(code_of(carrying({.ttl = 0})), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(carrying({.flow_label = 5})), ErrorCode::invalid_argument) << "IPv4 has none";
  EXPECT_EQ(code_of(by({.source = Address::parse("192.0.2.55").value()})), ErrorCode::unavailable);
  EXPECT_EQ(code_of(by({.interface = "no-such-device"})), ErrorCode::not_found);
}

TEST_F(SocketsRefused, ARefusedTargetLeavesTheSessionAsItWas) {
  Session session = opened();
  ASSERT_FALSE(session.add(loopback(), by({.interface = "no-such-device"})));
  const auto target = session.add(loopback(), every(milliseconds(1), 2));
  ASSERT_TRUE(target);
  ASSERT_TRUE(session.run_until(Clock::system().monotonic() + seconds(20)));
  EXPECT_EQ(session.figures(*target)->received, 2u);
}

TEST_F(SocketsRefused, AChangeIsCheckedLikeATarget) {
  Session session = opened();
  const TargetId target = session.add(loopback(), every(milliseconds(1), 2)).value();
  const auto code_of = [&](const TargetChange& change) {
    const auto changed = session.change(target, change);
    return changed ? std::nullopt : std::optional(changed.error().code);
  };
  EXPECT_EQ(code_of({.interval = -seconds(1)}), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of({.timeout = Nanoseconds::zero()}), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of({.packet = PacketOptions{.ttl = 0}}), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of({.interval = milliseconds(2), .packet = PacketOptions{.ttl = 9}}), std::nullopt);
  ASSERT_TRUE(session.run_until(Clock::system().monotonic() + seconds(20)));
  EXPECT_EQ(session.remove(target)->received, 2u);
  EXPECT_EQ(code_of({.interval = seconds(1)}), ErrorCode::not_found);
}

TEST(SessionState, OneWayOfRunningExcludesTheOther) {
  Session called = opened();
  ASSERT_TRUE(called.process());
  EXPECT_FALSE(called.start());

  Session threaded = opened();
  ASSERT_TRUE(threaded.start());
  EXPECT_FALSE(threaded.start());
  EXPECT_FALSE(threaded.process());
  EXPECT_FALSE(threaded.run_until(std::nullopt));
  EXPECT_EQ(threaded.fd(), -1);
  EXPECT_FALSE(threaded.next_deadline());

  Session several = opened({.threads = 2});
  EXPECT_FALSE(several.process());
  EXPECT_FALSE(several.run_until(std::nullopt));

  Session stopped = opened();
  ASSERT_TRUE(stopped.stop());
  EXPECT_FALSE(stopped.start());
}

TEST(SessionState, AnUnknownTargetIsNotFound) {
  Session session = opened({.threads = 3});
  for (const std::uint64_t id :
       {std::uint64_t{0}, std::uint64_t{1} << 40, ~std::uint64_t{0}, std::uint64_t{77} << 32}) {
    EXPECT_EQ(session.figures(TargetId{id}).error().code, ErrorCode::not_found);
    EXPECT_EQ(session.percentile(TargetId{id}, 50).error().code, ErrorCode::not_found);
    EXPECT_EQ(session.histogram(TargetId{id}).error().code, ErrorCode::not_found);
    EXPECT_EQ(session.remove(TargetId{id}).error().code, ErrorCode::not_found);
  }
}

TEST(SessionState, AGraceWithoutMeaningIsRefusedAndStopsNothing) {
  Session session = opened();
  EXPECT_FALSE(session.stop(-seconds(1)));
  EXPECT_FALSE(session.stop(Nanoseconds::max()));
  EXPECT_TRUE(session.stop());
}

}  // namespace
}  // namespace sonde::test
