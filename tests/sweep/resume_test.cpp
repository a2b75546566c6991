// resume_test.cpp: a sweep that is killed at any moment and goes on: nobody is missed, and little is asked twice.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <thread>

#include "lab/sanitized.hpp"
#include "sweep/swept.hpp"

namespace sonde::sweep_test {
namespace {

using lab::Finished;
using lab::ScratchDirectory;
using lab::SimulatedNetwork;
using ::testing::HasSubstr;

class Resume : public ::testing::Test {
 protected:
  Resume() { std::filesystem::permissions(directory_.path(), std::filesystem::perms::all); }

  std::string file(const char* name) const { return (directory_.path() / name).string(); }
  std::set<std::string> answered() const {
    std::set<std::string> addresses;
    std::ifstream rows(file("answers"));
    std::string line;
    // A kill may cut the last row short: it is written again.
    for (std::getline(rows, line); std::getline(rows, line);) {
      if (const auto comma = line.find(','); comma != std::string::npos)
        addresses.insert(line.substr(0, comma));
    }
    return addresses;
  }

  ScratchDirectory directory_;
};

TEST_F(Resume, KilledAtRandomMomentsItMissesNobodyAndRepeatsASecondAtMost) {
  const int kills = lab::sanitized ? 6 : 100;
  const int rate = lab::sanitized ? 1000 : 180;  // so that it is not through before the last
  SimulatedNetwork network("host 10.77.0.0/19 fd77::/116; delay 5ms\n", {.summary_only = true});
  std::mt19937 random(static_cast<unsigned>(kills));
  const auto command = [this](int its_rate) {
    const bool begun = std::filesystem::exists(file("state"));
    return sweep_command({"-o", file("answers"), "-r", std::to_string(its_rate), "--threads", "2", "--linger",
                          "3s",
                          // They make up for what a machine that stands still drops.
                          "--retry", "2", "--late", "500ms", begun ? "--resume" : "--checkpoint",
                          file("state"), "10.77.0.0/19", "fd77::/117"});
  };
  const std::uint64_t addresses = 8'192 + 2'048;
  int killed = 0;
  for (; killed < kills; ++killed) {
    lab::Process process = network.start(command(rate));
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 900));  // the moment is what is tried
    process.signal(SIGKILL);
    ASSERT_EQ(process.wait().signal, SIGKILL) << "through after " << killed;
  }
  const Finished finished = network.run(command(2000));
  EXPECT_EQ(finished.status, 0) << finished.errors;
  const auto found = answered();
  EXPECT_EQ(std::ranges::count_if(found, [](const std::string& row) { return row.starts_with("10."); }),
            8'192);
  EXPECT_GE(found.size(), addresses) << finished.errors;
  const std::uint64_t asked = network.record().summary.requests;
  EXPECT_GE(asked, addresses);
  EXPECT_LE(asked, addresses + static_cast<std::uint64_t>(killed) * static_cast<std::uint64_t>(rate) * 5 / 4)
      << killed << " kills";
  EXPECT_FALSE(std::filesystem::exists(file("state"))) << "it is through: nothing is left to resume";
}

TEST_F(Resume, AnInterruptedSweepGoesOnExactlyWhereItWas) {
  SimulatedNetwork network("host 10.77.0.0/21; delay 5ms\n", {.summary_only = true});
  const Words options{"-o", file("answers"), "-r", "1000", "--linger", "2s"};
  lab::Process process =
      network.start(sweep_command(options + Words{"--checkpoint", file("state"), "10.77.0.0/21"}));
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait().status, 0);
  const std::size_t before = answered().size();
  EXPECT_GT(before, 0u);
  EXPECT_LT(before, 2048u);
  const Finished finished =
      network.run(sweep_command(options + Words{"--resume", file("state"), "10.77.0.0/21"}));
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_EQ(answered().size(), 2048u);
  EXPECT_EQ(network.record().summary.requests, 2048u) << "nobody was asked twice";
  EXPECT_THAT(finished.errors, HasSubstr("2048 probes sent")) << "the account is of both runs";
}

// What is sent and not answered yet when a run ends early is asked again, however it ended.
TEST_F(Resume, AnswersThatAreUnderWayAtAnEarlyEndAreNotForgotten) {
  const std::string slow = "host 10.77.0.0/24; delay 1500ms\n", quick = "host 10.77.0.0/25; delay 5ms\n";
  const Words options{"-o", file("answers"), "-r", "200", "--linger", "4s"};
  const Words begin{"--checkpoint", file("state"), "10.77.0.0/24"},
      end{"--resume", file("state"), "10.77.0.0/24"};
  for (const char* way : {"killed", "stopped by a second signal", "--max-results"}) {
    std::filesystem::remove(file("answers"));
    const SimulatedNetwork network(slow + quick, {.summary_only = true});
    if (way == std::string_view("--max-results")) {
      EXPECT_EQ(network.run(sweep_command(options + Words{"-N", "40"} + begin)).status, 0);
    } else {
      lab::Process process = network.start(sweep_command(options + begin));
      std::this_thread::sleep_for(
          std::chrono::milliseconds(1200));  // past the first steps, before the slow answers
      process.signal(way == std::string_view("killed") ? SIGKILL : SIGINT);
      if (way != std::string_view("killed")) {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        process.signal(SIGINT);
      }
      process.wait();
    }
    EXPECT_LT(answered().size(), 250u) << way;
    const Finished finished = network.run(sweep_command(options + end));
    EXPECT_EQ(finished.status, 0) << finished.errors;
    EXPECT_EQ(answered().size(), 256u) << way;
  }
}

TEST_F(Resume, ARowThatWasCutIsMendedAndTheFiguresAreThoseOfTheFile) {
  const SimulatedNetwork network("host 10.77.0.0/21; delay 5ms\n", {.summary_only = true});
  const Words options{"-o", file("answers"), "-r", "1000", "--linger", "1s"};
  lab::Process process =
      network.start(sweep_command(options + Words{"--checkpoint", file("state"), "10.77.0.0/21"}));
  std::this_thread::sleep_for(std::chrono::milliseconds(900));
  process.signal(SIGKILL);
  process.wait();
  std::ofstream(file("answers"), std::ios::app) << "10.77.7.2";  // and no more
  const Finished finished = network.run(sweep_command(
      options + Words{"--resume", file("state"), "--metadata", file("metadata"), "10.77.0.0/21"}));
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_EQ(answered().size(), 2048u);
  std::ifstream stream(file("answers"));
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  EXPECT_EQ(text.find("10.77.7.2address"), std::string::npos);
  EXPECT_EQ(text.find("10.77.7.210.77"), std::string::npos) << "a row behind half a row";
  const auto account = nlohmann::json::parse(std::ifstream(file("metadata")));
  EXPECT_EQ(account["success_unique"], 2048);
  EXPECT_EQ(account["output_results"], std::ranges::count(text, '\n') - 1);
  EXPECT_EQ(account["hitrate"], 100.0);
}

TEST_F(Resume, RefusesOtherTargetsExclusionsAndOptions) {
  const SimulatedNetwork network("host 10.77.0.0/20; delay 5ms\n", {.summary_only = true});
  lab::Process process = network.start(sweep_command(
      {"-o", file("answers"), "--linger", "100ms", "--checkpoint", file("state"), "10.77.0.0/20"}));
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  process.signal(SIGINT);
  process.wait();
  const Words resume{"-o", file("answers"), "--linger", "100ms", "--resume", file("state")};
  for (const Words& other :
       {Words{"10.77.0.0/21"}, Words{"-x", "10.77.0.9", "10.77.0.0/20"}, Words{"-P", "2", "10.77.0.0/20"},
        Words{"--seed", "1", "10.77.0.0/20"}, Words{"-n", "100", "10.77.0.0/20"}}) {
    const Finished finished = network.run(sweep_command(resume + other));
    EXPECT_EQ(finished.status, 2) << other.front();
    EXPECT_THAT(finished.errors, HasSubstr("cannot resume")) << other.front();
  }
  const std::size_t rows = answered().size();
  EXPECT_GT(rows, 0u) << "what was refused left the answers alone";
}

TEST_F(Resume, ADamagedCheckpointIsRefused) {
  const SimulatedNetwork network("host 10.77.0.0/28\n");
  std::ofstream(file("state")) << "no checkpoint";
  std::filesystem::permissions(file("state"), std::filesystem::perms::all);
  const Finished finished = network.run(sweep_command({"--resume", file("state"), "10.77.0.0/28"}));
  EXPECT_EQ(finished.status, 2);
  EXPECT_THAT(finished.errors, HasSubstr("state"));
}

}  // namespace
}  // namespace sonde::sweep_test
