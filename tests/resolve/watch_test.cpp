// watch_test.cpp: names looked up again by their TTL, with a clock that the test moves.
#include <gtest/gtest.h>

#include "resolve/dns_server.hpp"

namespace sonde::resolve {
namespace {

using test::DnsAnswer;
using test::DnsServer;
using test::RecordType;
using test::run_until;
using test::text_of;

class MovedClock : public Clock {
 public:
  MonotonicTime monotonic() const override { return time_; }
  UnixTime unix_time() const override { return {}; }
  void advance(Nanoseconds duration) { time_ += duration; }

 private:
  MonotonicTime time_{std::chrono::hours(1)};
};

class WatchTest : public testing::Test {
 protected:
  WatchTest() {
    options.clock = &clock;
    resolver.emplace(Resolver::open(options).value());
  }

  WatchId watch(const std::string& name, FamilyFilter filter = FamilyFilter::ipv4) {
    return resolver->watch(name, filter, [this](const auto& answer) { told.push_back(text_of(answer)); });
  }
  // Lets all that is due at this time happen.
  void settle() {
    resolver->process();
    ASSERT_TRUE(run_until(*resolver, [&] { return resolver->idle(); }));
  }
  void settle_after(Nanoseconds duration) {
    clock.advance(duration);
    settle();
  }
  int queries_during(Nanoseconds duration) {
    const int before = server.queries();
    settle_after(duration);
    return server.queries() - before;
  }

  DnsServer server;
  MovedClock clock;
  ResolverOptions options = test::options_for(server);
  std::optional<Resolver> resolver;
  std::vector<std::string> told;
};

using namespace std::chrono_literals;
using Told = std::vector<std::string>;

TEST_F(WatchTest, TellsAnotherAddressWhenTheTtlHasPassed) {
  server.set("host.example", {{RecordType::a, "192.0.2.1", 30}});
  watch("host.example");
  settle();
  EXPECT_EQ(told, Told{"192.0.2.1"});
  server.set("host.example", {{RecordType::a, "192.0.2.2", 30}});
  EXPECT_EQ(queries_during(29s), 0);
  EXPECT_EQ(queries_during(2s), 1);
  EXPECT_EQ(told, (Told{"192.0.2.1", "192.0.2.2"}));
}

TEST_F(WatchTest, AnUnchangedAnswerIsNotTold) {
  server.set("host.example", {{RecordType::a, "192.0.2.1", 10}});
  watch("host.example");
  settle();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(queries_during(10s), 1);
  EXPECT_EQ(told.size(), 1u);
}

TEST_F(WatchTest, RotatedAddressesAreNoChange) {
  server.set("host.example", {{RecordType::a, "192.0.2.1", 10}, {RecordType::a, "192.0.2.2", 10}});
  watch("host.example");
  settle();
  ASSERT_EQ(told.size(), 1u);
  server.set("host.example", {{RecordType::a, "192.0.2.2", 10}, {RecordType::a, "192.0.2.1", 10}});
  settle_after(10s);
  EXPECT_EQ(told.size(), 1u);
}

TEST_F(WatchTest, TheFirstAddressStaysFirstWhileItIsThere) {
  server.set("host.example", {{RecordType::a, "192.0.2.5", 10}});
  watch("host.example");
  settle();
  server.set(
      "host.example",
      {{RecordType::a, "192.0.2.1", 10}, {RecordType::a, "192.0.2.5", 10}, {RecordType::a, "192.0.2.9", 10}});
  settle_after(10s);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_TRUE(told[1].starts_with("192.0.2.5 ")) << told[1];
}

TEST_F(WatchTest, AShortTtlIsRaisedToTheMinimum) {
  server.set("host.example", {{RecordType::a, "192.0.2.1", 0}});
  watch("host.example");
  settle();
  EXPECT_EQ(queries_during(4s), 0);
  EXPECT_EQ(queries_during(1s), 1);
}

TEST_F(WatchTest, TheLastGoodAddressStandsWhenALookUpFails) {
  server.set("host.example", {{RecordType::a, "192.0.2.1", 10}});
  watch("host.example");
  settle();
  server.fail("host.example", DnsAnswer::servfail);
  settle_after(10s);
  server.forget("host.example");
  settle_after(5s);
  EXPECT_EQ(told, Told{"192.0.2.1"});
  server.set("host.example", {{RecordType::a, "192.0.2.1", 10}});
  settle_after(10s);
  EXPECT_EQ(told, Told{"192.0.2.1"}) << "the same address again is no change";
  server.set("host.example", {{RecordType::a, "192.0.2.3", 10}});
  settle_after(10s);
  EXPECT_EQ(told, (Told{"192.0.2.1", "192.0.2.3"}));
}

TEST_F(WatchTest, ANameThatFailsAtFirstIsToldOnceAndTriedAgainLessAndLess) {
  watch("later.example");
  settle();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(queries_during(5s), 1);
  EXPECT_EQ(queries_during(9s), 0);
  EXPECT_EQ(queries_during(1s), 1);
  EXPECT_EQ(told.size(), 1u);
  server.set("later.example", {{RecordType::a, "192.0.2.1", 10}});
  settle_after(20s);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1], "192.0.2.1");
}

TEST_F(WatchTest, RetriesNeverTakeLongerThanTheMaximum) {
  watch("never.example");
  settle();
  for (int i = 0; i < 10; ++i) settle_after(options.maximum_retry);
  EXPECT_EQ(queries_during(options.maximum_retry), 1);
}

TEST_F(WatchTest, UnwatchedNamesAreNeitherAskedForNorTold) {
  server.set("host.example", {{RecordType::a, "192.0.2.1", 10}});
  const WatchId early = watch("host.example");
  resolver->unwatch(early);
  settle();
  EXPECT_TRUE(told.empty());
  const WatchId later = watch("host.example");
  settle();
  EXPECT_EQ(told.size(), 1u);
  resolver->unwatch(later);
  EXPECT_EQ(queries_during(60s), 0);
  EXPECT_EQ(resolver->next_deadline(), std::nullopt);
}

TEST_F(WatchTest, AWatchMayEndItself) {
  server.set("host.example", {{RecordType::a, "192.0.2.1", 10}});
  WatchId id{};
  int calls = 0;
  id = resolver->watch("host.example", FamilyFilter::ipv4, [&](const auto&) {
    resolver->unwatch(id);
    ++calls;
  });
  settle();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(queries_during(60s), 0);
}

TEST_F(WatchTest, NumericNamesAreToldOnceAndNeverAgain) {
  watch("192.0.2.1");
  settle();
  EXPECT_EQ(told, Told{"192.0.2.1"});
  EXPECT_EQ(resolver->next_deadline(), std::nullopt);
}

}  // namespace
}  // namespace sonde::resolve
