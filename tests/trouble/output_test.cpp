// output_test.cpp: readers that go away or do not read, full disks, and files that other programs must be
// able to read.
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "trouble/program.hpp"

namespace sonde::trouble {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

TEST(Output, ABrokenPipeEndsTheRunQuietly) {
  const Loopback space;
  for (const char* threads : {"1", "2"}) {
    const Finished finished = space.run(in_shell("{ \"$@\"; echo $? >&2; } | head -n 3",
                                                 {"-i", "5ms", "--threads", threads, "127.0.0.1", "::1"}));
    EXPECT_FALSE(finished.timed_out);
    EXPECT_EQ(finished.errors, "4\n") << "the status, and not a word";
    EXPECT_EQ(std::ranges::count(finished.output, '\n'), 3);
  }
}

TEST(Output, AFullDiskUnderTheOutputIsToldAndEndsTheRun) {
  const Loopback space;
  for (const char* format : {"text", "json", "csv"}) {
    const Finished finished =
        space.run(in_shell("exec \"$@\" > /dev/full", {"--format", format, "-i", "5ms", "127.0.0.1"}));
    EXPECT_EQ(finished.status, 4) << format;
    EXPECT_THAT(finished.errors, AllOf(HasSubstr("standard output"), HasSubstr("ENOSPC"))) << format;
  }
  // What is written only at the end fails there.
  const Finished finished =
      space.run(in_shell("exec \"$@\" > /dev/full", {"--format", "prometheus", "-c", "1", "127.0.0.1"}));
  EXPECT_EQ(finished.status, 4);
}

TEST(Output, ADiskThatFillsInMidRunIsToldAndEndsTheRun) {
  const Loopback space;
  const ScratchDirectory directory;
  const std::string mount = "mount -t tmpfs -o size=16k tmpfs " + directory.path().string() + " && cd " +
                            directory.path().string() + " && ";
  Command command = {.arguments = Words{"unshare", "-m", "sh", "-c", mount + "exec \"$@\" > lines", "sh",
                                        SONDE_PROGRAM, "ping", "--format", "json", "-i", "2ms", "127.0.0.1"}};
  const Finished finished = space.run(std::move(command));
  EXPECT_FALSE(finished.timed_out);
  EXPECT_EQ(finished.status, 4);
  EXPECT_THAT(finished.errors, HasSubstr("ENOSPC"));
}

TEST(Output, ClosedDescriptorsAreNeitherWrittenToNorTakenForOthers) {
  const Loopback space;
  const Finished no_output = space.run(in_shell("exec \"$@\" >&-", {"-c", "2", "-i", "5ms", "127.0.0.1"}));
  EXPECT_FALSE(no_output.timed_out);
  EXPECT_EQ(no_output.status, 4);
  EXPECT_THAT(no_output.errors, HasSubstr("EBADF"));
  const Finished no_errors =
      space.run(in_shell("exec \"$@\" 2>&-", {"-c", "1", "-I", "nowhere0", "127.0.0.1"}));
  EXPECT_EQ(no_errors.signal, 0);
  EXPECT_EQ(no_errors.status, 3);
}

TEST(Output, AFullDiskUnderACaptureIsToldAndTheFiguresAreGivenAllTheSame) {
  const Loopback space;
  const Finished finished =
      space.run(sonde_json({"-c", "5", "-i", "5ms", "--pcap", "/dev/full", "127.0.0.1"}, User::root));
  EXPECT_THAT(finished.errors, AllOf(HasSubstr("/dev/full"), HasSubstr("ENOSPC")));
  expect_all_answered(read_run(finished, 4), {"127.0.0.1"}, 5);
}

TEST(Output, ACaptureThatCannotBeCreatedIsToldAtOnce) {
  const Loopback space;
  const Finished finished = space.run(sonde({"-c", "5", "--pcap", "/nowhere/at/all.pcapng", "127.0.0.1"}));
  EXPECT_EQ(finished.status, 4);
  EXPECT_THAT(finished.errors, AllOf(HasSubstr("/nowhere/at/all.pcapng"), HasSubstr("ENOENT")));
  EXPECT_THAT(finished.output, IsEmpty());
}

TEST(Output, AReaderThatPausesHoldsUpNoProbeAndLosesNoLine) {
  const Loopback space;
  constexpr int probes = 1000;
  Process process = space.start(sonde_json({"-c", std::to_string(probes), "-i", "1ms", "127.0.0.1"}));
  // The pause is what is tested: a pipe holds the lines of a quarter of these probes.
  std::this_thread::sleep_for(1500ms);
  const Finished finished = process.wait();
  EXPECT_EQ(finished.status, 0) << finished.errors;
  const SondeRun run = SondeRun::parse(finished.output);
  expect_balanced(run);
  EXPECT_EQ(run.summary_of("127.0.0.1")->received, static_cast<std::uint64_t>(probes));
  // Held up by the reader the run would have taken 1.5 s at the least, with one gap of most of it.
  std::int64_t longest_gap = 0;
  for (std::size_t i = 1; i < run.events.size(); ++i) {
    longest_gap = std::max(longest_gap, run.events[i].sent_unix_ns - run.events[i - 1].sent_unix_ns);
  }
  EXPECT_LT(longest_gap, 600'000'000);
}

TEST(Output, AReaderThatNeverReadsIsLeftBehindByASecondSignal) {
  const Loopback space;
  Process process = space.start(sonde_json({"-c", "2000", "-i", "0", "127.0.0.1"}));
  ASSERT_TRUE(process.wait_for_output("\"reply\""));
  process.signal(SIGINT);
  std::this_thread::sleep_for(100ms);  // it waits for us now, and so do we for it
  process.signal(SIGINT);
  // Nothing is read before it has ended.
  const auto until = std::chrono::steady_clock::now() + 5s;
  siginfo_t ended{};
  while (ended.si_pid == 0 && std::chrono::steady_clock::now() < until) {
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(process.id()), &ended, WEXITED | WNOHANG | WNOWAIT), 0);
    ::sched_yield();
  }
  EXPECT_EQ(ended.si_pid, process.id()) << "it waits on for its reader";
  const Finished finished = process.wait();
  EXPECT_FALSE(finished.timed_out);
  EXPECT_EQ(finished.status, 4);
  EXPECT_THAT(finished.errors, HasSubstr("not read to its end"));
}

TEST(Output, PrometheusTextPassesPromtool) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed";
  const Loopback space;
  space.ip("route add blackhole 203.0.113.0/24\n");
  for (const Words& extra : {Words{}, Words{"--histogram"}, Words{"--percentiles", "5,50,99.9"}}) {
    const Finished finished = space.run(sonde(Words{"--format", "prometheus", "-c", "3", "-i", "5ms"} +
                                              extra + Words{"127.0.0.1", "::1", "203.0.113.1"}));
    EXPECT_EQ(finished.status, 1);
    EXPECT_THAT(finished.output, AllOf(HasSubstr("ping_rtt_seconds"), HasSubstr("ping_loss_ratio")));
    const Finished checked =
        Process({.arguments = {"promtool", "check", "metrics"}, .input = finished.output}).wait();
    EXPECT_EQ(checked.status, 0) << checked.errors << checked.output << finished.output;
  }
}

// RFC 4180, of one line.
Words csv_cells(const std::string& line) {
  Words cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      // Two within quotes are one; any other begins or ends them.
      if (quoted && i + 1 < line.size() && line[i + 1] == '"') {
        cells.back() += line[i++];
      } else {
        quoted = !quoted;
      }
    } else if (line[i] == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += line[i];
    }
  }
  EXPECT_FALSE(quoted) << line;
  return cells;
}

TEST(Output, EveryRowOfCsvHasTheHeadersColumns) {
  const Loopback space;
  const ScratchDirectory directory;
  const auto file = directory.write("hosts", "127.0.0.1 a \"quoted\", label\n203.0.113.1\n");
  for (const Words& quiet : {Words{}, Words{"-q"}}) {
    const Finished finished =
        space.run(sonde(Words{"--format", "csv", "-c", "2", "-i", "5ms", "-f", file} + quiet));
    EXPECT_EQ(finished.status, 1);
    std::istringstream lines(finished.output);
    std::string line;
    ASSERT_TRUE(std::getline(lines, line));
    const Words header = csv_cells(line);
    EXPECT_THAT(header, IsSupersetOf({"event", "target", "label", "address"}));
    int rows = 0;
    for (; std::getline(lines, line); ++rows) {
      const Words cells = csv_cells(line);
      ASSERT_EQ(cells.size(), header.size()) << line;
      EXPECT_EQ(cells[2], cells[1] == "127.0.0.1" ? "a \"quoted\", label" : "");
    }
    EXPECT_EQ(rows, quiet.empty() ? 4 : 2);
  }
}

class Capture : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, Capture, ::testing::Values("icmp", "raw"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST_P(Capture, HoldsEveryProbeWithItsAnswerAndRightChecksums) {
  const VethPair pair;
  const ScratchDirectory directory;
  const std::string file = directory.path() / "capture.pcapng";
  for (const char* threads : {"1", "2"}) {
    const Finished finished =
        pair.near().run(sonde_json({"-c", "5", "-i", "10ms", "--transport", GetParam(), "--threads", threads,
                                    "--pcap", file, "10.78.0.2", "fd78::2", "10.78.0.1"},
                                   User::root));
    expect_all_answered(read_run(finished, 0), {"10.78.0.2", "fd78::2", "10.78.0.1"}, 5);
    // -vv verifies checksums; a capture of ours only ever holds whole packets.
    const std::string text = lab::run_checked({.arguments = {"tcpdump", "-n", "-vv", "-r", file}});
    const auto count = [&](std::string_view what) {
      int found = 0;
      for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
      return found;
    };
    EXPECT_EQ(count("echo request"), 15) << text;
    EXPECT_EQ(count("echo reply"), 15) << text;
    EXPECT_EQ(count("icmp6 sum ok"), 10) << text;
    EXPECT_EQ(count("wrong") + count("bad") + count("truncated"), 0) << text;
    EXPECT_EQ(count("> 10.78.0.2: ICMP echo request"), 5) << text;
    EXPECT_EQ(count("fd78::2 > "), 5) << text;
  }
}

TEST_P(Capture, HoldsIcmpErrorsAsTheyCame) {
  const VethPair pair;
  const ScratchDirectory directory;
  const std::string file = directory.path() / "capture.pcapng";
  pair.far().nft(
      "table inet lab { chain in { type filter hook input priority 0; icmp type echo-request reject with "
      "icmp "
      "host-prohibited; icmpv6 type echo-request reject with icmpv6 admin-prohibited; }; }");
  const Finished finished = pair.near().run(
      sonde_json({"-c", "1", "--transport", GetParam(), "--pcap", file, "10.78.0.2", "fd78::2"}, User::root));
  EXPECT_EQ(finished.status, 1) << finished.errors;
  const std::string text = lab::run_checked({.arguments = {"tcpdump", "-n", "-vv", "-r", file}});
  EXPECT_THAT(text, HasSubstr("ICMP host 10.78.0.2 unreachable - admin prohibited")) << text;
  EXPECT_THAT(text, HasSubstr("unreachable prohibited fd78::2")) << text;
  EXPECT_THAT(text, Not(HasSubstr("wrong")));
}

}  // namespace
}  // namespace sonde::trouble
