// Programs that were compiled against liboping, as Debian packages them, on liboping.so.0 of this build.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "lab/network.hpp"

namespace sonde {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// By the loader itself, so that a program with file capabilities takes the library too, and goes without them.
lab::Command on_sonde(std::vector<std::string> words, lab::User user = lab::User::ordinary) {
  lab::Command command;
  command.arguments = {"/lib64/ld-linux-x86-64.so.2", "--library-path", SONDE_LIBOPING};
  command.arguments.insert(command.arguments.end(), words.begin(), words.end());
  command.environment.emplace_back("LC_ALL=C");
  command.user = user;
  return command;
}

constexpr std::string_view scenario =
    "host 10.77.0.1 fd77::1; delay 2ms\n"
    "host 10.77.0.2; silence\n"
    "host 10.77.0.3; delay 2ms; dies after 6\n";

class Clients : public ::testing::Test {
 protected:
  const lab::SimulatedNetwork network_{scenario};
};

TEST_F(Clients, OpingMeasuresWithoutPrivilege) {
  const lab::Finished finished =
      network_.run(on_sonde({"/usr/bin/oping", "-c", "3", "-i", "0.05", "-w", "0.3", "-Z", "50", "10.77.0.1",
                             "fd77::1", "10.77.0.2"}));
  EXPECT_EQ(finished.status, 1) << finished.errors;
  EXPECT_THAT(
      finished.output,
      AllOf(ContainsRegex("56 bytes from 10.77.0.1 \\(10.77.0.1\\): icmp_seq=3 ttl=64 time=[0-9.]+ ms"),
            HasSubstr("echo reply from 10.77.0.2 (10.77.0.2): icmp_seq=3 timeout"),
            ContainsRegex(
                "--- fd77::1 ping statistics ---\n3 packets transmitted, 3 received, 0.00% packet loss")));
  EXPECT_EQ(finished.errors, "");
}

TEST_F(Clients, OpingIsToldWhyItMayNot) {
  network_.space().open_ping_sockets(false);
  lab::Process process = network_.start(on_sonde({"/usr/bin/oping", "-c", "1", "10.77.0.1"}));
  ASSERT_TRUE(process.wait_for_errors("ping_send failed: "));
  process.signal(SIGKILL);
  EXPECT_THAT(process.wait().errors, HasSubstr("net.ipv4.ping_group_range"));
}

TEST_F(Clients, NopingDraws) {
  lab::Command command = on_sonde({"/usr/bin/noping", "-c", "3", "-i", "0.05", "10.77.0.1"});
  std::string line;
  for (const std::string& word : command.arguments) line += word + " ";
  command.arguments = {"/usr/bin/script", "-qec", line, "/dev/null"};
  command.environment.emplace_back("TERM=xterm");
  const lab::Finished finished = network_.run(std::move(command));
  EXPECT_EQ(finished.status, 0) << finished.output << finished.errors;
  EXPECT_THAT(finished.output, ContainsRegex("3 packets transmitted, 3 received, 0.00% packet loss"));
}

TEST_F(Clients, NetOpingMeasures) {
  const std::string program =
      "my $o = Net::Oping->new; $o->timeout(0.3); $o->host_add(qw(10.77.0.1 10.77.0.2)) or die $o->get_error;"
      "my $r = $o->ping; printf qq(%s %s\\n), $_, defined $r->{$_} ? $r->{$_} > 2 : q(none) for sort keys "
      "%$r;"
      "$o->host_remove(q(10.77.0.2)); print join(q( ), keys %{$o->ping}), qq(\\n);";
  const lab::Finished finished = network_.run(on_sonde({"/usr/bin/perl", "-MNet::Oping", "-e", program}));
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_EQ(finished.output, "10.77.0.1 1\n10.77.0.2 none\n10.77.0.1\n");
}

std::vector<double> values_of(const std::filesystem::path& directory, const std::string& prefix) {
  std::vector<double> values;
  if (!std::filesystem::exists(directory)) return values;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (!entry.path().filename().string().starts_with(prefix)) continue;
    std::ifstream file(entry.path());
    std::string line;
    std::getline(file, line);  // the head
    while (std::getline(file, line)) values.push_back(std::stod(line.substr(line.find(',') + 1)));
  }
  return values;
}

std::string collectd_configuration(const std::filesystem::path& directory) {
  const std::string path = directory.string();
  return "Hostname \"here\"\nFQDNLookup false\nBaseDir \"" + path + "\"\nPIDFile \"" + path +
         "/pid\"\nPluginDir \"/usr/lib/collectd\"\nTypesDB \"/usr/share/collectd/types.db\"\nInterval 0.5\n"
         "LoadPlugin logfile\n<Plugin logfile>\n  LogLevel info\n  File STDOUT\n</Plugin>\n"
         "LoadPlugin csv\n<Plugin csv>\n  DataDir \"" +
         path +
         "/csv\"\n</Plugin>\nLoadPlugin ping\n<Plugin ping>\n  Host \"10.77.0.1\"\n  Host \"10.77.0.2\"\n"
         "  Host \"10.77.0.3\"\n  Host \"no..such.name\"\n  Interval 0.1\n  Timeout 0.09\n  MaxMissed "
         "3\n</Plugin>\n";
}

// It takes hosts that are silent out and puts them in again while it goes through them.
TEST_F(Clients, CollectdRecordsRttsAndDropsWhileHostsDieAndNamesFail) {
  const lab::ScratchDirectory scratch;
  const auto configuration = scratch.write("collectd.conf", collectd_configuration(scratch.path()));
  lab::Process process =
      network_.start(on_sonde({"/usr/sbin/collectd", "-f", "-C", configuration.string()}, lab::User::root));
  const auto directory = scratch.path() / "csv" / "here" / "ping";
  // The dead host's removal comes only once it was silent for three rounds.
  ASSERT_TRUE(
      process.wait_for_output("host 10.77.0.3 has not answered 3 PING requests", std::chrono::seconds(15)))
      << process.output();
  const auto recorded = [&] {
    const auto drops = values_of(directory, "ping_droprate-10.77.0.3");
    return !drops.empty() && drops.back() == 1 && values_of(directory, "ping-10.77.0.1").size() >= 3;
  };
  for (int patience = 0; patience < 20 && !recorded(); ++patience) {
    process.forget_output();
    ASSERT_TRUE(process.wait_for_output("host 10.77.0.2 has not answered", std::chrono::seconds(5)));
  }
  process.signal(SIGINT);
  const lab::Finished finished = process.wait();
  EXPECT_EQ(finished.status, 0) << finished.output << finished.errors;
  EXPECT_TRUE(recorded());
  for (const double rtt_ms : values_of(directory, "ping-10.77.0.1")) EXPECT_GE(rtt_ms, 2.0);
  for (const double ratio : values_of(directory, "ping_droprate-10.77.0.1")) EXPECT_LT(ratio, 1.0);
  for (const double ratio : values_of(directory, "ping_droprate-10.77.0.2")) EXPECT_EQ(ratio, 1.0);
}

}  // namespace
}  // namespace sonde
