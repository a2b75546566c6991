// ways_test.cpp: by which way a function asks where the first is shut, with a real kernel at the other end.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "function/function_program.hpp"
#include "function/measurement.hpp"
#include "function/runtime_server.hpp"
#include "lab/network.hpp"
#include "lab/sanitized.hpp"
#include "net/network_namespace.hpp"

namespace sonde::function::test {
namespace {

using Json = nlohmann::json;
using net::testing::in_network_namespace;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;

constexpr auto limit = seconds(50);

// 10.78.0.2 and fd78::2, a kernel of its own beside this namespace's; 10.78.0.3 is nobody.
class FarKernel {
 public:
  FarKernel() {
    const std::string far = fmt::format("/proc/{}/fd/{}", ::getpid(), space_.place().network);
    net::testing::run("ip link add near0 type veth peer name far0 netns " + far);
    net::testing::run(
        "ip link set near0 up; ip addr add 10.78.0.1/24 dev near0; ip addr add fd78::1/64 dev near0 nodad");
    space_.ip("link set far0 up\naddr add 10.78.0.2/24 dev far0\naddr add fd78::2/64 dev far0 nodad\n");
    space_.set_sysctl("net.ipv4.icmp_ratelimit", "0");
    space_.set_sysctl("net.ipv4.icmp_ratemask", "0");
    space_.set_sysctl("net.ipv6.icmp.ratelimit", "0");
  }
  // An nft expression of what it lets in no more.
  void drop(const std::string& what) {
    space_.nft("table inet shut" + std::to_string(++shut_) +
               " { chain in { type filter hook input priority 0; " + what + " drop; }; }");
  }

 private:
  lab::Namespace space_;
  int shut_ = 0;
};

const MeasuringOptions& options() {
  static const MeasuringOptions all{Gate(parse_allowed("10.78.0.0/24,fd78::/64,203.0.113.0/24").value()),
                                    self_contained_resolver()};
  return all;
}

Request request_for(std::vector<std::string> targets) {
  Request request;
  request.targets = std::move(targets);
  request.interval = milliseconds(10);
  request.timeout = milliseconds(100);
  return request;
}

Answer measured(Request request, Nanoseconds time = seconds(20)) {
  return run(Measurement(std::move(request), options(), Clock::system().monotonic() + time), -1);
}

const AddressAnswer& address_of(const Answer& answer, std::size_t target = 0) {
  return answer.targets.at(target).addresses.at(0);
}

TEST(Ways, AHostThatDropsPingsIsAskedByUdpAndItsFiguresAreKeptApart) {
  in_network_namespace(
      [] {
        FarKernel far;
        far.drop("icmp type echo-request");
        const Answer answer = measured(request_for({"10.78.0.2"}));
        EXPECT_TRUE(answer.complete);
        const AddressAnswer& address = address_of(answer);
        ASSERT_TRUE(address.transport);
        EXPECT_EQ(address.transport->taken, TransportKind::udp);
        EXPECT_THAT(address.transport->reason, HasSubstr("nobody answered by icmp"));
        EXPECT_EQ(address.figures.received, 5u);
        EXPECT_EQ(address.figures.sent, 5u) << "with all its probes anew";
        EXPECT_EQ(address.verdicts.size(), 5u);
        ASSERT_EQ(address.before.size(), 1u);
        const WayAnswer& before = address.before[0];
        ASSERT_TRUE(before.transport);
        EXPECT_EQ(before.transport->taken, TransportKind::icmp_datagram);
        EXPECT_EQ(before.figures.received, 0u);
        EXPECT_GE(before.figures.sent, 3u);
        EXPECT_EQ(before.verdicts.size() + before.figures.in_flight, before.figures.sent);
      },
      limit);
}

TEST(Ways, WhereOnlyHandshakesAreAnsweredTheseAreTaken) {
  in_network_namespace(
      [] {
        FarKernel far;
        far.drop("meta l4proto { icmp, ipv6-icmp, udp } ct state new");
        const Answer answer = measured(request_for({"10.78.0.2"}));
        const AddressAnswer& address = address_of(answer);
        EXPECT_EQ(address.transport->taken, TransportKind::tcp);
        EXPECT_THAT(address.transport->reason, AllOf(HasSubstr("by icmp"), HasSubstr("udp")));
        EXPECT_EQ(address.figures.received, 5u);
      },
      limit);
}

TEST(Ways, WhatThisHostRefusesToSendIsLeftAlsoWhenOthersAreNotToBeTried) {
  in_network_namespace(
      [] {
        const FarKernel far;
        net::testing::run(
            "nft 'add table ip t; add chain ip t out { type filter hook output priority 0; };"
            "add rule ip t out ip protocol { icmp, udp } drop'");
        Request request = request_for({"10.78.0.2"});
        request.try_all = false;
        const Answer answer = measured(std::move(request));
        const AddressAnswer& address = address_of(answer);
        EXPECT_EQ(address.transport->taken, TransportKind::tcp);
        EXPECT_THAT(address.transport->reason, HasSubstr("refuses to send by icmp (EPERM)"));
        EXPECT_EQ(address.figures.received, 5u);
        ASSERT_EQ(address.before.size(), 1u);
        EXPECT_EQ(address.before[0].figures.local, address.before[0].figures.sent);
      },
      limit);
}

TEST(Ways, OneSilentHostIsAskedByNoOtherWayWhereThatIsNotWanted) {
  in_network_namespace(
      [] {
        FarKernel far;
        far.drop("icmp type echo-request");
        Request request = request_for({"10.78.0.2"});
        request.try_all = false;
        const Answer answer = measured(std::move(request));
        EXPECT_EQ(address_of(answer).transport->taken, TransportKind::icmp_datagram);
        EXPECT_EQ(address_of(answer).figures.lost, 5u);
        EXPECT_TRUE(address_of(answer).before.empty());
      },
      limit);
}

TEST(Ways, AFamilyOfWhichSomebodyAnswersKeepsItsWay) {
  in_network_namespace(
      [] {
        const FarKernel far;
        const Answer answer = measured(request_for({"10.78.0.2", "10.78.0.3", "fd78::2"}));
        EXPECT_TRUE(answer.complete);
        for (std::size_t target : {0u, 1u, 2u}) {
          EXPECT_EQ(address_of(answer, target).transport->taken, TransportKind::icmp_datagram);
          EXPECT_EQ(address_of(answer, target).transport->reason, "");
          EXPECT_TRUE(address_of(answer, target).before.empty());
        }
        EXPECT_EQ(address_of(answer, 1).figures.received, 0u);
      },
      limit);
}

TEST(Ways, EachFamilyGoesItsOwnWay) {
  in_network_namespace(
      [] {
        FarKernel far;
        far.drop("icmpv6 type echo-request");
        const Answer answer = measured(request_for({"10.78.0.2", "fd78::2"}));
        EXPECT_EQ(address_of(answer, 0).transport->taken, TransportKind::icmp_datagram);
        EXPECT_EQ(address_of(answer, 1).transport->taken, TransportKind::udp);
        EXPECT_EQ(address_of(answer, 1).figures.received, 5u);
      },
      limit);
}

TEST(Ways, FewerProbesThanUsualBeforeDoubtAreEnough) {
  in_network_namespace(
      [] {
        FarKernel far;
        far.drop("icmp type echo-request");
        Request request = request_for({"10.78.0.2"});
        request.count = 1;
        const Answer answer = measured(std::move(request));
        EXPECT_EQ(address_of(answer).transport->taken, TransportKind::udp);
        EXPECT_EQ(address_of(answer).figures.received, 1u);
      },
      limit);
}

TEST(Ways, WhereNobodyAnswersByAnyWayTheFirstOnesFiguresStand) {
  in_network_namespace(
      [] {
        const FarKernel far;
        const Answer answer = measured(request_for({"10.78.0.3"}));
        EXPECT_TRUE(answer.complete);
        const AddressAnswer& address = address_of(answer);
        EXPECT_EQ(address.transport->taken, TransportKind::icmp_datagram);
        EXPECT_THAT(address.transport->reason, HasSubstr("nobody answers by raw, udp or tcp either"));
        EXPECT_EQ(address.figures.sent, 5u);
        EXPECT_EQ(address.verdicts.size(), 5u);
      },
      limit);
}

TEST(Ways, WithoutARouteNoOtherWayIsTried) {
  in_network_namespace(
      [] {
        const Answer answer = measured(request_for({"203.0.113.1"}));
        EXPECT_EQ(address_of(answer).figures.local, 5u);
        EXPECT_EQ(address_of(answer).transport->reason, "");
      },
      limit);
}

TEST(Ways, AWayThatWasAskedForIsKept) {
  in_network_namespace(
      [] {
        FarKernel far;
        far.drop("icmp type echo-request");
        Request request = request_for({"10.78.0.2"});
        request.transport = TransportKind::icmp_datagram;
        const Answer answer = measured(std::move(request));
        EXPECT_EQ(address_of(answer).figures.lost, 5u);
        EXPECT_TRUE(address_of(answer).before.empty());
      },
      limit);
}

TEST(Ways, SilenceIsDoubtedWhileThereIsStillTimeForAnAnswer) {
  in_network_namespace(
      [] {
        FarKernel far;
        far.drop("icmp type echo-request");
        Request request = request_for({"10.78.0.2"});
        request.timeout = seconds(60);
        const Answer answer = measured(std::move(request), seconds(3));
        EXPECT_TRUE(answer.complete);
        const AddressAnswer& address = address_of(answer);
        EXPECT_EQ(address.transport->taken, TransportKind::udp);
        EXPECT_EQ(address.figures.received, 5u);
        EXPECT_EQ(address.before.at(0).figures.in_flight, 5u) << "nobody knows yet that these are lost";
        EXPECT_LT(answer.elapsed, seconds(3)) << "nor waits for that";
      },
      limit);
}

TEST(Ways, AtTheDeadlineTriesThatAreUnderWayAreNoFiguresOfTheHost) {
  in_network_namespace(
      [] {
        const FarKernel far;
        const Answer answer = measured(request_for({"10.78.0.3"}), milliseconds(800));
        EXPECT_TRUE(answer.complete) << "each probe of its own has a verdict";
        EXPECT_EQ(address_of(answer).figures.sent, 5u);
        EXPECT_THAT(address_of(answer).transport->reason, HasSubstr("still being tried"));
      },
      limit);
}

TEST(Ways, TheAnswerTellsEachWaysFiguresHalfASecondBeforeTheDeadline) {
  in_network_namespace(
      [] {
        FarKernel far;
        far.drop("meta l4proto { icmp, udp } ct state new");
        RuntimeServer server(RuntimeServer::Kind::lambda);
        server.hand_out({"far", R"({"target":"10.78.0.2"})", seconds(lab::sanitized ? 10 : 4)});
        lab::Command command = function_program(server.environment());
        command.environment.back() += ",10.78.0.0/24";
        const lab::Process program(std::move(command));
        const auto results = server.wait_for(1);
        ASSERT_EQ(results.size(), 1u);
        EXPECT_GE(results[0].left, milliseconds(500));
        Json address = Json::parse(results[0].body)["targets"][0]["addresses"][0];
        EXPECT_EQ(address["transport"], "tcp") << address;
        EXPECT_EQ(address["summary"]["received"], 5);
        EXPECT_EQ(address["probes"].size(), 5u);
        ASSERT_EQ(address["before"].size(), 1u);
        EXPECT_EQ(address["before"][0]["transport"], "icmp");
        EXPECT_EQ(address["before"][0]["summary"]["received"], 0);
      },
      limit);
}

TEST(Ways, WhileItMeasuresRootHasNoPrivilegeLeftInForce) {
  in_network_namespace(
      [] {
        const FarKernel far;
        RuntimeServer server(RuntimeServer::Kind::lambda);
        server.hand_out({"raw", R"({"target":"10.78.0.2","transport":"raw","interval":0.01})"});
        lab::Command command = function_program(server.environment());
        command.environment.back() += ",10.78.0.0/24";
        command.user = lab::User::root;
        const lab::Process program(std::move(command));
        const auto results = server.wait_for(1);
        ASSERT_EQ(results.size(), 1u);
        Json address = Json::parse(results[0].body)["targets"][0]["addresses"][0];
        EXPECT_EQ(address["summary"]["received"], 5) << address;
        std::ifstream status(fmt::format("/proc/{}/status", program.id()));
        const std::string text{std::istreambuf_iterator<char>(status), {}};
        EXPECT_THAT(text, AllOf(HasSubstr("CapEff:\t0000000000000000"),
                                HasSubstr("CapPrm:\t0000000000002000"), HasSubstr("NoNewPrivs:\t1")));
      },
      limit);
}

TEST(Ways, APortThatNeedsAPrivilegeIsBoundBeforeItIsGivenUp) {
  in_network_namespace(
      [] {
        lab::Command command = function_program({}, {"--listen", "127.0.0.1:80"});
        command.user = lab::User::root;
        lab::Process program(std::move(command));
        ASSERT_TRUE(program.wait_for_errors("listening on http://127.0.0.1:80/")) << program.errors();
        const auto response = get(80, "/?target=127.0.0.1&count=1");
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status(), 200);
        std::ifstream status(fmt::format("/proc/{}/status", program.id()));
        const std::string text{std::istreambuf_iterator<char>(status), {}};
        EXPECT_THAT(text, HasSubstr("CapPrm:\t0000000000002000"));
      },
      limit);
}

}  // namespace
}  // namespace sonde::function::test
