// ping_node_test.cpp: ping -N and its face, over hosts that answer node information queries.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "compat/ping_sides.hpp"

namespace sonde::compat_test {
namespace {

using lab::SimulatedNetwork;
using lab::User;
using ::testing::HasSubstr;

// Names: "a.bc", fully qualified, and "d"; addresses of both families, each with a TTL.
constexpr std::string_view hosts =
    "host fd77::1 10.77.0.1; node 0 data 0000000001610262630001640000\n"
    "host fd77::2; node 0 data "
    "0000000020010db800000000000000000000000100000e1020010db8000000000000000000000002\n"
    "host fd77::3; node 0 data 0000000ac000020100000000c0000202\n"
    "host fd77::4; node 1\n"
    "host fd77::5; node 2\n"
    "host fd77::6; node 0\n"
    "host fd77::7; node 0 data 0000\n"
    "host fd77::8; node 0 data 000000000161\n"
    "host fd77::9; node 0 flags 1 data 0000000020010db8000000000000000000000001\n"
    "host fd77::a; node 0 data 0000000002612002080700\n"
    "host fd77::b; silence\n"
    "host fd77::c; node 0 data 00000000016100; duplicates 1 spacing 1ms\n"
    "host fd77::d; node 0 data 00000000016100; source fd77::e\n";

Words asking(Words words, const char* host) {
  words.insert(words.end(), {"-n", "-c", "2", "-i", "0.2", "-W", "0.3", host});
  return words;
}

TEST(PingNode, AnswersHaveTheToolsLines) {
  const NetworkPair networks(hosts);
  const auto compare = [&](const Words& words, const char* host) {
    networks.compare(asking(words, host), "ping", User::root);
  };
  for (const char* host : {"fd77::1", "fd77::4", "fd77::5", "fd77::6", "fd77::7", "fd77::8", "fd77::a",
                           "fd77::b", "fd77::c", "fd77::d"})
    compare({"-N", "name"}, host);
  for (const char* host : {"fd77::2", "fd77::6", "fd77::7", "fd77::9"}) compare({"-N", "ipv6"}, host);
  for (const char* host : {"fd77::3", "fd77::4", "fd77::7", "fd77::9"}) compare({"-N", "ipv4-all"}, host);
}

TEST(PingNode, OtherOptionsWorkTogetherWithIt) {
  const NetworkPair networks(hosts);
  const std::vector<Words> all = {{"-q"}, {"-D"},      {"-a"},         {"-s", "8"}, {"-O"},
                                  {"-f"}, {"-t", "9"}, {"-I", "lab0"}, {"-6"}};
  for (Words words : all) {
    words.insert(words.begin(), {"-N", "name"});
    networks.compare(asking(words, "fd77::1"), "ping", User::root);
  }
}

TEST(PingNode, HostsOfIpv4AndSubjectsAloneAreAskedForEchoes) {
  const NetworkPair networks(hosts);
  networks.compare(asking({"-N", "name"}, "10.77.0.1"), "ping", User::root);
  networks.compare(asking({"-N", "subject-ipv6=fd77::9"}, "fd77::1"), "ping", User::root);
}

TEST(PingNode, QueriesAreThoseOfTheTool) {
  SimulatedNetwork for_original(hosts), for_face(hosts);
  const std::vector<Words> all = {{"-N", "name"},
                                  {"-N", "fqdn"},
                                  {"-N", "ipv6"},
                                  {"-N", "ipv6-all"},
                                  {"-N", "ipv6-global", "-N", "ipv6-linklocal"},
                                  {"-N", "ipv6-compatible", "-N", "ipv6-sitelocal"},
                                  {"-N", "ipv4"},
                                  {"-N", "ipv4-all"},
                                  {"-N", "name", "-N", "subject-ipv6=fd77::9"},
                                  {"-N", "subject-ipv4=192.0.2.1", "-N", "name"},
                                  {"-N", "name", "-N", "subject-name=Host"},
                                  {"-N", "name", "-N", "subject-name=host.example"}};
  for (Words words : all) {
    words.insert(words.end(), {"-n", "-c", "1", "fd77::1"});
    for_original.run(original("ping", words));
    for_face.run(face("ping", words));
  }
  const auto originals = for_original.record().requests, ours = for_face.record().requests;
  ASSERT_EQ(originals.size(), all.size());
  ASSERT_EQ(ours.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    // In the places of an echo's identifier and sequence number are type and flags.
    EXPECT_EQ(ours[i].identifier, originals[i].identifier) << i;
    EXPECT_EQ(ours[i].sequence, originals[i].sequence) << i;
    EXPECT_EQ(ours[i].bytes, originals[i].bytes) << i;
    EXPECT_TRUE(ours[i].checksum_right) << i;
  }
}

TEST(PingNode, MistakesAreAnsweredByTheListOfWhatThereIs) {
  const lab::Namespace space;
  for (const Words& words :
       std::vector<Words>{{"-N", "help", "::1"},
                          {"-N", "nothing", "::1"},
                          {"-N", "name=", "::1"},
                          {"-N", "ipv6-nothing", "::1"},
                          {"-N", "subject-ipv6", "::1"},
                          {"-N", "name", "-N", "ipv6", "::1"},
                          {"-N", "subject-ipv6=::1", "-N", "subject-ipv4=127.0.0.1", "::1"},
                          {"-N", "subject-ipv6=127.0.0.1", "::1"},
                          {"-N", "subject-ipv4=host.invalid", "::1"}}) {
    SCOPED_TRACE(words[1]);
    expect_same(run_sides(space, "ping", words));
  }
}

TEST(PingNode, NamesThatAreNoneEndIt) {
  const lab::Namespace space;
  for (const std::string& name : {std::string("a..b"), "a%" + std::string(16, 'd')}) {
    const Sides sides = run_sides(space, "ping", {"-N", "subject-name=" + name, "::1"});
    EXPECT_EQ(sides.face.errors, sides.original.errors);
    EXPECT_EQ(sides.face.status, 2);  // before 2024 it was 1
  }
}

TEST(PingNode, WithoutRawSocketsItSaysWhatIsMissing) {
  const lab::Namespace space;
  space.open_ping_sockets(true);
  const lab::Finished refused =
      space.run(face("ping", {"-6", "-N", "name", "::1"}, {.user = User::ordinary}));
  EXPECT_EQ(refused.status, 2);
  EXPECT_EQ(refused.output, "");
  EXPECT_EQ(refused.errors,
            "ping: socktype: SOCK_RAW\n"
            "ping: socket: Operation not permitted\n"
            "ping: => missing cap_net_raw+p capability or setuid?\n");
}

lab::Finished run_face(std::string_view scenario, const Words& words) {
  const SimulatedNetwork network(scenario);
  return network.run(face("ping", words));
}

TEST(PingNodeIsRight, ForgedAnswersDoNotCount) {
  const lab::Finished finished =
      run_face("host fd77::1; node 0 data 00000000016100; delay 20ms; forged 2 before 10ms\n",
               {"-N", "name", "-c", "1", "-W", "0.3", "fd77::1"});
  EXPECT_THAT(finished.output, HasSubstr("23 bytes from fd77::1: a.; seq=1; ttl=64\n"));
  EXPECT_THAT(finished.output, HasSubstr("1 packets transmitted, 1 received, 0% packet loss"));
  const lab::Finished only_forged =
      run_face("host fd77::1; node 0; alter byte 7\n", {"-N", "name", "-c", "1", "-W", "0.3", "fd77::1"});
  EXPECT_THAT(only_forged.output, HasSubstr("1 packets transmitted, 0 received, 100% packet loss"));
}

TEST(PingNodeIsRight, ErrorsAboutQueriesAreTold) {
  const lab::Finished finished = run_face("host fd77::1; error 1/3 from fd77::9 quote whole\n",
                                          {"-N", "name", "-c", "1", "-W", "0.3", "fd77::1"});
  EXPECT_THAT(finished.output,
              HasSubstr("From fd77::9 icmp_seq=1 Destination unreachable: Address unreachable\n"));
}

TEST(PingNodeIsRight, CodesThatRfc4620DoesNotKnowAreToldAsTheyAre) {
  const lab::Finished finished =
      run_face("host fd77::1; node 7\n", {"-N", "name", "-n", "-c", "1", "-W", "0.3", "fd77::1"});
  EXPECT_THAT(finished.output, HasSubstr("16 bytes from fd77::1: unknown code(07); seq=1; ttl=64\n"));
}

TEST(PingNodeIsRight, ASubjectCalledFullyQualifiedIs) {
  SimulatedNetwork network(hosts);
  network.run(face("ping", {"-N", "name", "-N", "subject-fqdn=host", "-n", "-c", "1", "fd77::1"}));
  network.run(face("ping", {"-N", "name", "-N", "subject-name=host", "-n", "-c", "1", "fd77::1"}));
  const auto requests = network.record().requests;
  ASSERT_EQ(requests.size(), 2u);
  constexpr std::uint32_t header_and_nonce = 16, name = 6;
  EXPECT_EQ(requests[0].bytes, header_and_nonce + name);
  EXPECT_EQ(requests[1].bytes, header_and_nonce + name + 1) << "two empty labels";
}

TEST(PingNodeIsRight, JsonHasTheAnswer) {
  const lab::Finished finished =
      run_face(hosts, {"-j", "-N", "name", "-n", "-c", "1", "-W", "0.3", "fd77::1"});
  const auto reply =
      nlohmann::json::parse(finished.output.substr(0, finished.output.find('\n')), nullptr, false);
  ASSERT_TRUE(reply.is_object()) << finished.output;
  EXPECT_EQ(reply["answer"], "a.bc., d");
  EXPECT_EQ(reply["seq"], 1);
}

}  // namespace
}  // namespace sonde::compat_test
