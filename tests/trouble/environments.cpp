// environments.cpp: the list of environments, and making them.
#include "trouble/environments.hpp"

#include <unistd.h>

#include <algorithm>

#include "net/network_namespace.hpp"

namespace sonde::trouble {
namespace {

constexpr const char* scenario =
    "host 10.77.0.0/24 fd77::/112\n"
    "  delay 5ms; udp closed; tcp open 443\n";

std::string chains(const std::string& in, const std::string& out) {
  return "table inet environment {\n chain in { type filter hook input priority 0;\n" + in +
         "\n }\n chain out { type filter hook output priority 0;\n" + out + "\n }\n}\n";
}

const std::string no_echoes =
    "  icmp type { echo-request, echo-reply } drop\n  icmpv6 type { echo-request, echo-reply } drop\n";
const std::string no_icmp = "  meta l4proto { icmp, ipv6-icmp } drop\n";

const std::string nobody_in_range = "EACCES (net.ipv4.ping_group_range is \"1 0\": nobody)";
const Words group_rule = {"group_rule", "EACCES"}, capability = {"capability", "EPERM"},
            seccomp = {"seccomp", "EPERM"};

// An IPv6 ping socket is not told what a filter did to its packet, but no device stamps it either.
Words refused_by_own_filter(const std::string& way) {
  const std::string next = ": asked by " + way + " from here on, as ";
  return {"IPv4" + next + "this host's packet filter refuses icmp (EPERM)",
          "IPv6" + next +
              "nobody answered 3 probes by icmp, nor was one stamped as sent: a packet filter of this host"};
}
const Words filtered_icmp = {"this host cannot send: EPERM",
                             "none was stamped as sent: a packet filter of this host"};

std::vector<Environment> make_environments() {
  return {
      {.name = "Root",
       .way = "raw",
       .ping_sockets_open = false,
       .user = User::root,
       .reason = {nobody_in_range},
       .closed = {{"icmp", group_rule}}},
      {.name = "OrdinaryUserWithPingSocketsOpen", .way = "icmp", .closed = {{"raw", capability}}},
      {.name = "OrdinaryUserWithPingSocketsClosed",
       .way = "udp",
       .ping_sockets_open = false,
       .reason = {"ping sockets " + nobody_in_range, "raw sockets EPERM (needs CAP_NET_RAW)"},
       .closed = {{"icmp", group_rule}, {"raw", capability}}},
      {.name = "RootWithoutTheCapabilityInItsBoundingSet",
       .way = "udp",
       .ping_sockets_open = false,
       .user = User::root,
       .wrapper = {"setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"},
       .reason = {"ping sockets " + nobody_in_range,
                  "raw sockets EPERM (needs CAP_NET_RAW, which is not in the bounding set)"},
       .closed = {{"icmp", group_rule}, {"raw", capability}}},
      {.name = "SeccompFilterOfAFunction",
       .way = "udp",
       .before_exec = net::testing::deny_icmp_sockets,
       .reason = {"ping sockets EPERM (a seccomp filter refuses it", "raw sockets EPERM (needs CAP_NET_RAW)"},
       .closed = {{"icmp", seccomp}, {"raw", capability}}},
      {.name = "SeccompFilterOverRoot",
       .way = "udp",
       .user = User::root,
       .before_exec = net::testing::deny_icmp_sockets,
       .reason = {"ping sockets EPERM (a seccomp filter refuses it",
                  "raw sockets EPERM (a seccomp filter refuses it"},
       .closed = {{"icmp", seccomp}, {"raw", seccomp}}},
      {.name = "EchoesDroppedByTheFirewallOfThisHost",
       .way = "udp",
       .nft = chains(no_echoes, no_echoes),
       .notice = refused_by_own_filter("udp"),
       .closed = {{"raw", capability}},
       .shut = {{"icmp", filtered_icmp}}},
      {.name = "EchoesDroppedOnTheWay",
       .way = "udp",
       .nft = "table inet environment { chain way { type filter hook prerouting priority -300;\n" +
              no_echoes + "}; }\n",
       .notice = {"IPv4: asked by udp from here on, as nobody answered 3 probes by icmp\n",
                  "IPv6: asked by udp from here on, as nobody answered 3 probes by icmp\n"},
       .closed = {{"raw", capability}},
       .shut = {{"icmp", {"no answer within 1 s", "no answer within 1 s"}}}},
      {.name = "AllIcmpDroppedByTheFirewallBothWays",
       .way = "tcp",
       .nft = chains(no_icmp, no_icmp),
       .notice = refused_by_own_filter("tcp"),
       .closed = {{"raw", capability}},
       .shut = {{"icmp", filtered_icmp}, {"udp", {"no answer within 1 s", "no answer within 1 s"}}}},
      {.name = "NothingButTcpPort443Open",
       .way = "tcp",
       .nft = chains(no_icmp, no_icmp + "  meta l4proto udp drop\n  tcp dport != 443 drop\n"),
       .notice = refused_by_own_filter("tcp"),
       .closed = {{"raw", capability}},
       .shut = {{"icmp", filtered_icmp},
                {"udp", {"this host cannot send: EPERM", "this host cannot send: EPERM"}}}},
      {.name = "Ipv6Only",
       .way = "icmp",
       .ip = "addr del 10.77.255.254/16 dev lab0\n",
       .answering = {"fd77::1"},
       .unreachable = {"10.77.0.1"},
       .closed = {{"raw", capability}}},
      {.name = "NoRouteAtAll",
       .way = "icmp",
       .ip = "addr flush dev lab0\nroute del ::/0 dev lab0\n",
       .answering = {},
       .unreachable = {"10.77.0.1", "fd77::1"},
       .closed = {{"raw", capability}}},
  };
}

}  // namespace

void PrintTo(const Environment& environment, std::ostream* out) {
  *out << environment.name;
}

std::string environment_name(const ::testing::TestParamInfo<Environment>& instance) {
  return instance.param.name;
}

const std::vector<Environment>& environments() {
  static const std::vector<Environment> all = make_environments();
  return all;
}

void InEnvironment::SetUp() {
  // In a user namespace of one id the ordinary user is root without capabilities, and ping sockets stay open to it.
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: users, bounding sets and a group range of its own";
  const Environment& environment = GetParam();
  network_ = std::make_unique<lab::SimulatedNetwork>(
      scenario, lab::SimulatedNetworkOptions{.ping_sockets_open = environment.ping_sockets_open});
  if (!environment.nft.empty()) network_->space().nft(environment.nft);
  if (!environment.ip.empty()) network_->space().ip(environment.ip);
}

Finished InEnvironment::run(const Words& words) const {
  return network_->run({.arguments = GetParam().wrapper + words,
                        .user = GetParam().user,
                        .before_exec = GetParam().before_exec});
}

Finished InEnvironment::ping(const Words& arguments) const {
  return run(Words{SONDE_PROGRAM, "ping", "--format", "json"} + arguments + GetParam().targets());
}

nlohmann::json InEnvironment::doctor(const std::string& target) const {
  const Finished finished = run({SONDE_PROGRAM, "doctor", "--format", "json", target});
  const bool answers = std::ranges::find(GetParam().answering, target) != GetParam().answering.end();
  EXPECT_EQ(finished.status, answers ? 0 : 1) << finished.errors;
  return nlohmann::json::parse(finished.output);
}

std::string last_way(const SondeRun& run, const std::string& address) {
  std::string way;
  for (const auto& family : run.start.at("families")) {
    const bool ipv6 = address.find(':') != std::string::npos;
    if (family.at("ip_version") == (ipv6 ? 6 : 4)) way = family.at("transport");
  }
  for (const SondeSummary& summary : run.summaries) {
    if (summary.address == address && !summary.transport.empty()) way = summary.transport;
  }
  return way;
}

}  // namespace sonde::trouble
