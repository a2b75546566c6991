// stopped_test.cpp: the program is stopped for longer than its timeout, as a container that is frozen or a machine without a
// processor to spare does: answers are booked by when they came.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <optional>
#include <sstream>
#include <thread>

#include "trouble/program.hpp"

namespace sonde::trouble {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class Stopped : public ::testing::Test {
 protected:
  // Every host answers after so long.
  void answer_after(const std::string& delay) {
    network_.emplace("host 10.77.0.0/16; delay " + delay + "\n");
    asked_before_ = asked();
  }
  // So many echo requests have left.
  std::uint64_t asked() const {
    const std::string text = network_->run({.arguments = {"cat", "/proc/net/snmp"}}).output;
    const auto names = text.find("Icmp: "), values = text.find("Icmp: ", names + 1);
    std::istringstream name(text.substr(names)), value(text.substr(values));
    for (std::string word, number; name >> word && value >> number;)
      if (word == "OutEchos") return std::stoull(number);
    return 0;
  }
  // Stops it when a probe has left, and lets it go on after two seconds.
  void stop_after_a_probe(const Process& process) const {
    while (asked() == asked_before_) std::this_thread::sleep_for(5ms);
    process.signal(SIGSTOP);
    std::this_thread::sleep_for(2s);
    process.signal(SIGCONT);
  }

  std::optional<lab::SimulatedNetwork> network_;

 private:
  std::uint64_t asked_before_ = 0;
};

TEST_F(Stopped, AnswersThatCameInTimeAreReplies) {
  answer_after("300ms");
  Process process = network_->start(sonde_json(Words{"-c", "3", "-i", "100ms", "-W", "1s", "10.77.0.1"}));
  stop_after_a_probe(process);
  const SondeRun run = read_run(process.wait(), 0);
  expect_balanced(run);
  const SondeSummary& summary = *run.summary_of("10.77.0.1");
  EXPECT_EQ(summary.received, 3u);
  EXPECT_EQ(summary.lost, 0u);
  EXPECT_EQ(summary.late, 0u);
}

TEST_F(Stopped, AnswersThatCameTooLateAreLateThoughTheyAreReadTogether) {
  answer_after("1500ms");
  Process process = network_->start(sonde_json(Words{"-c", "1", "-W", "1s", "10.77.0.1"}));
  stop_after_a_probe(process);
  const SondeRun run = read_run(process.wait(), 0);
  expect_balanced(run);
  EXPECT_EQ(run.summary_of("10.77.0.1")->late, 1u);
  ASSERT_EQ(run.events.size(), 2u);
  EXPECT_EQ(run.events[0].event, "lost");
  EXPECT_EQ(run.events[1].event, "late");
}

TEST_F(Stopped, PingReadsWhatCameBeforeItGivesUp) {
  answer_after("300ms");
  const ScratchDirectory directory;
  const auto link = directory.path() / "ping";
  std::filesystem::create_symlink(SONDE_PROGRAM, link);
  Process process = network_->start({.arguments = {link.string(), "-c", "1", "-W", "1", "10.77.0.1"}});
  stop_after_a_probe(process);
  const Finished finished = process.wait();
  EXPECT_EQ(finished.status, 0);
  EXPECT_THAT(finished.output, HasSubstr("1 packets transmitted, 1 received, 0% packet loss"));
}

TEST(TimeNamespace, PingMeasuresTheSame) {
  lab::SimulatedNetwork network("host 10.77.0.0/16; delay 20ms\n");
  for (const char* transport : {"icmp", "raw", "tcp:9"}) {
    Command command = sonde_json(
        Words{"--transport", transport, "-c", "3", "-i", "20ms", "-W", "500ms", "10.77.0.1"}, User::root);
    command.arguments = Words{"unshare", "-T", "--monotonic", "100000"} + command.arguments;
    const Finished finished = network.run(command);
    if (finished.errors.find("unshare") != std::string::npos) GTEST_SKIP() << finished.errors;
    const bool by_tcp = std::string_view(transport).starts_with("tcp");  // nobody answers that here
    const SondeRun run = read_run(finished, by_tcp ? 1 : 0);
    expect_balanced(run);
    EXPECT_EQ(run.summary_of("10.77.0.1")->received, by_tcp ? 0u : 3u) << transport;
    EXPECT_LT(run.end->elapsed_ns, 3'000'000'000) << transport << ": a timer was set by another clock";
  }
}

}  // namespace
}  // namespace sonde::trouble
