// signal_test.cpp: runs that are ended or asked in the middle, at the start, and by their own deadline.
#include <gmock/gmock.h>

#include <csignal>

#include "trouble/program.hpp"

namespace sonde::trouble {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Signal : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Threads, Signal, ::testing::Values("1", "2"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST_P(Signal, InterruptAndTerminateEndWithTheSummary) {
  const Loopback space;
  for (const int number : {SIGINT, SIGTERM}) {
    Process process = space.start(sonde_json({"-i", "5ms", "--threads", GetParam(), "127.0.0.1", "::1"}));
    ASSERT_TRUE(process.wait_for_output("\"seq\":5"));
    process.signal(number);
    const Finished finished = process.wait();
    const SondeRun run = read_run(finished, 0);
    expect_balanced(run);
    EXPECT_EQ(run.summaries.size(), 2u);
    EXPECT_GE(run.end->probes, 6u);
  }
}

TEST_P(Signal, InterruptWaitsForTheLastAnswersAndASecondOneDoesNot) {
  const VethPair pair;
  // Nobody is there, and it is told only after three seconds.
  Process process = pair.near().start(
      sonde_json({"-W", "30s", "-i", "5ms", "--threads", GetParam(), "10.78.0.2", "10.78.0.99"}));
  ASSERT_TRUE(process.wait_for_output("\"seq\":3"));
  process.signal(SIGINT);
  process.signal(SIGTERM);
  const SondeRun run = read_run(process.wait(), 1);
  expect_balanced(run);
  const SondeSummary& silent = *run.summary_of("10.78.0.99");
  EXPECT_EQ(silent.lost, silent.sent) << "what still waits at the end is lost";
  EXPECT_LT(run.end->elapsed_ns, 5'000'000'000);
}

TEST_P(Signal, QuitPrintsTheSummaryAndGoesOn) {
  const Loopback space;
  Process process = space.start(sonde({"-i", "5ms", "--threads", GetParam(), "127.0.0.1"}));
  ASSERT_TRUE(process.wait_for_output("seq=5"));
  process.signal(SIGQUIT);
  ASSERT_TRUE(process.wait_for_output("so far")) << process.output();
  process.forget_output();
  ASSERT_TRUE(process.wait_for_output("seq=")) << "it goes on";
  process.signal(SIGINT);
  const Finished finished = process.wait();
  EXPECT_EQ(finished.status, 0);
  EXPECT_THAT(finished.output, HasSubstr("lost 0"));
}

TEST_P(Signal, QuitPrintsTheSummaryOnStandardErrorWhereTheOutputHasNoPlaceForIt) {
  const Loopback space;
  for (const Words& format : {Words{"--format", "csv"}, Words{"--format", "csv", "-q"},
                              Words{"--format", "prometheus"}, Words{"--alive"}}) {
    Process process = space.start(sonde(
        format + Words{"-n", "-c", "40", "-i", "5ms", "--threads", GetParam(), "127.0.0.1", "127.0.0.2"}));
    ASSERT_TRUE(process.wait_for_signal_descriptor());
    process.signal(SIGQUIT);
    ASSERT_TRUE(process.wait_for_errors("127.0.0.2  so far")) << process.errors();
    const Finished finished = process.wait();
    EXPECT_EQ(finished.status, 0) << "it goes on: " << finished.errors;
    EXPECT_THAT(finished.output,
                AllOf(HasSubstr("127.0.0.1"), Not(HasSubstr("so far")), Not(HasSubstr("interim"))));
  }
}

TEST_P(Signal, TheDeadlineEndsTheRun) {
  const Loopback space;
  const auto began = std::chrono::steady_clock::now();
  const SondeRun run =
      read_run(space.run(sonde_json({"-w", "150ms", "-i", "10ms", "--threads", GetParam(), "127.0.0.1"})), 0);
  const auto took = std::chrono::steady_clock::now() - began;
  expect_balanced(run);
  EXPECT_GE(took, std::chrono::milliseconds(150))
      << "the deadline counts from the start, so the measuring itself takes less";
  EXPECT_GE(run.end->probes, 2u);
  EXPECT_LE(run.end->probes, 16u);
}

TEST(SignalAtStart, EndsARunWhoseNamesAreStillAwaited) {
  const VethPair pair;
  const ScratchDirectory directory;
  pair.far().nft("table inet lab { chain in { type filter hook input priority 0; udp dport 53 drop; }; }");
  pair.near().nft(
      "table inet lab {\n counter asked { }\n chain out {\n type filter hook output priority 0;\n"
      " udp dport 53 counter name asked\n }\n}\n");
  const auto asked = [&] {
    return pair.near()
               .run({.arguments = {"nft", "list", "counter", "inet", "lab", "asked"}})
               .output.find("packets 0 ") == std::string::npos;
  };
  // Alone: nothing was measured, so nothing is claimed.
  Process alone =
      pair.near().start(with_name_server(directory, "10.78.0.2", {"--format", "json", "pending.example"}));
  for (int tries = 0; tries < 200 && !asked(); ++tries) {
  }
  ASSERT_TRUE(asked());
  alone.signal(SIGINT);
  const Finished finished = alone.wait();
  EXPECT_FALSE(finished.timed_out);
  EXPECT_EQ(finished.signal, 0);
  EXPECT_EQ(finished.status, 2) << "a name that did not resolve";
  EXPECT_THAT(finished.errors, HasSubstr("pending.example: no name server answered before the run ended"));

  // Beside an address: that one's summary is written.
  Process both = pair.near().start(with_name_server(
      directory, "10.78.0.2", {"--format", "json", "-i", "10ms", "pending.example", "10.78.0.2"}));
  ASSERT_TRUE(both.wait_for_output("\"seq\":3")) << "a name that does not resolve holds nobody up";
  both.signal(SIGINT);
  const SondeRun run = read_run(both.wait(), 2);
  EXPECT_EQ(run.summary_of("10.78.0.2")->received, run.summary_of("10.78.0.2")->sent);
}

TEST(SignalAtStart, TheDeadlineCountsFromThere) {
  const VethPair pair;
  const ScratchDirectory directory;
  pair.far().nft("table inet lab { chain in { type filter hook input priority 0; udp dport 53 drop; }; }");
  const auto began = std::chrono::steady_clock::now();
  const Finished finished =
      pair.near().run(with_name_server(directory, "10.78.0.2", {"-w", "200ms", "pending.example"}));
  EXPECT_EQ(finished.status, 2) << finished.errors;
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(3));
}

// However early the signal comes, the program ends, by it or by itself.
TEST(SignalAtStart, NoMomentIsTooEarly) {
  const Loopback space;
  const ScratchDirectory directory;
  std::string hosts;
  for (int host = 0; host < 20'000; ++host)
    hosts += "127.0." + std::to_string(host / 250) + "." + std::to_string(host % 250 + 1) + "\n";
  const auto file = directory.write("hosts", hosts);
  for (int round = 0; round < 6; ++round) {
    Process process = space.start(sonde({"-q", "--format", "json", "-f", file}));
    if (round > 0) process.wait_for_output("\"start\"", std::chrono::milliseconds(10 * round));
    process.signal(SIGINT);
    const Finished finished = process.wait();
    EXPECT_FALSE(finished.timed_out) << round;
    EXPECT_TRUE(finished.signal == SIGINT || finished.status == 0 || finished.status == 1)
        << finished.status << finished.errors;
    if (finished.status == 0 || finished.status == 1) {
      EXPECT_THAT(finished.output, HasSubstr("\"end\"")) << round;
    }
  }
}

}  // namespace
}  // namespace sonde::trouble
