// Debian's mtr with the face of mtr-packet behind it (MTR_PACKET): its reports are those that it writes with its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "compat/sides.hpp"

namespace sonde::compat_test {
namespace {

using ::testing::HasSubstr;

// Every hop another delay; the third is silent, the fourth loses each second probe.
constexpr std::string_view scenario =
    "host 10.77.0.1 fd77::1; delay 12ms; udp closed; tcp open 80\n"
    "  hop 1: delay 2ms; hop 1: error ttl-exceeded from 10.77.9.1 fd77:9::1\n"
    "  hop 2: delay 5ms; hop 2: error ttl-exceeded from 10.77.9.2 fd77:9::2 quote whole\n"
    "  hop 3: silence\n"
    "  hop 4: delay 8ms; hop 4: error ttl-exceeded from 10.77.9.4 fd77:9::4\n"
    "host 10.77.0.3; hop 1: error ttl-exceeded from 10.77.9.1; hop 2: error host-unreachable from 10.77.9.2\n"
    "host 10.77.0.5; hop 1: error ttl-exceeded from 10.77.9.1 quote whole mpls 24015/3/1 17/0/254\n";

// By TCP mtr-packet's path has holes at random (mtr_packet_test.cpp), so that the one by ICMP is taken instead: the report does not
// name the protocol.

// In place of the times, and of what is measured from them, a letter.
std::string without_times(const std::string& report) {
  static const std::regex report_times(R"(( +[0-9]+\.[0-9]){5}(?=\n|$))"), start("Start: [^\n]*"),
      csv_times(R"(((?:^|\n)MTR\.0\.95,)[0-9]+(,OK,[^,\n]*,[0-9]+,[^,\n]*,[0-9.]+,[0-9]+,[0-9]*)[^\n]*)");
  std::string text = std::regex_replace(report, report_times, " T");
  text = std::regex_replace(text, start, "Start: T");
  return std::regex_replace(text, csv_times, "$1T$2,T");
}

struct Case {
  const char* name;
  Words words;
  Words original{};  // where its mtr-packet is asked for the same otherwise
};

class MtrReport : public ::testing::TestWithParam<Case> {
 protected:
  static lab::Finished run(const lab::SimulatedNetwork& network, const std::string& packet, lab::User user,
                           Words words = GetParam().words) {
    // As slowly as an ordinary user has to: mtr counts a probe that goes out as it ends, or does not, by what was quicker.
    words.insert(words.begin(), {"--no-dns", "-c", "2", "-i", "1", "-G", "1"});
    lab::Command command;
    command.user = user;
    command.environment = {"MTR_PACKET=" + packet};
    return network.run(original("mtr", words, command));
  }
};

TEST_P(MtrReport, IsTheSameWithOurProbes) {
  lab::SimulatedNetworkOptions closed;
  closed.ping_sockets_open = false;
  const lab::SimulatedNetwork for_original(scenario, closed), for_raw(scenario, closed),
      for_rootless(scenario);
  const lab::Finished theirs = run(for_original, "/usr/bin/mtr-packet", lab::User::root,
                                   GetParam().original.empty() ? GetParam().words : GetParam().original);
  EXPECT_EQ(theirs.status, 0) << theirs.errors;
  EXPECT_THAT(theirs.output, HasSubstr("10.77.9.1"));
  const lab::Finished raw = run(for_raw, SONDE_FACES "/mtr-packet", lab::User::root);
  EXPECT_EQ(without_times(raw.output), without_times(theirs.output));
  EXPECT_EQ(raw.errors, theirs.errors);
  const lab::Finished rootless = run(for_rootless, SONDE_FACES "/mtr-packet", lab::User::ordinary);
  EXPECT_EQ(without_times(rootless.output), without_times(theirs.output));
  EXPECT_EQ(rootless.errors, theirs.errors);
}

INSTANTIATE_TEST_SUITE_P(
    Options, MtrReport,
    ::testing::Values(Case{"Report", {"--report", "10.77.0.1"}},
                      Case{"WideWithSizeAndTos", {"-w", "-s", "200", "-Q", "40", "10.77.0.1"}},
                      Case{"Csv", {"-C", "10.77.0.1"}}, Case{"Unreachable", {"-C", "10.77.0.3"}},
                      Case{"Udp", {"-C", "--udp", "10.77.0.1"}},
                      Case{"Tcp", {"-C", "--tcp", "10.77.0.1"}, {"-C", "10.77.0.1"}}),
    [](const auto& named) { return named.param.name; });

TEST(MtrReport6, IsTheSameWithOurProbes) {
  const lab::SimulatedNetwork network(scenario);
  const auto run = [&](const std::string& packet) {
    lab::Command command;
    command.environment = {"MTR_PACKET=" + packet};
    return network.run(
        original("mtr", {"--no-dns", "-C", "-c", "2", "-i", "0.3", "-G", "1", "fd77::1"}, command));
  };
  const lab::Finished theirs = run("/usr/bin/mtr-packet"), ours = run(SONDE_FACES "/mtr-packet");
  EXPECT_THAT(theirs.output, HasSubstr("fd77:9::4"));
  EXPECT_EQ(without_times(ours.output), without_times(theirs.output));
}

// Hosts and their label stacks, as its raw format lists them. mtr's own program knows no labels without root.
TEST(MtrLabels, AreShownWithoutPrivilegesToo) {
  const lab::SimulatedNetwork network(scenario);
  const auto labels = [&](const std::string& packet, lab::User user) {
    lab::Command command;
    command.user = user;
    command.environment = {"MTR_PACKET=" + packet};
    const lab::Finished finished =
        network.run(original("mtr", {"--no-dns", "-e", "--raw", "-c", "1", "-G", "1", "10.77.0.5"}, command));
    std::istringstream stream(finished.output);
    std::set<std::string> found;  // once for every probe
    for (std::string line; std::getline(stream, line);) {
      if (line.starts_with("m ")) found.insert(line);
    }
    return found;
  };
  const std::set<std::string> both{"m 0 24015 3 0 1", "m 0 17 0 1 254"};
  EXPECT_EQ(labels("/usr/bin/mtr-packet", lab::User::root), both);
  EXPECT_EQ(labels(SONDE_FACES "/mtr-packet", lab::User::root), both);
  EXPECT_EQ(labels(SONDE_FACES "/mtr-packet", lab::User::ordinary), both);
}

}  // namespace
}  // namespace sonde::compat_test
