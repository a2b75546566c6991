// nothing_lost_collision_test.cpp: outputs that are an input or another output, and checkpoints by names that are none.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "trouble/names_trial.hpp"
#include "trouble/sweep_trial.hpp"

namespace sonde::trouble {
namespace {

using namespace std::chrono_literals;
using lab::Descriptor;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NothingLostInCollisions : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = no_devices(); !why.empty()) GTEST_SKIP() << why;
    directory_.emplace();
  }

  std::string file(const std::string& name) const { return (*directory_ / name).string(); }
  Ended run(Command command) const { return run_ended(space_, std::move(command)); }
  static void expect(const Broken& broken) { EXPECT_TRUE(broken.empty()) << text_of(broken); }

  Loopback space_;
  std::optional<DeviceDirectory> directory_;
};

Command ping(const Words& arguments) {
  return {.arguments = Words{SONDE_PROGRAM, "ping", "-c", "1"} + arguments};
}

TEST_F(NothingLostInCollisions, AnInputIsNoOutputNotEvenForced) {
  directory_->make_file("input", "127.0.0.1\n");
  std::filesystem::create_hard_link(file("input"), file("same"));
  std::filesystem::create_symlink("input", file("link"));
  Untouched untouched;
  for (const char* name : {"input", "same", "link"}) untouched.add(file(name));
  Broken broken;
  for (const std::string name : {"input", "same", "link"}) {
    for (const Words& force : {Words{}, Words{"--force"}}) {
      for (const Command& command :
           {sweep(force + Words{"--linger", "50ms", "-o", file(name), file("input")}),
            sweep(force + Words{"--linger", "50ms", "-o", file(name), "-X", file("input"), "127.0.0.0/29"}),
            sweep(force + Words{"--linger", "50ms", "--metadata", file(name), file("input")}),
            sweep(force + Words{"--linger", "50ms", "--checkpoint", file(name), file("input")}),
            sweep(force +
                  Words{"--linger", "50ms", "--checkpoint", file(name), "-X", file("input"), "127.0.0.0/29"}),
            ping(force + Words{"--pcap", file(name), "-f", file("input")})}) {
        const Ended ended = run(command);
        broken = broken +
                 at(fmt::format("{}{}", fmt::join(command.arguments, " "), force.empty() ? "" : " (forced)"),
                    ends_and_says_why(ended, {.statuses = {2}, .successes = {}}) + untouched.broken());
      }
    }
  }
  expect(broken);
}

TEST_F(NothingLostInCollisions, TwoOutputsAreNotOneFile) {
  std::filesystem::create_directory(file("sub"));
  const std::string one = file("one"), same = file("sub") + "/../one", picture = file("one.svg");
  Broken broken;
  for (const Words& options :
       {Words{"-o", one, "--metadata", same}, Words{"-o", one, "--checkpoint", same},
        Words{"--metadata", one, "--checkpoint", same}, Words{"-o", picture, "--heatmap", picture},
        Words{"--metadata", picture, "--heatmap", picture},
        Words{"--checkpoint", picture, "--heatmap", picture}}) {
    for (const Words& force : {Words{}, Words{"--force"}}) {
      const Ended ended = run(sweep(options + force + Words{"--linger", "50ms", "127.0.0.0/29"}));
      broken = broken + at(fmt::format("{}", fmt::join(options, " ")),
                           ends_and_says_why(ended, {.statuses = {2}, .successes = {}}));
      EXPECT_THAT(directory_->names(), ElementsAre("sub")) << options[0] << options[2];
      for (const std::string& made : {one, picture}) std::filesystem::remove(made);
    }
  }
  expect(broken);
}

TEST_F(NothingLostInCollisions, OneRefusedOutputKeepsTheOthersFromBeingMade) {
  directory_->make_file("diary", somebodys_text);
  Untouched untouched;
  untouched.add(file("diary"));
  Broken broken;
  for (const Words& options : {Words{"-o", file("new"), "--metadata", file("diary")},
                               Words{"-o", file("diary"), "--metadata", file("new")},
                               Words{"-o", file("new"), "--checkpoint", file("diary")},
                               Words{"--checkpoint", file("new"), "--metadata", file("diary")}}) {
    const Ended ended = run(sweep(options + Words{"--linger", "50ms", "127.0.0.0/29"}));
    broken = broken + at(fmt::format("{}", fmt::join(options, " ")),
                         ends_and_says_why(ended, {.statuses = {2}, .successes = {}}) + untouched.broken());
    EXPECT_THAT(directory_->names(), ElementsAre("diary"));
    std::filesystem::remove(file("new"));
  }
  expect(broken);
}

// --- checkpoints ---------------------------------------------------------------------------------------------------

TEST_F(NothingLostInCollisions, ACheckpointThatIsNoRegularFileIsRefused) {
  std::filesystem::create_directory(file("directory"));
  directory_->make_fifo("fifo");
  directory_->make_null("null");
  directory_->make_full("full");
  directory_->make_file("diary", somebodys_text);
  directory_->make_file("opened", "");
  std::filesystem::create_symlink("null", file("link to null"));
  std::filesystem::create_symlink("fifo", file("link to fifo"));
  const Descriptor opened(::open(file("opened").c_str(), O_RDWR | O_CLOEXEC));
  const std::string descriptor = "/dev/fd/" + std::to_string(opened.number());
  Untouched untouched;
  for (const std::string& name : directory_->names()) untouched.add(file(name));
  Broken broken;
  for (const std::string& name :
       {file("directory"), file("fifo"), file("null"), file("full"), file("diary"), file("link to null"),
        file("link to fifo"), std::string("/dev/stdout"), descriptor}) {
    Command command = sweep({"--linger", "50ms", "--checkpoint", name, "127.0.0.0/29"});
    command.inherited = {opened.number()};
    const auto before = directory_->names();
    const Ended ended = run(std::move(command));
    broken =
        broken + at(name, ends_and_says_why(ended, {.statuses = {2}, .successes = {}}) + untouched.broken());
    EXPECT_EQ(directory_->names(), before) << name;
  }
  expect(broken);
}

TEST_F(NothingLostInCollisions, ACheckpointInADirectoryOfSomebodyElsesIsKeptAndRemovedByRoot) {
  std::filesystem::create_directory(file("theirs"));
  ASSERT_EQ(::chown(file("theirs").c_str(), 65534, 65534), 0);
  const Ended ended =
      run(sweep({"--linger", "50ms", "-r", "60", "--checkpoint", file("theirs/state"), "-o",
                 file("theirs/answers"), "--metadata", file("theirs/metadata"), "127.0.0.0/26"}));
  Broken broken = ends_and_says_why(ended, {.statuses = {0}});
  expect(broken +
         known_is_written(SweepRows::parse(content_of(file("theirs/answers"))), loopback_addresses(64)));
}

TEST_F(NothingLostInCollisions, WhatSomebodyPutsInTheCheckpointsPlaceIsNotRemoved) {
  Process process = space_.start(sweep({"--linger", "50ms", "-r", "40", "--checkpoint", file("state"), "-o",
                                        file("answers"), "127.0.0.0/26"}));
  const auto until = std::chrono::steady_clock::now() + 5s;
  while (!std::filesystem::exists(file("state")) && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  directory_->make_file("diary", somebodys_text);
  std::filesystem::rename(file("diary"), file("state"));
  Untouched untouched;
  untouched.add(file("state"));
  const Ended ended{.finished = process.wait(), .elapsed = 2s};
  expect(ends_and_says_why(ended, {.statuses = {0, 4}}) + untouched.broken());
}

TEST_F(NothingLostInCollisions, FilesBesideTheCheckpointAreNobodysTemporaryFiles) {
  for (const char* name : {"state.tmp", "state.new", "state~", "answers.tmp"})
    directory_->make_file(name, somebodys_text);
  Untouched untouched;
  for (const std::string& name : directory_->names()) untouched.add(file(name));
  const Ended ended = run(sweep({"--linger", "50ms", "-r", "60", "--checkpoint", file("state"), "-o",
                                 file("answers"), "127.0.0.0/26"}));
  expect(ends_and_says_why(ended, {.statuses = {0}}) + untouched.broken());
}

TEST_F(NothingLostInCollisions, AForeignFileIsNoCheckpointToResume) {
  directory_->make_file("diary", somebodys_text);
  Untouched untouched;
  untouched.add(file("diary"));
  for (const char* name : {"diary", "nowhere"}) {
    const Ended ended = run(sweep({"--resume", file(name), "-o", file("answers"), "127.0.0.0/29"}));
    expect(at(name, ends_and_says_why(ended, {.statuses = {2}, .successes = {}}) + untouched.broken()));
    EXPECT_THAT(directory_->names(), ElementsAre("diary")) << name;
    std::filesystem::remove(file("answers"));
  }
}

TEST_F(NothingLostInCollisions, AnEmptyCheckpointIsRefusedOrBegunAnew) {
  directory_->make_file("state", "");
  const Ended ended =
      run(sweep({"--linger", "50ms", "--resume", file("state"), "-o", file("answers"), "127.0.0.0/29"}));
  expect(ends_and_says_why(ended, {.statuses = {0, 2}, .successes = {0}}));
  if (ended.finished.status == 0)
    expect(known_is_written(SweepRows::parse(content_of(file("answers"))), loopback_addresses(8)));
}

TEST_F(NothingLostInCollisions, ASecondSweepDoesNotTakeTheCheckpointOfTheFirst) {
  Process first = space_.start(sweep(
      {"--linger", "50ms", "-r", "30", "--checkpoint", file("state"), "-o", file("one"), "127.0.0.0/26"}));
  const auto until = std::chrono::steady_clock::now() + 5s;
  while (!std::filesystem::exists(file("state")) && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  // Whatever it does, the first one ends and both say the truth about their rows.
  const Ended second = run(sweep(
      {"--linger", "50ms", "-r", "max", "--checkpoint", file("state"), "-o", file("two"), "127.0.0.0/28"}));
  expect(at("second", ends_and_says_why(second)));
  if (second.finished.status == 0)
    expect(known_is_written(SweepRows::parse(content_of(file("two"))), loopback_addresses(16)));
  const Ended ended{.finished = first.wait(), .elapsed = 3s};
  expect(at("first", ends_and_says_why(ended, {.statuses = {0, 4}})));
  expect(known_is_written(SweepRows::parse(content_of(file("one"))), loopback_addresses(64)));
}

}  // namespace
}  // namespace sonde::trouble
