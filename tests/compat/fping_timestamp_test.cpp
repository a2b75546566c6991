// fping_timestamp_test.cpp: fping --icmp-timestamp. Debian's fping is too old to have it, so lines are held against what the
// source of fping 5.5 prints.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <regex>

#include "compat/sides.hpp"

namespace sonde::compat_test {
namespace {

using lab::Finished;
using lab::SimulatedNetwork;
using ::testing::MatchesRegex;

template <typename Network>
Finished run(const Network& network, Words words) {
  words.insert(words.begin(), "--icmp-timestamp");
  return network.run(face("fping", words));
}

// Of the simulated hosts, where it is always noon.
constexpr const char* noon =
    "timestamps: Originate=[0-9]+ Receive=43200000 Transmit=43200001 Localreceive=[0-9]+\n";

std::int64_t since_midnight_ms() {
  using namespace std::chrono;
  const auto now = system_clock::now().time_since_epoch();
  return duration_cast<milliseconds>(now % hours(24)).count();
}

// The number behind `name`.
std::int64_t value_of(const std::string& text, const std::string& name) {
  std::smatch found;
  return std::regex_search(text, found, std::regex(name + "=([0-9]+)")) ? std::stoll(found[1].str()) : -1;
}

TEST(FpingTimestamp, EveryReplysLineEndsWithTheTimes) {
  const SimulatedNetwork network("host 10.77.0.1\n");
  const Finished counted = run(network, {"-c2", "-p", "50", "10.77.0.1"});
  const auto line = [](int index) {
    return fmt::format("10.77.0.1 : \\[{}\\], 20 bytes, [0-9.]+ ms \\([0-9.]+ avg, 0% loss\\), {}", index,
                       noon);
  };
  EXPECT_THAT(counted.output, MatchesRegex(line(0) + line(1)));
  EXPECT_EQ(without_times(counted.errors), "\nT.T : xmt/rcv/%loss = 2/2/0%, min/avg/max = T/T/T\n");
  EXPECT_EQ(counted.status, 0);
}

TEST(FpingTimestamp, OtherModesAddTheTimesToTheirLines) {
  const SimulatedNetwork network("host 10.77.0.1; ttl 57\n");
  EXPECT_THAT(run(network, {"10.77.0.1"}).output, MatchesRegex(std::string("10.77.0.1 is alive, ") + noon));
  EXPECT_THAT(run(network, {"-a", "10.77.0.1"}).output, MatchesRegex(std::string("10.77.0.1 ") + noon));
  EXPECT_THAT(
      run(network, {"-e", "--print-ttl", "10.77.0.1"}).output,
      MatchesRegex("10.77.0.1 is alive, timestamps: .* Localreceive=[0-9]+ \\(TTL 57\\) \\([0-9.]+ ms\\)\n"));
  const auto object =
      nlohmann::json::parse(run(network, {"-J", "-q", "-c1", "10.77.0.1"}).output, nullptr, false);
  EXPECT_TRUE(object.is_object());
  const std::string json = run(network, {"-J", "-c1", "10.77.0.1"}).output;
  const auto reply = nlohmann::json::parse(json.substr(0, json.find('\n')), nullptr, false);
  ASSERT_TRUE(reply.is_object()) << json;
  EXPECT_EQ(reply["resp"]["size"], 20);
  EXPECT_EQ(reply["resp"]["timestamps"]["receive"], 43'200'000);
  EXPECT_EQ(reply["resp"]["timestamps"]["transmit"], 43'200'001);
}

TEST(FpingTimestamp, OurOwnTimesAreThoseOfTheRun) {
  const SimulatedNetwork network("host 10.77.0.1; delay 30ms\n");
  const std::int64_t before = since_midnight_ms();
  const std::string output = run(network, {"-c1", "10.77.0.1"}).output;
  const std::int64_t after = since_midnight_ms();
  if (after < before) GTEST_SKIP() << "midnight passed";
  EXPECT_GE(value_of(output, "Originate"), before);
  EXPECT_LE(value_of(output, "Localreceive"), after);
  EXPECT_GE(value_of(output, "Localreceive") - value_of(output, "Originate"), 30);
}

TEST(FpingTimestamp, TheKernelAnswers) {
  const lab::VethPair pair;
  const Finished finished =
      pair.near().run(face("fping", {"--icmp-timestamp", "-c3", "-p", "20", "10.78.0.2"}));
  EXPECT_EQ(finished.status, 0) << finished.errors;
  const std::int64_t originate = value_of(finished.output, "Originate");
  // One clock at both ends.
  if (originate < 86'399'000) {
    EXPECT_GE(value_of(finished.output, "Receive"), originate);
    EXPECT_LE(value_of(finished.output, "Transmit"), value_of(finished.output, "Localreceive"));
  }
}

TEST(FpingTimestamp, SilenceAndErrorsAreToldAsForEchoes) {
  const SimulatedNetwork network(
      "host 10.77.0.1; silence\nhost 10.77.0.2; error host-unreachable from 10.77.9.9\n");
  const Finished silent = run(network, {"-r0", "-t100", "10.77.0.1"});
  EXPECT_EQ(silent.output, "10.77.0.1 is unreachable\n");
  EXPECT_EQ(silent.status, 1);
  const Finished refused = run(network, {"-r0", "-t100", "10.77.0.2"});
  EXPECT_EQ(refused.errors, "ICMP Host Unreachable from 10.77.9.9 for ICMP Echo sent to 10.77.0.2\n");
  EXPECT_EQ(refused.output, "10.77.0.2 is unreachable\n");
}

TEST(FpingTimestamp, ForgedCutAndForeignAnswersDoNotCount) {
  for (const char* wrong :
       {"cut 1", "identifier +1", "sequence +1", "alter byte 0", "source 10.77.9.9", "checksum broken"}) {
    const SimulatedNetwork network(fmt::format("host 10.77.0.1; {}\n", wrong));
    EXPECT_EQ(run(network, {"-r0", "-t100", "10.77.0.1"}).output, "10.77.0.1 is unreachable\n") << wrong;
  }
}

TEST(FpingTimestamp, ItIsRefusedForIpv6AndForOtherSizes) {
  const lab::Namespace space;
  const Finished v6 = run(space, {"-6", "::1"});
  EXPECT_EQ(v6.status, 1);
  EXPECT_EQ(v6.errors, "fping: can't specify both -4 and -6\n");
  const Finished size = run(space, {"-b", "20", "127.0.0.1"});
  EXPECT_EQ(size.status, 1);
  EXPECT_EQ(size.errors, "fping: cannot change ICMP Timestamp size\n");
}

}  // namespace
}  // namespace sonde::compat_test
