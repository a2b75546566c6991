// reverse_test.cpp: names of addresses, from DNS, the hosts file and the cache.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolve/dns_server.hpp"
#include "resolve/scratch_file.hpp"

namespace sonde::resolve {
namespace {

using test::DnsServer;
using test::RecordType;
using test::run_until;
using testing::HasSubstr;

const Address host = Address::ipv4(0xc0000201);  // 192.0.2.1

class ReverseTest : public testing::Test {
 protected:
  std::string name_of(Resolver& resolver, const Address& address) {
    std::optional<Result<std::string>> answer;
    resolver.reverse(address, [&](const auto& name) { answer = name; });
    if (!run_until(resolver, [&] { return answer.has_value(); })) return "no answer";
    return answer->has_value() ? **answer : answer->error().message();
  }

  DnsServer server;
  ResolverOptions options = test::options_for(server);
};

TEST_F(ReverseTest, BothFamiliesAreAskedByPtr) {
  server.set("1.2.0.192.in-addr.arpa", {{RecordType::ptr, "host.example"}});
  server.set("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
             {{RecordType::ptr, "six.example"}});
  auto resolver = Resolver::open(options).value();
  EXPECT_EQ(name_of(resolver, host), "host.example");
  EXPECT_EQ(name_of(resolver, *Address::parse("2001:db8::1")), "six.example");
}

TEST_F(ReverseTest, AnswersGoodAndBadAreKept) {
  server.set("1.2.0.192.in-addr.arpa", {{RecordType::ptr, "host.example"}});
  auto resolver = Resolver::open(options).value();
  EXPECT_EQ(resolver.cached_name(host), nullptr);
  EXPECT_EQ(name_of(resolver, host), "host.example");
  EXPECT_THAT(name_of(resolver, Address::ipv4(0xc0000202)), HasSubstr("NXDOMAIN"));
  const int before = server.queries();
  EXPECT_EQ(name_of(resolver, host), "host.example");
  EXPECT_THAT(name_of(resolver, Address::ipv4(0xc0000202)), HasSubstr("192.0.2.2"));
  EXPECT_EQ(server.queries(), before);
  ASSERT_NE(resolver.cached_name(host), nullptr);
  EXPECT_EQ(resolver.cached_name(host)->value(), "host.example");
}

TEST_F(ReverseTest, ManyAskersOfOneAddressAskOnce) {
  server.set("1.2.0.192.in-addr.arpa", {{RecordType::ptr, "host.example"}});
  auto resolver = Resolver::open(options).value();
  int answers = 0;
  for (int i = 0; i < 100; ++i) resolver.reverse(host, [&](const auto& name) { answers += name ? 1 : 0; });
  ASSERT_TRUE(run_until(resolver, [&] { return answers == 100; }));
  EXPECT_EQ(server.queries(), 1);
}

TEST_F(ReverseTest, TheHostsFileComesFirst) {
  const test::ScratchFile hosts("192.0.2.1 printer.example printer\n");
  options.hosts_file = hosts.path();
  auto resolver = Resolver::open(options).value();
  EXPECT_EQ(name_of(resolver, host), "printer.example");
  EXPECT_EQ(server.queries(), 0);
}

TEST_F(ReverseTest, NoMoreThanTheLimitAreUnderWayAndNamesGoFirst) {
  options.max_outstanding_reverse = 4;
  options.dns.query_timeout = std::chrono::seconds(20);
  for (unsigned i = 0; i < 20; ++i) server.be_silent(std::to_string(i) + ".2.0.192.in-addr.arpa");
  server.set("host.example", {{RecordType::a, "192.0.2.1"}});
  auto resolver = Resolver::open(options).value();
  for (unsigned i = 0; i < 20; ++i) resolver.reverse(Address::ipv4(0xc0000200 + i), [](const auto&) {});
  EXPECT_EQ(test::text_of(test::resolve_now(resolver, "host.example", FamilyFilter::ipv4)), "192.0.2.1");
  EXPECT_TRUE(run_until(resolver, [&] { return server.queries() >= 5; }));
  EXPECT_FALSE(run_until(resolver, [&] { return server.queries() > 5; }, std::chrono::milliseconds(100)));
}

TEST_F(ReverseTest, TheCacheIsBounded) {
  options.max_cached_names = 10;
  auto resolver = Resolver::open(options).value();
  int answers = 0;
  for (unsigned i = 0; i < 200; ++i)
    resolver.reverse(Address::ipv4(0xc0000200 + i), [&](const auto&) { ++answers; });
  ASSERT_TRUE(run_until(resolver, [&] { return answers == 200; }));
  int cached = 0;
  for (unsigned i = 0; i < 200; ++i)
    cached += resolver.cached_name(Address::ipv4(0xc0000200 + i)) != nullptr ? 1 : 0;
  EXPECT_GT(cached, 0);
  EXPECT_LE(cached, 10);
}

TEST_F(ReverseTest, ControlCharactersInANameReachNoTerminal) {
  server.set("1.2.0.192.in-addr.arpa", {{RecordType::ptr, "\x1b[31mred\n.example"}});
  auto resolver = Resolver::open(options).value();
  for (const char letter : name_of(resolver, host)) EXPECT_GE(letter, ' ');
}

}  // namespace
}  // namespace sonde::resolve
