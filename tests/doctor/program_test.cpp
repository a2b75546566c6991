// program_test.cpp: `sonde doctor` as a user starts it, in the environments that it is made for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lab/network.hpp"
#include "lab/process.hpp"

namespace sonde::doctor::testing {
namespace {

using lab::Command;
using lab::Finished;
using lab::Namespace;
using lab::User;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Words = std::vector<std::string>;

Words operator+(Words first, const Words& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Words doctor(const Words& arguments = {}) {
  return Words{SONDE_PROGRAM, "doctor"} + arguments;
}

// Fails the test unless it ends with `status` and writes one object.
json diagnosis_of(const Namespace& space, Words words, User user, int status = 0) {
  const Finished finished = space.run({.arguments = words + Words{"--format", "json"}, .user = user});
  EXPECT_EQ(finished.status, status) << finished.errors;
  EXPECT_EQ(finished.errors, "");
  return json::parse(finished.output);
}

const json& way(const json& diagnosis, const std::string& name) {
  for (const json& each : diagnosis.at("ways")) {
    if (each.at("way") == name) return each;
  }
  throw std::runtime_error("no such way: " + name);
}

bool has_id(const json& list, const std::string& id) {
  return std::ranges::any_of(list, [&](const json& each) { return each.at("id") == id; });
}

void expect_closed_by(const json& way, const std::string& cause, const std::string& errno_name) {
  EXPECT_EQ(way.at("open"), false);
  for (const json& family : way.at("families")) {
    EXPECT_EQ(family.at("closed_by"), cause);
    EXPECT_EQ(family.at("errno"), errno_name);
  }
}

TEST(Doctor, OfRootFindsRawSocketsOpen) {
  const Namespace space;
  const json found = diagnosis_of(space, doctor(), User::root);
  EXPECT_TRUE(way(found, "raw").at("open"));
  EXPECT_EQ(way(found, "raw").at("families").size(), 2U);
}

TEST(Doctor, OfAnOrdinaryUserWithPingSocketsOpenNamesWhatRawSocketsNeed) {
  const Namespace space;
  space.open_ping_sockets(true);
  const json found = diagnosis_of(space, doctor(), User::ordinary);
  EXPECT_TRUE(way(found, "icmp").at("open"));
  expect_closed_by(way(found, "raw"), "capability", "EPERM");
  EXPECT_TRUE(has_id(way(found, "raw").at("fixes"), "setcap"));
  EXPECT_EQ(found.at("process").at("ping_group_range").at("contains_process"), true);
}

TEST(Doctor, OfAnOrdinaryUserWithPingSocketsClosedNamesTheSysctl) {
  const Namespace space;
  const json found = diagnosis_of(space, doctor(), User::ordinary);
  if (way(found, "icmp").at("open")) GTEST_SKIP() << "ping sockets cannot be closed here";
  expect_closed_by(way(found, "icmp"), "group_rule", "EACCES");
  const json& icmp = way(found, "icmp");
  EXPECT_TRUE(has_id(icmp.at("fixes"), "sysctl") || has_id(icmp.at("ruled_out"), "sysctl"));
  EXPECT_TRUE(found.at("works")) << "UDP and TCP are open";
}

TEST(Doctor, WithoutTheCapabilityInTheBoundingSetRulesSetcapOut) {
  const Namespace space;
  const Words bounded = {"setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"};
  const json found = diagnosis_of(space, bounded + doctor(), User::root);
  EXPECT_EQ(found.at("process").at("bounding").at("net_raw"), false);
  expect_closed_by(way(found, "raw"), "capability", "EPERM");
  EXPECT_FALSE(has_id(way(found, "raw").at("fixes"), "setcap"));
  EXPECT_TRUE(has_id(way(found, "raw").at("ruled_out"), "setcap"));
}

TEST(Doctor, WithNoNewPrivsRulesSetcapOut) {
  const Namespace space;
  const Words restricted = {"setpriv", "--no-new-privs", "--securebits", "+noroot", "--inh-caps", "-all"};
  const json found = diagnosis_of(space, restricted + doctor(), User::root);
  EXPECT_EQ(found.at("process").at("no_new_privs"), true);
  EXPECT_EQ(found.at("process").at("bounding").at("net_raw"), true);
  expect_closed_by(way(found, "raw"), "capability", "EPERM");
  for (const json& ruled_out : way(found, "raw").at("ruled_out")) {
    if (ruled_out.at("id") == "setcap") {
      EXPECT_THAT(ruled_out.at("because").get<std::string>(), HasSubstr("no_new_privs"));
    }
  }
  EXPECT_FALSE(has_id(way(found, "raw").at("fixes"), "setcap"));
}

TEST(Doctor, AsksATargetByEveryOpenWay) {
  const Namespace space;
  space.open_ping_sockets(true);
  const json found = diagnosis_of(space, doctor({"127.0.0.1"}), User::root);
  const json& target = found.at("target");
  EXPECT_EQ(target.at("answered"), true);
  for (const json& each : target.at("ways")) {
    if (each.at("way") != "icmp" && each.at("way") != "raw") continue;
    EXPECT_EQ(each.at("received"), 3) << each;
    EXPECT_GT(each.at("median_ns"), 0);
    EXPECT_EQ(each.at("clock"), "kernel");
  }
}

TEST(Doctor, WithoutARouteToTheTargetSaysSoAndEndsWithOne) {
  const Namespace space;
  space.open_ping_sockets(true);
  const json found = diagnosis_of(space, doctor({"192.0.2.7"}), User::ordinary, 1);
  EXPECT_EQ(found.at("target").at("answered"), false);
  const json& icmp = found.at("target").at("ways").at(0);
  EXPECT_THAT(icmp.at("failure").get<std::string>(), HasSubstr("ENETUNREACH"));
}

TEST(Doctor, OfATargetThatDropsEchoesFindsTheWaysThatAreLeft) {
  const lab::VethPair pair;
  pair.near().open_ping_sockets(true);
  pair.far().set_sysctl("net.ipv4.icmp_ratemask", "0");
  pair.far().nft(
      "table inet filter { chain in { type filter hook input priority 0; icmp type echo-request drop; }; }");
  const json found = diagnosis_of(pair.near(), doctor({"10.78.0.2", "-4"}), User::ordinary, 0);
  for (const json& each : found.at("target").at("ways")) {
    const auto way = each.at("way").get<std::string>();
    const bool left = way == "udp" || way == "tcp";
    EXPECT_EQ(each.at("received").get<int>(), left ? 3 : 0) << way;
    if (way == "tcp") {
      EXPECT_EQ(each.at("clock"), "user") << "the port is closed";
    }
  }
}

TEST(Doctor, WithoutAnAnswerOfTheTargetTakesNoLongerThanItsProbes) {
  const lab::VethPair pair;
  pair.near().open_ping_sockets(true);
  pair.far().nft(
      "table inet filter { chain in { type filter hook input priority 0; ip saddr 10.78.0.1 drop; }; }");
  const auto began = std::chrono::steady_clock::now();
  const json found = diagnosis_of(pair.near(), doctor({"10.78.0.2", "-4"}), User::ordinary, 1);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(3));
  EXPECT_THAT(found.at("target").at("ways").at(0).at("failure").get<std::string>(), HasSubstr("no answer"));
}

TEST(Doctor, WithoutATargetSendsNothingToTheNetwork) {
  const lab::VethPair pair;
  pair.near().open_ping_sockets(true);
  pair.near().ip("route add default via 10.78.0.2\nroute add default via fd78::2\n");
  // What the kernel sends by itself (neighbour discovery, multicast reports) is neither.
  pair.near().nft(
      "table inet filter {\n chain out {\n type filter hook output priority 0;\n"
      "  oifname \"lo\" accept\n"
      "  meta l4proto { tcp, udp, icmp } counter\n"
      "  icmpv6 type echo-request counter\n }\n}\n");
  const json found = diagnosis_of(pair.near(), doctor(), User::root);
  EXPECT_EQ(found.at("routes").at(0).at("exists"), true);
  const std::string rules = pair.near().run_checked({.arguments = {"nft", "list", "ruleset"}});
  const std::string silent = "counter packets 0 bytes 0";
  const std::size_t first = rules.find(silent);
  ASSERT_NE(first, std::string::npos) << rules;
  EXPECT_NE(rules.find(silent, first + 1), std::string::npos) << rules;
}

TEST(Doctor, SeesTheFirewallsChainsAsRoot) {
  const Namespace space;
  space.nft("table inet filter { chain in { type filter hook input priority 0; policy drop; }; }");
  const json found = diagnosis_of(space, doctor(), User::root);
  ASSERT_EQ(found.at("firewall").at("chains").size(), 1U) << found.at("firewall");
  EXPECT_EQ(found.at("firewall").at("chains").at(0).at("policy"), "drop");
}

TEST(Doctor, WritesTextThatBeginsWithTheAnswer) {
  const Namespace space;
  space.open_ping_sockets(true);
  const Finished finished = space.run({.arguments = doctor(), .user = User::ordinary});
  EXPECT_EQ(finished.status, 0);
  EXPECT_THAT(finished.output, StartsWith("You can ask by: icmp, udp, tcp (IPv4, IPv6). Closed: raw - "));
  EXPECT_EQ(finished.output.find('\x1b'), std::string::npos) << "no terminal, no colour";
}

TEST(Doctor, RefusesASecondTarget) {
  const Finished finished = lab::Process({.arguments = doctor({"a.example", "b.example"})}).wait();
  EXPECT_EQ(finished.status, 2);
  EXPECT_THAT(finished.errors, HasSubstr("one target"));
}

}  // namespace
}  // namespace sonde::doctor::testing
