// fping and sonde called fping, over the same networks: the same lines on the same streams, and the same status.
//
// Debian's fping is 5.1: what later versions print otherwise is compared with what is written here instead.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "compat/sides.hpp"

namespace sonde::compat_test {
namespace {

using lab::Command;
using lab::Finished;
using lab::SimulatedNetwork;
using lab::User;
using ::testing::HasSubstr;
using ::testing::Not;

Words operator+(Words left, const Words& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Words split(std::string_view text) {
  Words words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    words.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

std::string sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  std::ranges::sort(lines);
  return fmt::format("{}", fmt::join(lines, "\n"));
}

// Of several hosts, whose answers a busy machine may have overtake each other, the lines are compared in any order.
void expect_alike(const Finished& original, const Finished& face, const std::string& what,
                  bool several = false) {
  const auto compared = [several](const std::string& text) {
    return several ? sorted_lines(without_times(text)) : without_times(text);
  };
  EXPECT_EQ(compared(face.output), compared(original.output)) << what;
  EXPECT_EQ(compared(face.errors), compared(original.errors)) << what;
  EXPECT_EQ(face.status, original.status) << what;
}

// A network for each side, as hosts count their probes.
class TwoNetworks {
 public:
  explicit TwoNetworks(std::string_view scenario, lab::SimulatedNetworkOptions options = {})
      : original_(scenario, options), face_(scenario, options) {}

  // Both at the same time. The original asks by raw sockets as root; so that it hears of errors.
  Sides run(const Words& words, User face_user = User::root, const Command& command = {}) const {
    Command other = command;
    other.user = face_user;
    lab::Process one = original_.start(original("fping", words, command));
    lab::Process two = face_.start(face("fping", words, other));
    Finished first = one.wait();
    return {std::move(first), two.wait()};
  }
  void expect_alike(const std::string& line, User face_user = User::root, const Command& command = {}) const {
    const Sides sides = run(split(line), face_user, command);
    const std::size_t host = line.find("77");
    const bool several = line.starts_with("-g") || !command.input.empty() ||
                         (host != line.npos && line.find("77", host + 5) != line.npos);
    compat_test::expect_alike(sides.original, sides.face, line, several);
  }

 private:
  SimulatedNetwork original_, face_;
};

class FpingBesideTheOriginal : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/usr/bin/fping")) GTEST_SKIP() << "fping is not installed";
  }
};

constexpr std::string_view plain =
    "host 10.77.0.1 10.77.0.3 10.77.0.8-10.77.0.31 fd77::1\n"
    "host 10.77.0.2 fd77::2\n  silence\n"
    "host 10.77.0.4\n  probe 2: silence\n"
    "host 10.77.0.5\n  duplicates 1 spacing 1ms\n"
    "host 10.77.0.6\n  source 10.77.9.9\n"
    "host 10.77.0.7\n  ttl 57\n  tos 0x20\n";

TEST_F(FpingBesideTheOriginal, OneHostOrSeveralWithEachOption) {
  const TwoNetworks networks(plain);
  for (const User user : {User::root, User::ordinary}) {
    for (const char* line : {
             "10.77.0.1",
             "-e 10.77.0.1",
             "-a 10.77.0.1",
             "-u 10.77.0.1",
             "-q 10.77.0.1",
             "-4 10.77.0.1",
             "-6 fd77::1",
             "-6 10.77.0.1",
             "-4 fd77::1",
             "-r0 -t 80 10.77.0.2",
             "-r1 -t 40 -s 10.77.0.2",
             "-r0 -t 80 -a 10.77.0.2",
             "-r0 -t 80 -u 10.77.0.2 10.77.0.1",
             "-r2 -t 40 -B 1.0 -e 10.77.0.2",
             "-s 10.77.0.1",
             "-c 3 -p 40 -t 2000 10.77.0.1",
             "-C 3 -p 40 -t 2000 10.77.0.1",
             "-C 3 -q -p 40 -t 2000 10.77.0.1",
             "-c 3 -q -p 40 -t 2000 10.77.0.1",
             "-c 2 -D -p 40 -t 2000 10.77.0.1",
             "-c 2 -t 60 -p 70 10.77.0.2",
             "-c 2 -t 60 -p 70 -o 10.77.0.2",
             "-C 2 -t 60 -p 70 -q 10.77.0.2",
             "-c 1 -t 1500 -p 20 10.77.0.1 fd77::1",
             "-b 100 -c 1 10.77.0.1",
             "-b 0 -c 1 10.77.0.1",
             "-b 1 -c 1 10.77.0.1",
             "-b 1472 -M 10.77.0.1",
             "-R -b 56 10.77.0.1",
             "-r0 -b 1473 -M 10.77.0.1",
             "-H 7 -O 16 10.77.0.1",
             "-x 1 10.77.0.1",
             "-x 2 -r0 -t 80 10.77.0.1 10.77.0.2",
             "-S 10.77.255.254 10.77.0.1",
             "-S 10.1.2.3 10.77.0.1",
             "-I lab0 10.77.0.1",
             "-g 10.77.0.8 10.77.0.11",
             "-g 10.77.0.9/31",
             "-g 10.77.0.3 10.77.0.1",
             "-i 1 -g 10.77.0.16/29",
             "10.77.0.1 10.77.0.1",
             "-r0 -t 300 10.77.0.6",
             "-c1 -t 300 10.77.0.6",
             "-c1 -t 300 10.77.0.7",
             "-f /nonexistent",
             "-T 10 10.77.0.1",
         }) {
      networks.expect_alike(line, user);
    }
  }
}

TEST_F(FpingBesideTheOriginal, LossInTheMiddleOfACount) {
  for (const char* line : {"-c 3 -t 600 -p 700 10.77.0.4", "-C 3 -q -t 600 -p 700 10.77.0.4"})
    TwoNetworks(plain).expect_alike(line);
}

TEST_F(FpingBesideTheOriginal, EveryCodeOfUnreachableAndOtherErrors) {
  std::string scenario;
  Words targets;
  for (int code = 0; code <= 15; ++code) {
    scenario += fmt::format("host 10.77.1.{0}\n  error 3/{0} from 10.77.9.9{1}\n", code,
                            code == 4 ? " mtu 1400" : "");
    targets.push_back(fmt::format("10.77.1.{}", code));
  }
  scenario += "host 10.77.2.1\n  error 11/0 from 10.77.9.8\n";
  scenario +=
      "host 10.77.2.3\n  error 12/0 from 10.77.9.8\nhost 10.77.2.4\n  note 5/1 from 10.77.9.8 gateway "
      "10.77.9.7\n";
  targets = targets + Words{"10.77.2.1", "10.77.2.3"};
  const TwoNetworks networks(scenario);
  for (const User user : {User::root, User::ordinary}) {
    for (const Words& options : {Words{"-r0", "-t300", "-i20"}, Words{"-c1", "-t300", "-i20"},
                                 Words{"-c1", "-t300", "-q"}, Words{"-r0", "-t300", "-q", "-s"}}) {
      const Sides sides = networks.run(options + targets, user);
      expect_alike(sides.original, sides.face, options.front(), true);
    }
  }
}

// The kernel keeps these from ping sockets.
TEST_F(FpingBesideTheOriginal, WhatRawSocketsAloneHearOf) {
  const TwoNetworks networks(
      "host 10.77.1.16\n  error 3/16 from 10.77.9.9\nhost 10.77.2.2\n  error 11/1 from 10.77.9.8\n"
      "host 10.77.2.4\n  note 5/1 from 10.77.9.8 gateway 10.77.9.7\nhost 10.77.2.5\n  note 4/0 from "
      "10.77.9.8\n",
      {.ping_sockets_open = false});
  for (const char* line :
       {"-r0 -t300 -i20 10.77.1.16 10.77.2.2", "-r0 -t300 10.77.2.4", "-c1 -t300 10.77.2.5"})
    networks.expect_alike(line);
}

// Where no name server can be asked, names are looked up in no time.
TEST_F(FpingBesideTheOriginal, NamesThatAreThereAndThatAreNot) {
  const lab::Namespace space;
  for (const char* line :
       {"-4 localhost", "-6 localhost", "-A -4 localhost", "-d 127.0.0.1", "-n 127.0.0.1", "-A -n 127.0.0.1",
        "-4 -n localhost", "-4 -A -d localhost", "-c1 -d 127.0.0.1 127.0.0.9", "-4 -m -A localhost",
        "nosuch.invalid 127.0.0.1", "-q nosuch.invalid", "-c1 nosuch.invalid", "-s nosuch.invalid",
        "-n 127.0.0.9", "-4 -C1 -q localhost nosuch.invalid"}) {
    const Sides sides = run_sides(space, "fping", split(line));
    expect_alike(sides.original, sides.face, line);
  }
}

TEST_F(FpingBesideTheOriginal, FilesAndStandardInput) {
  const TwoNetworks networks(plain);
  const std::string list = "# two\n\n 10.77.0.1 and more\n\t10.77.0.3\n10.77.0.1";
  for (const char* line : {"", "-f -", "-c1 -f -", "-A -f -"})
    networks.expect_alike(line, User::root, Command{.input = list});
  networks.expect_alike("", User::root, Command{.input = "#\n"});
}

TEST_F(FpingBesideTheOriginal, BroadcastAndNoRoute) {
  const lab::VethPair pair;
  const std::string nowhere = "10.99.0.1", broadcast = "10.78.0.255";
  for (const Words& words : {Words{"-r0", nowhere}, Words{"-c2", "-p20", nowhere}, Words{"-r0", broadcast},
                             Words{"-C2", "-q", "-p20", broadcast}, Words{"-r0", "255.255.255.255"},
                             Words{"-r2", nowhere}, Words{"-s", nowhere}}) {
    const Sides sides = run_sides(pair.near(), "fping", words);
    expect_alike(sides.original, sides.face, words.back());
  }
}

TEST_F(FpingBesideTheOriginal, UsageErrors) {
  const lab::Namespace space;
  for (const char* line : {"-4 -6 h", "-6 -4 h", "-a -u h", "-c3 -l h", "-d -n h", "-H 300 h", "-B 9 h",
                           "-S x h", "-Z", "-c", "-g 1.2.3.4/33", "-g 1.2.3.4/0", "-g x/8", "-g x 1.2.3.4",
                           "-g 1.2.3.4 x", "-g 127.0.0.1 127.255.255.254"}) {
    const Sides sides = run_sides(space, "fping", split(line));
    expect_alike(sides.original, sides.face, line);
  }
  // The usage text itself is in words of our own.
  for (const char* line : {"-c x", "-g", "-g 1.2.3.4", "-f x h", "-x 0 h"}) {
    const Sides sides = run_sides(space, "fping", split(line));
    EXPECT_EQ(sides.face.status, sides.original.status) << line;
    EXPECT_EQ(sides.face.output, sides.original.output) << line;
    EXPECT_THAT(sides.face.errors, HasSubstr("Usage: fping [options] [targets...]\n\nProbing options:\n"))
        << line;
  }
}

// --- options in pairs -------------------------------------------------------------------------------------------------

TEST_F(FpingBesideTheOriginal, OptionsInPairs) {
  const std::vector<std::string> options{"-a",  "-u",    "-A",  "-d",  "-D",  "-e",  "-q",  "-s",   "-o",
                                         "-R",  "-M",    "-4",  "-n",  "-m",  "-x1", "-r1", "-b99", "-H9",
                                         "-O8", "-t900", "-i2", "-B2", "-T9", "-c2", "-C2", "-Q9"};
  // Later versions let -c print lines that 5.1 left out with these; and tell a TTL or time elsewhere in a line.
  const auto changed = [](const std::string& one, const std::string& other) {
    const auto counts = [](const std::string& option) { return option == "-c2" || option == "-C2"; };
    const auto quiets = [](const std::string& option) {
      return option == "-a" || option == "-u" || option == "-x1";
    };
    return (counts(one) && quiets(other)) || (counts(other) && quiets(one));
  };
  const lab::Namespace space;
  std::vector<std::pair<Words, std::pair<lab::Process, lab::Process>>> running;
  const auto finish = [&running] {
    for (auto& [words, both] : running) {
      const Finished first = both.first.wait(), second = both.second.wait();
      expect_alike(first, second, words[0] + " " + words[1]);
    }
    running.clear();
  };
  for (std::size_t i = 0; i < options.size(); ++i) {
    for (std::size_t j = i + 1; j < options.size(); ++j) {
      if (changed(options[i], options[j])) continue;
      // With -c the period is the time-out as well: long, so that a program that stands still for a while loses nothing.
      const Words words{options[i], options[j], "-p250", "127.0.0.1"};
      running.emplace_back(
          words, std::pair{space.start(original("fping", words)), space.start(face("fping", words))});
      if (running.size() == 6) finish();
    }
  }
  finish();
}

// --- where ours is right and the original is not ------------------------------------------------------------------------

class FpingAlone : public ::testing::Test {
 protected:
  static Finished run(const SimulatedNetwork& network, std::string_view line, User user = User::root,
                      Command command = {}) {
    command.user = user;
    return network.run(face("fping", split(line), std::move(command)));
  }
};

TEST_F(FpingAlone, RandomDataOfAnOddSizeIsAnswered) {
  const lab::VethPair pair;
  pair.near().open_ping_sockets(false);
  const Finished finished =
      pair.near().run(face("fping", {"-R", "-b57", "-c20", "-p5", "-t3000", "-q", "10.78.0.2", "fd78::2"}));
  EXPECT_THAT(finished.errors, HasSubstr("10.78.0.2 : xmt/rcv/%loss = 20/20/0%"));
  EXPECT_THAT(finished.errors, HasSubstr("fd78::2   : xmt/rcv/%loss = 20/20/0%"));
}

TEST_F(FpingAlone, AForgedAnswerIsNone) {
  const SimulatedNetwork network("host 10.77.0.1\n  delay 2s\n  forged 1 before 1950ms\n");
  for (const User user : {User::root, User::ordinary}) {
    const Finished finished = run(network, "-r0 -t 600 10.77.0.1", user);
    EXPECT_EQ(finished.output, "10.77.0.1 is unreachable\n");
    EXPECT_EQ(finished.status, 1);
  }
}

TEST_F(FpingAlone, AnAnswerFromElsewhereIsNoneIfTheSourceIsChecked) {
  const SimulatedNetwork network("host 10.77.0.6\n  source 10.77.9.9\n");
  const Finished believed = run(network, "-r0 -t 500 10.77.0.6");
  EXPECT_EQ(believed.output, "10.77.0.6 is alive\n");
  EXPECT_EQ(believed.errors, " [<- 10.77.9.9]");
  const Finished checked = run(network, "-r1 -t 100 -s --check-source 10.77.0.6");
  EXPECT_EQ(checked.output, "10.77.0.6 is unreachable\n");
  EXPECT_THAT(checked.errors, HasSubstr("      2 ICMP Echos sent\n"));
}

TEST_F(FpingAlone, SequenceNumbersDoNotRunOut) {
  const lab::Namespace space;
  const Finished finished =
      space.run(face("fping", {"-q", "-i0", "-p0.001", "-t9000", "-c35000", "127.0.0.1", "127.0.0.2"},
                     {.time_limit = std::chrono::seconds(50)}));
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_THAT(finished.errors, HasSubstr("127.0.0.1 : xmt/rcv/%loss = 35000/"));
}

TEST_F(FpingAlone, IcmpErrorsOfIpv6AreNamed) {
  const SimulatedNetwork network(
      "host fd77::3\n  error 1/3 from fd77::9\nhost fd77::4\n  error 3/0 from fd77::9\n");
  for (const User user : {User::root, User::ordinary}) {
    const Finished finished = run(network, "-r0 -t 300 -i 30 fd77::3 fd77::4", user);
    EXPECT_EQ(
        finished.errors,
        "ICMPv6 Destination Unreachable (Address unreachable) from fd77::9 for ICMPv6 Echo Request sent to "
        "fd77::3\n"
        "ICMPv6 Time Exceeded (Hop limit exceeded in transit) from fd77::9 for ICMPv6 Echo Request sent to "
        "fd77::4\n");
    EXPECT_EQ(finished.output, "fd77::3 is unreachable\nfd77::4 is unreachable\n");
  }
}

TEST_F(FpingAlone, AnErrorTakesNoProbesTimeAway) {
  const SimulatedNetwork network(
      "host 10.77.0.1\n  error 3/1 from 10.77.9.9\nhost 10.77.0.2\n  delay 50ms\n");
  const Finished finished = run(network, "-c1 -t 600 10.77.0.1 10.77.0.2");
  EXPECT_EQ(without_times(finished.output),
            "T.T : [0], 64 bytes, T ms (T avg, 0% loss)\nT.T : [0], timed out (NaN avg, 100% loss)\n");
}

TEST_F(FpingAlone, LateAnswersOfACountAreLost) {
  const SimulatedNetwork network("host 10.77.0.1\n  delay 300ms\n");
  const Finished finished = run(network, "-C 1 -q -t 100 10.77.0.1");
  EXPECT_EQ(finished.errors, "10.77.0.1 : -\n");
}

TEST_F(FpingAlone, TimesToLiveAndTypesOfServiceAreShown) {
  const SimulatedNetwork network("host 10.77.0.7 fd77::7\n  ttl 57\n  tos 0x20\n");
  for (const User user : {User::root, User::ordinary}) {
    EXPECT_EQ(run(network, "--print-ttl --print-tos 10.77.0.7", user).output,
              "10.77.0.7 is alive (TOS 32) (TTL 57)\n");
    EXPECT_THAT(run(network, "-c1 --print-ttl --print-tos fd77::7", user).output,
                HasSubstr("% loss) (TOS 32) (TTL 57)\n"));
  }
}

TEST_F(FpingAlone, RangesOfIpv6) {
  const SimulatedNetwork network("host fd77::1-fd77::9\n");
  EXPECT_EQ(sorted_lines(run(network, "-g fd77::1 fd77::3").output),
            "fd77::1 is alive\nfd77::2 is alive\nfd77::3 is alive");
  EXPECT_EQ(sorted_lines(run(network, "-g fd77::8/127").output) + "\n",
            "fd77::8 is alive\nfd77::9 is alive\n");
  EXPECT_EQ(run(network, "-g fd77::/64").errors, "fping: netmask must be between 65 and 128 (is: 64)\n");
  EXPECT_EQ(run(network, "-g fd77::/110").errors, "fping: -g parameter generates too many addresses\n");
}

TEST_F(FpingAlone, EveryLineOfJsonIsAnObject) {
  const SimulatedNetwork network("host 10.77.0.1\nhost 10.77.0.2\n  silence\n");
  const Finished finished = run(network, "-J -4 -s -c2 -p 100 -D --print-ttl 10.77.0.1 10.77.0.2 fd77::1");
  std::map<std::string, int> kinds;
  std::istringstream lines(finished.output);
  for (std::string line; std::getline(lines, line);) {
    const auto parsed = nlohmann::json::parse(line);
    ASSERT_EQ(parsed.size(), 1u);
    ++kinds[parsed.begin().key()];
  }
  EXPECT_EQ(kinds, (std::map<std::string, int>{
                       {"resp", 2}, {"timeout", 2}, {"summary", 2}, {"stats", 1}, {"warning", 1}}));
}

TEST_F(FpingAlone, ANameThatIsTooLongIsNotCutInTwo) {
  const lab::Namespace space;
  const Finished finished = space.run(face("fping", {}, {.input = std::string(256, 'a') + "\n"}));
  EXPECT_EQ(finished.errors, "fping: target name too long\n");
  EXPECT_EQ(finished.status, 1);
}

TEST_F(FpingAlone, ItEndsAsSoonAsEnoughAnswer) {
  const SimulatedNetwork network("host 10.77.0.1\nhost 10.77.0.2\n  silence\n");
  const Finished finished = run(network, "-X 1 -t 60000 10.77.0.1 10.77.0.2");
  EXPECT_EQ(finished.output, "Enough hosts reachable (required: 1, reachable: 1)\n");
  EXPECT_EQ(finished.status, 0);
}

TEST_F(FpingAlone, DuplicatesAreToldButNotCounted) {
  const SimulatedNetwork network("host 10.77.0.5\n  duplicates 1 spacing 1ms\nhost 10.77.0.2\n  silence\n");
  const Finished finished = run(network, "-c2 -q -p 80 -t 2000 10.77.0.5");
  EXPECT_EQ(without_times(finished.errors), "T.T : xmt/rcv/%loss = 2/2/0%, min/avg/max = T/T/T\n");
  const Finished alive = run(network, "-r0 -t 400 10.77.0.5 10.77.0.2");
  EXPECT_EQ(without_times(alive.errors), "T.T : duplicate for [0], 64 bytes, T ms\n");
}

TEST_F(FpingAlone, AsSmokePingCallsIt) {
  const lab::Namespace space;
  space.open_ping_sockets(true);
  const Finished finished = space.run(
      face("fping", split("-C 5 -q -B1 -r1 -i1 -t2000 -p300 -g 127.0.1.0/25"), {.user = User::ordinary}));
  EXPECT_EQ(finished.output, "");
  std::size_t lines = 0;
  std::istringstream text(finished.errors);
  for (std::string line; std::getline(text, line); ++lines)
    EXPECT_THAT(line, ::testing::ContainsRegex("^[^ ]+ +:( [0-9]+\\.[0-9]+| [0-9]+){5}$"));
  EXPECT_EQ(lines, 126u);
}

// More hosts than one thread asks, where there are several processors.
TEST_F(FpingAlone, AWholePrefixIsToldInItsOrderAndEachHostOnce) {
  const lab::Namespace space;
  const Finished counted = space.run(face("fping", split("-q -c1 -i0 -t9000 -g 127.0.64.0/19")));
  EXPECT_EQ(counted.status, 0);
  std::istringstream text(counted.errors);
  std::string line;
  for (std::uint32_t number = 1; number < 8191; ++number) {
    const std::string host = fmt::format("127.0.{}.{}", 64 + number / 256, number % 256);
    ASSERT_TRUE(std::getline(text, line)) << host;
    EXPECT_THAT(line, ::testing::ContainsRegex("^" + host + " *: xmt/rcv/%loss = 1/1/0%")) << host;
  }
  EXPECT_FALSE(std::getline(text, line)) << line;

  const Finished alive = space.run(face("fping", split("-a -q -s -i0 -t9000 -g 127.0.64.0/19")));
  EXPECT_EQ(alive.status, 0);
  EXPECT_EQ(std::ranges::count(alive.output, '\n'), 8190);
  EXPECT_THAT(alive.errors, HasSubstr("    8190 alive\n       0 unreachable\n"));
  EXPECT_THAT(alive.errors, HasSubstr("    8190 ICMP Echos sent\n    8190 ICMP Echo Replies received\n"));
}

TEST_F(FpingAlone, PingSocketsSendNoTimestampRequests) {
  const lab::Namespace space;
  space.open_ping_sockets(true);
  const Finished finished =
      space.run(face("fping", {"--icmp-timestamp", "127.0.0.1"}, {.user = User::ordinary}));
  EXPECT_EQ(finished.errors, "127.0.0.1: error while sending ping: Invalid argument\n");
  EXPECT_EQ(finished.output, "127.0.0.1 is unreachable\n");
  EXPECT_EQ(finished.status, 1);
}

TEST_F(FpingAlone, WithoutSocketsItSaysWhatFpingSaysAndWhy) {
  const lab::Namespace space;
  space.open_ping_sockets(false);
  const Finished finished = space.run(face("fping", {"127.0.0.1"}, {.user = User::ordinary}));
  EXPECT_EQ(finished.status, 4);
  EXPECT_EQ(finished.output, "");
  EXPECT_THAT(finished.errors, ::testing::StartsWith("fping: can't create socket (must run as root?)\n"));
  EXPECT_THAT(finished.errors, HasSubstr("ping_group_range"));
}

TEST_F(FpingAlone, SignalsTellTheFiguresAndEndALoop) {
  const lab::Namespace space;
  lab::Process process = space.start(face("fping", split("-l -p 100 -t 3000 127.0.0.1")));
  ASSERT_TRUE(process.wait_for_output("[2], 64 bytes", std::chrono::seconds(15)));
  process.signal(SIGQUIT);
  ASSERT_TRUE(process.wait_for_errors("xmt/rcv/%loss", std::chrono::seconds(15)));
  process.signal(SIGINT);
  const Finished finished = process.wait();
  EXPECT_EQ(finished.status, 0);
  EXPECT_THAT(finished.errors, ::testing::ContainsRegex(
                                   "^\n\\[[0-9:]{8}\\]\n127.0.0.1 : xmt/rcv/%loss = [0-9/]+%, min/avg/max"));
  lab::Process terminated = space.start(face("fping", {"-l", "127.0.0.1"}));
  ASSERT_TRUE(terminated.wait_for_output("[0]", std::chrono::seconds(15)));
  terminated.signal(SIGTERM);
  EXPECT_EQ(terminated.wait().signal, SIGTERM);
}

}  // namespace
}  // namespace sonde::compat_test
