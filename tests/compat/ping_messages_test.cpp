// ping_messages_test.cpp: what ping refuses, in its own words and with its own status.
#include <vector>

#include "compat/ping_sides.hpp"

namespace sonde::compat_test {
namespace {

using lab::User;

class PingMessages : public ::testing::Test {
 protected:
  PingMessages() { space_.open_ping_sockets(true); }

  void compare(const Words& words, User user = User::ordinary) {
    std::string trace = "ping";
    for (const std::string& word : words) trace += " " + word;
    SCOPED_TRACE(trace);
    expect_same(run_sides(space_, "ping", words, {.user = user}));
  }

  const lab::Namespace space_;
};

TEST_F(PingMessages, BadNumbers) {
  for (const char* option : {"-c", "-l", "-m", "-s", "-S", "-t", "-w"}) {
    for (const char* value : {"x", "1x", "", "-1", "99999999999999999999"})
      compare({option, value, "127.0.0.1"});
  }
  for (const char* value : {"0", "1x"}) compare({"-c", value, "127.0.0.1"});
  compare({"-t", "256", "127.0.0.1"});
  compare({"-l", "4", "127.0.0.1"});
}

TEST_F(PingMessages, BadTimes) {
  for (const char* option : {"-i", "-W"}) {
    for (const char* value : {"1e99", "nan", "inf", ""}) compare({option, value, "127.0.0.1"});
  }
  compare({"-c", "1", "-W", "1x", "127.0.0.1"});
}

TEST_F(PingMessages, BadWords) {
  compare({"-M", "no", "127.0.0.1"});
  compare({"-T", "x", "127.0.0.1"});
  compare({"-T", "tsonly", "-R", "127.0.0.1"});
  compare({"-R", "-T", "tsonly", "127.0.0.1"});
  compare({"-Q", "256", "127.0.0.1"});
  compare({"-Q", "x", "127.0.0.1"});
  compare({"-F", "0x100000", "::1"});
  compare({"-F", "y", "::1"});
  compare({"-p", "fg", "127.0.0.1"});
  compare({"-4", "-6", "127.0.0.1"});
  compare({"-I", "1:x", "::1"});
}

TEST_F(PingMessages, HostsThatCannotBeFound) {
  compare({"host.invalid"});
  compare({"-4", "::1"});
  compare({"-6", "127.0.0.1"});
  compare({"192.0.2.1"});
  compare({"2001:db8::1"});
}

TEST_F(PingMessages, DevicesAndSourcesThatAreNotHere) {
  compare({"-I", "none0", "127.0.0.1"});
  compare({"-I", "none0", "::1"});
  compare({"-I", "192.0.2.9", "127.0.0.1"});
  compare({"-I", "2001:db8::9", "::1"});
}

TEST_F(PingMessages, WhatIsNewInTheReleaseThatIsMatched) {
  if (original_release() < 20250605)
    GTEST_SKIP() << "the original is older; SONDE_ORIGINALS may name a current one";
  compare({"-s", "65508", "127.0.0.1"});
  compare({"-s", "65528", "::1"});
  compare({"-R", "-s", "65500", "127.0.0.1"});
  compare({"-i", "-1", "127.0.0.1"});
  compare({"-W", "-1", "127.0.0.1"});
  compare({"-c", "1", "-i", "0.001", "127.0.0.1"});
  compare({"-f", "127.0.0.1"});
  compare({"-e", "65536", "127.0.0.1"});
  compare({"-c", "1", "-m", "7", "127.0.0.1"});
}

// Debian's ping carries its capability in the file, so that it is never refused.
TEST_F(PingMessages, WithoutAnOpenSocketItSaysWhatIsMissing) {
  const lab::Namespace closed;
  for (const Words& words :
       std::vector<Words>{{"127.0.0.1"}, {"-4", "127.0.0.1"}, {"-6", "::1"}, {"host.invalid"}}) {
    const lab::Finished refused = closed.run(face("ping", words, {.user = User::ordinary}));
    EXPECT_EQ(refused.status, 2);
    EXPECT_EQ(refused.output, "");
    EXPECT_EQ(refused.errors,
              "ping: socktype: SOCK_RAW\n"
              "ping: socket: Operation not permitted\n"
              "ping: => missing cap_net_raw+p capability or setuid?\n");
  }
}

TEST_F(PingMessages, WithoutAHostItSaysSo) {
  const Sides sides = run_sides(space_, "ping", {});
  EXPECT_EQ(sides.face.errors, sides.original.errors);
  EXPECT_EQ(sides.face.status, 2);  // before 2024 it was 1
}

TEST_F(PingMessages, UsageListsTheOptionsOnStandardError) {
  for (const Words& words : std::vector<Words>{{"-h"}, {"-Z"}, {"-c"}}) {
    const Sides sides = run_sides(space_, "ping", words);
    EXPECT_EQ(sides.face.status, sides.original.status);
    EXPECT_EQ(sides.face.output, sides.original.output);
    const auto usage = sides.original.errors.find("\nUsage\n");
    EXPECT_EQ(sides.face.errors.substr(0, usage), sides.original.errors.substr(0, usage));
    EXPECT_NE(sides.face.errors.find("\nUsage\n  ping [options] <destination>\n\nOptions:\n"),
              std::string::npos);
  }
}

TEST_F(PingMessages, TheVersionNamesTheToolThatProgramsLookFor) {
  const lab::Finished version = space_.run(face("ping", {"-V"}));
  EXPECT_EQ(version.status, 0);
  EXPECT_EQ(version.output,
            "ping from iputils 20250605\n"
            "libcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes\n");
}

}  // namespace
}  // namespace sonde::compat_test
