// ends_test.cpp: where the system has no thread, no memory or no descriptor to give, a run ends with one line and the status
// for that, or goes on without; it is never an abort, never a run without end, and no line comes more than once a second.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "lab/sanitized.hpp"
#include "trouble/program.hpp"

namespace sonde::trouble {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string face(const std::string& tool) {
  return SONDE_FACES "/" + tool;
}

template <int Resource, rlim_t Most>
bool limit() {
  const rlimit wanted{Most, Most};
  return ::setrlimit(static_cast<decltype(RLIMIT_NPROC)>(Resource), &wanted) == 0;
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

// --- threads ------------------------------------------------------------------------------------------------------

// Of the ordinary user, who has one process then: this.
Finished without_threads(const Loopback& space, Words words) {
  return space.run({.arguments = std::move(words),
                    .user = User::ordinary,
                    // A sanitizer looks for leaks by a thread of its own.
                    .environment = {"ASAN_OPTIONS=detect_leaks=0"},
                    .before_exec = &limit<RLIMIT_NPROC, 1>});
}

TEST(Threads, WhoAskedForThemIsToldThatThereAreNone) {
  const Loopback space;
  for (const Words& words : {Words{"ping", "--threads", "2", "-c", "2", "127.0.0.1"},
                             Words{"ping", "--threads", "2", "--format", "json", "127.0.0.1", "::1"},
                             Words{"sweep", "--threads", "2", "--allow-special", "127.0.0.0/29"}}) {
    const Finished finished = without_threads(space, Words{SONDE_PROGRAM} + words);
    EXPECT_FALSE(finished.timed_out);
    EXPECT_EQ(finished.status, 3) << finished.errors;
    EXPECT_THAT(finished.errors, AllOf(HasSubstr("cannot start a thread: EAGAIN"), HasSubstr("--threads 1")));
    EXPECT_EQ(lines_of(finished.errors), 1U) << finished.errors;
    EXPECT_THAT(finished.output, IsEmpty());
  }
}

TEST(Threads, WhatTheProgramWantedThemForIsDoneWithout) {
  const Loopback space;
  const Finished doctor = without_threads(space, {SONDE_PROGRAM, "doctor"});
  EXPECT_EQ(doctor.status, 0) << doctor.errors;
  const Finished names =
      without_threads(space, {SONDE_PROGRAM, "ping", "-c", "1", "no-such-name", "127.0.0.1"});
  EXPECT_EQ(names.status, 2);
  EXPECT_THAT(names.output, HasSubstr("64 bytes"));
  EXPECT_THAT(names.errors, Not(HasSubstr("thread")));
  const Finished ping = without_threads(space, {face("ping"), "-c", "1", "localhost"});
  EXPECT_EQ(ping.status, 0) << ping.errors;
  const Finished fping = without_threads(space, {face("fping"), "-q", "-i", "0", "-g", "127.0.0.0/19"});
  EXPECT_EQ(fping.status, 0) << fping.errors;
}

// --- memory -------------------------------------------------------------------------------------------------------

struct Run {
  std::string tool;  // "sonde", or a face
  int status;        // without memory
  Words arguments;
};

void PrintTo(const Run& run, std::ostream* out) {
  *out << run.tool;
  for (const std::string& word : run.arguments) *out << ' ' << word;
}

std::vector<Run> runs() {
  return {{"sonde", 3, {"ping", "-c", "2", "-i", "10ms", "127.0.0.1", "localhost"}},
          {"sonde", 3, {"ping", "--threads", "2", "-c", "2", "-i", "10ms", "127.0.0.1", "::1"}},
          {"sonde", 3, {"sweep", "--threads", "2", "--allow-special", "127.0.0.0/28", "--linger", "50ms"}},
          {"sonde", 3, {"explain", "127.0.0.1"}},
          {"sonde", 3, {"doctor"}},
          {"ping", 2, {"-c", "2", "-i", "0.01", "127.0.0.1"}},
          {"fping", 4, {"-C", "2", "-p", "20", "127.0.0.1"}},
          {"oping", 1, {"-c", "2", "-i", "0.01", "127.0.0.1"}},
          {"mtr-packet", 1, {}}};
}

class Memory : public ::testing::TestWithParam<Run> {};

// From too little to start at all up to enough, by `ulimit -v`.
TEST_P(Memory, WhereItEndsIsALineAndAStatus) {
  if (lab::sanitized) GTEST_SKIP() << "a sanitizer takes all addresses for itself";
  const Loopback space;
  const auto& [tool, status, arguments] = GetParam();
  std::map<int, int> ends;
  for (int kilobytes = 8'000; kilobytes <= 30'000; kilobytes += 500) {
    Words words = {"sh", "-c", "ulimit -v " + std::to_string(kilobytes) + "; exec \"$@\"", "sh",
                   tool == "sonde" ? SONDE_PROGRAM : face(tool)};
    const Finished finished =
        space.run({.arguments = words + arguments, .input = "1 send-probe ip-4 127.0.0.1\n"});
    ++ends[finished.status];
    EXPECT_FALSE(finished.timed_out) << kilobytes;
    EXPECT_NE(finished.status, -1) << kilobytes << ": a signal ended it: " << finished.errors;
    if (finished.status == status && finished.errors.contains("out of memory")) {
      EXPECT_EQ(lines_of(finished.errors), 1U) << finished.errors;
      EXPECT_THAT(finished.errors, HasSubstr(tool + ": out of memory"));
    }
  }
  EXPECT_GT(ends.size(), 1U) << "there are limits on both sides of what it takes";
}

INSTANTIATE_TEST_SUITE_P(Runs, Memory, ::testing::ValuesIn(runs()),
                         [](const auto& instance) { return std::to_string(instance.index); });

// --- descriptors --------------------------------------------------------------------------------------------------

class Descriptors : public ::testing::TestWithParam<Run> {};

TEST_P(Descriptors, WithFewItEndsAndIsNotSilentAboutIt) {
  const Loopback space;
  for (unsigned long most = 3; most <= 16; ++most) {
    const std::string tool = GetParam().tool == "sonde" ? SONDE_PROGRAM : face(GetParam().tool);
    const Finished finished = space.run({.arguments = Words{tool} + GetParam().arguments,
                                         .input = "1 send-probe ip-4 127.0.0.1\n",
                                         .descriptor_limit = most});
    EXPECT_FALSE(finished.timed_out) << most;
    EXPECT_NE(finished.status, -1) << most << ": a signal ended it: " << finished.errors;
    if (finished.status != 0) {
      EXPECT_FALSE(finished.errors.empty() && finished.output.empty()) << most;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Runs, Descriptors, ::testing::ValuesIn(runs()),
                         [](const auto& instance) { return std::to_string(instance.index); });

// --- lines --------------------------------------------------------------------------------------------------------

// Nothing leaves: this host's own filter refuses it.
const std::string no_echoes =
    "table ip t {\n chain out { type filter hook output priority 0;\n  icmp type echo-request drop\n }\n}\n";

class Refused : public ::testing::TestWithParam<Words> {};

TEST_P(Refused, TheSameLineComesOnceASecondAtMostAndSaysHowManyWereLeftOut) {
  const Loopback space;
  space.nft(no_echoes);
  Words words = GetParam();
  words[0] = face(words[0]);
  Process process = space.start({.arguments = words});
  ASSERT_TRUE(process.wait_for_signal_descriptor());
  const auto began = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(1500ms);
  process.signal(SIGINT);
  const Finished finished = process.wait();
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::map<std::string, int> times;
  std::istringstream errors(finished.errors);
  for (std::string line; std::getline(errors, line);) ++times[line.substr(0, line.find(" ("))];
  for (const auto& [line, count] : times) EXPECT_LE(count, seconds + 2) << line;
  EXPECT_GE(times.size(), 1U);
  EXPECT_THAT(finished.errors, HasSubstr(" more like it)"));
  EXPECT_LT(lines_of(finished.errors), 40U);
}

INSTANTIATE_TEST_SUITE_P(Tools, Refused,
                         ::testing::Values(Words{"ping", "-i", "0.01", "127.0.0.1"},
                                           Words{"oping", "-i", "0.01", "-w", "0.005", "127.0.0.1"}));

TEST(RefusedHosts, OfTheSameNameAreOneLine) {
  const Loopback space;
  space.nft(no_echoes);
  Words words = {face("fping"), "-i", "1"};
  words.insert(words.end(), 50, "127.0.0.1");
  const Finished finished = space.run({.arguments = words});
  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.errors,
              HasSubstr("127.0.0.1: error while sending ping: Operation not permitted (49 more like it)"));
  EXPECT_LE(lines_of(finished.errors), 3U) << finished.errors;
}

}  // namespace
}  // namespace sonde::trouble
