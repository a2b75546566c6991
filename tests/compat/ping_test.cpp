// ping_test.cpp: runs of ping and of its face over the same scenarios, compared line by line.
#include <fmt/format.h>

#include <regex>
#include <vector>

#include "compat/ping_sides.hpp"

namespace sonde::compat_test {
namespace {

using lab::User;

constexpr std::string_view plain = "host 10.77.0.1 fd77::1; delay 1ms\n";

Words asked(Words words, const std::string& host = "10.77.0.1") {
  words.insert(words.end(), {"-i", "0.1", host});
  return words;
}

constexpr lab::SimulatedNetworkOptions raw_only = {.ping_sockets_open = false};

TEST(PingRuns, RepliesOfBothFamiliesAndSocketsLookTheSame) {
  const NetworkPair networks(plain), raw_networks(plain, raw_only);
  for (const char* host : {"10.77.0.1", "fd77::1"}) {
    networks.compare(asked({"-c", "3"}, host), "ping", User::root);
    networks.compare(asked({"-c", "3"}, host));
    raw_networks.compare(asked({"-c", "3"}, host), "ping", User::root);
  }
}

TEST(PingRuns, OptionsOneByOne) {
  const NetworkPair networks(plain);
  const std::vector<Words> all = {{"-q"},
                                  {"-n"},
                                  {"-a"},
                                  {"-D"},
                                  {"-O"},
                                  {"-U"},
                                  {"-d"},
                                  {"-r"},
                                  {"-B"},
                                  {"-L"},
                                  {"-4"},
                                  {"-s", "0"},
                                  {"-s", "4"},
                                  {"-s", "15"},
                                  {"-s", "16"},
                                  {"-s", "1400"},

                                  {"-p", "ff00"},
                                  {"-p", "f"},
                                  {"-p", "123"},
                                  {"-t", "7"},
                                  {"-Q", "0x10"},
                                  {"-Q", "255"},
                                  {"-M", "do"},
                                  {"-M", "dont"},
                                  {"-M", "want"},
                                  {"-I", "lab0"},
                                  {"-S", "100000"},
                                  {"-W", "0.5"},
                                  {"-w", "5"},
                                  {"-l", "2"},
                                  {"-I", "10.77.255.254"},
                                  {"-I", "lab0", "-B"}};
  for (const Words& words : all) {
    Words with_count = words;
    with_count.insert(with_count.end(), {"-c", "2"});
    networks.compare(asked(with_count));
  }
}

TEST(PingRuns, OptionsOfIpv6OneByOne) {
  const NetworkPair networks(plain);
  const std::vector<Words> all = {{"-6"},      {"-F", "0x12345"}, {"-I", "lab0"}, {"-I", "fd77::ffff"},
                                  {"-s", "0"}, {"-Q", "0x20"},    {"-M", "do"},   {"-t", "9"},
                                  {"-B"},      {"-a", "-D"},      {"-p", "0102"}};
  for (const Words& words : all) {
    Words with_count = words;
    with_count.insert(with_count.end(), {"-c", "2"});
    networks.compare(asked(with_count, "fd77::1"));
  }
}

TEST(PingRuns, OptionsInPairs) {
  const NetworkPair networks(plain);
  const std::vector<Words> some = {{"-q"},       {"-D"},      {"-a"},        {"-s", "8"},
                                   {"-p", "ab"}, {"-w", "3"}, {"-I", "lab0"}};
  for (std::size_t first = 0; first < some.size(); ++first) {
    for (std::size_t second = first + 1; second < some.size(); ++second) {
      Words words = some[first];
      words.insert(words.end(), some[second].begin(), some[second].end());
      words.insert(words.end(), {"-c", "2"});
      networks.compare(asked(words));
    }
  }
}

TEST(PingRuns, LossIsCountedAndTheExitStatusSaysIt) {
  constexpr std::string_view scenario =
      "host 10.77.0.1 fd77::1; probe 2: silence\nhost 10.77.0.2 fd77::2; silence\n";
  const NetworkPair networks(scenario);
  networks.compare(asked({"-c", "3", "-W", "0.3"}));
  networks.compare(asked({"-c", "2", "-W", "0.3"}, "10.77.0.2"));
  networks.compare(asked({"-c", "2", "-W", "0.3"}, "fd77::2"));
  networks.compare(asked({"-q", "-c", "2", "-W", "0.3"}, "10.77.0.2"));
  // With a deadline, -c counts answers.
  networks.compare(asked({"-c", "4", "-w", "3"}));
}

TEST(PingRuns, WhatHasNoAnswerYetIsSaid) {
  constexpr std::string_view scenario = "host 10.77.0.1; probe 2-3: silence\n";
  const NetworkPair networks(scenario);
  networks.compare({"-O", "-c", "4", "-i", "0.2", "-W", "0.3", "10.77.0.1"});
}

TEST(PingRuns, DuplicatesAreMarkedAndCounted) {
  constexpr std::string_view scenario = "host 10.77.0.1 fd77::1; duplicates 2 spacing 1ms\n";
  const NetworkPair networks(scenario);
  for (const char* host : {"10.77.0.1", "fd77::1"}) {
    networks.compare({"-c", "2", "-i", "0.2", host});
    networks.compare({"-q", "-c", "2", "-i", "0.2", host});
  }
}

TEST(PingRuns, ErrorsOfEveryCodeHaveTheToolsWords) {
  std::vector<std::string> kinds;
  for (int code = 0; code <= 16; ++code) kinds.push_back(fmt::format("3/{}", code));
  for (const char* kind : {"11/0", "11/1", "11/2", "12/0"}) kinds.emplace_back(kind);
  std::string scenario;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    scenario += fmt::format("host 10.77.1.{}; error {} from 10.77.9.9 mtu 1200\n", i + 1, kinds[i]);
  }
  const NetworkPair networks(scenario);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    SCOPED_TRACE(kinds[i]);
    networks.compare({"-c", "1", "-W", "0.5", fmt::format("10.77.1.{}", i + 1)});
  }
}

TEST(PingRuns, ErrorsOfIpv6HaveTheToolsWords) {
  const std::vector<std::string> kinds = {"1/0", "1/1", "1/2", "1/3", "1/4", "1/7", "2/0",
                                          "3/0", "3/1", "3/2", "4/0", "4/1", "4/2", "4/3"};
  std::string scenario;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    scenario += fmt::format("host fd77::1:{}; error {} from fd77::9 mtu 1300\n", i + 1, kinds[i]);
  }
  const NetworkPair networks(scenario);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    SCOPED_TRACE(kinds[i]);
    networks.compare({"-c", "1", "-W", "0.5", fmt::format("fd77::1:{}", i + 1)});
  }
}

TEST(PingRuns, ErrorsThroughRawSocketsToo) {
  constexpr std::string_view scenario =
      "host 10.77.0.1 fd77::1; error host-unreachable from 10.77.9.9 fd77::9\n";
  for (const char* host : {"10.77.0.1", "fd77::1"}) {
    NetworkPair(scenario, raw_only).compare({"-c", "2", "-i", "0.3", "-W", "1", host}, "ping", User::root);
    NetworkPair(scenario).compare({"-q", "-c", "2", "-i", "0.3", "-W", "1", host});
    // The first error ends a run with a deadline.
    NetworkPair(scenario).compare({"-w", "5", "-i", "0.3", host});
    NetworkPair(scenario).compare({"-f", "-i", "0.3", "-c", "2", host}, "ping", User::root);
  }
}

// What an ICMP message says with -v beyond its line: on standard output, without numbers that are each run's own.
std::string verbose_output(const lab::Finished& finished) {
  static const std::regex identification(R"((  [0-9a-f]{2} [0-9a-f]{4}) [0-9a-f]{4})"),
      checksum(R"((  01) [0-9a-f]{4})"), before_2024(R"(ai->ai_family: .*\n)");
  std::string text = std::regex_replace(timeless(modern(finished.output)), before_2024, "");
  text = std::regex_replace(text, identification, "$1 I");
  return std::regex_replace(text, checksum, "$1 C");
}

TEST(PingRuns, WithVerboseTheHeaderIsShownThatAMessageQuotes) {
  const std::string notes =
      "host 10.77.0.1; delay 20ms; note redirect from 10.77.9.9 gateway 10.77.9.1; ttl 9\n"
      "host 10.77.0.2; delay 20ms; note source-quench from 10.77.9.9\n"
      "host 10.77.0.3; error host-unreachable from 10.77.9.9\n"
      "host fd77::1; delay 20ms; note redirect from fe80::fe gateway fe80::fd\n"
      "host fd77::3; error 1/3 from fd77::9\n";
  const NetworkPair ping_sockets(notes), raw_sockets(notes, raw_only);
  const auto compare = [](const NetworkPair& networks, const Words& words) {
    const Sides sides = networks.run(words);
    SCOPED_TRACE(words.back());
    EXPECT_EQ(verbose_output(sides.face), verbose_output(sides.original));
  };
  const std::vector<Words> all = {
      {"10.77.0.1"},       {"10.77.0.2"},       {"10.77.0.3"},
      {"fd77::1"},         {"fd77::3"},         {"-D", "10.77.0.1"},
      {"-R", "10.77.0.1"}, {"-q", "10.77.0.1"}, {"-Q", "4", "-t", "7", "10.77.0.1"}};
  for (Words words : all) {
    words.insert(words.begin(), {"-v", "-n", "-e", "7", "-c", "2", "-i", "0.3", "-W", "0.5"});
    compare(raw_sockets, words);
    // On ping sockets the original takes redirects and source quenches for errors (PingIsRight).
    const bool is_note = words.back() == "10.77.0.1" || words.back() == "10.77.0.2";
    if (!is_note) compare(ping_sockets, words);
  }
}

TEST(PingRuns, ChangedAndShortAnswersAreDescribed) {
  NetworkPair("host 10.77.0.1; alter byte 20\n").compare(asked({"-c", "1"}));
  NetworkPair("host 10.77.0.1; alter byte 20\n").compare(asked({"-c", "1", "-p", "aa55"}));
  NetworkPair("host 10.77.0.1; cut 8\n").compare(asked({"-c", "2"}));
  NetworkPair("host 10.77.0.1; append 16\n", raw_only).compare(asked({"-c", "1"}), "ping", User::root);
  NetworkPair("host 10.77.0.1; source 10.77.9.9\n", raw_only).compare(asked({"-c", "1"}), "ping", User::root);
}

TEST(PingRuns, LateAnswersAreShownLikeAllOthers) {
  NetworkPair("host 10.77.0.1; probe 1: delay 250ms\n").compare({"-c", "3", "-i", "0.1", "10.77.0.1"});
}

TEST(PingRuns, RoutesAndTimesAreReadFromTheAnswers) {
  NetworkPair("host 10.77.0.1; options record-route\n", raw_only)
      .compare(asked({"-c", "2", "-R"}), "ping", User::root);
  NetworkPair("host 10.77.0.1; options timestamp\n", raw_only)
      .compare(asked({"-c", "1", "-T", "tsonly"}), "ping", User::root);
}

TEST(PingRuns, FloodsPrintTheirMarks) {
  // At an interval that no answer misses; without one the marks depend on the load, and so does what comes in time.
  const NetworkPair networks(plain);
  for (const char* host : {"10.77.0.1", "fd77::1"}) {
    networks.compare({"-f", "-i", "0.1", "-c", "3", host});
    networks.compare({"-f", "-q", "-i", "0.1", "-c", "3", host});
    networks.compare({"-A", "-c", "1", host});
  }
}

TEST(PingRuns, FloodsAndAdaptiveRunsSayTheirPace) {
  const lab::SimulatedNetwork network(plain);
  for (const Words& words :
       std::vector<Words>{{"-f", "-q"}, {"-A", "-q"}, {"-f", "-q", "-l", "3"}, {"-i", "0", "-q"}}) {
    Words counted = words;
    counted.insert(counted.end(), {"-c", "50", "10.77.0.1"});
    const lab::Finished finished = network.run(face("ping", counted));
    EXPECT_NE(finished.output.find("50 packets transmitted, "), std::string::npos);
    EXPECT_NE(timeless(finished.output).find("ipg/ewma T ms\n"), std::string::npos) << finished.output;
  }
}

TEST(PingRuns, TheNameDecidesTheFamily) {
  const NetworkPair networks(plain);
  networks.compare(asked({"-c", "1"}), "ping4");
  networks.compare(asked({"-c", "1"}, "fd77::1"), "ping6");
  networks.compare(asked({"-c", "1"}, "fd77::1"), "ping4");
  networks.compare(asked({"-c", "1"}), "ping6");
}

TEST(PingRuns, BroadcastWantsItsOption) {
  const NetworkPair networks(plain);
  networks.compare(asked({"-c", "1", "-W", "0.2"}, "10.77.255.255"), "ping", User::root);
  networks.compare(asked({"-c", "1", "-W", "0.2", "-b"}, "10.77.255.255"), "ping", User::root);
}

TEST(PingRuns, NamesAreShownWhereTheyAreKnown) {
  // No name server is reached from here.
  const lab::Namespace space;
  space.open_ping_sockets(true);
  for (const Words& words : std::vector<Words>{{"localhost"},
                                               {"-n", "localhost"},
                                               {"-6", "ip6-localhost"},
                                               {"127.1"},
                                               {"0"},
                                               {"-c", "2", "-i", "0.01", "::1"}}) {
    Words once = {"-c", "1"};
    once.insert(once.end(), words.begin(), words.end());
    expect_same(run_sides(space, "ping", once));
  }
}

// Messages, codes and options that releases before this one have otherwise or not at all.
TEST(PingRuns, WhatIsNewInTheReleaseThatIsMatched) {
  if (original_release() < 20250605)
    GTEST_SKIP() << "the original is older; SONDE_ORIGINALS may name a current one";
  const NetworkPair networks(
      "host 10.77.0.1 fd77::1; delay 1ms\n"
      "host fd77::5; error 1/5 from fd77::9\nhost fd77::6; error 1/6 from fd77::9\n");
  for (const Words& words : std::vector<Words>{
           {"-v"}, {"-e", "4242", "-v"}, {"-3"}, {"-M", "probe"}, {"-C"}, {"-H"}, {"-n", "-H"}}) {
    for (const char* host : {"10.77.0.1", "fd77::1"}) {
      Words once = words;
      once.insert(once.end(), {"-c", "1", host});
      if (words.back() != "-H") networks.compare(once);
    }
  }
  networks.compare({"-c", "1", "-W", "0.5", "fd77::5"});
  networks.compare({"-c", "1", "-W", "0.5", "fd77::6"});
  networks.compare({"-c", "1", "-s", "65508", "fd77::1"});
  networks.compare({"-c", "1", "-M", "do", "-s", "2000", "10.77.0.1"});
  networks.compare(asked({"-c", "1", "-b"}, "10.77.255.255"));
}

// Both are asked to end by the same signal.
class PingSignals : public ::testing::Test {
 protected:
  Sides end_with(int signal, const Words& words) {
    const lab::SimulatedNetwork for_original(plain), for_face(plain);
    lab::Process first = for_original.start(original("ping", words));
    lab::Process second = for_face.start(face("ping", words));
    for (lab::Process* process : {&first, &second}) {
      EXPECT_TRUE(process->wait_for_output("icmp_seq=2 "));
      process->signal(signal);
    }
    return {first.wait(), second.wait()};
  }
};

TEST_F(PingSignals, EndTheRunWithItsSummaryOrWithout) {
  for (const int signal : {SIGINT, SIGALRM, SIGTERM}) {
    SCOPED_TRACE(signal);
    expect_same(end_with(signal, {"-i", "0.5", "10.77.0.1"}));
  }
}

TEST_F(PingSignals, QuitHasTheStateSaidOnStandardError) {
  const lab::SimulatedNetwork for_original(plain), for_face(plain);
  const Words words = {"-i", "0.5", "-c", "3", "10.77.0.1"};
  lab::Process first = for_original.start(original("ping", words));
  lab::Process second = for_face.start(face("ping", words));
  for (lab::Process* process : {&first, &second}) {
    EXPECT_TRUE(process->wait_for_output("icmp_seq=2 "));
    process->signal(SIGQUIT);
  }
  const Sides sides{first.wait(), second.wait()};
  expect_same(sides);
  EXPECT_EQ(timeless(sides.face.errors), "\r2/2 packets, 0% loss, min/avg/ewma/max = T ms\n");
}

}  // namespace
}  // namespace sonde::compat_test
