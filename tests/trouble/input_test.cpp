// input_test.cpp: what a user gets wrong, or the system refuses: said plainly, with the right status, and the
// rest goes on.
#include <gmock/gmock.h>

#include "trouble/program.hpp"

namespace sonde::trouble {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Input, AnUnknownNameIsToldAndTheOthersGoOn) {
  const Loopback space;
  const Finished finished =
      space.run(sonde_json({"-c", "3", "-i", "10ms", "no-such-host.invalid", "127.0.0.1", "::1"}));
  EXPECT_THAT(finished.errors, HasSubstr("no-such-host.invalid"));
  const SondeRun run = read_run(finished, 2);
  expect_all_answered(run, {"127.0.0.1", "::1"}, 3);
  ASSERT_EQ(run.resolved.size(), 1u);
  EXPECT_EQ(run.resolved[0].at("target"), "no-such-host.invalid");
  EXPECT_TRUE(run.resolved[0].at("address").is_null());
  EXPECT_THAT(std::string(run.resolved[0].at("reason")), HasSubstr("no-such-host.invalid"));
}

TEST(Input, NothingButUnknownNames) {
  const Loopback space;
  const Finished finished = space.run(sonde({"-c", "3", "no-such-host.invalid"}));
  EXPECT_EQ(finished.status, 2);
  EXPECT_THAT(finished.errors, HasSubstr("no-such-host.invalid"));
}

TEST(Input, BothFamiliesAreMeasuredTogether) {
  const Loopback space;
  const Finished finished = space.run(sonde_json({"-c", "3", "-i", "10ms", "::1", "127.0.0.1", "127.0.0.2"}));
  expect_all_answered(read_run(finished, 0), {"::1", "127.0.0.1", "127.0.0.2"}, 3);
}

TEST(Input, AnAddressOfTheFamilyThatWasNotAskedForIsWrongUsage) {
  const Loopback space;
  for (const Words& arguments :
       {Words{"-4", "::1"}, Words{"-6", "127.0.0.1"}, Words{"-S", "127.0.0.1", "::1"}}) {
    const Finished finished = space.run(sonde(arguments));
    EXPECT_EQ(finished.status, 2);
    EXPECT_THAT(finished.errors, AllOf(HasSubstr("\"" + arguments.back() + "\""), HasSubstr("IPv")));
    EXPECT_THAT(finished.output, IsEmpty());
  }
}

TEST(Input, AnUnknownInterfaceIsRefusedByName) {
  const Loopback space;
  const Finished finished = space.run(sonde({"-c", "1", "-I", "nowhere0", "127.0.0.1", "::1"}));
  EXPECT_EQ(finished.status, 3);
  EXPECT_THAT(finished.errors, HasSubstr("no such interface: nowhere0"));
}

TEST(Input, ASourceAddressThatIsNotOursIsRefusedByName) {
  const Loopback space;
  const Finished v4 = space.run(sonde({"-c", "1", "-S", "192.0.2.9", "127.0.0.1"}));
  EXPECT_EQ(v4.status, 3);
  EXPECT_THAT(v4.errors, AllOf(HasSubstr("192.0.2.9"), HasSubstr("EADDRNOTAVAIL")));
  const Finished v6 = space.run(sonde({"-c", "1", "-S", "2001:db8::9", "::1"}));
  EXPECT_EQ(v6.status, 3);
  EXPECT_THAT(v6.errors, HasSubstr("2001:db8::9"));
}

TEST(Input, WithoutPermissionTheMessageNamesRulesAndRemedy) {
  const Namespace space;
  space.open_ping_sockets(false);
  const Finished finished =
      space.run(sonde({"--transport", "icmp", "-c", "1", "127.0.0.1", "::1", "127.0.0.2"}));
  EXPECT_EQ(finished.status, 3);
  EXPECT_THAT(finished.output, IsEmpty());
  EXPECT_THAT(finished.errors, AllOf(HasSubstr("group "), HasSubstr("net.ipv4.ping_group_range \"1 0\""),
                                     HasSubstr("sudo sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"")));
  EXPECT_EQ(finished.errors.find("ping_group_range \"1 0\""),
            finished.errors.rfind("ping_group_range \"1 0\""))
      << "said once, not for every target";
}

TEST(Input, WithTheGroupRangeClosedRootMeasuresByRawSocketsAndSaysWhy) {
  const Namespace space;
  space.open_ping_sockets(false);
  const SondeRun run =
      read_run(space.run(sonde_json({"-c", "2", "-i", "10ms", "127.0.0.1", "::1"}, User::root)), 0);
  expect_all_answered(run, {"127.0.0.1", "::1"}, 2);
  EXPECT_EQ(run.start["transport"], "raw");
  for (const auto& family : run.start["families"]) {
    EXPECT_THAT(family["reason"].get<std::string>(), HasSubstr("ping_group_range"));
  }
}

TEST(Input, DuplicateTargetsAreMeasuredEachForItself) {
  const Loopback space;
  for (const char* transport : {"icmp", "raw"}) {
    const Words targets(20, "127.0.0.1");
    const Finished finished =
        space.run(sonde_json(Words{"-c", "5", "-i", "10ms", "--transport", transport} + targets, User::root));
    expect_all_answered(read_run(finished, 0), targets, 5);
  }
}

TEST(Input, AFileMayHaveCommentsLabelsAndLineEndsOfAnyKind) {
  const Loopback space;
  const ScratchDirectory directory;
  const auto file = directory.write(
      "hosts", "# ours\r\n\r\n127.0.0.1 gateway of all\r\n  127.0.0.2  \n::1\tsix # not seven\n");
  const SondeRun run = read_run(space.run(sonde_json({"-c", "1", "-f", file})), 0);
  expect_all_answered(run, {"127.0.0.1", "127.0.0.2", "::1"}, 1);
  EXPECT_EQ(run.summaries[0].label, "gateway of all");
  EXPECT_EQ(run.summaries[1].label, "");
  EXPECT_THAT(run.summaries[2].label, HasSubstr("six"));
}

TEST(Input, BrokenLinesOfAFileAreToldByNumberAndTheRestGoesOn) {
  const Loopback space;
  std::string text;
  for (int host = 1; host <= 200; ++host) {
    text += host % 100 == 50 ? "not..a name!\n" : "127.0.0." + std::to_string(host) + "\n";
  }
  Command command = sonde_json({"-c", "1", "-q", "-f", "-"});
  command.input = text;
  const Finished finished = space.run(std::move(command));
  EXPECT_THAT(finished.errors, AllOf(HasSubstr(":50: "), HasSubstr(":150: "), Not(HasSubstr(":51: "))));
  const SondeRun run = SondeRun::parse(finished.output);
  EXPECT_EQ(run.summaries.size(), 198u);
  EXPECT_EQ(run.end->probes, 198u);
  EXPECT_EQ(finished.status, 2) << "a line that was left out is no success";
}

TEST(Input, AFileThatIsNotThereOrNoListIsWrongUsage) {
  const Loopback space;
  const ScratchDirectory directory;
  const Finished missing = space.run(sonde({"-f", directory.path() / "missing"}));
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.errors, AllOf(HasSubstr("missing"), HasSubstr("ENOENT")));
  const Finished binary =
      space.run(sonde({"-c", "1", "-f", directory.write("binary", std::string("\x7f\0\1\2", 4))}));
  EXPECT_EQ(binary.status, 2);
  EXPECT_THAT(binary.errors, HasSubstr("binary"));
}

TEST(Input, ARangeLeavesNetworkAndBroadcastAddressOut) {
  const Loopback space;
  const SondeRun prefix = read_run(space.run(sonde_json({"-c", "1", "-g", "127.0.0.0/29"})), 0);
  expect_all_answered(prefix, {"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"},
                      1);
  const SondeRun range = read_run(space.run(sonde_json({"-c", "1", "-g", "127.0.0.254-127.0.1.1"})), 0);
  expect_all_answered(range, {"127.0.0.254", "127.0.0.255", "127.0.1.0", "127.0.1.1"}, 1);
}

TEST(Input, ListsForScriptsHoldNothingElse) {
  const Loopback space;
  space.ip("route add blackhole 203.0.113.0/24\n");
  const Words targets = {"-c", "1", "127.0.0.1", "203.0.113.7", "::1"};
  const Finished alive = space.run(sonde(Words{"--alive"} + targets));
  EXPECT_EQ(alive.output, "127.0.0.1\n::1\n");
  EXPECT_EQ(alive.status, 1);
  const Finished unreachable = space.run(sonde(Words{"--unreachable"} + targets));
  EXPECT_EQ(unreachable.output, "203.0.113.7\n");
  EXPECT_EQ(unreachable.status, 1);
}

TEST(Input, QuietRunsWriteSummariesAlone) {
  const Loopback space;
  const SondeRun run = read_run(space.run(sonde_json({"-q", "-c", "3", "-i", "10ms", "127.0.0.1"})), 0);
  EXPECT_THAT(run.events, IsEmpty());
  EXPECT_EQ(run.summary_of("127.0.0.1")->received, 3u);
}

TEST(Input, ThresholdsThatArePassedAreToldOnce) {
  const Loopback space;
  // 203.0.113.0/24 is dropped on its way, so that it is lost.
  space.ip(
      "link add sink type veth peer name drain\nlink set sink up\nlink set drain up\nroute add "
      "203.0.113.0/24 dev sink\n");
  space.ip("neigh add 203.0.113.7 lladdr 02:00:00:00:00:07 dev sink\n");
  const Finished finished = space.run(sonde({"-c", "4", "-i", "20ms", "-W", "50ms", "--warn-rtt", "1ns",
                                             "--warn-loss", "10", "127.0.0.1", "203.0.113.7"}));
  EXPECT_EQ(finished.status, 1);
  const auto count = [&](std::string_view text) {
    int found = 0;
    for (auto at = finished.output.find(text); at != std::string::npos;
         at = finished.output.find(text, at + 1))
      ++found;
    return found;
  };
  EXPECT_EQ(count("warning:") + count("warning "), 2) << finished.output;
  EXPECT_EQ(count("round-trip time"), 1) << finished.output;
  EXPECT_EQ(count("loss 100% is above 10"), 1) << finished.output;
}

TEST(Input, TwentyDescriptorsAreEnoughForManyTargetsThreadsAndSockets) {
  const Loopback space;
  Command many_targets =
      sonde_json({"-q", "-c", "3", "-i", "50ms", "-W", "5s", "-g", "127.0.1.0-127.0.1.255"});
  many_targets.descriptor_limit = 20;
  const SondeRun run = read_run(space.run(std::move(many_targets)), 0);
  EXPECT_EQ(run.end->probes, 768u);
  expect_balanced(run, false);

  Command many_sockets = sonde_json({"-q", "-c", "3", "-i", "50ms", "-W", "5s", "--threads", "2", "--sockets",
                                     "16", "-g", "127.0.1.0-127.0.1.63"});
  many_sockets.descriptor_limit = 20;
  EXPECT_EQ(read_run(space.run(std::move(many_sockets)), 0).end->probes, 192u);
}

TEST(Input, TooFewDescriptorsAreToldNotSuffered) {
  const Loopback space;
  for (const unsigned long limit : {8ul, 10ul, 12ul}) {
    Command command = sonde_json(
        {"-q", "-c", "1", "--threads", "4", "127.0.0.1", "127.0.0.2", "::1", "no-such-host.invalid"});
    command.descriptor_limit = limit;
    const Finished finished = space.run(std::move(command));
    EXPECT_FALSE(finished.timed_out) << limit;
    EXPECT_EQ(finished.signal, 0) << limit;
    EXPECT_EQ(finished.status, 3) << limit << ": " << finished.errors;
    EXPECT_THAT(finished.errors, HasSubstr("EMFILE")) << limit;
  }
}

}  // namespace
}  // namespace sonde::trouble
