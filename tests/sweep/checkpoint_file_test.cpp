// checkpoint_file_test.cpp: a checkpoint can be read whatever happens, and nothing else is touched.
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

  static CheckpointStep step_to(std::uint64_t position) {
    return {.threads = {{0, position}}, .counts = {}, .rows = 0, .newly_answered = {position}};
  }
  Result<CheckpointFile> open(bool has_to_exist = false) const {
    auto file = report::OutputFiles(false).open({.path = path,
                                                 .option = "--checkpoint",
                                                 .recognizes = is_checkpoint,
                                                 .is_state = true,
                                                 .has_to_exist = has_to_exist});
    if (!file) return std::unexpected(file.error());
    return CheckpointFile(std::move(*file));
  }
  // A new one, begun.
  CheckpointFile begun() const {
    auto file = open();
    EXPECT_TRUE(file) << file.error().message();
    EXPECT_TRUE(file->begin(Checkpoint{}, words));
    return std::move(*file);
  }
  // What a copy of the file holds, so that the file itself stays as it is.
  std::uint64_t position() const {
    std::ifstream stream(path, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(stream), {});
    const auto read = decode_checkpoint(bytes, path);
    EXPECT_TRUE(read) << read.error().message();
    return read && !read->checkpoint.threads.empty() ? read->checkpoint.threads.at(0).position : 0;
  }

  std::string directory, path;
  static constexpr std::uint64_t words = 100'000;
};

TEST_F(SweepCheckpointFile, IsReadBackWithItsSteps) {
  {
    CheckpointFile file = begun();
    EXPECT_EQ(position(), 0u);
    ASSERT_TRUE(file.add(step_to(2)));
    ASSERT_TRUE(file.add(step_to(3)));
    EXPECT_EQ(file.bytes(), std::filesystem::file_size(path));
  }
  EXPECT_EQ(position(), 3u);
  auto file = open(true);
  ASSERT_TRUE(file);
  const auto read = file->read(words);
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->answered[0], 0b1100u);
  ASSERT_TRUE(file->add(step_to(4)));
  EXPECT_EQ(position(), 4u);
}

TEST_F(SweepCheckpointFile, GoesOnBehindAStepThatWasCut) {
  {
    CheckpointFile file = begun();
    ASSERT_TRUE(file.add(step_to(2)));
    ASSERT_TRUE(file.add(step_to(3)));
    std::filesystem::resize_file(path, file.bytes() - 1);
  }
  auto file = open(true);
  ASSERT_TRUE(file && file->read(words));
  EXPECT_EQ(position(), 2u);
  ASSERT_TRUE(file->add(step_to(5)));
  EXPECT_EQ(position(), 5u);
}

TEST_F(SweepCheckpointFile, AnEmptyOneIsOfASweepThatHadNotBegun) {
  std::ofstream{path};
  auto file = open(true);
  ASSERT_TRUE(file);
  const auto read = file->read(words);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_FALSE(*read);
}

TEST_F(SweepCheckpointFile, IsItsOwnersAlone) {
  const CheckpointFile file = begun();
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory), {}), 1) << "and nothing beside it";
}

TEST_F(SweepCheckpointFile, HasOneWriter) {
  const CheckpointFile file = begun();
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message(), HasSubstr("another process is writing"));
}

TEST_F(SweepCheckpointFile, GoesWhenTheSweepIsThroughAndIsStillItsOwn) {
  CheckpointFile file = begun();
  EXPECT_TRUE(file.remove());
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(file.remove());
  CheckpointFile other = begun();
  std::filesystem::rename(path, path + ".kept");
  std::ofstream(path) << "somebody else's";
  EXPECT_TRUE(other.remove());
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(SweepCheckpointFile, ThatWasNeverBegunLeavesNothing) {
  ASSERT_TRUE(open());
  EXPECT_FALSE(std::filesystem::exists(path));
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
  CheckpointFile file = begun();
  ASSERT_TRUE(file.add(step_to(2)));
  for (const rlim_t room : {0U, 10U}) {
    const SmallDisk disk(file.bytes() + room);
    const auto refused = file.add(step_to(3));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("EFBIG"));
    EXPECT_EQ(position(), 2u);
    EXPECT_EQ(file.bytes(), std::filesystem::file_size(path)) << "half a step was cut off again";
  }
  ASSERT_TRUE(file.add(step_to(6)));
  EXPECT_EQ(position(), 6u);
}

TEST_F(SweepCheckpointFile, ADiskThatIsFullFromTheBeginningLeavesNoFile) {
  {
    auto file = open();
    ASSERT_TRUE(file);
    const SmallDisk disk(20);
    EXPECT_FALSE(file->begin(Checkpoint{}, words));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(SweepCheckpointFile, AProcessKilledAtAnyMomentLeavesOneThatIsNoOlderThanItSaid) {
  {
    const CheckpointFile file = begun();
  }
  for (int round = 0; round < 40; ++round) {
    int said[2];
    ASSERT_EQ(::pipe2(said, O_CLOEXEC), 0);
    const std::uint64_t begin = position();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto file = open(true);
      if (!file || !file->read(words)) ::_exit(1);
      for (std::uint64_t at_position = begin + 1;; ++at_position) {
        if (!file->add(step_to(at_position)) || ::write(said[1], &at_position, sizeof at_position) < 0)
          ::_exit(1);
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
