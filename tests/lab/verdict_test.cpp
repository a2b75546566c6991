// verdict_test.cpp: the whole program on the simulated network: every verdict, counter and RTT against the
// truth.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <ostream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "lab/comparison.hpp"
#include "lab/network.hpp"
#include "lab/sanitized.hpp"

namespace sonde::lab {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

enum class Transport { icmp, raw };

struct Settings {
  int count = 15;
  std::chrono::milliseconds interval = 10ms, timeout = 150ms;
  int payload_bytes = 56;
  int receive_buffer_bytes = 0;  // 0: as the program chooses
  bool may_drop = false;         // CheckOptions::may_drop
  std::vector<std::string> targets{}, more{};
};

Command sonde_command(Transport transport, const Settings& settings) {
  Command command{
      .arguments = {SONDE_PROGRAM, "ping", "--format", "json", "--transport",
                    transport == Transport::raw ? "raw" : "icmp", "-c", fmt::to_string(settings.count), "-i",
                    fmt::format("{}ms", settings.interval.count()), "-W",
                    fmt::format("{}ms", settings.timeout.count()), "-s",
                    fmt::to_string(settings.payload_bytes)},
      .user = transport == Transport::raw ? User::root : User::ordinary};
  auto& arguments = command.arguments;
  if (settings.receive_buffer_bytes != 0) {
    arguments.insert(arguments.end(), {"--receive-buffer", fmt::to_string(settings.receive_buffer_bytes)});
  }
  arguments.insert(arguments.end(), settings.more.begin(), settings.more.end());
  arguments.insert(arguments.end(), settings.targets.begin(), settings.targets.end());
  return command;
}

CheckOptions check_options(Transport transport, const Settings& settings) {
  return {.timeout = settings.timeout,
          .raw = transport == Transport::raw,
          .payload_bytes = static_cast<std::size_t>(settings.payload_bytes),
          .may_drop = settings.may_drop};
}

// The lines on which sonde and the responder do not agree, cut short where everything is wrong.
std::string lies(const SondeRun& run, const ResponderRecord& record, const CheckOptions& options) {
  std::vector<std::string> found = disagreements(run, record, options);
  if (found.size() > 20) {
    found.resize(20);
    found.emplace_back("...");
  }
  return fmt::format("{}", fmt::join(found, "\n"));
}

SondeRun read_run(const Finished& finished) {
  EXPECT_FALSE(finished.timed_out);
  EXPECT_TRUE(finished.status == 0 || finished.status == 1) << finished.status << finished.errors;
  return SondeRun::parse(finished.output);
}

SondeRun measure(SimulatedNetwork& network, Transport transport, const Settings& settings) {
  SondeRun run = read_run(network.run(sonde_command(transport, settings)));
  EXPECT_EQ(lies(run, network.record(), check_options(transport, settings)), "");
  return run;
}

// --- One behaviour at a time ------------------------------------------------------------------------------

struct Case {
  const char* name;
  const char* statements;
  std::vector<std::string>
      seen;  // events that each family must show, so that nothing passes for want of anything
  bool v4 = true, v6 = true;
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.statements;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> table = {
      {"AtOnce", "", {"reply"}},
      {"FixedDelay", "delay 7ms", {"reply"}},
      {"UniformDelay", "delay uniform 1ms 30ms", {"reply"}},
      {"NormalDelay", "delay normal 20ms 5ms", {"reply"}},
      {"ExponentialDelay", "delay exponential 2ms 5ms", {"reply"}},
      {"DelayBeyondTheInterval", "delay 45ms", {"reply"}},
      {"RandomLoss", "loss 40%", {"reply", "lost"}},
      {"EveryThirdLost", "loss every 3", {"reply", "lost"}},
      {"Duplicates", "delay 2ms; duplicates 2 spacing 1ms", {"reply", "duplicate"}},
      {"DuplicatesOfEarlierProbes", "duplicates 1 spacing 35ms", {"reply", "duplicate"}},
      {"Reordering", "delay 1ms; reorder every 3 by 25ms", {"reply"}},
      {"Late", "probe 1-4: late 200ms", {"reply", "lost", "late"}},
      {"LateAndDuplicated", "probe 1: late 200ms; probe 1: duplicates 1", {"reply", "late", "duplicate"}},
      {"Silence", "silence", {"lost"}},
      {"SilenceOnce", "probe 3: silence", {"reply", "lost"}},
      {"OtherSource", "source 10.77.0.99 fd77::99", {"reply"}},
      {"BrokenChecksum", "checksum broken", {"lost"}},
      {"AlteredPayload", "alter payload", {"reply"}},
      {"AlteredLastByte", "alter byte 55", {"reply"}},
      {"AlteredToken", "alter token", {"lost", "rejected"}},
      {"AlteredTokenEnd", "alter byte 7", {"lost", "rejected"}},
      {"CutPayload", "cut 16", {"reply"}},
      {"CutBehindTheToken", "cut to 8", {"reply"}},
      {"CutIntoTheToken", "cut to 7", {"lost", "rejected"}},
      {"CutToNothing", "cut to 0", {"lost", "rejected"}},
      {"AppendedBytes", "append 16", {"reply"}},
      {"AppendedOddBytes", "append 1", {"reply"}},
      {"ForeignIdentifier", "identifier +7777", {"lost"}},
      {"OtherSequence", "sequence +1", {"lost", "rejected"}},
      {"OtherSequenceFarOff", "sequence +30000", {"lost", "rejected"}},
      {"ForgedBefore", "delay 5ms; forged 1 before 3ms", {"reply", "rejected"}},
      {"ForgedFromElsewhere", "delay 5ms; source 10.77.0.98 fd77::98; forged 2 before 3ms", {"reply"}},
      {"ForgedInsteadOfTheTrue", "probe 2-: late 10s; forged 3 before 9999ms", {"lost", "rejected"}},
      {"HostUnreachable", "error host-unreachable from 10.77.0.254 fd77::fe", {"error"}},
      {"HostUnreachableAfterAWhile",
       "delay 30ms; error host-unreachable from 10.77.0.254 fd77::fe",
       {"error"}},
      {"TtlExceededQuotingAll", "error ttl-exceeded from 10.77.0.254 fd77::fe quote whole", {"error"}},
      {"TooBig", "error packet-too-big mtu 1300 from 10.77.0.254 fd77::fe", {"error"}},
      {"ErrorThenAnswers", "error prohibited; probe 4-: answer", {"error", "reply"}},
      {"ErrorWithABrokenChecksum", "error prohibited; checksum broken", {"lost"}},
      {"ErrorQuotingAnotherProbe", "error prohibited; sequence +30000", {"lost"}},
      {"ErrorQuotingAForgedToken", "error prohibited quote whole; alter token", {"lost"}},
      {"Redirect", "note redirect from 10.77.0.254 fe80::fe gateway 10.77.0.253 fe80::fd", {"reply"}},
      {"SourceQuench", "note source-quench from 10.77.0.254", {"reply", "note"}, true, false},
      {"RecordRoute", "options record-route", {"reply"}, true, false},
      {"TimestampOption", "options timestamp", {"reply"}, true, false},
      {"TimeToLive", "ttl 1", {"reply"}},
      {"DiesAfterProbes", "dies after 3", {"reply", "lost"}},
      {"DiesInTime", "dies after 35ms", {"reply", "lost"}},
      {"Flaps", "flaps up 2 down 1", {"reply", "lost"}},
      {"EverythingAtTimes",
       "delay uniform 1ms 9ms; probe every 2: duplicates 1; probe 3: alter token; probe 5: error prohibited; "
       "probe 7: cut 9",
       {"reply", "error", "lost"}},
  };
  return table;
}

using CaseAndTransport = std::tuple<Case, Transport>;

class Verdict : public testing::TestWithParam<CaseAndTransport> {};

INSTANTIATE_TEST_SUITE_P(, Verdict,
                         testing::Combine(testing::ValuesIn(cases()),
                                          testing::Values(Transport::icmp, Transport::raw)),
                         [](const auto& one) {
                           return std::string(std::get<0>(one.param).name) +
                                  (std::get<1>(one.param) == Transport::raw ? "_raw" : "_icmp");
                         });

bool shows(const SondeRun& run, const std::string& event, const std::string& address) {
  if (event == "rejected") return run.summary_of(address)->rejected > 0;
  if (event == "duplicate") return run.summary_of(address)->duplicates > 0;
  return run.count(event, address) > 0;
}

TEST_P(Verdict, IsTheTruth) {
  const auto& [one, transport] = GetParam();
  // The silent hosts keep the run going until whatever is to come has come.
  SimulatedNetwork network(
      fmt::format("seed 3\nhost 10.77.0.1 fd77::1; {}\nhost 10.77.0.2 fd77::2; silence\n", one.statements));
  Settings settings;
  std::vector<std::string> addresses;
  if (one.v4) addresses.emplace_back("10.77.0.1");
  if (one.v6) addresses.emplace_back("fd77::1");
  settings.targets = addresses;
  settings.targets.insert(settings.targets.end(), {"10.77.0.2", "fd77::2"});
  const SondeRun run = measure(network, transport, settings);
  ASSERT_EQ(run.summaries.size(), settings.targets.size());
  for (const std::string& address : addresses) {
    for (const std::string& event : one.seen)
      EXPECT_TRUE(shows(run, event, address)) << address << ": no " << event;
  }
}

// --- Every behaviour in one run ---------------------------------------------------------------------------

class Everything : public testing::TestWithParam<std::tuple<Transport, int>> {
 protected:
  Transport transport() const { return std::get<0>(GetParam()); }
  Settings settings() const {
    Settings settings;
    settings.receive_buffer_bytes = std::get<1>(GetParam());
    return settings;
  }
};

// 212,992 is the most that a stock Debian allows.
INSTANTIATE_TEST_SUITE_P(, Everything,
                         testing::Combine(testing::Values(Transport::icmp, Transport::raw),
                                          testing::Values(0, 212'992)),
                         [](const auto& one) {
                           return std::string(std::get<0>(one.param) == Transport::raw ? "raw" : "icmp") +
                                  (std::get<1>(one.param) == 0 ? "" : "_StockReceiveBuffer");
                         });

TEST_P(Everything, AtOnceIsTheTruth) {
  std::string scenario = "seed 4\nhost 10.77.0.2 fd77::2; silence\n";
  Settings run_settings = settings();
  run_settings.count = 12;
  run_settings.interval = 25ms;
  run_settings.targets = {"10.77.0.2", "fd77::2"};
  int number = 0;
  for (const Case& one : cases()) {
    ++number;
    scenario += fmt::format("host 10.77.2.{0} fd77::2:{0}; {1}\n", number, one.statements);
    if (one.v4) run_settings.targets.push_back(fmt::format("10.77.2.{}", number));
    if (one.v6) run_settings.targets.push_back(fmt::format("fd77::2:{}", number));
  }
  SimulatedNetwork network(scenario);
  measure(network, transport(), run_settings);
}

TEST_P(Everything, OfTheIcmpErrorsIsTheTruth) {
  for (const char* how : {"", "from 10.77.0.254 fd77::fe quote whole"}) {
    std::string scenario = "host 10.77.0.2 fd77::2; silence\n";
    Settings run_settings = settings();
    run_settings.count = 3;
    run_settings.targets = {"10.77.0.2", "fd77::2"};
    const auto add = [&](bool v6, int type, int codes) {
      for (int code = 0; code < codes; ++code) {
        // Dotted or with colons, type and code are the end of the address.
        const std::string address =
            v6 ? fmt::format("fd77::{:x}:{:x}", type, code + 1) : fmt::format("10.77.{}.{}", type, code + 1);
        scenario += fmt::format("host {}; error {}/{} mtu 1400 {}\n", address, type, code, how);
        run_settings.targets.push_back(address);
      }
    };
    add(false, 3, 16);
    add(false, 11, 2);
    add(false, 12, 3);
    add(true, 1, 8);
    add(true, 2, 1);
    add(true, 3, 2);
    add(true, 4, 4);
    SimulatedNetwork network(scenario);
    const SondeRun run = measure(network, transport(), run_settings);
    for (const SondeSummary& summary : run.summaries) {
      // Silent ones, and reassembly timeouts (11/1), which the kernel keeps from ping sockets.
      const bool none = summary.address.ends_with(".0.2") || summary.address == "fd77::2" ||
                        (summary.address == "10.77.11.2" && transport() == Transport::icmp);
      EXPECT_EQ(summary.errors, none ? 0u : 3u) << summary.address << " " << how;
    }
  }
}

TEST_P(Everything, OfEveryPayloadSizeIsTheTruth) {
  for (const int bytes : {0, 4, 7, 8, 9, 15, 16, 1472}) {
    SimulatedNetwork network("host 10.77.0.1 fd77::1; delay 1ms\nhost 10.77.0.2 fd77::2; silence\n",
                             {.mtu = 2000});
    Settings run_settings = settings();
    run_settings.count = 3;
    run_settings.payload_bytes = bytes;
    run_settings.targets = {"10.77.0.1", "fd77::1", "10.77.0.2", "fd77::2"};
    const SondeRun run = measure(network, transport(), run_settings);
    EXPECT_EQ(run.summary_of("10.77.0.1")->received, 3u) << bytes;
    EXPECT_EQ(run.summary_of("fd77::1")->received, 3u) << bytes;
  }
}

TEST_P(Everything, OfThousandHostsIsTheTruth) {
  SimulatedNetwork network(
      "host 10.77.4.0/22 fd77::4:0/112; delay uniform 1ms 60ms; loss 5%; duplicates 1 spacing 2ms; probe 3: "
      "alter token\n"
      "host 10.77.0.2; silence\n");
  Settings run_settings = settings();
  run_settings.count = 4;
  run_settings.interval = 200ms;
  run_settings.targets = {"10.77.0.2"};
  run_settings.more = {"-g", "10.77.4.0-10.77.7.255"};
  run_settings.may_drop = true;
  const SondeRun run = measure(network, transport(), run_settings);
  EXPECT_EQ(run.summaries.size(), 1025u);
  EXPECT_LT(run.end->receive_drops, run.end->probes / 2) << "the sockets are too small for the rate";
}

TEST_P(Everything, AFloodOfForgeriesIsCountedButNotWritten) {
  SimulatedNetwork network(
      "host 10.77.0.1 fd77::1; delay 2ms; forged 50 before 1ms\nhost 10.77.0.2 fd77::2; silence\n");
  Settings run_settings = settings();
  run_settings.count = 40;
  run_settings.targets = {"10.77.0.1", "fd77::1", "10.77.0.2", "fd77::2"};
  const SondeRun run = measure(network, transport(), run_settings);
  const std::uint64_t rejected = run.summary_of("10.77.0.1")->rejected + run.summary_of("fd77::1")->rejected;
  // A slow program's sockets overflow, which it tells.
  EXPECT_GE(rejected + run.end->receive_drops, 4000u);
  EXPECT_LE(rejected, 4000u);
  EXPECT_GT(rejected, lab::sanitized ? 0u : 2000u);
  const auto written = std::ranges::count(run.events, "rejected", &SondeEvent::event);
  EXPECT_LE(written, 10 * (1 + run.end->elapsed_ns / 1'000'000'000) + 10);
}

// --- Sends that fail half-way -----------------------------------------------------------------------------

TEST_P(Everything, AfterSendsRefusedByAFirewallIsTheTruth) {
  SimulatedNetwork network("host 10.77.0.0/24 fd77::/112; delay 3ms\nhost 10.77.0.2 fd77::2; silence\n");
  network.space().nft(
      "table inet lab { chain out { type filter hook output priority 0;"
      " ip daddr 10.77.0.5 numgen inc mod 12 < 4 drop; ip6 daddr fd77::5 numgen inc mod 12 < 4 drop; }; }");
  Settings run_settings = settings();
  run_settings.count = 20;
  run_settings.targets = {"10.77.0.4", "10.77.0.5", "10.77.0.6", "fd77::4",
                          "fd77::5",   "fd77::6",   "10.77.0.2", "fd77::2"};
  const SondeRun run = measure(network, transport(), run_settings);
  // Four in a row are refused, so that trying once more does not help.
  const SondeSummary &v4 = *run.summary_of("10.77.0.5"), &v6 = *run.summary_of("fd77::5");
  EXPECT_GE(v4.local, 2u);
  EXPECT_GE(transport() == Transport::raw ? v6.local : v6.lost, 2u);
  EXPECT_GE(v4.received, 10u);
  EXPECT_GE(v6.received, 10u);
  for (const SondeEvent& event : run.events) {
    if (event.event == "local") {
      EXPECT_EQ(event.system_errno, EPERM);
    }
  }
}

TEST_P(Everything, AfterSendsRefusedByAFullQueueIsTheTruth) {
  SimulatedNetwork network("host 10.77.0.0/24 fd77::/112; delay 3ms\nhost 10.77.0.2 fd77::2; silence\n");
  network.space().tc("qdisc replace dev lab0 root tbf rate 200kbit burst 300 limit 500\n");
  Settings run_settings = settings();
  run_settings.count = 20;
  run_settings.targets = {"10.77.0.4", "10.77.0.5", "fd77::4", "fd77::5", "10.77.0.2", "fd77::2"};
  const SondeRun run = measure(network, transport(), run_settings);
  const auto refused = std::ranges::count(run.events, "local", &SondeEvent::event);
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 120);
}

TEST_P(Everything, WhenErrorsOfOneHostArePendingIsTheTruth) {
  SimulatedNetwork network(
      "host 10.77.1.0/24 fd77::1:0/112; error host-unreachable from 10.77.0.254 fd77::fe\n"
      "host 10.77.0.1 fd77::1; delay 1ms\nhost 10.77.0.2 fd77::2; silence\n");
  Settings run_settings = settings();
  run_settings.count = 10;
  run_settings.targets = {"10.77.0.1", "fd77::1", "10.77.0.2", "fd77::2"};
  for (int host = 1; host <= 20; ++host) {
    run_settings.targets.push_back(fmt::format("10.77.1.{}", host));
    run_settings.targets.push_back(fmt::format("fd77::1:{:x}", host));
  }
  const SondeRun run = measure(network, transport(), run_settings);
  EXPECT_EQ(run.summary_of("10.77.0.1")->received, 10u);
  EXPECT_EQ(run.summary_of("fd77::1")->received, 10u);
}

// --- Many at once -----------------------------------------------------------------------------------------

ResponderRecord only(const ResponderRecord& record, const SondeRun& run) {
  ResponderRecord part;
  std::ranges::copy_if(record.requests, std::back_inserter(part.requests), [&](const RequestRecord& request) {
    return run.summary_of(request.destination.text()) != nullptr;
  });
  return part;
}

TEST(Concurrent, ProcessesNeverTakeEachOthersAnswers) {
  SimulatedNetwork network("host 10.77.0.0/16 fd77::/64; delay uniform 1ms 20ms; loss 10%\n");
  struct One {
    Transport transport;
    Settings settings;
    Process process;
  };
  std::vector<One> all;
  for (int number = 1; number <= 10; ++number) {
    Settings settings;
    settings.count = 30;
    settings.targets = {fmt::format("10.77.3.{}", number), fmt::format("fd77::3:{:x}", number)};
    const Transport transport = number % 2 == 0 ? Transport::raw : Transport::icmp;
    Process process = network.start(sonde_command(transport, settings));
    all.push_back({transport, settings, std::move(process)});
  }
  Process ping = network.start({.arguments = {"ping", "-q", "-n", "-c", "30", "-i", "0.01", "10.77.9.1"}});
  Process fping =
      network.start({.arguments = {"fping", "-q", "-c", "30", "-p", "10", "10.77.9.2", "fd77::9:2"}});
  std::vector<SondeRun> runs;
  for (One& one : all) runs.push_back(read_run(one.process.wait()));
  ping.wait();
  fping.wait();
  const ResponderRecord record = network.record();
  for (std::size_t at = 0; at < all.size(); ++at) {
    CheckOptions options = check_options(all[at].transport, all[at].settings);
    EXPECT_EQ(lies(runs[at], only(record, runs[at]), options), "") << "process " << at;
  }
}

// --- Real kernels -----------------------------------------------------------------------------------------

class RealKernels : public testing::TestWithParam<Transport> {};
INSTANTIATE_TEST_SUITE_P(, RealKernels, testing::Values(Transport::icmp, Transport::raw),
                         [](const auto& one) { return one.param == Transport::raw ? "raw" : "icmp"; });

TEST_P(RealKernels, AbsentNeighbourIsLostWithinASecond) {
  const VethPair pair;
  Settings settings{
      .count = 2, .interval = 100ms, .timeout = 1000ms, .targets = {"10.78.0.99", "fd78::99", "10.78.0.2"}};
  const SondeRun run = read_run(pair.near().run(sonde_command(GetParam(), settings)));
  for (const char* address : {"10.78.0.99", "fd78::99"})
    EXPECT_EQ(run.summary_of(address)->lost, 2u) << address;
  EXPECT_EQ(run.summary_of("10.78.0.2")->received, 2u);
}

TEST_P(RealKernels, AbsentNeighbourIsAnErrorWhenTheKernelSaysSoInTime) {
  const VethPair pair;
  Settings settings{.count = 2, .interval = 100ms, .timeout = 5000ms, .targets = {"10.78.0.99", "fd78::99"}};
  const SondeRun run = read_run(pair.near().run(sonde_command(GetParam(), settings)));
  for (const char* address : {"10.78.0.99", "fd78::99"})
    EXPECT_EQ(run.summary_of(address)->errors, 2u) << address;
  for (const SondeEvent& event : run.events) {
    EXPECT_EQ(event.event, "error");
    EXPECT_EQ(event.reason, "neighbour");
  }
}

TEST_P(RealKernels, InterfaceDownAndUpEndsNothing) {
  const VethPair pair;
  Settings settings{.count = 60, .interval = 20ms, .targets = {"10.78.0.2"}};
  Process sonde = pair.near().start(sonde_command(GetParam(), settings));
  ASSERT_TRUE(sonde.wait_for_output(R"("seq":5)"));
  pair.near().ip("link set near0 down\n");
  ASSERT_TRUE(sonde.wait_for_output(R"("local")")) << sonde.output();
  pair.near().ip("link set near0 up\n");
  const Finished finished = sonde.wait();
  const SondeRun run = read_run(finished);
  const SondeSummary& summary = *run.summary_of("10.78.0.2");
  EXPECT_EQ(summary.sent, 60u);
  EXPECT_GT(summary.local, 0u);
  EXPECT_EQ(summary.sent, summary.received + summary.lost + summary.late + summary.errors + summary.local);
  ASSERT_FALSE(run.events.empty());
  EXPECT_EQ(run.events.back().event, "reply") << "did not come back";
}

}  // namespace
}  // namespace sonde::lab
