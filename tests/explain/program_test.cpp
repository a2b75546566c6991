// program_test.cpp: `sonde explain` as a user starts it, over networks whose truth is known.
#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lab/network.hpp"
#include "lab/process.hpp"

namespace sonde::explain::testing {
namespace {

using lab::Finished;
using lab::SimulatedNetwork;
using lab::User;
using lab::VethPair;
using nlohmann::json;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Words = std::vector<std::string>;

template <typename Network>
Finished explain(const Network& network, const Words& words, User user = User::ordinary) {
  Words arguments{SONDE_PROGRAM, "explain"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return network.run({.arguments = arguments, .user = user});
}

template <typename Network>
json explanation_of(const Network& network, Words words, int status = 0, User user = User::ordinary) {
  words.insert(words.end(), {"--format", "json"});
  const Finished finished = explain(network, words, user);
  EXPECT_EQ(finished.status, status) << finished.errors;
  EXPECT_EQ(finished.errors, "");
  return json::parse(finished.output);
}

std::int64_t at(const json& explanation, const std::string& instant) {
  for (const json& each : explanation["instants"]) {
    if (each["instant"] == instant) return each["unix_ns"];
  }
  throw std::runtime_error("no instant " + instant);
}

// What holds of every explanation.
void expect_sound(const json& explanation) {
  std::int64_t sum = 0, before = 0;
  for (const json& span : explanation["spans"]) {
    if (!span["duration_ns"].is_null()) sum += span["duration_ns"].get<std::int64_t>();
  }
  EXPECT_EQ(sum, explanation["whole_ns"]);
  for (const json& instant : explanation["instants"]) {
    EXPECT_GE(instant["since_start_ns"], before) << explanation.dump(1);
    before = instant["since_start_ns"];
  }
}

struct Way {
  const char* transport;
  const char* target;
};

class Explain : public ::testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(Ways, Explain,
                         ::testing::Values(Way{"icmp", "10.78.0.2"}, Way{"icmp", "fd78::2"},
                                           Way{"raw", "10.78.0.2"}, Way{"raw", "fd78::2"},
                                           Way{"udp", "10.78.0.2"}, Way{"udp", "fd78::2"}),
                         [](const auto& way) {
                           return std::string(way.param.transport) +
                                  (way.param.target[0] == 'f' ? "_IPv6" : "_IPv4");
                         });

TEST_P(Explain, MeasuresSevenInstantsInTheirOrderWhoseSpansSumToTheWhole) {
  const VethPair pair;
  const bool raw = std::string_view(GetParam().transport) == "raw";
  const json explanation =
      explanation_of(pair.near(), {"--transport", GetParam().transport, GetParam().target}, 0,
                     raw ? User::root : User::ordinary);
  expect_sound(explanation);
  EXPECT_EQ(explanation["verdict"], "reply");
  EXPECT_EQ(explanation["transport"], GetParam().transport);
  ASSERT_EQ(explanation["instants"].size(), 7u) << explanation.dump(1);
  // Whatever else happens in between, the packet's own way and the program's have their order.
  EXPECT_LE(at(explanation, "send_called"), at(explanation, "sched_stamp"));
  EXPECT_LE(at(explanation, "sched_stamp"), at(explanation, "snd_stamp"));
  EXPECT_LT(at(explanation, "snd_stamp"), at(explanation, "rx_stamp"));
  EXPECT_LT(at(explanation, "rx_stamp"), at(explanation, "receive_returned"));
  EXPECT_LT(at(explanation, "send_called"), at(explanation, "send_returned"));
  EXPECT_LT(at(explanation, "send_returned"), at(explanation, "poll_woke"));
  EXPECT_LT(at(explanation, "poll_woke"), at(explanation, "receive_returned"));
  EXPECT_EQ(explanation["rtt_ns"], at(explanation, "rx_stamp") - at(explanation, "snd_stamp"));
  EXPECT_GT(explanation["user_rtt_ns"], explanation["rtt_ns"]);
}

TEST_P(Explain, ShowsTheSocketTheRouteAndTheNeighbour) {
  const VethPair pair;
  const bool raw = std::string_view(GetParam().transport) == "raw";
  const json explanation =
      explanation_of(pair.near(), {"--transport", GetParam().transport, GetParam().target}, 0,
                     raw ? User::root : User::ordinary);
  const bool ipv6 = GetParam().target[0] == 'f';
  EXPECT_EQ(explanation["socket"]["table"],
            std::string("/proc/net/") + GetParam().transport + (ipv6 ? "6" : ""));
  EXPECT_EQ(explanation["route"]["interface"], "near0");
  EXPECT_EQ(explanation["route"]["source"], ipv6 ? "fd78::1" : "10.78.0.1");
  EXPECT_TRUE(explanation["route"]["gateway"].is_null());
  EXPECT_EQ(explanation["route"]["kind"], "unicast");
  EXPECT_EQ(explanation["neighbour"]["address"], GetParam().target);
  EXPECT_THAT(explanation["neighbour"]["state"], AnyOf("reachable", "delay", "stale"));
  EXPECT_EQ(explanation["neighbour"]["link_address"].get<std::string>().size(), 17u);
  EXPECT_EQ(explanation["neighbour"]["known_before"], false);
  EXPECT_EQ(explanation["answer"]["likely_hops"], 0);
}

TEST(ExplainProgram, FindsTheNetworksTimeWhereTheNetworkTookIt) {
  const SimulatedNetwork network("host 10.77.0.1 fd77::1; delay 30ms; ttl 57\n");
  for (const char* target : {"10.77.0.1", "fd77::1"}) {
    const json explanation = explanation_of(network, {target});
    expect_sound(explanation);
    const std::int64_t on_the_way = at(explanation, "rx_stamp") - at(explanation, "snd_stamp");
    EXPECT_GE(on_the_way, 30'000'000);
    EXPECT_GE(at(explanation, "poll_woke") - at(explanation, "send_returned"), 15'000'000)
        << "it waited in poll()";
    EXPECT_EQ(explanation["answer"]["ttl"], 57);
    EXPECT_EQ(explanation["answer"]["likely_hops"], 7);
  }
}

TEST(ExplainProgram, OfASilentHostShowsHowFarTheProbeGot) {
  const SimulatedNetwork network("host 10.77.0.1; silence\n");
  const json explanation = explanation_of(network, {"-W", "50ms", "10.77.0.1"}, 1);
  expect_sound(explanation);
  EXPECT_EQ(explanation["verdict"], "lost");
  EXPECT_EQ(explanation["instants"].size(), 4u);
  EXPECT_TRUE(explanation["answer"].is_null());
  EXPECT_THAT(explain(network, {"-W", "50ms", "10.77.0.1"}).output,
              StartsWith("10.77.0.1 did not answer an echo request by icmp within 50 ms"));
}

TEST(ExplainProgram, DoesNotTakeForgedAnswers) {
  const SimulatedNetwork network("host 10.77.0.1; delay 20ms; forged 5 before 10ms\n");
  const json explanation = explanation_of(network, {"10.77.0.1"});
  EXPECT_GE(explanation["rtt_ns"], 20'000'000);
}

TEST(ExplainProgram, AnErrorNamesWhoSaidWhat) {
  const SimulatedNetwork network(
      "host 10.77.0.1 fd77::1; error host-unreachable from 10.77.9.9 fd77::9:9; ttl 250\n");
  const json explanation = explanation_of(network, {"10.77.0.1"}, 1);
  expect_sound(explanation);
  EXPECT_EQ(explanation["verdict"], "error");
  EXPECT_EQ(explanation["answer"]["from"], "10.77.9.9");
  EXPECT_EQ(explanation["instants"].size(), 7u);
  EXPECT_THAT(explanation["summary"], HasSubstr("10.77.9.9 said: "));
}

TEST(ExplainProgram, WithoutARouteSaysSo) {
  const VethPair pair;
  const json explanation = explanation_of(pair.near(), {"203.0.113.1"}, 1);
  EXPECT_EQ(explanation["verdict"], "local");
  EXPECT_EQ(explanation["errno"], "ENETUNREACH");
  EXPECT_TRUE(explanation["route"].is_null());
  EXPECT_THAT(explanation["route_failure"], HasSubstr("ENETUNREACH"));
}

TEST(ExplainProgram, AnAbsentNeighbourIsNamed) {
  const VethPair pair;
  const json explanation = explanation_of(pair.near(), {"-W", "10s", "10.78.0.99"}, 1);
  EXPECT_EQ(explanation["verdict"], "error");
  EXPECT_EQ(explanation["reason"], "neighbour");
  EXPECT_EQ(explanation["neighbour"]["state"], "failed");
  EXPECT_TRUE(explanation["neighbour"]["link_address"].is_null());
}

TEST(ExplainProgram, AGatewayIsTheNextHop) {
  const VethPair pair;
  pair.far().ip("route add local 10.99.0.0/24 dev lo\n");
  pair.near().ip("route add 10.99.0.0/24 via 10.78.0.2 mtu 1300\n");
  const json explanation = explanation_of(pair.near(), {"10.99.0.7"});
  EXPECT_EQ(explanation["route"]["gateway"], "10.78.0.2");
  EXPECT_EQ(explanation["route"]["mtu"], 1300);
  EXPECT_EQ(explanation["neighbour"]["address"], "10.78.0.2");
}

TEST(ExplainProgram, DrawsAPictureBesideTheText) {
  const VethPair pair;
  const lab::ScratchDirectory directory;
  const std::string file = directory.path() / "probe.svg";
  const Finished finished = explain(pair.near(), {"--svg", file, "10.78.0.2"}, User::root);
  EXPECT_EQ(finished.status, 0) << finished.errors;
  std::stringstream picture;
  picture << std::ifstream(file).rdbuf();
  EXPECT_THAT(picture.str(), StartsWith("<svg "));
  EXPECT_THAT(picture.str(), HasSubstr("10.78.0.2 answered an echo request by "));
}

TEST(ExplainProgram, RefusesWhatItCannotDo) {
  const VethPair pair;
  EXPECT_EQ(explain(pair.near(), {}).status, 2);
  EXPECT_EQ(explain(pair.near(), {"10.78.0.1", "10.78.0.2"}).status, 2);
  EXPECT_EQ(explain(pair.near(), {"--transport", "tcp", "10.78.0.2"}).status, 2);
  EXPECT_EQ(explain(pair.near(), {"--transport", "raw", "10.78.0.2"}).status, 3);
  EXPECT_EQ(explain(pair.near(), {"-I", "nowhere0", "10.78.0.2"}).status, 3);
  EXPECT_EQ(explain(pair.near(), {"--svg", "/nowhere/x.svg", "10.78.0.2"}).status, 4);
  EXPECT_EQ(explain(pair.near(), {"nobody.invalid"}).status, 2);
}

}  // namespace
}  // namespace sonde::explain::testing
