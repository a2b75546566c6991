// resolver_test.cpp: names answered by the hosts file and DNS, failures told by name, many names at once.
#include "resolve/resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolve/dns_server.hpp"
#include "resolve/scratch_file.hpp"

namespace sonde::resolve {
namespace {

using test::DnsAnswer;
using test::DnsServer;
using test::RecordType;
using test::resolve_now;
using test::run_until;
using test::text_of;
using testing::HasSubstr;

class ResolverTest : public testing::Test {
 protected:
  Resolver& resolver() {
    if (!resolver_) resolver_.emplace(Resolver::open(options).value());
    return *resolver_;
  }

  DnsServer server;
  ResolverOptions options = test::options_for(server);

 private:
  std::optional<Resolver> resolver_;
};

TEST_F(ResolverTest, GivesAddressesOfBothFamiliesWithTheirTtl) {
  server.set("host.example", {{RecordType::a, "192.0.2.1", 120}, {RecordType::aaaa, "2001:db8::1", 60}});
  const auto answer = resolve_now(resolver(), "host.example");
  ASSERT_TRUE(answer) << text_of(answer);
  ASSERT_EQ(answer->addresses.size(), 2u);
  for (const auto& [address, ttl] : answer->addresses) {
    EXPECT_EQ(address.to_string(), address.is_ipv4() ? "192.0.2.1" : "2001:db8::1");
    EXPECT_EQ(ttl, std::chrono::seconds(address.is_ipv4() ? 120 : 60));
  }
  EXPECT_EQ(answer->ttl(), std::chrono::seconds(60));
}

TEST_F(ResolverTest, AsksOnlyForTheWantedFamily) {
  server.set("host.example", {{RecordType::a, "192.0.2.1"}, {RecordType::aaaa, "2001:db8::1"}});
  EXPECT_EQ(text_of(resolve_now(resolver(), "host.example", FamilyFilter::ipv4)), "192.0.2.1");
  EXPECT_EQ(server.queries(), 1);
  EXPECT_EQ(text_of(resolve_now(resolver(), "host.example", FamilyFilter::ipv6)), "2001:db8::1");
}

TEST_F(ResolverTest, FollowsAliasesAndTheirShorterTtl) {
  server.set(
      "www.example", RecordType::a,
      {.code = 0,
       .records = {{RecordType::cname, "host.example", 7}, {RecordType::a, "192.0.2.1", 500, "host.example"}},
       .silent = false});
  const auto answer = resolve_now(resolver(), "www.example", FamilyFilter::ipv4);
  EXPECT_EQ(text_of(answer), "192.0.2.1");
  EXPECT_EQ(answer->canonical_name, "host.example");
  EXPECT_EQ(answer->ttl(), std::chrono::seconds(7));
}

TEST_F(ResolverTest, UnknownNameIsNxdomain) {
  const auto answer = resolve_now(resolver(), "nobody.example");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::not_found);
  EXPECT_THAT(answer.error().message(), HasSubstr("NXDOMAIN"));
  EXPECT_THAT(answer.error().message(), HasSubstr("nobody.example"));
}

TEST_F(ResolverTest, NameWithoutTheFamilySaysSo) {
  server.set("four.example", {{RecordType::a, "192.0.2.1"}});
  const auto answer = resolve_now(resolver(), "four.example", FamilyFilter::ipv6);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::not_found);
  EXPECT_EQ(answer.error().message(), "name has no IPv6 address: four.example");
}

TEST_F(ResolverTest, ServerFailureIsServfail) {
  server.fail("broken.example", DnsAnswer::servfail);
  const auto answer = resolve_now(resolver(), "broken.example");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_THAT(answer.error().message(), HasSubstr("SERVFAIL"));
}

TEST_F(ResolverTest, RefusalIsTold) {
  server.fail("refused.example", DnsAnswer::refused);
  EXPECT_THAT(text_of(resolve_now(resolver(), "refused.example")), HasSubstr("REFUSED"));
}

TEST_F(ResolverTest, AFailingServerIsPassedOver) {
  DnsServer other;
  server.fail("host.example", DnsAnswer::servfail);
  other.set("host.example", {{RecordType::a, "192.0.2.1"}});
  options.dns.servers += "," + other.address();
  EXPECT_EQ(text_of(resolve_now(resolver(), "host.example", FamilyFilter::ipv4)), "192.0.2.1");
}

TEST_F(ResolverTest, SilenceIsATimeout) {
  server.be_silent("silent.example");
  const auto answer = resolve_now(resolver(), "silent.example");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_THAT(answer.error().message(), HasSubstr("timeout"));
}

TEST_F(ResolverTest, ImpossibleNamesAreErrors) {
  for (const std::string& name :
       {std::string(), std::string(64, 'a') + ".example", std::string("a..example"), std::string(300, 'a'),
        std::string("fe80::1%no-such-interface"), std::string("1::2::3")}) {
    EXPECT_FALSE(resolve_now(resolver(), name)) << name;
  }
}

TEST_F(ResolverTest, NumericNamesAskNobody) {
  EXPECT_EQ(text_of(resolve_now(resolver(), "192.0.2.7")), "192.0.2.7");
  EXPECT_EQ(text_of(resolve_now(resolver(), "2001:db8::7")), "2001:db8::7");
  EXPECT_FALSE(resolve_now(resolver(), "192.0.2.7", FamilyFilter::ipv6));
  EXPECT_EQ(server.queries(), 0);
}

TEST_F(ResolverTest, LocalhostAsksNobody) {
  EXPECT_EQ(text_of(resolve_now(resolver(), "localhost", FamilyFilter::ipv4)), "127.0.0.1");
  EXPECT_EQ(text_of(resolve_now(resolver(), "a.LOCALHOST.", FamilyFilter::ipv6)), "::1");
  EXPECT_EQ(server.queries(), 0);
}

TEST_F(ResolverTest, HostsFileComesBeforeDns) {
  const test::ScratchFile hosts("192.0.2.9 printer.example printer\n");
  options.hosts_file = hosts.path();
  server.set("printer.example", {{RecordType::a, "192.0.2.200"}, {RecordType::aaaa, "2001:db8::9"}});
  const auto answer = resolve_now(resolver(), "Printer");
  EXPECT_EQ(text_of(answer), "192.0.2.9");
  EXPECT_EQ(answer->canonical_name, "printer.example");
  EXPECT_EQ(server.queries(), 0);
  EXPECT_EQ(text_of(resolve_now(resolver(), "printer.example", FamilyFilter::ipv6)), "2001:db8::9")
      << "the family that the hosts file has not comes from DNS";
}

TEST_F(ResolverTest, AChangedHostsFileIsReadAgain) {
  const test::ScratchFile hosts("192.0.2.9 printer\n");
  options.hosts_file = hosts.path();
  EXPECT_EQ(text_of(resolve_now(resolver(), "printer")), "192.0.2.9");
  hosts.write("# moved\n192.0.2.10 printer\n");
  EXPECT_EQ(text_of(resolve_now(resolver(), "printer")), "192.0.2.10");
}

TEST_F(ResolverTest, ServersComeFromResolvConfAndAChangeIsSeen) {
  const test::ScratchFile resolv_conf("nameserver 127.0.0.1\n");
  options.dns.servers.clear();
  options.dns.port = server.port();
  options.dns.resolv_conf = resolv_conf.path();
  server.set("host.example", {{RecordType::a, "192.0.2.1"}});
  EXPECT_EQ(text_of(resolve_now(resolver(), "host.example", FamilyFilter::ipv4)), "192.0.2.1");
  DnsServer other("127.0.0.2", server.port());
  other.set("host.example", {{RecordType::a, "192.0.2.2"}});
  resolv_conf.write("# roamed\nnameserver 127.0.0.2\n");
  EXPECT_EQ(text_of(resolve_now(resolver(), "host.example", FamilyFilter::ipv4)), "192.0.2.2");
}

TEST_F(ResolverTest, SearchDomainsAreTried) {
  const test::ScratchFile resolv_conf("search lab.example\nnameserver 127.0.0.1\n");
  options.dns.servers.clear();
  options.dns.port = server.port();
  options.dns.search = true;
  options.dns.resolv_conf = resolv_conf.path();
  server.set("printer.lab.example", {{RecordType::a, "192.0.2.1"}});
  EXPECT_EQ(text_of(resolve_now(resolver(), "printer", FamilyFilter::ipv4)), "192.0.2.1");
}

TEST_F(ResolverTest, ADeadServerIsPassedOver) {
  {
    const DnsServer gone;
    options.dns.servers = gone.address() + "," + server.address();
  }
  server.set("host.example", {{RecordType::a, "192.0.2.1"}});
  EXPECT_EQ(text_of(resolve_now(resolver(), "host.example", FamilyFilter::ipv4)), "192.0.2.1");
}

TEST_F(ResolverTest, NoServerRunningIsAnError) {
  {
    const DnsServer gone;
    options.dns.servers = gone.address();
  }
  const auto answer = resolve_now(resolver(), "host.example");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
}

TEST_F(ResolverTest, SilentAndFailingNamesDelayNoOther) {
  options.dns.query_timeout = std::chrono::seconds(20);
  int silent_answers = 0, good = 0, bad = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string silent = "silent" + std::to_string(i) + ".example",
                      known = "host" + std::to_string(i) + ".example";
    server.be_silent(silent);
    server.set(known, {{RecordType::a, "192.0.2.1"}});
    resolver().resolve(silent, FamilyFilter::any, [&](const auto&) { ++silent_answers; });
    resolver().resolve("nobody" + std::to_string(i) + ".example", FamilyFilter::any,
                       [&](const auto& answer) { bad += answer ? 0 : 1; });
    resolver().resolve(known, FamilyFilter::any, [&](const auto& answer) { good += answer ? 1 : 0; });
  }
  EXPECT_TRUE(run_until(resolver(), [&] { return good == 300 && bad == 300; })) << good << " " << bad;
  EXPECT_EQ(silent_answers, 0);
}

TEST_F(ResolverTest, AThousandNamesAtOnce) {
  options.dns.query_timeout = std::chrono::seconds(20);  // so that a lost packet fails the test
  constexpr int count = 1000;
  std::vector<std::string> answers(count);
  int done = 0;
  for (int i = 0; i < count; ++i) {
    const std::string name = "host" + std::to_string(i) + ".example";
    server.set(name,
               {{RecordType::a, Address::ipv4(0x0a000000u + static_cast<std::uint32_t>(i)).to_string()}});
    resolver().resolve(name, FamilyFilter::any, [&, i](const auto& answer) {
      answers[static_cast<std::size_t>(i)] = text_of(answer);
      ++done;
    });
  }
  ASSERT_TRUE(run_until(resolver(), [&] { return done == count; })) << done;
  for (int i = 0; i < count; ++i) {
    EXPECT_EQ(answers[static_cast<std::size_t>(i)],
              Address::ipv4(0x0a000000u + static_cast<std::uint32_t>(i)).to_string());
  }
  EXPECT_TRUE(resolver().idle());
  EXPECT_EQ(resolver().next_deadline(), std::nullopt);
}

TEST_F(ResolverTest, CallbacksRunInProcessOnlyAndMayAskAgain) {
  server.set("host.example", {{RecordType::a, "192.0.2.1"}});
  int depth = 0, answers = 0;
  std::function<void(const Result<Resolution>&)> again = [&](const auto&) {
    EXPECT_EQ(depth++, 0);
    if (++answers < 5)
      resolver().resolve(answers % 2 == 0 ? "host.example" : "192.0.2.1", FamilyFilter::ipv4, again);
    --depth;
  };
  resolver().resolve("192.0.2.1", FamilyFilter::ipv4, again);
  EXPECT_EQ(answers, 0);
  EXPECT_TRUE(run_until(resolver(), [&] { return answers == 5; }));
}

TEST_F(ResolverTest, DestroyedWithLookUpsUnderWayItCallsNobody) {
  server.be_silent("silent.example");
  server.set("half.example", RecordType::a,
             {.code = 0, .records = {{RecordType::a, "192.0.2.1"}}, .silent = false});
  server.set("half.example", RecordType::aaaa, {.code = 0, .records = {}, .silent = true});
  int answers = 0;
  for (const char* name : {"silent.example", "half.example"}) {
    resolver().resolve(name, FamilyFilter::any, [&](const auto&) { ++answers; });
  }
  ASSERT_TRUE(run_until(resolver(), [&] { return server.queries() >= 4; }));
  resolver().process();
  {
    const Resolver ended = std::move(resolver());
  }
  EXPECT_EQ(answers, 0);
}

}  // namespace
}  // namespace sonde::resolve
