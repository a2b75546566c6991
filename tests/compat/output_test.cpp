// The stand-ins and where their output goes: readers that do not read, or only now and then, or go away; full disks; files
// of other users. What is said to be written is written, or the status is 4 and a line says why.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "compat/sides.hpp"
#include "lab/sanitized.hpp"

namespace sonde::compat_test {
namespace {

using namespace std::chrono_literals;
using lab::Command;
using lab::Descriptor;
using lab::Finished;
using lab::Process;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr int output_failed = 4;

// So many rows do not fit into a pipe or a socket.
struct Tool {
  const char* name;
  Words words;
  const char* row;  // in each row, and nowhere else
  int rows;
  std::string input{};
  Words endless{};  // writes until it is told to end
};

std::string many_commands(int count) {
  std::string text;
  for (int token = 1; token <= count; ++token)
    text += fmt::format("{} check-support feature send-probe\n", token);
  return text;
}

Words with_hosts(Words words, int count) {
  for (int host = 1; host <= count; ++host) words.push_back(fmt::format("127.0.0.{}", host));
  return words;
}

const std::array<Tool, 4>& tools() {
  static const std::array<Tool, 4> all{
      {{"ping", {"-c", "8000", "-i", "0", "127.0.0.1"}, "icmp_seq=", 8000, {}, {"-i", "0", "127.0.0.1"}},
       {"fping",
        {"-c", "8000", "-i", "0", "-p", "0.1", "-t", "2000", "127.0.0.1"},
        "127.0.0.1 : [",
        8000,
        {},
        {"-l", "-i", "0", "-p", "0.01", "127.0.0.1"}},
       {"oping",
        with_hosts({"-c", "20", "-i", "0.001"}, 200),
        "icmp_seq=",
        4000,
        {},
        with_hosts({"-i", "0.001"}, 200)},
       {"mtr-packet", {}, " feature-support ", 8000, many_commands(8000)}}};
  return all;
}

int count_of(std::string_view what, std::string_view text) {
  int count = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// --- where output goes --------------------------------------------------------------------------------------------

enum class Kind : std::uint8_t { pipe, nonblocking_pipe, nonblocking_socket };

// What a tool gets as its standard output, and is read here alone.
class Reader {
 public:
  explicit Reader(Kind kind) {
    std::array<int, 2> ends{};
    const bool made = kind == Kind::nonblocking_socket
                          ? ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0
                          : ::pipe2(ends.data(), O_CLOEXEC) == 0;
    EXPECT_TRUE(made);
    ours_ = Descriptor(ends[0]);
    theirs_ = Descriptor(ends[1]);
    const int flags = kind == Kind::pipe ? 0 : O_NONBLOCK;
    EXPECT_EQ(::fcntl(ends[1], F_SETFL, flags), 0);
    EXPECT_EQ(::dup2(ends[1], number), number);
  }
  ~Reader() { ::close(number); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Command given(Command command) const {
    command.inherited.push_back(number);
    command.before_exec = [] { return ::dup2(number, STDOUT_FILENO) >= 0 && ::close(number) == 0; };
    return command;
  }
  Command given_for_both(Command command) const {
    command.inherited.push_back(number);
    command.before_exec = [] {
      return ::dup2(number, STDOUT_FILENO) >= 0 && ::dup2(number, STDERR_FILENO) >= 0 && ::close(number) == 0;
    };
    return command;
  }

  // Until the kernel takes no more of it.
  bool wait_until_full() const {
    const auto until = std::chrono::steady_clock::now() + 10s;
    pollfd room{theirs_.number(), POLLOUT, 0};
    while (std::chrono::steady_clock::now() < until) {
      if (::poll(&room, 1, 0) == 0) return true;
      ::poll(nullptr, 0, 1);
    }
    return false;
  }

  // Byte by byte at first, then as it comes, until nobody has the other end any more.
  std::string read_all() {
    theirs_ = Descriptor();
    ::close(number);
    std::string text;
    std::array<char, 65536> piece;
    for (;;) {
      const std::size_t wanted = text.size() < 5000 ? 1 : piece.size();
      const ssize_t count = ::read(ours_.number(), piece.data(), wanted);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return text;
      text.append(piece.data(), static_cast<std::size_t>(count));
    }
  }

 private:
  static constexpr int number = 200;  // that it has in the tool until it is the standard output

  Descriptor ours_, theirs_;
};

class Loopback : public lab::Namespace {
 public:
  Loopback() { open_ping_sockets(true); }
};

Command tool(const Tool& one, const Words& words) {
  return face(one.name, words, {.input = one.input, .time_limit = 30s});
}

// `line` with "$@" for the tool.
Command in_shell(const std::string& line, Command command) {
  Words words{"sh", "-c", line, "sh", command.arguments.at(0)};
  // By env, as a shell may take the other one of two variables by one name.
  words.insert(words.end(), command.environment.begin(), command.environment.end());
  words.insert(words.end(), command.arguments.begin() + 1, command.arguments.end());
  command.arguments = std::move(words);
  command.environment.clear();
  return command;
}

// Until it has used no processor time for a while: it waits.
bool wait_until_idle(const Process& process) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  const auto used = [&] {
    std::string text = contents(fmt::format("/proc/{}/schedstat", process.id()));
    return text.substr(0, text.find(' '));
  };
  for (std::string before = used(); std::chrono::steady_clock::now() < until;) {
    ::poll(nullptr, 0, 300);
    const std::string now = used();
    if (now == before) return true;
    before = now;
  }
  return false;
}

long resident_kib(const Process& process) {
  const std::string status = contents(fmt::format("/proc/{}/status", process.id()));
  const auto at = status.find("VmRSS:");
  return at == std::string::npos ? 0 : std::atol(status.c_str() + at + 6);
}

// --- readers ------------------------------------------------------------------------------------------------------

class StandIn : public ::testing::TestWithParam<std::size_t> {
 protected:
  const Tool& under_test = tools().at(GetParam());
  Loopback space;
};

class EndlessStandIn : public StandIn {};
// The others take minutes to have too much to say.
class FastStandIn : public StandIn {};

std::string name_of(const ::testing::TestParamInfo<std::size_t>& instance) {
  std::string name = tools().at(instance.param).name;
  std::erase(name, '-');
  return name;
}

INSTANTIATE_TEST_SUITE_P(, StandIn, ::testing::Range<std::size_t>(0, 4), name_of);
INSTANTIATE_TEST_SUITE_P(, EndlessStandIn, ::testing::Range<std::size_t>(0, 3), name_of);
INSTANTIATE_TEST_SUITE_P(, FastStandIn, ::testing::Range<std::size_t>(0, 2), name_of);

TEST_P(StandIn, LosesNothingToAReaderThatStallsAndThenIsSlow) {
  for (const Kind kind : {Kind::pipe, Kind::nonblocking_pipe, Kind::nonblocking_socket}) {
    SCOPED_TRACE(static_cast<int>(kind));
    Reader reader(kind);
    Process process = space.start(reader.given(tool(under_test, under_test.words)));
    EXPECT_TRUE(reader.wait_until_full());
    const std::string output = reader.read_all();
    const Finished finished = process.wait();
    EXPECT_EQ(finished.status, 0) << finished.errors;
    EXPECT_EQ(count_of(under_test.row, output), under_test.rows);
    EXPECT_THAT(output, EndsWith("\n"));
  }
}

TEST_P(FastStandIn, WaitsForItsReaderWithoutTakingMoreMemoryAndStillEndsWithItsStatistics) {
  Reader reader(Kind::pipe);
  Process process = space.start(reader.given(tool(under_test, under_test.endless)));
  ASSERT_TRUE(wait_until_idle(process)) << "it goes on and on";
  EXPECT_LT(resident_kib(process), (lab::sanitized ? 512L : 64L) * 1024);
  process.signal(SIGINT);
  const std::string output = reader.read_all();
  const Finished finished = process.wait();
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_THAT(output + finished.errors, AnyOf(HasSubstr("packets transmitted"), HasSubstr("xmt/rcv/%loss")));
  EXPECT_THAT(output, EndsWith("\n"));
}

TEST_P(EndlessStandIn, ASecondSignalLeavesAReaderBehindThatNeverReads) {
  Reader reader(Kind::pipe);
  Process process = space.start(reader.given(tool(under_test, under_test.endless)));
  ASSERT_TRUE(reader.wait_until_full());
  process.signal(SIGINT);
  ASSERT_TRUE(wait_until_idle(process));
  process.signal(SIGINT);
  const Finished finished = process.wait();
  EXPECT_FALSE(finished.timed_out);
  EXPECT_EQ(finished.status, output_failed);
  EXPECT_THAT(finished.errors,
              HasSubstr(std::string(under_test.name) + ": standard output was not read to its end\n"));
}

TEST_P(StandIn, AReaderThatGoesAwayEndsItQuietly) {
  const Words& words = under_test.endless.empty() ? under_test.words : under_test.endless;
  const Finished finished =
      space.run(in_shell("{ \"$@\"; echo $? >&2; } | head -n 2", tool(under_test, words)));
  EXPECT_FALSE(finished.timed_out);
  EXPECT_EQ(count_of("\n", finished.output), 2);
  EXPECT_THAT(finished.errors, EndsWith("4\n"));
  EXPECT_THAT(finished.errors, Not(HasSubstr("standard output")));
}

TEST(StandInOutput, KeepsTheOrderOfTwoStreamsThatAreOne) {
  const Loopback space;
  const Tool& fping = tools()[1];  // which has results on both
  Reader reader(Kind::nonblocking_pipe);
  Process process = space.start(reader.given_for_both(tool(fping, fping.words)));
  EXPECT_TRUE(reader.wait_until_full());
  const std::string output = reader.read_all();
  EXPECT_EQ(process.wait().status, 0);
  EXPECT_EQ(count_of(fping.row, output), fping.rows);
  EXPECT_EQ(count_of("xmt/rcv/%loss", output), 1);
  EXPECT_GT(output.find("xmt/rcv/%loss"), output.rfind(fping.row));
}

// --- disks --------------------------------------------------------------------------------------------------------

TEST_P(StandIn, AFullDiskIsToldAndEndsIt) {
  const Words& words = under_test.endless.empty() ? under_test.words : under_test.endless;
  const Finished finished = space.run(in_shell("exec \"$@\" > /dev/full", tool(under_test, words)));
  EXPECT_FALSE(finished.timed_out);
  EXPECT_EQ(finished.status, output_failed);
  EXPECT_THAT(finished.errors, AllOf(HasSubstr(std::string(under_test.name) + ": "),
                                     HasSubstr("standard output"), HasSubstr("ENOSPC")));
}

TEST_P(StandIn, ADiskThatFillsInMidRunIsToldAndEndsIt) {
  const lab::ScratchDirectory directory;
  const std::string path = directory.path().string();
  const Words& words = under_test.endless.empty() ? under_test.words : under_test.endless;
  Command command = in_shell("mount -t tmpfs -o size=16k tmpfs " + path + " && { \"$@\" > " + path +
                                 "/lines; s=$?; cat " + path + "/lines; exit $s; }",
                             tool(under_test, words));
  command.arguments.insert(command.arguments.begin(), {"unshare", "-m"});
  const Finished finished = space.run(std::move(command));
  EXPECT_FALSE(finished.timed_out);
  EXPECT_EQ(finished.status, output_failed);
  EXPECT_THAT(finished.errors, AllOf(HasSubstr("standard output"), HasSubstr("ENOSPC")));
  EXPECT_EQ(finished.output.size(), 16384) << "what the disk took";
}

TEST_P(StandIn, AStandardOutputThatIsClosedIsTold) {
  const Finished finished = space.run(in_shell("exec \"$@\" >&-", tool(under_test, under_test.words)));
  EXPECT_EQ(finished.status, output_failed);
  EXPECT_THAT(finished.errors, AllOf(HasSubstr("standard output"), HasSubstr("EBADF")));
}

TEST_P(StandIn, AStandardErrorThatCannotBeWrittenToHarmsNothingElse) {
  for (const char* errors : {"2>&-", "2>/dev/full"}) {
    const Words words =
        under_test.name == std::string_view("mtr-packet") ? Words{} : Words{"-c", "1", "127.0.0.1"};
    const Finished finished =
        space.run(in_shell(std::string("exec \"$@\" ") + errors, tool(under_test, words)));
    EXPECT_THAT(finished.output, HasSubstr(under_test.row));
    // fping's summary is on standard error.
    EXPECT_EQ(finished.status, under_test.name == std::string_view("fping") ? output_failed : 0) << errors;
    // Of options nobody knows there is nothing to say but that.
    const Finished refused = space.run(in_shell(std::string("exec \"$@\" ") + errors,
                                                tool(under_test, Words{"-c", "1", "not a host.invalid"})));
    EXPECT_EQ(refused.signal, 0);
    EXPECT_NE(refused.status, -1);
  }
}

TEST(StandInOutput, WhatOptionsAskForIsNotLostEither) {
  const Loopback space;
  for (const auto& [name, word] :
       {std::pair{"ping", "-V"}, std::pair{"fping", "-v"}, std::pair{"fping", "-h"}}) {
    const Finished finished = space.run(in_shell("exec \"$@\" > /dev/full", face(name, {word})));
    EXPECT_EQ(finished.status, output_failed) << name << " " << word;
    EXPECT_THAT(finished.errors, HasSubstr("ENOSPC"));
  }
}

TEST(StandInOutput, WhatNopingSumsUpIsNotLostEither) {
  const Loopback space;
  Command command = face("noping", {"-c", "1", "127.0.0.1"});
  command.environment.emplace_back("TERM=vt52");
  const Finished finished = space.run(in_shell("exec \"$@\" > /dev/full", std::move(command)));
  EXPECT_EQ(finished.status, output_failed);
  EXPECT_THAT(finished.errors,
              AllOf(HasSubstr("noping: "), HasSubstr("standard output"), HasSubstr("ENOSPC")));
}

// --- files --------------------------------------------------------------------------------------------------------

// A directory of nobody's, into which root alone may write besides.
class OtherUsersDirectory {
 public:
  OtherUsersDirectory() {
    constexpr uid_t nobody = 65534;
    EXPECT_EQ(::chown(path().c_str(), nobody, nobody), 0);
    EXPECT_EQ(::chmod(path().c_str(), 0755), 0);
  }
  std::string path() const { return directory_.path(); }
  std::string write(const std::string& name, std::string_view text) const {
    const std::string file = directory_.write(name, text);
    EXPECT_EQ(::chown(file.c_str(), 65534, 65534), 0);
    EXPECT_EQ(::chmod(file.c_str(), 0600), 0);
    return file;
  }

 private:
  lab::ScratchDirectory directory_;
};

TEST(StandInFiles, RootMayNameThoseOfOtherUsers) {
  if (::getuid() != 0) GTEST_SKIP() << "takes root";
  const Loopback space;
  const OtherUsersDirectory directory;
  const std::string hosts = directory.write("hosts", "127.0.0.1 this host\n# none\n\n127.0.0.2");
  const Finished fping = space.run(face("fping", {"-f", hosts}));
  EXPECT_EQ(fping.status, 0) << fping.errors;
  EXPECT_EQ(fping.output, "127.0.0.1 is alive\n127.0.0.2 is alive\n");
  const std::string rows = directory.path() + "/rows.csv";
  const Finished oping = space.run(face("oping", {"-c", "2", "-i", "0.001", "-f", hosts, "-O", rows}));
  EXPECT_EQ(oping.status, 0) << oping.errors;
  EXPECT_EQ(count_of(",\"127.0.0.", contents(rows)), 4) << contents(rows);
}

TEST(StandInFiles, WhatCannotBeReadIsToldAndNobodyIsAsked) {
  const Loopback space;
  const lab::ScratchDirectory directory;
  const Finished fping = space.run(face("fping", {"-f", directory.path()}));
  EXPECT_EQ(fping.status, 4);
  EXPECT_EQ(fping.errors, "fping: read : Is a directory\n");
  const Finished oping = space.run(face("oping", {"-c", "1", "-f", directory.path(), "127.0.0.1"}));
  EXPECT_EQ(oping.status, 1);
  EXPECT_EQ(oping.errors, "Reading " + directory.path().string() + " failed: Is a directory\n");
  EXPECT_THAT(oping.output, IsEmpty());
}

TEST(StandInFiles, RowsAreAppendedToWhateverTheyAreNamedFor) {
  const Loopback space;
  const lab::ScratchDirectory directory;
  const std::string rows = directory.write("rows", "kept\n"), link = directory.path() / "link";
  ASSERT_EQ(::symlink(rows.c_str(), link.c_str()), 0);
  EXPECT_EQ(space.run(face("oping", {"-c", "1", "-O", link, "127.0.0.1"})).status, 0);
  EXPECT_THAT(contents(rows), AllOf(StartsWith("kept\n"), HasSubstr(",\"127.0.0.1\",")));
  struct stat status{};
  EXPECT_TRUE(::lstat(link.c_str(), &status) == 0 && S_ISLNK(status.st_mode));
  const Finished to_output = space.run(face("oping", {"-c", "1", "-O", "/dev/fd/1", "127.0.0.1"}));
  EXPECT_EQ(to_output.status, 0) << to_output.errors;
  EXPECT_THAT(to_output.output, AllOf(HasSubstr("icmp_seq=1"), HasSubstr(",\"127.0.0.1\",")));
  const std::string fifo = directory.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const Finished to_fifo =
      space.run(in_shell("cat " + fifo + " & \"$@\" > /dev/null; s=$?; wait; exit $s",
                         face("oping", {"-c", "3", "-i", "0.001", "-O", fifo, "127.0.0.1"})));
  EXPECT_EQ(to_fifo.status, 0) << to_fifo.errors;
  EXPECT_EQ(count_of(",\"127.0.0.1\",", to_fifo.output), 3);
}

TEST(StandInFiles, ARowThatCannotBeWrittenIsToldAtOnceAndEndsIt) {
  const Loopback space;
  const Finished finished = space.run(face("oping", {"-i", "0.01", "-O", "/dev/full", "127.0.0.1"}));
  EXPECT_FALSE(finished.timed_out);
  EXPECT_EQ(finished.status, output_failed);
  EXPECT_THAT(finished.errors, AllOf(HasSubstr("/dev/full"), HasSubstr("ENOSPC")));
}

TEST(StandInFiles, ASignalEndsTheWaitForHosts) {
  const Loopback space;
  const lab::ScratchDirectory directory;
  const std::string fifo = directory.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const char* name : {"fping", "oping"}) {
    Process process = space.start(face(name, {"-f", fifo}));
    const Descriptor writer(::open(fifo.c_str(), O_WRONLY | O_CLOEXEC));  // it has opened it, too
    ASSERT_TRUE(wait_until_idle(process));
    process.signal(SIGINT);
    const Finished finished = process.wait();
    EXPECT_FALSE(finished.timed_out) << name;
    EXPECT_EQ(finished.signal, SIGINT) << name;
  }
}

}  // namespace
}  // namespace sonde::compat_test
