// SmokePing's FPing and FPing6 probes with sonde as their fping: one round, and what its databases hold after it.
//
// SmokePing is not installed for that, as Debian's package brings a mail server and a daemon; it is looked for where `.ci/run`
// unpacks it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "lab/network.hpp"

namespace sonde::compat_test {
namespace {

namespace fs = std::filesystem;

struct Host {
  std::string name, probe, address;
};

std::string configuration(const fs::path& scratch, const fs::path& smokeping,
                          const std::vector<Host>& hosts) {
  const std::string here = scratch.string(), fping = SONDE_FACES "/fping",
                    its = (smokeping / "etc/smokeping").string();
  std::string text =
      "*** General ***\nowner = nobody\ncontact = nobody@localhost\nmailhost = localhost\nsendmail = "
      "/bin/true\n"
      "imgcache = " +
      here + "\nimgurl = img\ndatadir = " + here + "\npiddir = " + here +
      "\ncgiurl = http://localhost/smokeping.cgi\nsmokemail = " + its + "/smokemail\ntmail = " + its +
      "/tmail\n"
      "*** Database ***\nstep = 10\npings = 5\nAVERAGE 0.5 1 100\n"
      "*** Presentation ***\ntemplate = " +
      its +
      "/basepage.html\n"
      "+ overview\nwidth = 600\nheight = 50\nrange = 10h\n"
      "+ detail\nwidth = 600\nheight = 200\nunison_tolerance = 2\n\"Last 3 Hours\" 3h\n"
      "*** Probes ***\n+ FPing\nbinary = " +
      fping + "\n+ FPing6\nbinary = " + fping +
      "\n"
      "*** Targets ***\nprobe = FPing\nmenu = Top\ntitle = Top\n";
  for (const Host& host : hosts) {
    text +=
        "+ " + host.name + "\nprobe = " + host.probe + "\nmenu = m\ntitle = t\nhost = " + host.address + "\n";
  }
  return text;
}

struct Round {
  int lost = -1;
  double median_s = 0;
};

// "TIME: uptime loss median ping1 ..." in the last line of `rrdtool lastupdate`.
Round last_round(const fs::path& database) {
  std::istringstream output(lab::run_checked({.arguments = {"rrdtool", "lastupdate", database.string()}}));
  std::string line, last;
  while (std::getline(output, line)) last = line;
  std::istringstream words(last);
  std::string time, uptime, lost, median;
  words >> time >> uptime >> lost >> median;
  return {std::stoi(lost), median == "U" ? -1 : std::stod(median)};
}

TEST(SmokePing, RecordsMediansAndLossesOfBothFamilies) {
  const fs::path smokeping = SONDE_SMOKEPING;
  if (!fs::exists(smokeping / "usr/sbin/smokeping"))
    GTEST_SKIP() << "no SmokePing below " << smokeping << "; .ci/run fetches it";
  const lab::SimulatedNetwork network(
      "host 10.77.0.1; delay 20ms\n"
      "host 10.77.0.2; silence\n"
      "host 10.77.0.3; delay 5ms; loss every 2\n"
      "host fd77::1; delay 10ms\n");
  const lab::ScratchDirectory scratch;
  const auto file = scratch.write("config", configuration(scratch.path(), smokeping,
                                                          {{"steady", "FPing", "10.77.0.1"},
                                                           {"silent", "FPing", "10.77.0.2"},
                                                           {"lossy", "FPing", "10.77.0.3"},
                                                           {"six", "FPing6", "fd77::1"}}));
  const lab::Finished finished =
      network.run({.arguments = {"/usr/bin/perl", (smokeping / "usr/sbin/smokeping").string(),
                                 "--config=" + file.string(), "--debug"},
                   .time_limit = std::chrono::seconds(90),
                   .environment = {"PERL5LIB=" + (smokeping / "usr/share/perl5").string(), "LC_ALL=C"}});
  ASSERT_EQ(finished.status, 0) << finished.output << finished.errors;

  const auto expect = [&](const char* name, int lost, double least_s) {
    const Round round = last_round(scratch.path() / (std::string(name) + ".rrd"));
    EXPECT_EQ(round.lost, lost) << name << '\n' << finished.output;
    if (lost == 5) least_s = -1;  // of nothing there is no median
    EXPECT_GE(round.median_s, least_s) << name;
    EXPECT_LT(round.median_s, least_s + 0.2) << name;
  };
  expect("steady", 0, 0.020);
  expect("silent", 5, 0);
  expect("lossy", 2, 0.005);
  expect("six", 0, 0.010);
}

}  // namespace
}  // namespace sonde::compat_test
