// nothing_lost_names_test.cpp: outputs by names that are no plain new file: directories, FIFOs, devices, links, descriptors,
// other people's files. What is not the run's own stays as it is.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

#include "trouble/names_trial.hpp"

namespace sonde::trouble {
namespace {

using namespace std::chrono_literals;
using lab::Descriptor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<Writer> file_writers() {
  std::vector<Writer> writers;
  for (const Writer& writer : small_writers()) {
    if (writer.names_file()) writers.push_back(writer);
  }
  return writers;
}

class NothingLostByName : public ::testing::TestWithParam<Writer> {
 protected:
  void SetUp() override {
    if (const std::string why = no_devices(); !why.empty()) GTEST_SKIP() << why;
    directory_.emplace();
    const Ended ended = run("undisturbed");
    ASSERT_LE(ended.finished.status, 1) << ended.finished.errors;
    undisturbed_ = content_of(path("undisturbed"));
    ASSERT_FALSE(undisturbed_.empty());
  }

  // Heatmaps and drawings choose their format by the name's end.
  std::string suffix() const {
    for (const std::string& word : GetParam().arguments) {
      if (word.starts_with("FILE.")) return word.substr(4);
    }
    return "";
  }
  std::string named(const std::string& name) const { return name + suffix(); }
  std::filesystem::path path(const std::string& name) const { return *directory_ / named(name); }

  Ended run(const std::string& name, const Words& extra = {}, std::vector<int> inherited = {}) const {
    return run_at((*directory_ / name).string(), extra, std::move(inherited));
  }
  // The suffix is added by the writer.
  Ended run_at(const std::string& file, const Words& extra = {}, std::vector<int> inherited = {}) const {
    Command command = GetParam().command(file, extra);
    command.inherited = std::move(inherited);
    command.time_limit = 10s;
    return run_ended(space_, std::move(command));
  }

  Broken whole(const Ended& ended, std::string_view output) const {
    const auto missing = [&](std::string_view written) {
      return what_is_missing(GetParam(), written, undisturbed_, ended.finished);
    };
    return said_is_written(ended, output, missing);
  }

  static void expect(const Broken& broken) { EXPECT_TRUE(broken.empty()) << text_of(broken); }
  void expect_refused(const Ended& ended, std::set<int> statuses) const {
    if (GetParam().is_stand_in()) statuses.insert(1);  // of oping, for what it cannot open
    expect(ends_and_says_why(ended, {.statuses = std::move(statuses), .successes = {}}));
  }

  Loopback space_;
  std::optional<DeviceDirectory> directory_;
  std::string undisturbed_;
};

INSTANTIATE_TEST_SUITE_P(, NothingLostByName, ::testing::ValuesIn(file_writers()),
                         [](const auto& instance) { return instance.param.name; });

TEST_P(NothingLostByName, ADirectoryIsRefusedAndStaysAsItIs) {
  std::filesystem::create_directory(path("thing"));
  Untouched untouched;
  untouched.add(path("thing"));
  expect_refused(run("thing"), {2, 4});
  expect(untouched.broken());
}

TEST_P(NothingLostByName, AFifoIsWrittenToAndItsReaderGetsAll) {
  const auto fifo = directory_->make_fifo(named("thing"));
  Untouched untouched;
  untouched.add(fifo);
  const Descriptor from(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const Ended ended = run("thing");
  std::string output(1U << 20U, '\0');
  const ssize_t bytes = ::read(from.number(), output.data(), output.size());
  output.resize(static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
  expect(ends_and_says_why(ended, {.statuses = {0, 1}}));
  expect(whole(ended, output));
  expect(untouched.broken());
}

TEST_P(NothingLostByName, AFifoWithoutAReaderIsWaitedForUntilASignalOrRefused) {
  if (GetParam().is_stand_in()) GTEST_SKIP() << "the original waits in open() whatever signal comes";
  const auto fifo = directory_->make_fifo(named("thing"));
  Untouched untouched;
  untouched.add(fifo);
  Command command = GetParam().command((*directory_ / "thing").string());
  command.time_limit = 10s;
  const auto began = std::chrono::steady_clock::now();
  Process process = space_.start(std::move(command));
  const Descriptor exited(static_cast<int>(::syscall(SYS_pidfd_open, process.id(), 0)));
  for (const auto wait : {1500ms, 1000ms, 1000ms}) {
    pollfd ended{exited.number(), POLLIN, 0};
    if (::poll(&ended, 1, static_cast<int>(wait.count())) == 1) break;
    process.signal(SIGINT);
  }
  Ended ended{.finished = process.wait(), .elapsed = std::chrono::steady_clock::now() - began};
  // It has not begun: a signal may end it as it ends a shell that waits in open().
  expect(ends_and_says_why(ended, {.statuses = {2, 4}, .signals = {SIGINT}, .successes = {}}));
  expect(untouched.broken());
}

TEST_P(NothingLostByName, ADeviceIsWrittenToAndStaysOne) {
  Untouched untouched;
  untouched.add(directory_->make_null(named("thing")));
  expect(ends_and_says_why(run("thing"), {.statuses = {0, 1}}));
  expect(untouched.broken());
}

TEST_P(NothingLostByName, ADeviceThatIsFullIsToldOfAndStaysOne) {
  Untouched untouched;
  untouched.add(directory_->make_full(named("thing")));
  expect(ends_and_says_why(run("thing"), {.statuses = {4}}));
  expect(untouched.broken());
}

TEST_P(NothingLostByName, ALinkIsFollowedAndStaysOne) {
  for (const char* target : {"empty", "nowhere", "device"}) {
    const auto link = path(std::string("link to ") + target);
    std::filesystem::create_symlink(target, link);
    Untouched untouched;
    if (std::string_view(target) == "empty") directory_->make_file("empty", "");
    if (std::string_view(target) == "device") {
      directory_->make_null("device");
      untouched.add(*directory_ / "device");
    }
    const auto before = std::filesystem::symlink_status(link).type();
    const Ended ended = run(std::string("link to ") + target);
    expect(at(target, ends_and_says_why(ended, {.statuses = {0, 1, 2, 4}})));
    EXPECT_EQ(std::filesystem::symlink_status(link).type(), before) << target;
    if (std::string_view(target) == "device") {
      EXPECT_LE(ended.finished.status, 1) << ended.finished.errors;
    } else if (ended.finished.status <= 1) {
      expect(at(target, whole(ended, content_of(*directory_ / target))));
    }
    expect(at(target, untouched.broken()));
  }
}

TEST_P(NothingLostByName, ADescriptorIsWrittenToWhereItIs) {
  if (!suffix().empty()) GTEST_SKIP() << "the name has an end that says the format";
  for (const char* name : {"/dev/fd/", "/proc/self/fd/"}) {
    for (const int flags : {0, O_APPEND}) {
      const auto file = directory_->make_file("thing", "");
      const Descriptor opened(::open(file.c_str(), O_RDWR | O_CLOEXEC | flags));
      ASSERT_EQ(::write(opened.number(), "before\n", 7), 7);
      const Ended ended = run_at(name + std::to_string(opened.number()), {}, {opened.number()});
      expect(ends_and_says_why(ended, {.statuses = {0, 1}}));
      const std::string content = content_of(file);
      EXPECT_THAT(content, StartsWith("before\n")) << name << flags;
      if (content.starts_with("before\n"))
        expect(at(name, whole(ended, std::string_view(content).substr(7))));
      std::filesystem::remove(file);
    }
  }
}

TEST_P(NothingLostByName, StandardOutputByItsNameIsNotCutOff) {
  if (!suffix().empty()) GTEST_SKIP() << "the name has an end that says the format";
  for (const char* name : {"/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"}) {
    const auto file = directory_->make_file("thing", "");
    const Descriptor opened(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::write(opened.number(), "before\n", 7), 7);
    Command command = GetParam().command(name);
    command.standard_output = opened.number();
    const Ended ended = run_ended(space_, std::move(command));
    expect(ends_and_says_why(ended, {.statuses = {0, 1}}));
    EXPECT_THAT(content_of(file), StartsWith("before\n")) << name;
    EXPECT_GT(content_of(file).size(), undisturbed_.size() / 2) << name;
    std::filesystem::remove(file);
  }
}

TEST_P(NothingLostByName, ADashIsNoFile) {
  if (!suffix().empty() || GetParam().is_stand_in()) GTEST_SKIP() << "a name like others";
  Command command = GetParam().command("-");
  command.arguments = Words{"sh", "-c", "cd \"$0\" && exec \"$@\"", directory_->path()} + command.arguments;
  expect(ends_and_says_why(run_ended(space_, std::move(command))));
  EXPECT_THAT(directory_->names(), ElementsAre("undisturbed"));
}

TEST_P(NothingLostByName, SomebodysFileIsRefusedUnlessForced) {
  const auto file = directory_->make_file(named("thing"), somebodys_text);
  Untouched untouched;
  untouched.add(file);
  const Ended ended = run("thing");
  if (GetParam().is_stand_in()) {  // it adds to what is there, as the original
    expect(ends_and_says_why(ended, {.statuses = {0, 1}}));
    EXPECT_THAT(content_of(file), StartsWith(somebodys_text));
    return;
  }
  expect_refused(ended, {2});
  EXPECT_THAT(ended.finished.errors, HasSubstr("--force"));
  expect(untouched.broken());
  const Ended forced = run("thing", {"--force"});
  expect(ends_and_says_why(forced, {.statuses = {0, 1}}));
  expect(whole(forced, content_of(file)));
}

TEST_P(NothingLostByName, AnEarlierOutputOfTheSameKindIsReplaced) {
  if (GetParam().is_stand_in()) GTEST_SKIP() << "it adds to what is there, as the original";
  const Ended again = run("undisturbed");
  expect(ends_and_says_why(again, {.statuses = {0, 1}}));
  EXPECT_LE(again.finished.status, 1) << again.finished.errors;
  expect(whole(again, content_of(path("undisturbed"))));
}

TEST_P(NothingLostByName, AnEarlierOutputOfAnotherKindIsRefused) {
  if (GetParam().is_stand_in()) GTEST_SKIP() << "it adds to what is there, as the original";
  for (const Writer& other : file_writers()) {
    if (other.name == GetParam().name || other.is_stand_in()) continue;
    // A drawing of ours may take the place of another one.
    const auto draws = [](const Writer& writer) {
      return writer.shape == Shape::drawing || writer.shape == Shape::picture;
    };
    if (draws(other) && draws(GetParam())) continue;
    const Ended made = run_ended(space_, other.command((*directory_ / "other").string()));
    ASSERT_LE(made.finished.status, 1) << other.name << made.finished.errors;
    std::filesystem::path file = *directory_ / "other";
    for (const char* end : {".png", ".svg"}) {
      if (std::filesystem::exists(file.string() + end)) file += end;
    }
    std::filesystem::rename(file, path("thing"));
    Untouched untouched;
    untouched.add(path("thing"));
    const Ended ended = run("thing");
    expect(at(other.name, ends_and_says_why(ended, {.statuses = {2}, .successes = {}}) + untouched.broken()));
  }
}

TEST_P(NothingLostByName, ADirectoryOfSomebodyElsesIsWrittenToByRoot) {
  const auto theirs = *directory_ / "theirs";
  std::filesystem::create_directory(theirs);
  ASSERT_EQ(::chown(theirs.c_str(), 65534, 65534), 0);
  std::filesystem::permissions(theirs, std::filesystem::perms(0755));
  const Ended ended = run_at((theirs / "thing").string());
  expect(ends_and_says_why(ended, {.statuses = {0, 1}}));
  expect(whole(ended, content_of(theirs / named("thing"))));
}

TEST_P(NothingLostByName, ARunThatIsRefusedLeavesNoEmptyFile) {
  if (GetParam().is_stand_in() || GetParam().arguments.front() == "explain")
    GTEST_SKIP() << "has no such option";
  const Ended ended = run("new", {"-I", "nowhere0"});
  expect_refused(ended, {2, 3});
  EXPECT_FALSE(std::filesystem::exists(path("new"))) << "status " << ended.finished.status;
}

}  // namespace
}  // namespace sonde::trouble
