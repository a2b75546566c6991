// nothing_lost_elsewhere_test.cpp: what is written to a terminal that nobody reads for a while, answers to HTTP beside a
// standard error that nobody reads, and a sweep over a network that loses, repeats and delays.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>

#include "lab/terminal.hpp"
#include "trouble/sweep_trial.hpp"
#include "trouble/trial.hpp"

namespace sonde::trouble {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(NothingLostElsewhere, ATerminalThatIsNotReadForAWhileShowsTheAccountAllTheSame) {
  const Loopback space;
  for (const Words& targets : {Words{"127.0.0.1"}, Words{"127.0.0.1", "127.0.0.2", "127.0.0.3"}}) {
    lab::OnTerminal sonde(space,
                          {.arguments = Words{SONDE_PROGRAM, "ping", "-c", "3000", "-i", "1ms"} + targets,
                           .environment = {"TERM=xterm-256color", "LC_ALL=C.UTF-8"}},
                          {30, 100});
    std::this_thread::sleep_for(7s);  // the stall is what is tried
    const Finished finished = sonde.wait();
    EXPECT_EQ(finished.status, 0) << finished.errors;
    EXPECT_EQ(finished.signal, 0);
    EXPECT_THAT(sonde.seen(), HasSubstr("sent"));
    EXPECT_THAT(sonde.seen().substr(sonde.seen().size() - std::min<std::size_t>(sonde.seen().size(), 200)),
                HasSubstr(targets.size() == 1 ? "time" : "sent"));
  }
}

TEST(NothingLostElsewhere, ASweepOverANetworkThatLosesRepeatsAndDelaysWritesWhatItSays) {
  lab::SimulatedNetwork network(
      "host 10.77.0.0/22; delay uniform 1ms 60ms; loss 20%; duplicates 1 spacing 2ms\n",
      {.summary_only = true});
  const std::vector<std::uint64_t> rooms{0, 1, 500, 1999, 4096, 9000};
  const Broken broken = in_parallel(rooms.size() + 1, [&](std::size_t which) {
    const lab::ScratchDirectory files, other;
    FaultPlan plan{.directory = files.path()};
    if (which < rooms.size()) plan.disk_bytes = rooms[which];
    const std::string answers = files.path() / "answers", metadata = files.path() / "metadata";
    const Ended ended =
        run_ended(network.space(), lab::with_faults(sweep({"-o", answers, "--metadata", metadata, "-r",
                                                           "3000", "--linger", "500ms", "10.77.0.0/22"}),
                                                    plan, other.path() / "report"));
    Broken found = ends_and_says_why(ended, {.statuses = {0, 4}});
    if (ended.finished.status != 0) return found;
    const SweepRows rows = SweepRows::parse(content_of(answers));
    const auto account = SweepAccount::parse(content_of(metadata));
    if (!account) return found + Broken{"(I1) the metadata are no whole object"};
    return found + rows.cut + account_is_exact(*account, rows, 1024);
  });
  EXPECT_TRUE(broken.empty()) << text_of(broken);
}

}  // namespace
}  // namespace sonde::trouble
