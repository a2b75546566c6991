// program_test.cpp: what `sonde sweep` says, against what the simulated network did.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>

#include "lab/sanitized.hpp"
#include "sweep/swept.hpp"

namespace sonde::sweep_test {
namespace {

using lab::Finished;
using lab::Namespace;
using lab::SimulatedNetwork;
using lab::User;
using ::testing::HasSubstr;

// Once by ping sockets as an ordinary user, once by raw ones.
struct Way {
  const char* transport;
  User user;
};
class Sweeping : public ::testing::TestWithParam<Way> {
 protected:
  static Finished sweep(const SimulatedNetwork& network, const Words& words) {
    return network.run(sweep_command(Words{"--transport", GetParam().transport} + words, GetParam().user));
  }
};
INSTANTIATE_TEST_SUITE_P(Ways, Sweeping,
                         ::testing::Values(Way{"icmp", User::ordinary}, Way{"raw", User::root}),
                         [](const auto& way) { return std::string(way.param.transport); });

// 65,536 hosts of IPv4, of which 256 are silent, and 8,192 of IPv6; fewer where the program is several times slower.
TEST_P(Sweeping, FindsEveryAnsweringAddressOnceAndNobodyElse) {
  const std::string prefix = lab::sanitized ? "10.77.0.0/20" : "10.77.0.0/16";
  const std::uint64_t hosts = lab::sanitized ? 4096 : 65'536;
  SimulatedNetwork network("host " + prefix + " fd77::/115; delay 3ms\nhost 10.77.0.0/24; silence\n",
                           {.summary_only = true});
  // Retries make up for what a machine that stands still drops.
  const Finished finished =
      sweep(network, {"-r", lab::sanitized ? "3000" : "12k", "--retry", "3", "--late", "500ms", "--linger",
                      "1s", "-x", "10.77.255.254/31", prefix, "fd77::/115"});
  EXPECT_EQ(finished.status, 0) << finished.errors;
  std::istringstream lines(finished.output);
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(line, "address,rtt_ms");
  std::set<std::string> answered;
  std::size_t too_short = 0;
  while (std::getline(lines, line)) {
    EXPECT_TRUE(answered.insert(line.substr(0, line.find(','))).second) << line;
    if (std::stod(line.substr(line.find(',') + 1)) < 2.9) ++too_short;
  }
  const std::uint64_t own = lab::sanitized ? 0 : 2;  // this host's address, and the link's broadcast address
  EXPECT_EQ(answered.size(), hosts - own - 256 + 8'192) << finished.errors;
  EXPECT_TRUE(answered.contains("10.77.15.255"));
  EXPECT_TRUE(answered.contains("fd77::1fff"));
  EXPECT_FALSE(answered.contains("10.77.0.9"));
  EXPECT_GE(network.record().summary.requests, hosts - own + 8'192 + 3 * 256);
  // A machine that stands still within a send call leaves its batch's send times unknown by that much.
  EXPECT_LT(too_short, answered.size() / (lab::sanitized ? 4 : 50));
}

TEST_P(Sweeping, EndsAsSoonAsEverybodyHasAnswered) {
  const SimulatedNetwork network("host 10.77.0.0/24; delay 1ms\n");
  const auto began = std::chrono::steady_clock::now();
  const Finished finished = sweep(network, {"10.77.0.0/28"});
  EXPECT_EQ(finished.status, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(9)) << "--linger is 10 s";
}

TEST_P(Sweeping, RttsAreThoseOfTheNetwork) {
  const SimulatedNetwork network(
      "host 10.77.0.0/24 fd77::/120; delay 5ms\nhost 10.77.1.0/24 fd77::100/120; delay 80ms\n");
  const auto rows = rows_of(sweep(
      network, everything + Words{"-r", lab::sanitized ? "500" : "2000", "10.77.0.0/23", "fd77::/119"}));
  ASSERT_EQ(rows.size(), 1024u);
  std::vector<double> excess;
  for (const json& row : rows) {
    const std::string address = row["address"];
    const bool slow =
        address.starts_with("10.77.1.") || (address.starts_with("fd77::1") && address.size() == 9);
    const double over = row["rtt_ms"].get<double>() - (slow ? 80 : 5);
    excess.push_back(over);
  }
  std::ranges::sort(excess);
  // Each probe has its stamp, unless a machine that stands still drops one.
  EXPECT_GE(excess[10], -0.05) << excess[0];
  EXPECT_LT(excess[512], lab::sanitized ? 20 : 2) << "the responder's own time at most";
}

TEST_P(Sweeping, LateAndDuplicateAnswersAreToldApart) {
  const SimulatedNetwork network(
      "host 10.77.0.1; delay 5ms\n"
      "host 10.77.0.2; delay 400ms\n"
      "host 10.77.0.3; delay 5ms; duplicates 2 spacing 1ms\n"
      "host 10.77.0.4; silence\n");
  const Finished finished =
      sweep(network, everything + Words{"--late", "300ms", "--linger", "1s", "10.77.0.1-10.77.0.4"});
  const auto rows = by_address(rows_of(finished));
  EXPECT_EQ(rows.size(), 5u) << finished.output;
  EXPECT_EQ(rows.count("10.77.0.3"), 3u);
  for (const auto& [address, row] : rows) EXPECT_EQ(row["late"], address == "10.77.0.2") << address;
  const auto [first, last] = rows.equal_range("10.77.0.3");
  EXPECT_EQ(std::count_if(first, last, [](const auto& entry) { return entry.second["duplicate"] == true; }),
            2);
  EXPECT_THAT(finished.errors, HasSubstr("4 probes sent"));
  EXPECT_THAT(finished.errors, HasSubstr("3 addresses answered"));
  EXPECT_THAT(finished.errors, HasSubstr("1 late, 2 duplicate"));
}

TEST_P(Sweeping, ForgedAnswersAreNoneHoweverMany) {
  const SimulatedNetwork network(
      "host 10.77.0.0/24 fd77::/120; delay 5ms; forged 1 before 1ms\n"
      "host 10.77.0.64/26 fd77::40/122; delay 5ms; alter token\n"
      "host 10.77.0.128/26 fd77::80/122; delay 5ms; alter byte 12\n"
      "host 10.77.0.192/26 fd77::c0/122; delay 5ms; cut to 20\n");
  const Finished finished =
      sweep(network, everything + Words{"--linger", "4s", "-r", "500", "10.77.0.0/24", "fd77::/120"});
  const auto rows = rows_of(finished);
  EXPECT_EQ(rows.size(), 128u);
  for (const json& row : rows) EXPECT_FALSE(row["duplicate"]) << row;
  EXPECT_THAT(finished.errors, HasSubstr("512 forged"))
      << "a forged answer of each host of the first part, and what the others did to theirs";
}

TEST_P(Sweeping, ErrorsSayWhoAndWhyAndTheirRttWhereTheQuoteAllows) {
  const SimulatedNetwork network(
      "host 10.77.0.1; delay 20ms; error 3/1 from 10.77.9.9 quote 8\n"
      "host 10.77.0.2; delay 20ms; error 3/13 from 10.77.9.9 quote whole\n"
      "host 10.77.0.3; delay 20ms\n");
  const auto rows =
      by_address(rows_of(sweep(network, everything + Words{"--linger", "2s", "10.77.0.1-10.77.0.3"})));
  ASSERT_EQ(rows.size(), 3u);
  const json &short_quote = rows.find("10.77.0.1")->second, &whole_quote = rows.find("10.77.0.2")->second;
  EXPECT_EQ(short_quote["from"], "10.77.9.9");
  EXPECT_EQ(short_quote["reason"], "host_unreachable");
  EXPECT_EQ(short_quote["success"], false);
  EXPECT_TRUE(short_quote["rtt_ms"].is_null()) << "8 bytes do not say which probe it was";
  EXPECT_EQ(whole_quote["type"], 3);
  EXPECT_EQ(whole_quote["code"], 13);
  EXPECT_GE(whole_quote["rtt_ms"].get<double>(), 19.9);
  EXPECT_EQ(rows.find("10.77.0.3")->second["success"], true);
}

TEST_P(Sweeping, AnAnswerFromAnotherAddressSaysFromWhom) {
  const SimulatedNetwork network("host 10.77.0.1; source 10.77.9.9\n");
  const auto rows = rows_of(sweep(network, everything + Words{"10.77.0.1"}));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["address"], "10.77.0.1");
  EXPECT_EQ(rows[0]["from"], "10.77.9.9");
}

TEST_P(Sweeping, RetriesAskTheSilentOnly) {
  SimulatedNetwork network(
      "host 10.77.0.0/24; delay 2ms\nhost 10.77.0.16/28; delay 2ms; probe 1: silence\nhost 10.77.0.32; "
      "silence\n");
  const Finished finished =
      sweep(network, {"--retry", "2", "--late", "300ms", "--linger", "2s", "10.77.0.0/24"});
  EXPECT_THAT(finished.errors, HasSubstr("255 addresses answered"));
  std::map<std::string, std::uint64_t> asked;
  for (const auto& request : network.record().requests) ++asked[request.destination.text()];
  for (const auto& [address, times] : asked) {
    const bool was_silent = address >= "10.77.0.16" && address <= "10.77.0.31" && address.size() == 10;
    EXPECT_EQ(times, address == "10.77.0.32" ? 3u : was_silent ? 2u : 1u) << address;
  }
}

TEST_P(Sweeping, SeveralProbesGoToEverybody) {
  SimulatedNetwork network("host 10.77.0.0/24; delay 2ms\n");
  const auto rows = rows_of(sweep(network, everything + Words{"-P", "3", "--linger", "2s", "10.77.0.0/27"}));
  EXPECT_EQ(rows.size(), 96u);
  EXPECT_EQ(std::ranges::count_if(rows, [](const json& row) { return row["probe"] == 2; }), 32);
  EXPECT_EQ(network.record().requests.size(), 96u);
}

TEST_P(Sweeping, SeveralSourcesAreUsedInTurn) {
  SimulatedNetwork network("host 10.77.0.0/24; delay 1ms\n");
  network.space().ip("address add 10.77.255.250/16 dev lab0\n");
  const auto rows =
      rows_of(sweep(network, everything + Words{"-S", "10.77.255.250,10.77.255.254", "10.77.0.0/25"}));
  std::map<std::string, int> to;
  for (const json& row : rows) ++to[row["to"]];
  EXPECT_EQ(to.size(), 2u);
  EXPECT_EQ(to["10.77.255.250"] + to["10.77.255.254"], 128);
  EXPECT_GT(to["10.77.255.250"], 30);
  EXPECT_LT(to["10.77.255.250"], 98);
}

// --- Whom it asks -----------------------------------------------------------------------------------------

TEST(SweepTargets, ExcludedAddressesAreNeverAsked) {
  const lab::ScratchDirectory directory;
  const auto list = directory.write("exclude", "# networks\n10.77.0.64/26 # theirs\n10.77.0.9\n");
  SimulatedNetwork network("host 10.77.0.0/24\n");
  const Finished finished =
      network.run(sweep_command({"-x", "10.77.0.128-10.77.0.255", "-X", list.string(), "10.77.0.0/24"}));
  EXPECT_EQ(finished.status, 0) << finished.errors;
  std::set<std::string> asked;
  for (const auto& request : network.record().requests) asked.insert(request.destination.text());
  EXPECT_EQ(asked.size(), 63u);
  EXPECT_FALSE(asked.contains("10.77.0.9"));
  EXPECT_FALSE(asked.contains("10.77.0.64"));
}

TEST(SweepTargets, ABrokenLineOfAnExclusionFileEndsItBeforeItBegins) {
  const lab::ScratchDirectory directory;
  const auto list = directory.write("exclude", "10.77.0.64/26\nnonsense\n");
  SimulatedNetwork network("host 10.77.0.0/24\n");
  const Finished finished = network.run(sweep_command({"-X", list.string(), "10.77.0.0/24"}));
  EXPECT_EQ(finished.status, 2);
  EXPECT_THAT(finished.errors, HasSubstr("line 2"));
  EXPECT_EQ(network.record().requests.size(), 0u);
}

TEST(SweepTargets, SpecialPurposeAddressesAreLeftOutUnlessAllowed) {
  const Namespace space;
  const Finished finished =
      space.run({.arguments = {SONDE_PROGRAM, "sweep", "10.0.0.0/8", "127.0.0.1", "::1"}});
  EXPECT_EQ(finished.status, 2);
  EXPECT_THAT(finished.errors, HasSubstr("nothing is left to ask"));
  EXPECT_THAT(finished.errors, HasSubstr("--allow-special"));
}

TEST(SweepTargets, MoreThanSixteenMillionWantAWord) {
  const Namespace space;
  const Finished finished = space.run({.arguments = {SONDE_PROGRAM, "sweep", "2.0.0.0/7"}});
  EXPECT_EQ(finished.status, 2);
  EXPECT_THAT(finished.errors, HasSubstr("--yes"));
}

TEST(SweepTargets, ADryRunNamesEveryAddressOnceInAnOrderOfTheSeed) {
  const Namespace space;
  const auto order_of = [&](const Words& words) {
    return space.run(sweep_command(Words{"--dry-run"} + words)).output;
  };
  const std::string order = order_of({"--seed", "3", "10.0.0.0/24"});
  std::set<std::string> addresses;
  std::istringstream lines(order);
  for (std::string line; std::getline(lines, line);) addresses.insert(line);
  EXPECT_EQ(addresses.size(), 256u);
  EXPECT_EQ(order_of({"--seed", "3", "10.0.0.0/24"}), order);
  EXPECT_NE(order_of({"--seed", "4", "10.0.0.0/24"}), order);
  std::multiset<std::string> parts;
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    std::istringstream part(order_of({"--seed", "3", "--shard", shard, "10.0.0.0/24"}));
    for (std::string line; std::getline(part, line);) parts.insert(line);
  }
  EXPECT_TRUE(std::ranges::equal(parts, addresses));
}

TEST(SweepTargets, ShardsOfSeveralProcessesTogetherAskEverybodyOnce) {
  SimulatedNetwork network("host 10.77.0.0/20; delay 1ms\n");
  std::vector<lab::Process> parts;
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    parts.push_back(network.start(sweep_command({"--seed", "11", "--shard", shard, "--threads", "2", "-r",
                                                 "1000", "--linger", "3s", "10.77.0.0/20"})));
  }
  std::multiset<std::string> answered;
  for (lab::Process& part : parts) {
    const Finished finished = part.wait();
    std::istringstream lines(finished.output);
    std::string line;
    for (std::getline(lines, line); std::getline(lines, line);)
      answered.insert(line.substr(0, line.find(',')));
  }
  EXPECT_EQ(answered.size(), 4096u);
  EXPECT_EQ(std::set(answered.begin(), answered.end()).size(), 4096u);
  EXPECT_EQ(network.record().requests.size(), 4096u);
}

// --- Bounds, signals, outputs ------------------------------------------------------------------------------

TEST(SweepBounds, TheRateIsObeyed) {
  SimulatedNetwork network("host 10.77.0.0/20; silence\n", {.summary_only = true});
  const auto began = std::chrono::steady_clock::now();
  const Finished finished = network.run(sweep_command({"-r", "1000", "--linger", "0", "10.77.0.0/21"}));
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  EXPECT_EQ(finished.status, 1) << "nobody answered";
  EXPECT_GT(took, 2.02);
  EXPECT_EQ(network.record().summary.requests, 2048u);
}

// Loopback answers within the send call, in about a microsecond: that is less than can be told of one probe in a batch.
TEST(SweepRtts, AreNeverZeroAndSayWhereTheyAreNoMoreThanABound) {
  const Namespace space;
  space.open_ping_sockets(true);
  const lab::ScratchDirectory directory;
  const std::string file = directory.path() / "metadata.json";
  const Finished finished = space.run(sweep_command(
      everything + Words{"-r", "max", "--linger", "500ms", "--metadata", "-", "-o", file, "127.9.0.0/17"},
      User::root));
  ASSERT_EQ(finished.status, 0) << finished.errors;
  std::ifstream rows(file);
  std::uint64_t bounds = 0, all = 0;
  for (std::string line; std::getline(rows, line); ++all) {
    const json row = json::parse(line);
    ASSERT_GT(row["rtt_ms"].get<double>(), 0) << row;
    if (row["rtt_is_bound"] == true) ++bounds;
  }
  EXPECT_EQ(all, 32'768u) << finished.errors;
  EXPECT_GT(bounds, 0u);
  EXPECT_THAT(finished.errors,
              HasSubstr(fmt::format("{} round-trip times are too short to be told", bounds)));
  EXPECT_EQ(json::parse(finished.output)["loss_accounting"]["rtt_bounds"], bounds);
}

// With a stamp for each probe there is nothing to be guessed.
TEST(SweepRtts, WithAStampForEachProbeNoneIsABound) {
  const Namespace space;
  space.open_ping_sockets(true);
  const auto rows = rows_of(
      space.run(sweep_command(everything + Words{"-r", "5000", "--linger", "500ms", "127.9.0.0/22"})));
  EXPECT_EQ(rows.size(), 1024u);
  std::size_t bounds = 0;
  for (const json& row : rows) {
    ASSERT_GT(row["rtt_ms"].get<double>(), 0) << row;
    if (row["rtt_is_bound"] == true) ++bounds;
  }
  EXPECT_LT(bounds, 10u) << "stamps may get lost where the receive buffer is full";
}

TEST(SweepRtts, AreTheSameInATimeNamespace) {
  SimulatedNetwork network("host 10.77.0.0/24; delay 7ms\n");
  lab::Command command =
      sweep_command(everything + Words{"-r", "5000", "--linger", "500ms", "10.77.0.0/25"}, User::root);
  command.arguments = Words{"unshare", "-T", "--monotonic", "100000"} + command.arguments;
  const Finished finished = network.run(command);
  if (finished.errors.find("unshare") != std::string::npos) GTEST_SKIP() << finished.errors;
  const auto rows = rows_of(finished);
  EXPECT_EQ(rows.size(), 128u) << finished.errors;
  for (const json& row : rows) {
    ASSERT_GT(row["rtt_ms"].get<double>(), 6.9) << row;
    ASSERT_LT(row["rtt_ms"].get<double>(), 200) << row;
  }
}

TEST(SweepBounds, MaxResultsAndMaxTargetsEndIt) {
  SimulatedNetwork network("host 10.77.0.0/20; delay 1ms\n");
  const Finished few = network.run(sweep_command({"-n", "10", "10.77.0.0/20"}));
  EXPECT_EQ(std::ranges::count(few.output, '\n'), 11);
  const Finished some = network.run(sweep_command({"-N", "10", "10.77.0.0/20"}));
  EXPECT_GE(std::ranges::count(some.output, '\n'), 11);
  EXPECT_LT(std::ranges::count(some.output, '\n'), 200);
}

TEST(SweepBounds, MaxRuntimeEndsTheSending) {
  SimulatedNetwork network("host 10.77.0.0/16; silence\n", {.summary_only = true});
  const Finished finished =
      network.run(sweep_command({"--max-runtime", "600ms", "-r", "1000", "--linger", "100ms", "-x",
                                 std::string(SimulatedNetwork::own_v4), "10.77.0.0/16"}));
  EXPECT_EQ(finished.status, 1) << "nobody answered";
  EXPECT_GT(network.record().summary.requests, 100u);
  EXPECT_LT(network.record().summary.requests, 2000u);
}

TEST(SweepBounds, FewerAnswersThanMinHitrateEndIt) {
  const SimulatedNetwork network("host 10.77.0.0/16; silence\nhost 10.77.0.0/18; delay 1ms\n",
                                 {.summary_only = true});
  const Finished finished =
      network.run(sweep_command({"--min-hitrate", "50", "-r", "500", "--linger", "100ms", "10.77.0.0/16"}));
  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.errors, HasSubstr("--min-hitrate"));
}

TEST(SweepBounds, AnInterruptedSweepWaitsForAnswersAndSaysWhatItSaw) {
  const lab::ScratchDirectory directory;
  std::filesystem::permissions(directory.path(), std::filesystem::perms::all);
  const auto metadata = directory.path() / "metadata.json";
  const SimulatedNetwork network("host 10.77.0.0/16; delay 50ms\n", {.summary_only = true});
  lab::Process process = network.start(
      sweep_command({"--linger", "300ms", "-r", "500", "--metadata", metadata.string(), "10.77.0.0/16"}));
  ASSERT_TRUE(process.wait_for_output("10.77."));
  process.signal(SIGINT);
  const Finished finished = process.wait();
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_THAT(finished.errors, HasSubstr("probes sent"));
  const json account = json::parse(std::ifstream(metadata));
  EXPECT_EQ(account["end"], "interrupted");
  EXPECT_EQ(account["command_line"].front(), SONDE_PROGRAM);
  EXPECT_EQ(account["command_line"].back(), "10.77.0.0/16");
  EXPECT_GT(account["packets_sent"], 0);
  EXPECT_EQ(account["packets_sent"], account["success_unique"]) << "all that were sent were waited for";
  EXPECT_EQ(account["blocklist_total_allowed"], 65'536);
}

TEST(SweepOutput, ADashIsStandardOutputForAnswersAndThenForMetadata) {
  const SimulatedNetwork network("host 10.77.0.1\n");
  const Finished finished =
      network.run(sweep_command({"--linger", "100ms", "-o", "-", "--metadata", "-", "10.77.0.1"}));
  const std::size_t begin = finished.output.find('{');
  ASSERT_NE(begin, std::string::npos) << finished.errors;
  EXPECT_THAT(finished.output.substr(0, begin),
              ::testing::ContainsRegex("^address,rtt_ms\n10.77.0.1,[0-9.]+\n$"));
  EXPECT_EQ(json::parse(finished.output.substr(begin))["packets_sent"], 1);
}

TEST(SweepBounds, AHeatmapIsAPictureOfWhatAnswered) {
  const lab::ScratchDirectory directory;
  std::filesystem::permissions(directory.path(), std::filesystem::perms::all);
  const SimulatedNetwork network("host 10.77.0.0/24; delay 2ms\n");
  for (const char* name : {"map.png", "map.svg"}) {
    const std::string file = (directory.path() / name).string();
    EXPECT_EQ(network.run(sweep_command({"--heatmap", file, "10.77.0.0/26"})).status, 0);
    EXPECT_GT(std::filesystem::file_size(file), 100u) << name;
  }
}

TEST(SweepBounds, AFullDiskEndsItWithStatusFour) {
  const SimulatedNetwork network("host 10.77.0.0/20; delay 1ms\n", {.summary_only = true});
  const Finished finished = network.run(sweep_command({"-o", "/dev/full", "-r", "5000", "10.77.0.0/20"}));
  EXPECT_EQ(finished.status, 4);
  EXPECT_THAT(finished.errors, HasSubstr("ENOSPC"));
}

TEST(SweepBounds, AClosedPipeEndsItWithStatusFour) {
  const SimulatedNetwork network("host 10.77.0.0/20; delay 1ms\n", {.summary_only = true});
  const Finished finished = network.run(
      {.arguments = {"/bin/sh", "-c",
                     "{ " SONDE_PROGRAM
                     " sweep --allow-special -r 2000 10.77.0.0/20; echo status $? >&2; } | head -n 2"}});
  EXPECT_THAT(finished.errors, HasSubstr("EPIPE"));
  EXPECT_THAT(finished.errors, HasSubstr("status 4"));
}

TEST(SweepBounds, WhereNothingCanLeaveItEndsAndSaysWhy) {
  const Namespace space;
  space.open_ping_sockets(true);
  const Finished finished = space.run(sweep_command({"-r", "10k", "10.77.0.0/16"}));
  EXPECT_EQ(finished.status, 3);
  EXPECT_THAT(finished.errors, HasSubstr("ENETUNREACH"));
  EXPECT_EQ(std::ranges::count(finished.output, '\n'), 1);
}

TEST(SweepBounds, WithoutAWayToAskItSaysWhatOpensOne) {
  const SimulatedNetwork network("host 10.77.0.0/20\n", {.ping_sockets_open = false});
  const Finished finished = network.run(sweep_command({"10.77.0.0/28"}));
  EXPECT_EQ(finished.status, 3);
  EXPECT_THAT(finished.errors, HasSubstr("ping_group_range"));
}

}  // namespace
}  // namespace sonde::sweep_test
