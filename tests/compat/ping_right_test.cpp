// ping_right_test.cpp: where ping is known to be wrong and its face is not: forged and foreign answers, redirects, sequence
// numbers, JSON.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "compat/ping_sides.hpp"

namespace sonde::compat_test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

lab::Finished run_face(std::string_view scenario, const Words& words, lab::User user = lab::User::ordinary,
                       lab::SimulatedNetworkOptions options = {}) {
  const lab::SimulatedNetwork network(scenario, options);
  return network.run(face("ping", words, {.user = user}));
}

// Every line has to be one object.
std::vector<json> read_objects(const std::string& output) {
  std::vector<json> objects;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    objects.push_back(json::parse(line, nullptr, false));
    EXPECT_TRUE(objects.back().is_object()) << line;
  }
  return objects;
}

TEST(PingIsRight, SequenceNumbersOfErrorsAreWhole) {
  const lab::Finished finished = run_face("host 10.77.0.1; error host-unreachable from 10.77.9.9\n",
                                          {"-c", "260", "-i", "0.002", "-W", "2", "10.77.0.1"});
  EXPECT_THAT(finished.output,
              AllOf(HasSubstr("From 10.77.9.9 icmp_seq=256 Destination Host Unreachable\n"),
                    HasSubstr("From 10.77.9.9 icmp_seq=260 Destination Host Unreachable\n")));
}

TEST(PingIsRight, ForgedAnswersNeitherCountNorHaveATime) {
  const lab::Finished finished =
      run_face("host 10.77.0.1; delay 20ms; forged 2 before 10ms\n", {"-c", "2", "-i", "0.5", "10.77.0.1"});
  EXPECT_EQ(finished.status, 0);
  EXPECT_THAT(finished.output, HasSubstr("2 packets transmitted, 2 received, 0% packet loss"));
  EXPECT_THAT(finished.output, Not(HasSubstr("DUP")));
  const lab::Finished only_forged =
      run_face("host 10.77.0.1; alter token\n", {"-c", "1", "-W", "0.3", "10.77.0.1"});
  EXPECT_EQ(only_forged.status, 1);
  EXPECT_THAT(only_forged.output, HasSubstr("1 packets transmitted, 0 received, 100% packet loss"));
}

TEST(PingIsRight, AnswersUnderAnotherSequenceNumberDoNotCount) {
  const lab::Finished finished =
      run_face("host 10.77.0.1; sequence +1\n", {"-c", "2", "-i", "0.1", "-W", "0.3", "10.77.0.1"});
  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.output, HasSubstr("2 packets transmitted, 0 received, 100% packet loss"));
}

TEST(PingIsRight, RedirectsAreNoLossOnPingSocketsEither) {
  for (const bool open : {true, false}) {
    const lab::Finished finished =
        run_face("host 10.77.0.1; delay 20ms; note redirect from 10.77.9.9 gateway 10.77.9.1\n",
                 {"-v", "-c", "2", "-i", "0.5", "10.77.0.1"}, lab::User::root, {.ping_sockets_open = open});
    EXPECT_EQ(finished.status, 0);
    EXPECT_THAT(finished.output,
                HasSubstr("From 10.77.9.9: icmp_seq=1 Redirect Host(New nexthop: 10.77.9.1)\n"));
    EXPECT_THAT(finished.output, HasSubstr("2 packets transmitted, 2 received, 0% packet loss"));
    // What it quotes of the IP header the kernel keeps from ping sockets, and the original has nothing of it there.
    EXPECT_EQ(finished.output.find("\nVr HL TOS") == std::string::npos, open);
  }
}

TEST(PingIsRight, JsonIsValidWhateverHappens) {
  constexpr std::string_view scenario =
      "host 10.77.0.1 fd77::1; probe 2: silence; probe 3: error host-unreachable from 10.77.9.9 fd77::9\n";
  for (const char* host : {"10.77.0.1", "fd77::1"}) {
    const auto objects = read_objects(
        run_face(scenario, {"-j", "-D", "-O", "-l", "2", "-c", "5", "-i", "0.3", "-W", "0.3", host}).output);
    ASSERT_GE(objects.size(), 4u);
    ASSERT_TRUE(objects.back().contains("rtt")) << objects.back();
    const auto reply =
        std::ranges::find_if(objects, [](const json& object) { return object.contains("ttl"); });
    ASSERT_NE(reply, objects.end());
    EXPECT_EQ(reply->at("host"), host);
    EXPECT_EQ(reply->at("seq"), 1);
    EXPECT_TRUE(reply->at("time").is_string());
    const json& summary = objects.back();
    EXPECT_EQ(summary["transmitted"], 5);
    EXPECT_EQ(summary["received"], 3);
    EXPECT_EQ(summary["errors"], 1);
    EXPECT_EQ(summary["loss"], 40.0);
    EXPECT_TRUE(summary["rtt"]["mdev"].is_string());
  }
}

TEST(PingIsRight, JsonWithoutAnyAnswerHasItsSummary) {
  const lab::Finished finished =
      run_face("host 10.77.0.1; silence\n", {"-j", "-c", "3", "-i", "0.05", "-W", "0.1", "10.77.0.1"});
  EXPECT_EQ(finished.status, 1);
  const auto objects = read_objects(finished.output);
  ASSERT_EQ(objects.size(), 1u);
  EXPECT_EQ(objects[0]["loss"], 100.0);
  EXPECT_FALSE(objects[0].contains("rtt"));
  EXPECT_TRUE(objects[0]["pipe"].is_number_integer()) << "by which iputils' own test knows it";
}

// Runs in the process that will be ping: names are asked of a server that says nothing for minutes.
bool ask_a_silent_server() {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("none", "/media", "tmpfs", 0, nullptr) != 0)
    return false;
  std::ofstream("/media/resolv.conf") << "nameserver 10.77.0.53\noptions timeout:30\n";
  std::ofstream("/media/nsswitch.conf") << "hosts: dns\n";
  return ::mount("/media/resolv.conf", "/etc/resolv.conf", nullptr, MS_BIND, nullptr) == 0 &&
         ::mount("/media/nsswitch.conf", "/etc/nsswitch.conf", nullptr, MS_BIND, nullptr) == 0;
}

TEST(PingIsRight, AnInterruptDoesNotWaitForAName) {
  const lab::SimulatedNetwork network("host 10.77.0.1\nhost 10.77.0.53; silence\n");
  lab::Process process =
      network.start(face("ping", {"-H", "10.77.0.1"}, {.before_exec = ask_a_silent_server}));
  // The line of the first answer is held up by its name, which a thread asks for.
  const std::filesystem::path threads = fmt::format("/proc/{}/task", process.id());
  const auto count = [&] { return std::distance(std::filesystem::directory_iterator(threads), {}); };
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (count() < 2 && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  ASSERT_GE(count(), 2);
  process.signal(SIGINT);
  const lab::Finished finished = process.wait();
  EXPECT_FALSE(finished.timed_out);
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_THAT(finished.output, HasSubstr("64 bytes from 10.77.0.1: icmp_seq=1"));
  EXPECT_THAT(finished.output, HasSubstr("1 packets transmitted, 1 received"));
}

TEST(PingIsRight, JsonSaysWhatWouldGoToStandardError) {
  const lab::Finished finished = lab::Process(face("ping", {"-j", "host.invalid"})).wait();
  EXPECT_EQ(finished.status, 2);
  EXPECT_EQ(read_objects(finished.output).size(), 1u);
}

TEST(PingIsRight, ASourceThatTheRoutesChooseIsShownForLinkLocalHostsToo) {
  const lab::VethPair pair;
  const std::string far = pair.far().run_checked(
      {.arguments = {"sh", "-c",
                     "ip -6 -o addr show dev far0 scope link | sed 's/.*inet6 \\([^/]*\\).*/\\1/'"}});
  const std::string host = far.substr(0, far.find('\n'));
  const lab::Finished finished = pair.near().run(face("ping", {"-c", "1", "-I", "near0", host}));
  EXPECT_THAT(finished.output, AllOf(HasSubstr(") from f"), HasSubstr(" near0: 56 data bytes\n")));
  EXPECT_THAT(finished.output, HasSubstr("64 bytes from " + host + "%near0: icmp_seq=1 "));
}

}  // namespace
}  // namespace sonde::compat_test
