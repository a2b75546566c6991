// The face of oping beside oping 1.10: streams line by line without times, and statuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <string>

#include "compat/oping/qos.hpp"
#include "compat/sides.hpp"

namespace sonde::compat_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// RTTs, their sum, and what is rounded to whole milliseconds.
std::string comparable(const std::string& text) {
  static const std::regex time(R"((time[ =]|min = |median = |\) = |max = )[0-9.]+)");
  return std::regex_replace(text, time, "$1T");
}

constexpr std::string_view scenario =
    "host 10.77.0.1 fd77::1; delay 2ms\n"
    "host 10.77.0.2; silence\n"
    "host 10.77.0.3; delay 1ms; ttl 57; tos 0x28\n"
    "host 10.77.0.4; probe 2: silence\n"
    "host 10.77.0.5; duplicates 2 spacing 1ms\n"
    "host 10.77.0.6; error host-unreachable\n";

class OpingFace : public ::testing::TestWithParam<Words> {
 protected:
  const lab::SimulatedNetwork network_{scenario}, twin_{scenario};  // a host remembers how often it was asked
};

TEST_P(OpingFace, WritesWhatOpingWrites) {
  const Sides sides = run_sides_together(twin_.space(), network_.space(), "oping", GetParam());
  EXPECT_EQ(comparable(sides.face.output), comparable(sides.original.output));
  EXPECT_EQ(sides.face.errors, sides.original.errors);
  EXPECT_EQ(sides.face.status, sides.original.status);
  EXPECT_EQ(sides.face.signal, sides.original.signal);
}

INSTANTIATE_TEST_SUITE_P(
    Options, OpingFace,
    ::testing::Values(Words{"-c", "3", "-i", "0.01", "10.77.0.1", "fd77::1"},
                      Words{"-c", "2", "-i", "0.01", "-w", "0.2", "10.77.0.1", "10.77.0.2"},
                      Words{"-c", "1", "10.77.0.3"}, Words{"-c", "1", "-Q", "af12", "10.77.0.1", "10.77.0.3"},
                      Words{"-c", "1", "-Q", "0xb8", "-t", "9", "10.77.0.1"},
                      Words{"-c", "3", "-i", "0.01", "-w", "0.2", "-Z", "10", "10.77.0.1", "10.77.0.2",
                            "10.77.0.4"},
                      Words{"-c", "3", "-i", "0.01", "-w", "0.2", "-Z", "90", "10.77.0.2", "10.77.0.4"},
                      Words{"-c", "2", "-i", "0.01", "10.77.0.5"}, Words{"-c", "1", "-w", "0.2", "10.77.0.6"},
                      Words{"-c", "1", "-P", "50", "10.77.0.1"}, Words{"-c", "1", "-P", "101", "10.77.0.1"},
                      Words{"-4", "-c", "1", "localhost"}, Words{"-6", "-c", "1", "fd77::1"},
                      Words{"-6", "-c", "1", "10.77.0.1"}, Words{"-c", "0", "-c", "1", "10.77.0.1"},
                      Words{"-c", "1", "-i", "0", "10.77.0.1"}, Words{"-c", "1", "-w", "x", "10.77.0.1"},
                      Words{"-c", "1", "-t", "0", "10.77.0.1"}, Words{"-c", "1", "-Z", "x", "10.77.0.1"},
                      Words{"-c", "1", "-b", "10.77.0.1"},
                      Words{"-c", "1", "-I", "10.77.255.254", "10.77.0.1"},
                      Words{"-c", "1", "-D", "lab0", "10.77.0.1"}, Words{"-c", "1", "-m", "7", "10.77.0.1"},
                      Words{"-c", "1", "10.77.0.1", "10.77.0.1", "no..such.name"},
                      Words{"-c", "1", "no..such.name"}, Words{"-f", "/no/such/file", "-c", "1"}));

class OpingInput : public OpingFace {};

TEST_F(OpingInput, IsReadAsOpingReadsIt) {
  lab::Command command;
  command.input = "10.77.0.1 and more\n# 10.77.0.9\n\n   fd77::1\n10.77.0.1\n";
  const Sides sides = run_sides(network_.space(), "oping", {"-c", "1", "-f", "-", "10.77.0.3"}, command);
  EXPECT_EQ(comparable(sides.face.output), comparable(sides.original.output));
  EXPECT_THAT(sides.face.output, AllOf(HasSubstr("PING fd77::1"), HasSubstr("PING 10.77.0.3")));
}

TEST_F(OpingInput, RttsAreAppendedToAFileAsCsv) {
  const lab::ScratchDirectory scratch;
  const std::string file = (scratch.path() / "rtts").string();
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(
        network_
            .run(face("oping", {"-c", "2", "-i", "0.01", "-w", "0.1", "-O", file, "10.77.0.1", "10.77.0.2"}))
            .status,
        0);
  }
  std::ifstream stream(file);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_EQ(std::ranges::count(text, '\n'), 8);
  EXPECT_THAT(text, AllOf(HasSubstr(",\"10.77.0.1\","), HasSubstr(",\"10.77.0.2\",-1.00\n")));
}

TEST_F(OpingInput, WithoutHostsItSaysHowItIsUsed) {
  const lab::Finished finished = network_.run(face("oping", {}));
  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.errors, ::testing::StartsWith("Usage: oping [OPTIONS] -f filename | host"));
  EXPECT_EQ(network_.run(face("oping", {"-h"})).status, 0);
  EXPECT_EQ(network_.run(face("oping", {"-y"})).status, 1);
  EXPECT_THAT(network_.run(face("oping", {"-Q", "help"})).errors,
              ::testing::StartsWith("Valid QoS arguments"));
  EXPECT_EQ(network_.run(face("oping", {"-Q", "af52", "10.77.0.1"})).status, 1);
}

// Oping has "(null)" there.
TEST_F(OpingInput, AMarkThatIsNoNumberIsQuoted) {
  EXPECT_EQ(network_.run(face("oping", {"-c", "1", "-m", "x1", "10.77.0.1"})).errors,
            "Ignoring invalid mark: x1\n");
}

TEST_F(OpingInput, InterruptedItSumsUp) {
  lab::Process process = network_.start(face("oping", {"-i", "0.02", "10.77.0.1"}));
  ASSERT_TRUE(process.wait_for_output("icmp_seq=3"));
  process.signal(SIGINT);
  const lab::Finished finished = process.wait();
  EXPECT_EQ(finished.status, 0);
  EXPECT_THAT(finished.output, HasSubstr("--- 10.77.0.1 ping statistics ---"));
}

TEST(OpingQos, NamesAreReadAndWrittenBack) {
  using compat::oping::qos_text;
  using compat::oping::read_qos;
  for (const char* name : {"af11", "af23", "af43", "cs1", "cs7", "ef", "va", "be"})
    EXPECT_EQ(qos_text(read_qos(name).value()), name);
  EXPECT_EQ(read_qos("CS0"), 0);
  EXPECT_EQ(read_qos("lowdelay"), 0x10);
  EXPECT_EQ(read_qos("184"), 0xb8);
  for (const char* name : {"", "af14", "af50", "cs8", "256", "0x100", "efx", "-1"})
    EXPECT_FALSE(read_qos(name)) << name;
  EXPECT_EQ(qos_text(0xb9), "ef,ecn(1)");
  EXPECT_EQ(qos_text(0x04), "0x01");
  EXPECT_EQ(qos_text(0x03), "be,ce");
}

}  // namespace
}  // namespace sonde::compat_test
