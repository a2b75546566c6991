// output_file_test.cpp: what an output option names is written to, replaced or refused; what is not ours is untouched.
#include "report/output_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sonde::report {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class OutputFileNames : public testing::Test {
 protected:
  OutputFileNames() {
    std::string pattern = testing::TempDir() + "/output.XXXXXX";
    directory = ::mkdtemp(pattern.data());
  }
  ~OutputFileNames() override { fs::remove_all(directory); }

  std::string path(const char* name) const { return directory + "/" + name; }
  std::string make(const char* name, const std::string& content) const {
    std::ofstream(path(name)) << content;
    return path(name);
  }
  static std::string content(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static OutputFiles::Request to(const std::string& file) {
    return {.path = file, .option = "--rows", .recognizes = [](std::string_view beginning) {
              return beginning.starts_with("rows");
            }};
  }
  static void put(const OutputFile& file, std::string_view text) {
    ASSERT_EQ(::write(file.descriptor(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  std::string directory;
};

TEST_F(OutputFileNames, ANewFileIsThereOnceItIsBegun) {
  {
    const auto file = OutputFiles(false).open(to(path("new")));
    ASSERT_TRUE(file) << file.error().message();
  }
  EXPECT_FALSE(fs::exists(path("new"))) << "a run that did not begin leaves nothing";
  {
    auto file = OutputFiles(false).open(to(path("new")));
    ASSERT_TRUE(file && file->begin());
  }
  EXPECT_TRUE(fs::exists(path("new")));
}

TEST_F(OutputFileNames, AFileOfItsKindOrAnEmptyOneIsReplacedWhenTheRunBegins) {
  for (const char* old : {"", "rows of yesterday\n"}) {
    const std::string name = make("rows", old);
    auto file = OutputFiles(false).open(to(name));
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_EQ(content(name), old) << "not before it begins";
    ASSERT_TRUE(file->begin());
    put(*file, "rows");
    EXPECT_EQ(content(name), "rows");
  }
}

TEST_F(OutputFileNames, AnythingElseIsRefusedUnlessForced) {
  const std::string name = make("thesis", "chapter 1\n");
  const auto refused = OutputFiles(false).open(to(name));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(refused.error().message(),
              testing::AllOf(HasSubstr("--rows"), HasSubstr(name), HasSubstr("--force")));
  EXPECT_EQ(content(name), "chapter 1\n");
  auto forced = OutputFiles(true).open(to(name));
  ASSERT_TRUE(forced && forced->begin());
  EXPECT_EQ(content(name), "");
}

TEST_F(OutputFileNames, AnInputOrAnotherOptionsFileIsRefusedAlsoWhenForced) {
  const std::string input = make("hosts", "rows that look like ours\n");
  fs::create_hard_link(input, path("other name"));
  OutputFiles files(true);
  files.reads(input);
  EXPECT_THAT(files.open(to(path("other name"))).error().message(), HasSubstr("an input of this run"));
  const auto first = files.open(to(path("out")));
  ASSERT_TRUE(first);
  EXPECT_THAT(files.open(to(path("out"))).error().message(), HasSubstr("also the file of --rows"));
  EXPECT_EQ(content(input), "rows that look like ours\n");
}

TEST_F(OutputFileNames, ALinkIsFollowedAndStays) {
  const std::string name = make("rows", "rows\n");
  fs::create_symlink(name, path("link"));
  fs::create_symlink(path("nothing yet"), path("dangling"));
  auto file = OutputFiles(false).open(to(path("link")));
  ASSERT_TRUE(file && file->begin());
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(content(name), "");
  {
    ASSERT_TRUE(OutputFiles(false).open(to(path("dangling"))));
  }
  EXPECT_TRUE(fs::is_symlink(path("dangling")));
  EXPECT_FALSE(fs::exists(path("nothing yet")));
}

TEST_F(OutputFileNames, ADescriptorIsWrittenToWhereItStands) {
  const std::string name = make("log", "somebody's log\n");
  const net::FileDescriptor log(::open(name.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  fs::create_symlink("/dev/fd/" + std::to_string(log.get()), path("link"));
  for (const std::string& by :
       {"/dev/fd/" + std::to_string(log.get()), "/proc/self/fd/" + std::to_string(log.get()), path("link")}) {
    auto file = OutputFiles(false).open(to(by));
    ASSERT_TRUE(file && file->begin()) << by;
    EXPECT_FALSE(file->is_regular());
    put(*file, "+");
  }
  EXPECT_EQ(content(name), "somebody's log\n+++");
  EXPECT_EQ(descriptor_named("-"), STDOUT_FILENO);
  EXPECT_EQ(descriptor_named("/dev/stdout"), STDOUT_FILENO);
  EXPECT_EQ(descriptor_named("/dev/fd/x"), -1);
}

TEST_F(OutputFileNames, FifosAndDevicesAreStreamsAndNeverState) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  const net::FileDescriptor reader(::open(path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  // One of the test's own, where this may be made.
  const bool has_device = ::mknod(path("device").c_str(), S_IFCHR | 0600, ::makedev(1, 3)) == 0;
  for (const std::string& name : {path("fifo"), path(has_device ? "device" : "fifo")}) {
    auto file = OutputFiles(false).open(to(name));
    ASSERT_TRUE(file && file->begin()) << name;
    auto state = to(name);
    state.is_state = true;
    const auto refused = OutputFiles(true).open(state);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("needs a regular file"));
    EXPECT_TRUE(file->remove());
  }
  EXPECT_TRUE(fs::is_fifo(path("fifo")));
  EXPECT_EQ(fs::is_character_file(path("device")), has_device);
}

TEST_F(OutputFileNames, WhatCannotBeOpenedIsSaid) {
  EXPECT_THAT(OutputFiles(true).open(to(directory)).error().message(), HasSubstr("EISDIR"));
  EXPECT_THAT(OutputFiles(true).open(to(path("no/where"))).error().message(), HasSubstr("ENOENT"));
  auto state = to(path("state"));
  state.is_state = state.has_to_exist = true;
  EXPECT_EQ(OutputFiles(true).open(state).error().code, ErrorCode::invalid_argument);
  EXPECT_FALSE(fs::exists(path("state")));
}

TEST_F(OutputFileNames, AFileThatIsGoneOnWithKeepsWhatItHolds) {
  const std::string name = make("rows", "rows\n");
  auto request = to(name);
  request.append = true;
  auto file = OutputFiles(false).open(request);
  ASSERT_TRUE(file && file->begin());
  put(*file, "more\n");
  EXPECT_EQ(content(name), "rows\nmore\n");
}

}  // namespace
}  // namespace sonde::report
