// file_faults_test.cpp: the tracer does what a plan says, and nothing else.
#include "lab/file_faults.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include <cerrno>
#include <fstream>
#include <iterator>

#include "lab/network.hpp"

namespace sonde::lab {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class FileFaults : public ::testing::Test {
 protected:
  // `line` of a shell whose $1 is a file "out" in the directory that counts.
  Finished run(const std::string& line, FaultPlan plan) const {
    plan.directory = files_.path();
    return Process(with_faults({.arguments = {"sh", "-c", line, "sh", out()}}, plan, report())).wait();
  }
  std::string out() const { return files_.path() / "out"; }
  std::string report() const { return other_.path() / "report"; }
  std::string written() const {
    std::ifstream stream(out());
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  ScratchDirectory files_, other_;
};

TEST_F(FileFaults, WithoutAFaultAProgramEndsAsItWouldAndItsCallsAreListed) {
  EXPECT_EQ(run("echo hello > \"$1\"; exit 7", {}).status, 7);
  EXPECT_EQ(written(), "hello\n");
  const FaultReport report = read_fault_report(this->report());
  ASSERT_GE(report.calls.size(), 2u);
  EXPECT_EQ(report.calls[0].substr(0, 4), "open");
  EXPECT_THAT(report.calls, Contains("write out 6"));
}

TEST_F(FileFaults, ASignalThatEndsTheProgramEndsTheTracerAlike) {
  EXPECT_EQ(run("kill -SEGV $$", {}).signal, SIGSEGV);
}

TEST_F(FileFaults, ASignalToTheTracerReachesTheProgram) {
  Process process(with_faults({.arguments = {"sh", "-c",
                                             "trap 'echo told; exit 3' INT; echo ready; "
                                             "while :; do sleep 0.01; done"}},
                              {.directory = files_.path()}, report()));
  ASSERT_TRUE(process.wait_for_output("ready"));
  process.signal(SIGINT);
  const Finished finished = process.wait();
  EXPECT_EQ(finished.status, 3);
  EXPECT_THAT(finished.output, HasSubstr("told"));
}

TEST_F(FileFaults, AKillBeforeACallLeavesItUnmade) {
  const Finished finished = run("echo one >> \"$1\"; echo two >> \"$1\"", {});
  EXPECT_EQ(finished.status, 0);
  const FaultReport report = read_fault_report(this->report());
  const auto second = std::ranges::find(report.calls.rbegin(), report.calls.rend(), "write out 4");
  const auto call = static_cast<std::uint64_t>(report.calls.rend() - second - 1);
  std::ofstream(out()).close();
  const Finished killed = run("echo one >> \"$1\"; echo two >> \"$1\"", {.kill_before = call});
  EXPECT_EQ(killed.signal, SIGKILL);
  EXPECT_EQ(written(), "one\n");
}

TEST_F(FileFaults, ACallFailsWithTheErrorThatWasPlannedAndOnlyThat) {
  const Finished finished =
      run("cat \"$1\"; cat \"$1\"", {.failing = CallFault{.call = 0, .system_errno = EIO}});
  EXPECT_THAT(finished.errors, HasSubstr("Input/output error"));
  EXPECT_THAT(finished.errors, HasSubstr("No such file"));
}

TEST_F(FileFaults, ADiskTakesItsBytesAndNotOneMore) {
  const Finished finished = run("echo hello > \"$1\" || echo full", {.disk_bytes = 3});
  EXPECT_EQ(written(), "hel");
  EXPECT_EQ(finished.output, "full\n");
  EXPECT_THAT(finished.errors, HasSubstr("I/O error"));
}

TEST_F(FileFaults, WritesAreCutToTheLengthThatWasPlanned) {
  const Finished finished = run("echo hello | dd of=\"$1\" bs=6 conv=fsync", {.longest_write = 2});
  EXPECT_EQ(finished.status, 0);
  EXPECT_EQ(written(), "hello\n");
}

TEST_F(FileFaults, StandardStreamsCountWhereThatWasPlanned) {
  run("echo out; cat /nowhere", {.standard_streams = true});
  EXPECT_THAT(read_fault_report(report()).calls,
              AllOf(Contains("write <output> 4"), Contains(StartsWith("write <errors> "))));
}

TEST_F(FileFaults, ThreadsStartUntilThereAreNoMore) {
  const Finished finished = run("true & wait; (exit 5)", {.threads = 0});
  EXPECT_NE(finished.status, 5);
  EXPECT_THAT(finished.errors, HasSubstr("fork"));
}

}  // namespace
}  // namespace sonde::lab
