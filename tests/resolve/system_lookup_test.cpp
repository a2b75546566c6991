// system_lookup_test.cpp: which names go to the system's own modules, and that a hanging one holds up nobody.
#include "resolve/system_lookup.hpp"

#include <gtest/gtest.h>

#include <condition_variable>

#include "resolve/dns_server.hpp"
#include "resolve/scratch_file.hpp"

namespace sonde::resolve {
namespace {

using test::DnsServer;
using test::RecordType;
using test::resolve_now;
using test::run_until;
using test::text_of;

// A system that knows every name, and hangs on those that start with "hang" until released. Shared with
// threads that may outlive the test.
class FakeSystem {
 public:
  Result<Resolution> lookup(const std::string& name) {
    std::unique_lock lock(mutex_);
    ++asked_;
    released_condition_.wait(lock, [&] { return released_ || !name.starts_with("hang"); });
    return Resolution{{{Address::ipv4(0xc00002fe), default_ttl}}, name};
  }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    released_condition_.notify_all();
  }
  int asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable released_condition_;
  bool released_ = false;
  int asked_ = 0;
};

constexpr auto from_system = "192.0.2.254";

class SystemLookupTest : public testing::Test {
 protected:
  SystemLookupTest() {
    options.system_lookup = [system = system](const std::string& name, FamilyFilter) {
      return system->lookup(name);
    };
    server.set("host.example", {{RecordType::a, "192.0.2.1"}});
    server.set("host.local", {{RecordType::a, "192.0.2.2"}});
  }
  ~SystemLookupTest() override { system->release(); }

  std::string answer_with(const std::string& nsswitch, const std::string& name) {
    const test::ScratchFile file(nsswitch);
    options.nsswitch_file = file.path();
    auto resolver = Resolver::open(options).value();
    return text_of(resolve_now(resolver, name, FamilyFilter::ipv4));
  }

  DnsServer server;
  std::shared_ptr<FakeSystem> system = std::make_shared<FakeSystem>();
  ResolverOptions options = test::options_for(server);
};

TEST_F(SystemLookupTest, FilesAndDnsAloneNeverAskTheSystem) {
  EXPECT_EQ(answer_with("hosts: files dns\n", "host.example"), "192.0.2.1");
  EXPECT_EQ(answer_with("hosts: files dns\n", "host.local"), "192.0.2.2");
  EXPECT_NE(answer_with("hosts: files dns\n", "nobody.example"), from_system);
  EXPECT_EQ(system->asked(), 0);
}

TEST_F(SystemLookupTest, LocalNamesGoToMulticastDns) {
  constexpr auto nsswitch = "hosts: files mdns4_minimal [NOTFOUND=return] dns\n";
  EXPECT_EQ(answer_with(nsswitch, "Host.Local."), from_system);
  EXPECT_EQ(answer_with(nsswitch, "host.example"), "192.0.2.1");
  EXPECT_NE(answer_with(nsswitch, "nobody.example"), from_system) << "mdns4_minimal knows only .local";
}

TEST_F(SystemLookupTest, WhatDnsDoesNotKnowOtherModulesMay) {
  EXPECT_EQ(
      answer_with("hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns\n", "nobody.example"),
      from_system);
  EXPECT_EQ(answer_with("hosts: files myhostname dns\n", "host.example"), "192.0.2.1");
  server.fail("broken.example", test::DnsAnswer::servfail);
  server.fail("thishost", test::DnsAnswer::servfail);
  EXPECT_NE(answer_with("hosts: files myhostname dns\n", "broken.example"), from_system);
  EXPECT_EQ(answer_with("hosts: files myhostname dns\n", "thishost"), from_system);
}

TEST_F(SystemLookupTest, WithoutDnsTheSystemIsAskedAtOnce) {
  EXPECT_EQ(answer_with("hosts: files resolve\n", "host.example"), from_system);
  EXPECT_EQ(server.queries(), 0);
}

TEST_F(SystemLookupTest, InternationalNamesGoToTheSystem) {
  EXPECT_EQ(answer_with("hosts: files dns\n", "b\u00fccher.example"), from_system);
}

TEST_F(SystemLookupTest, AHangingNameDelaysNoOther) {
  options.nsswitch_file = "/dev/null";
  const test::ScratchFile nsswitch("hosts: files mdns dns\n");
  options.nsswitch_file = nsswitch.path();
  auto resolver = Resolver::open(options).value();
  int hung = 0, good = 0;
  for (int i = 0; i < 7; ++i)
    resolver.resolve("hang" + std::to_string(i) + ".local", FamilyFilter::any, [&](const auto&) { ++hung; });
  for (int i = 0; i < 50; ++i) {
    resolver.resolve("quick" + std::to_string(i) + ".local", FamilyFilter::any, [&](const auto&) { ++good; });
    resolver.resolve("host.example", FamilyFilter::ipv4, [&](const auto&) { ++good; });
  }
  EXPECT_TRUE(run_until(resolver, [&] { return good == 100; })) << good;
  EXPECT_EQ(hung, 0);
  system->release();
  EXPECT_TRUE(run_until(resolver, [&] { return hung == 7; })) << hung;
}

TEST_F(SystemLookupTest, DestroyedWhileOneHangsItNeverWaits) {
  {
    auto lookup = SystemLookup::open(options.system_lookup, 2).value();
    for (std::uint64_t i = 0; i < 10; ++i) lookup.submit(i, "hang", FamilyFilter::any);
    while (system->asked() < 2) std::this_thread::yield();
  }
  EXPECT_EQ(system->asked(), 2) << "only what was under way goes on, on at most two threads";
}

// The program must end while a look-up hangs for ever: here the process is the test's child.
TEST_F(SystemLookupTest, AProgramEndsWhileOneHangs) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        auto lookup = SystemLookup::open(options.system_lookup, 1).value();
        lookup.submit(1, "hang", FamilyFilter::any);
        while (system->asked() < 1) std::this_thread::yield();
        std::exit(7);
      },
      testing::ExitedWithCode(7), "");
}

TEST(GetaddrinfoLookup, KnowsNumericNamesAndFilters) {
  EXPECT_EQ(text_of(getaddrinfo_lookup("192.0.2.1", FamilyFilter::any)), "192.0.2.1");
  EXPECT_EQ(text_of(getaddrinfo_lookup("::1", FamilyFilter::ipv6)), "::1");
  EXPECT_FALSE(getaddrinfo_lookup("::1", FamilyFilter::ipv4));
}

}  // namespace
}  // namespace sonde::resolve
