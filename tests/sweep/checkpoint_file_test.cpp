// checkpoint_file_test.cpp: under the checkpoint's name there is always one that can be read, whatever
// happens.
#include "sweep/checkpoint_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sonde::sweep {
namespace {

using testing::HasSubstr;

class SweepCheckpointFile : public testing::Test {
 protected:
  SweepCheckpointFile() {
    std::string pattern = testing::TempDir() + "/checkpoint.XXXXXX";
    directory = ::mkdtemp(pattern.data());
    path = directory + "/sweep.checkpoint";
  }
  ~SweepCheckpointFile() override { std::filesystem::remove_all(directory); }

  AnswerWords words() {
    return {answered.size(), [this](std::size_t first, std::span<std::uint64_t> into) {
              std::copy_n(answered.begin() + static_cast<std::ptrdiff_t>(first), into.size(), into.begin());
            }};
  }
  static Checkpoint at(std::uint64_t position) {
    Checkpoint checkpoint;
    checkpoint.threads = {{0, position}};
    return checkpoint;
  }
  static CheckpointStep step_to(std::uint64_t position) {
    return {.threads = {{0, position}}, .counts = {}, .newly_answered = {position}};
  }
  std::uint64_t position() const {
    const auto read = read_checkpoint(path, 1 << 20);
    EXPECT_TRUE(read) << read.error().message();
    return read ? read->threads.at(0).position : 0;
  }

  std::string directory, path;
  std::vector<std::uint64_t> answered = std::vector<std::uint64_t>(100'000);
};

TEST_F(SweepCheckpointFile, IsReadBackWithItsSteps) {
  CheckpointFile file(path);
  EXPECT_TRUE(file.wants_whole());
  ASSERT_TRUE(file.write_whole(at(1), words()));
  EXPECT_FALSE(file.wants_whole());
  EXPECT_EQ(position(), 1u);
  ASSERT_TRUE(file.add(step_to(2)));
  ASSERT_TRUE(file.add(step_to(3)));
  EXPECT_EQ(position(), 3u);
  EXPECT_EQ(read_checkpoint(path, 1 << 20)->answered[0], 0b1100u);
  EXPECT_EQ(file.bytes(), std::filesystem::file_size(path));
}

TEST_F(SweepCheckpointFile, IsItsOwnersAlone) {
  {
    std::ofstream(path) << "older";
  }
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  ASSERT_TRUE(CheckpointFile(path).write_whole(at(1), words()));
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
}

TEST_F(SweepCheckpointFile, IsWrittenWholeAgainWhenTheStepsHaveOutgrownIt) {
  CheckpointFile file(path);
  ASSERT_TRUE(file.write_whole(at(1), words()));
  CheckpointStep large = step_to(2);
  for (std::uint64_t index = 0; index < answered.size() * 64; index += 13)
    large.newly_answered.push_back(index);
  int steps = 0;
  for (; !file.wants_whole() && steps < 1000; ++steps) ASSERT_TRUE(file.add(large));
  EXPECT_LT(steps, 10);
  ASSERT_TRUE(file.write_whole(at(9), words()));
  EXPECT_FALSE(file.wants_whole());
  EXPECT_EQ(position(), 9u);
}

TEST_F(SweepCheckpointFile, GoesWhenTheSweepIsThrough) {
  CheckpointFile file(path);
  ASSERT_TRUE(file.write_whole(at(1), words()));
  EXPECT_TRUE(file.remove());
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(file.remove());
}

TEST_F(SweepCheckpointFile, NeverReplacesWhatIsNoFile) {
  const auto refused = CheckpointFile(directory).write_whole(at(1), words());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("no regular file: " + directory));
  EXPECT_FALSE(CheckpointFile("/dev/null").write_whole(at(1), words()));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST_F(SweepCheckpointFile, AMissingDirectoryIsSaid) {
  const auto refused = CheckpointFile(directory + "/nowhere/file").write_whole(at(1), words());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(),
              HasSubstr("cannot write the checkpoint: " + directory + "/nowhere/file.tmp"));
  EXPECT_THAT(refused.error().message(), HasSubstr("ENOENT"));
  const auto missing = read_checkpoint(directory + "/nowhere/file", 1);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message(), HasSubstr("cannot open the checkpoint: " + directory));
}

// A disk that is full after so many bytes, for as long as this lives.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
  }
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  sighandler_t handler_ = SIG_DFL;
};

TEST_F(SweepCheckpointFile, AFullDiskLeavesTheOneBefore) {
  CheckpointFile file(path);
  ASSERT_TRUE(file.write_whole(at(1), words()));
  const std::uint64_t before = file.bytes();
  ASSERT_TRUE(file.add(step_to(2)));
  {
    // A step goes half, and what is there stays good.
    const SmallDisk disk(file.bytes() + 10);
    EXPECT_FALSE(file.add(step_to(3)));
    EXPECT_TRUE(file.wants_whole());
    EXPECT_EQ(position(), 2u);
  }
  {
    const SmallDisk disk(before - 10);
    EXPECT_FALSE(file.write_whole(at(4), words()));
    EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
    EXPECT_EQ(position(), 2u);
  }
  ASSERT_TRUE(file.write_whole(at(5), words()));
  ASSERT_TRUE(file.add(step_to(6)));
  EXPECT_EQ(position(), 6u);
}

TEST_F(SweepCheckpointFile, AProcessKilledAtAnyMomentLeavesOneThatIsNoOlderThanItSaid) {
  ASSERT_TRUE(CheckpointFile(path).write_whole(at(1), words()));
  for (int round = 0; round < 40; ++round) {
    int said[2];
    ASSERT_EQ(::pipe2(said, O_CLOEXEC), 0);
    const std::uint64_t begin = position();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      CheckpointFile file(path);
      for (std::uint64_t at_position = begin;; ++at_position) {
        const auto kept = at_position % 5 == 0 || file.wants_whole()
                              ? file.write_whole(at(at_position), words())
                              : file.add(step_to(at_position));
        if (!kept || ::write(said[1], &at_position, sizeof at_position) < 0) ::_exit(1);
      }
    }
    ::close(said[1]);
    ::usleep(static_cast<useconds_t>(500 + 397 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    std::uint64_t last = begin, next = 0;
    while (::read(said[0], &next, sizeof next) == sizeof next) last = next;
    ::close(said[0]);
    ASSERT_GE(position(), last) << "round " << round;
    ASSERT_LE(position(), last + 1) << "round " << round;
  }
}

}  // namespace
}  // namespace sonde::sweep
