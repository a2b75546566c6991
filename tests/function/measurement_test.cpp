// measurement_test.cpp: measuring on loopback: figures, names and the gate, and the deadline that always holds.
#include "function/measurement.hpp"

#include <gmock/gmock.h>

#include "net/network_namespace.hpp"
#include "resolve/dns_server.hpp"

namespace sonde::function {
namespace {

using net::testing::in_network_namespace;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::DnsServer;
using test::RecordType;
using testing::HasSubstr;

MonotonicTime in(Nanoseconds time) {
  return Clock::system().monotonic() + time;
}

Gate allowing(std::string_view ranges) {
  return Gate(parse_allowed(ranges).value());
}

// That nobody is asked but the hosts file.
MeasuringOptions without_dns(std::string_view allowed) {
  MeasuringOptions options{allowing(allowed), self_contained_resolver()};
  options.resolver.hosts_file = "/dev/null";
  options.resolver.dns.resolv_conf = "/dev/null";
  return options;
}

Request request_for(std::vector<std::string> targets, std::uint64_t count = 3) {
  Request request;
  request.targets = std::move(targets);
  request.count = count;
  request.interval = milliseconds(2);
  return request;
}

Answer measured(Request request, const MeasuringOptions& options, Nanoseconds limit = seconds(15)) {
  return run(Measurement(std::move(request), options, in(limit)), -1);
}

TEST(Measurement, EveryProbeHasItsVerdictAndTheFiguresCountThem) {
  in_network_namespace([] {
    const Answer answer = measured(request_for({"127.0.0.1", "::1"}, 5), without_dns("127.0.0.0/8,::1"));
    EXPECT_TRUE(answer.complete);
    ASSERT_EQ(answer.targets.size(), 2u);
    for (const TargetAnswer& target : answer.targets) {
      EXPECT_FALSE(target.error) << target.error->message();
      ASSERT_EQ(target.addresses.size(), 1u);
      const AddressAnswer& address = target.addresses[0];
      ASSERT_TRUE(address.transport);
      EXPECT_EQ(address.transport->taken, TransportKind::icmp_datagram);
      EXPECT_EQ(address.figures.sent, 5u);
      EXPECT_EQ(address.figures.received, 5u);
      ASSERT_EQ(address.verdicts.size(), 5u);
      for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(address.verdicts[i].kind, EventKind::reply);
        EXPECT_EQ(address.verdicts[i].sequence, i);
      }
    }
  });
}

TEST(Measurement, TheSameTargetTwiceIsMeasuredTwice) {
  in_network_namespace([] {
    const Answer answer = measured(request_for({"127.0.0.1", "127.0.0.1"}), without_dns("127.0.0.0/8"));
    for (const TargetAnswer& target : answer.targets) {
      ASSERT_EQ(target.addresses.size(), 1u);
      EXPECT_EQ(target.addresses[0].verdicts.size(), 3u);
    }
  });
}

TEST(Measurement, SilentTargetsAreLostAfterTheTimeoutAndHoldUpNobody) {
  in_network_namespace([] {
    net::testing::run(
        "nft 'add table ip t; add chain ip t in { type filter hook input priority 0; };"
        "add rule ip t in ip daddr 127.0.0.9 drop'");
    Request request = request_for({"127.0.0.9", "127.0.0.1"});
    request.timeout = milliseconds(50);
    const Answer answer = measured(std::move(request), without_dns("127.0.0.0/8"));
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(answer.targets[0].addresses[0].figures.lost, 3u);
    ASSERT_EQ(answer.targets[0].addresses[0].verdicts.size(), 3u);
    EXPECT_EQ(answer.targets[0].addresses[0].verdicts[0].kind, EventKind::lost);
    EXPECT_EQ(answer.targets[1].addresses[0].figures.received, 3u);
  });
}

TEST(Measurement, AtTheDeadlineThereIsWhatThereIs) {
  in_network_namespace([] {
    Request request = request_for({"127.0.0.1"}, 100);
    request.interval = seconds(1);
    const MonotonicTime begun = in({});
    const Answer answer = measured(std::move(request), without_dns("127.0.0.0/8"), milliseconds(300));
    EXPECT_LT(in({}) - begun, milliseconds(800));
    EXPECT_FALSE(answer.complete);
    const AddressAnswer& address = answer.targets[0].addresses[0];
    EXPECT_EQ(address.figures.received, 1u);
    EXPECT_EQ(address.verdicts.size(), 1u);
  });
}

TEST(Measurement, ProbesInFlightAtTheDeadlineAreNotCalledLost) {
  in_network_namespace([] {
    net::testing::run(
        "nft 'add table ip t; add chain ip t in { type filter hook input priority 0; };"
        "add rule ip t in ip daddr 127.0.0.9 drop'");
    Request request = request_for({"127.0.0.9"});
    request.timeout = seconds(60);
    const Answer answer = measured(std::move(request), without_dns("127.0.0.0/8"), milliseconds(200));
    EXPECT_FALSE(answer.complete);
    EXPECT_EQ(answer.targets[0].addresses[0].figures.in_flight, 3u);
    EXPECT_EQ(answer.targets[0].addresses[0].figures.lost, 0u);
  });
}

TEST(Measurement, ADeadlineThatHasPassedIsAnsweredAtOnce) {
  in_network_namespace([] {
    const Answer answer = measured(request_for({"127.0.0.1"}), without_dns("127.0.0.0/8"), -seconds(1));
    EXPECT_FALSE(answer.complete);
    EXPECT_EQ(answer.targets.size(), 1u);
  });
}

TEST(Measurement, RefusedAddressesGetNoPacket) {
  in_network_namespace([] {
    const Answer answer = measured(request_for({"127.0.0.1", "127.1.0.1"}), without_dns("127.0.0.0/16"));
    EXPECT_TRUE(answer.complete);
    EXPECT_FALSE(answer.targets[0].error);
    ASSERT_TRUE(answer.targets[1].error);
    EXPECT_EQ(answer.targets[1].error->code, ErrorCode::permission_denied);
    EXPECT_THAT(answer.targets[1].error->message(), HasSubstr("loopback"));
    EXPECT_TRUE(answer.targets[1].addresses.empty());
  });
}

TEST(Measurement, NamesAreMeasuredAtEveryAddress) {
  in_network_namespace([] {
    DnsServer server;
    server.set("two.example", {{RecordType::a, "127.0.0.2"}, {RecordType::aaaa, "::1"}});
    const MeasuringOptions options{allowing("127.0.0.0/8,::1"), test::options_for(server)};
    const Answer answer = measured(request_for({"two.example"}), options);
    EXPECT_TRUE(answer.complete);
    ASSERT_FALSE(answer.targets[0].error) << answer.targets[0].error->message();
    ASSERT_EQ(answer.targets[0].addresses.size(), 2u);
    for (const AddressAnswer& address : answer.targets[0].addresses) EXPECT_EQ(address.figures.received, 3u);
  });
}

TEST(Measurement, ANameIsRefusedForAnyOfItsAddresses) {
  in_network_namespace([] {
    DnsServer server;
    server.set("mixed.example", {{RecordType::a, "127.0.0.2"}, {RecordType::a, "10.0.0.1"}});
    server.set("inner.example", {{RecordType::aaaa, "64:ff9b::a00:1"}});
    const MeasuringOptions options{allowing("127.0.0.0/8"), test::options_for(server)};
    const Answer answer = measured(request_for({"mixed.example", "inner.example"}), options);
    for (const TargetAnswer& target : answer.targets) {
      ASSERT_TRUE(target.error) << target.target;
      EXPECT_EQ(target.error->code, ErrorCode::permission_denied);
      EXPECT_THAT(target.error->message(), testing::Not(HasSubstr("10.0")))
          << "which address is nobody's business";
      EXPECT_TRUE(target.addresses.empty());
    }
  });
}

TEST(Measurement, MoreAddressesThanProbesAreNamedAndNotMeasured) {
  in_network_namespace([] {
    DnsServer server;
    std::vector<test::DnsRecord> records;
    for (int i = 1; i <= 5; ++i) records.push_back({RecordType::a, "127.0.0." + std::to_string(i)});
    server.set("many.example", records);
    const MeasuringOptions options{allowing("127.0.0.0/8"), test::options_for(server)};
    const Answer answer = measured(request_for({"many.example"}, 30), options);
    ASSERT_EQ(answer.targets[0].addresses.size(), 3u);
    EXPECT_EQ(answer.targets[0].unmeasured.size(), 2u);
  });
}

TEST(Measurement, AnUnknownNameIsAnErrorOfItsTargetAlone) {
  in_network_namespace([] {
    DnsServer server;
    const MeasuringOptions options{allowing("127.0.0.0/8"), test::options_for(server)};
    const Answer answer = measured(request_for({"nobody.example", "127.0.0.1"}), options);
    EXPECT_TRUE(answer.complete);
    ASSERT_TRUE(answer.targets[0].error);
    EXPECT_EQ(answer.targets[0].error->code, ErrorCode::not_found);
    EXPECT_EQ(answer.targets[1].addresses[0].figures.received, 3u);
  });
}

TEST(Measurement, ANameThatNobodyAnswersIsSaidSoAtTheDeadlineBesideWhatWasMeasured) {
  in_network_namespace([] {
    DnsServer server;
    server.be_silent("slow.example");
    MeasuringOptions options{allowing("127.0.0.0/8"), test::options_for(server)};
    options.resolver.dns.query_timeout = seconds(30);
    const Answer answer = measured(request_for({"slow.example", "127.0.0.1"}), options, milliseconds(300));
    EXPECT_FALSE(answer.complete);
    ASSERT_TRUE(answer.targets[0].error);
    EXPECT_THAT(answer.targets[0].error->message(), HasSubstr("not resolved in time"));
    EXPECT_EQ(answer.targets[1].addresses[0].figures.received, 3u);
  });
}

TEST(Measurement, WithoutAnyWayToAskEveryAddressSaysWhy) {
  in_network_namespace([] {
    net::testing::drop_privileges();
    Request request = request_for({"127.0.0.1"});
    request.transport = TransportKind::icmp_raw;
    const Answer answer = measured(std::move(request), without_dns("127.0.0.0/8"));
    EXPECT_TRUE(answer.complete);
    ASSERT_TRUE(answer.targets[0].addresses[0].error);
    EXPECT_EQ(answer.targets[0].addresses[0].error->code, ErrorCode::permission_denied);
  });
}

TEST(Measurement, TheResolverOfFunctionsAsksNoModulesOfTheSystem) {
  const auto options = self_contained_resolver();
  EXPECT_FALSE(options.system_lookup("example.net", resolve::FamilyFilter::any));
}

}  // namespace
}  // namespace sonde::function
