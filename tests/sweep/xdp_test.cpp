// xdp_test.cpp: `sonde sweep --transport xdp` over a pair of devices, behind which a kernel answers for whole prefixes.
//
// What goes by the rings passes no netfilter: rules that drop every echo request and every reply leave only those alive.
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "lab/sanitized.hpp"
#include "sweep/swept.hpp"

namespace sonde::sweep_test {
namespace {

using lab::Finished;
using lab::Namespace;
using lab::User;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* nothing_by_the_stack =
    "table inet f {\n"
    "  chain out { type filter hook output priority 0; icmp type echo-request drop; icmpv6 type echo-request "
    "drop; }\n"
    "  chain in { type filter hook input priority 0; icmp type echo-reply drop; icmpv6 type echo-reply drop; "
    "}\n"
    "}\n";
constexpr const char* no_request_by_the_stack =
    "table inet f {\n"
    "  chain out { type filter hook output priority 0; icmp type echo-request drop; icmpv6 type echo-request "
    "drop; }\n"
    "}\n";

std::set<std::string> addresses_of(const Finished& finished) {
  std::set<std::string> found;
  for (const json& row : rows_of(finished)) found.insert(row["address"]);
  return found;
}

class SweepingByXdp : public ::testing::Test {
 protected:
  SweepingByXdp() : far_(near_) {
    add_pair("near", "far", 2);
    near_.ip(
        "link set lo up\nlink set near address 02:00:00:00:00:01 up\n"
        "addr add 192.0.2.1/24 dev near\naddr add 2001:db8:1::1/64 dev near nodad\n");
    far_.ip(
        "link set lo up\nlink set far address 02:00:00:00:00:02 up\n"
        "addr add 192.0.2.2/24 dev far\naddr add 2001:db8:1::2/64 dev far nodad\n"
        "route add local 198.18.0.0/16 dev lo\nroute add local 2001:db8:2::/64 dev lo\n"
        "route add unreachable 198.19.0.0/24\n");
    near_.ip("route add 198.18.0.0/15 via 192.0.2.2\nroute add 2001:db8:2::/64 via 2001:db8:1::2\n");
    for (const char* limit : {"net.ipv4.icmp_ratelimit", "net.ipv4.icmp_ratemask", "net.ipv6.icmp.ratelimit"})
      far_.set_sysctl(limit, "0");
    far_.set_sysctl("net.ipv4.ip_forward", "1");
    far_.ip(
        "neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev far\n"
        "neigh add 2001:db8:1::1 lladdr 02:00:00:00:00:01 dev far\n");
    await_device(near_, "near");
    await_device(far_, "far");
  }
  // The near one has two queues; the far one sends by so many, to as many of those.
  void add_pair(const std::string& near, const std::string& far, int sends_by) const {
    const int there = far_.place().network;
    const auto queues = [](int send, int receive) {
      return Words{"numtxqueues", fmt::format("{}", send), "numrxqueues", fmt::format("{}", receive)};
    };
    near_.run_checked({.arguments = Words{"ip", "link", "add", near} + queues(2, 2) +
                                    Words{"type", "veth", "peer", "name", far} + queues(sends_by, 2) +
                                    Words{"netns", fmt::format("/proc/self/fd/{}", there)},
                       .inherited = {there}});
  }
  // A device is put to work a moment after its other end came up, and drops what is sent before.
  static void await_device(const Namespace& space, const std::string& device) {
    space.run_checked({.arguments = {"sh", "-c",
                                     "for try in $(seq 500); do ip -o link show " + device +
                                         " | grep -q 'state UP' && exit 0; sleep 0.01; done; exit 1"}});
  }
  void know_the_neighbours() const {
    near_.ip(
        "neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev near\n"
        "neigh add 2001:db8:1::2 lladdr 02:00:00:00:00:02 dev near\n");
  }
  Finished sweep(const Words& words, const Words& before = {}) const {
    lab::Command command = sweep_command(Words{"--transport", "xdp", "--linger", "1s"} + words, User::root);
    command.arguments = before + command.arguments;
    return near_.run(command);
  }

  struct Swept {
    std::vector<json> rows;
    std::set<std::string> addresses;
    json metadata;
  };
  Swept sweep_by_two_threads(const Words& targets) const {
    const lab::ScratchDirectory directory;
    const std::string file = directory.path() / "metadata.json";
    const Finished finished =
        sweep(everything +
              Words{"-r", "20k", "--retry", "2", "--late", "500ms", "--threads", "2", "--metadata", file} +
              targets);
    EXPECT_EQ(finished.status, 0) << finished.errors;
    std::ifstream metadata(file);
    return {.rows = rows_of(finished),
            .addresses = addresses_of(finished),
            .metadata = json::parse(metadata, nullptr, false)};
  }

  Namespace near_, far_;
};

TEST_F(SweepingByXdp, AsksAndIsAnsweredPastTheStack) {
  know_the_neighbours();
  near_.nft(nothing_by_the_stack);
  for (const char* prefix : {"198.18.0.0/21", "2001:db8:2::/117"}) {
    const Finished finished =
        sweep(everything + Words{"-r", "20k", "--retry", "2", "--late", "500ms", prefix});
    EXPECT_EQ(finished.status, 0) << finished.errors;
    EXPECT_THAT(finished.errors, Not(HasSubstr("raw socket")));
    const auto rows = rows_of(finished);
    EXPECT_EQ(rows.size(), 2048u) << prefix << finished.errors;
    EXPECT_EQ(addresses_of(finished).size(), 2048u);
    for (const json& row : rows) {
      ASSERT_EQ(row["ttl"], 64) << row;
      ASSERT_GE(row["rtt_ms"].get<double>(), 0) << row;
      ASSERT_LT(row["rtt_ms"].get<double>(), 1000) << row;
    }
  }
}

TEST_F(SweepingByXdp, AsksBothFamiliesByOneDevice) {
  know_the_neighbours();
  near_.nft(nothing_by_the_stack);
  const Finished finished = sweep(everything + Words{"-r", "20k", "--retry", "2", "--late", "500ms",
                                                     "198.18.0.0/22", "2001:db8:2::/118"});
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_THAT(finished.errors, HasSubstr("0 forged"));
  EXPECT_EQ(addresses_of(finished).size(), 2048u) << finished.errors;
}

TEST_F(SweepingByXdp, AsksEachFamilyByItsDevice) {
  add_pair("near6", "far6", 2);
  near_.ip("link set near6 address 02:00:00:00:00:03 up\naddr add 2001:db8:3::1/64 dev near6 nodad\n");
  far_.ip(
      "link set far6 address 02:00:00:00:00:04 up\naddr add 2001:db8:3::2/64 dev far6 nodad\n"
      "neigh add 2001:db8:3::1 lladdr 02:00:00:00:00:03 dev far6\n");
  await_device(near_, "near6");
  await_device(far_, "far6");
  near_.ip(
      "route replace 2001:db8:2::/64 via 2001:db8:3::2\n"
      "neigh add 2001:db8:3::2 lladdr 02:00:00:00:00:04 dev near6\n");
  know_the_neighbours();
  near_.nft(nothing_by_the_stack);
  const Finished finished = sweep(everything + Words{"-r", "20k", "--retry", "2", "--late", "500ms",
                                                     "198.18.0.0/22", "2001:db8:2::/118"});
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_EQ(addresses_of(finished).size(), 2048u) << finished.errors;
}

TEST_F(SweepingByXdp, SendsFromSeveralSourcesInTurn) {
  near_.ip("addr add 192.0.2.3/24 dev near\naddr add 2001:db8:1::3/64 dev near nodad\n");
  far_.ip(
      "neigh add 192.0.2.3 lladdr 02:00:00:00:00:01 dev far\n"
      "neigh add 2001:db8:1::3 lladdr 02:00:00:00:00:01 dev far\n");
  know_the_neighbours();
  near_.nft(nothing_by_the_stack);
  const auto answers_to = [this](const Words& words) {
    const Finished finished =
        sweep(everything + Words{"-r", "20k", "-S", "192.0.2.1,2001:db8:1::3,192.0.2.3,2001:db8:1::1"} +
              words + Words{"198.18.0.0/23", "2001:db8:2::/119"});
    EXPECT_EQ(finished.status, 0) << finished.errors;
    EXPECT_THAT(finished.errors, HasSubstr("0 forged"));
    std::map<std::string, int> answers;
    for (const json& row : rows_of(finished)) ++answers[row["to"]];
    return answers;
  };
  const auto all = answers_to({"--retry", "2", "--late", "500ms"});
  int answers = 0;
  for (const auto& [source, number] : all) {
    EXPECT_GT(number, 128) << source;
    answers += number;
  }
  EXPECT_EQ(all.size(), 4u);
  EXPECT_EQ(answers, 1024);

  // It is on the wire what it is said to be.
  far_.nft(
      "table inet f {\n"
      "  chain in { type filter hook input priority 0; ip saddr 192.0.2.3 drop; ip6 saddr 2001:db8:1::3 "
      "drop; }\n"
      "}\n");
  const auto half = answers_to({});
  EXPECT_EQ(half.size(), 2u);
  EXPECT_TRUE(half.contains("192.0.2.1"));
  EXPECT_TRUE(half.contains("2001:db8:1::1"));
}

// A kernel spreads what it sends over its queues by a hash of the addresses.
TEST_F(SweepingByXdp, TakesAnswersByWhicheverQueueTheyCome) {
  know_the_neighbours();
  near_.nft(nothing_by_the_stack);
  const Swept swept = sweep_by_two_threads({"198.18.0.0/22", "2001:db8:2::/118"});
  EXPECT_EQ(swept.addresses.size(), 2048u);
  EXPECT_GT(swept.metadata["handed_over"], 512) << swept.metadata;
  EXPECT_LT(swept.metadata["handed_over"], 1536) << swept.metadata;
  EXPECT_EQ(swept.metadata["validation_failed"], 0) << swept.metadata;
}

TEST_F(SweepingByXdp, HandsOverAllAnswersOfAThreadThatHasNoneOnItsQueue) {
  add_pair("narrow", "wide", 1);
  near_.ip("link set narrow address 02:00:00:00:00:05 up\naddr add 192.0.3.1/24 dev narrow\n");
  far_.ip(
      "link set wide address 02:00:00:00:00:06 up\naddr add 192.0.3.2/24 dev wide\n"
      "neigh add 192.0.3.1 lladdr 02:00:00:00:00:05 dev wide\n");
  near_.ip(
      "route replace 198.18.0.0/15 via 192.0.3.2\nneigh add 192.0.3.2 lladdr 02:00:00:00:00:06 dev narrow\n");
  await_device(near_, "narrow");
  await_device(far_, "wide");
  near_.nft(nothing_by_the_stack);
  const Swept swept = sweep_by_two_threads({"198.18.0.0/21"});
  EXPECT_EQ(swept.addresses.size(), 2048u);
  EXPECT_GE(swept.metadata["handed_over"], 1024) << swept.metadata;
  for (const json& row : swept.rows) {
    ASSERT_EQ(row["ttl"], 64) << row;
    ASSERT_EQ(row["bytes"], 32) << row;
    ASSERT_GE(row["rtt_ms"].get<double>(), 0) << row;
    ASSERT_LT(row["rtt_ms"].get<double>(), 1000) << row;
  }
}

// Another program's pings with the sweep's identifier show where replies go: what the ring takes, they miss.
TEST_F(SweepingByXdp, WhatAStoppedThreadHasNoRoomForGoesToTheStack) {
  constexpr int room = 2048;
  know_the_neighbours();
  far_.nft(
      "table inet f {\n"
      "  chain in { type filter hook input priority 0; ip daddr 198.18.0.2 drop; }\n"
      "}\n");
  const Words silent_one_waited_for{"--transport", "xdp", "--linger", "3s", "198.18.0.1", "198.18.0.2"};
  lab::Process sweep = near_.start(sweep_command(everything + silent_one_waited_for, User::root));
  ASSERT_TRUE(sweep.wait_for_output("\n")) << sweep.errors();
  const int identifier = json::parse(sweep.output())["identifier"];
  sweep.signal(SIGSTOP);
  const lab::ScratchDirectory directory;
  const auto ping = directory.path() / "ping";
  std::filesystem::create_symlink(SONDE_PROGRAM, ping);
  const Finished pinged = near_.run({.arguments = {ping, "-q", "-w", "1", "-l", "2300", "-c", "2300", "-e",
                                                   fmt::format("{}", identifier), "198.18.0.1"}});
  sweep.signal(SIGCONT);
  int sent = 0, received = 0;
  const std::string said = pinged.output.substr(std::min(pinged.output.size(), pinged.output.find("---\n")));
  std::istringstream words(said);
  std::string dashes, packets, transmitted;
  words >> dashes >> sent >> packets >> transmitted >> received;
  EXPECT_GT(sent, room) << pinged.output << pinged.errors;
  EXPECT_EQ(sent - received, room) << pinged.output;
  EXPECT_THAT(sweep.wait().errors, HasSubstr("1 addresses answered"));
}

TEST_F(SweepingByXdp, NeedsNoMoreThanCapNetRawToSend) {
  know_the_neighbours();
  near_.nft(no_request_by_the_stack);
  const Finished finished =
      sweep(everything + Words{"-r", "20k", "--retry", "2", "--late", "500ms", "198.18.0.0/22"},
            {"setpriv", "--bounding-set", "-all,+net_raw"});
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_THAT(finished.errors, HasSubstr("answers come by a raw socket"));
  EXPECT_THAT(finished.errors, HasSubstr("CAP_BPF"));
  EXPECT_EQ(addresses_of(finished).size(), 1024u);
}

TEST_F(SweepingByXdp, LeavesToTheKernelWhoseNeighboursAreUnknown) {
  const Finished finished = sweep(everything + Words{"-r", "2000", "198.18.0.0/24", "192.0.2.1-192.0.2.2"});
  EXPECT_EQ(finished.status, 0) << finished.errors;
  // On the link and this host itself included.
  EXPECT_EQ(addresses_of(finished).size(), 258u) << finished.errors;
}

TEST_F(SweepingByXdp, TellsIcmpErrors) {
  know_the_neighbours();
  const auto rows = rows_of(sweep(everything + Words{"-r", "1000", "198.19.0.1-198.19.0.4"}));
  ASSERT_EQ(rows.size(), 4u);  // a kernel sends five such errors at once
  for (const json& row : rows) {
    EXPECT_EQ(row["type"], 3) << row;
    EXPECT_EQ(row["from"], "192.0.2.2") << row;
  }
}

// What the kernel of the other end was asked, by its own count.
std::uint64_t echo_requests(const Namespace& space) {
  const std::string text = space.run_checked({.arguments = {"cat", "/proc/net/snmp"}});
  const auto names = text.find("Icmp: "), values = text.find("Icmp: ", names + 1);
  std::istringstream name(text.substr(names)), value(text.substr(values));
  for (std::string word, number; name >> word && value >> number;)
    if (word == "InEchos") return std::stoull(number);
  return 0;
}

TEST_F(SweepingByXdp, WaitsForADeviceThatIsDownForASecond) {
  know_the_neighbours();
  const lab::ScratchDirectory directory;
  const std::string file = directory.path() / "metadata.json";
  const std::uint64_t before = echo_requests(far_);
  lab::Process process = near_.start(
      sweep_command(everything + Words{"--transport", "xdp", "--linger", "1s", "-r", "10k", "--retry", "1",
                                       "--late", "300ms", "--metadata", file, "198.18.0.0/18"},
                    User::root));
  ASSERT_TRUE(process.wait_for_output("198.18."));
  near_.ip("link set near down\n");
  std::this_thread::sleep_for(std::chrono::seconds(1));
  // Routes and neighbours went with the link.
  near_.ip(
      "link set near up\nroute add 198.18.0.0/15 via 192.0.2.2\n"
      "neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev near\n");
  const Finished finished = process.wait();
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_FALSE(finished.timed_out);
  EXPECT_EQ(addresses_of(finished).size(), 16'384u) << finished.errors;
  for (const json& row : rows_of(finished)) ASSERT_LT(row["rtt_ms"].get<double>(), 500) << row;
  std::ifstream metadata(file);
  const json told = json::parse(metadata, nullptr, false);
  EXPECT_EQ(told["packets_sent"], echo_requests(far_) - before)
      << "what was counted as sent, and nothing else, left";
  EXPECT_LT(told["packets_sent"], 17'500) << "those that waited were not lost: " << told["loss_accounting"];
}

// The XDP program tells the time by the kernel's own clock, whatever the process's is ahead.
TEST_F(SweepingByXdp, MeasuresTheSameInATimeNamespace) {
  if (near_.run({.arguments = {"unshare", "-T", "--monotonic", "100000", "true"}}).status != 0)
    GTEST_SKIP() << "no time namespaces here";
  know_the_neighbours();
  near_.nft(nothing_by_the_stack);
  for (const char* offset : {"100000", "-100", "0"}) {
    const Finished finished =
        sweep(everything + Words{"-r", "5000", "198.18.0.0/24"}, {"unshare", "-T", "--monotonic", offset});
    EXPECT_EQ(finished.status, 0) << finished.errors;
    const auto rows = rows_of(finished);
    EXPECT_EQ(rows.size(), 256u) << offset << finished.errors;
    for (const json& row : rows) {
      ASSERT_GT(row["rtt_ms"].get<double>(), 0) << row;
      ASSERT_LT(row["rtt_ms"].get<double>(), 1000) << row;
    }
  }
}

TEST_F(SweepingByXdp, LeavesNothingOnTheDevice) {
  know_the_neighbours();
  EXPECT_EQ(sweep({"198.18.0.1"}).status, 0);
  EXPECT_THAT(near_.run_checked({.arguments = {"ip", "link", "show", "near"}}), Not(HasSubstr("xdp")));
}

// The queues of a process that has ended are free a moment later.
TEST_F(SweepingByXdp, RunsRightAfterAnotherWithMoreThreads) {
  know_the_neighbours();
  for (int run = 0; run < 10; ++run) {
    EXPECT_EQ(sweep({"-q", "--threads", "2", "198.18.0.1"}).status, 0);
    const Finished finished = sweep({"-q", "198.18.0.1"});
    EXPECT_EQ(finished.status, 0) << finished.errors;
  }
}

TEST_F(SweepingByXdp, SaysWhyNotBeforeAnythingIsSent) {
  const auto expect = [this](const Words& words, int status, const char* why, const Words& before = {}) {
    const Finished finished = sweep(words, before);
    EXPECT_EQ(finished.status, status) << finished.errors;
    EXPECT_THAT(finished.errors, HasSubstr(why));
    EXPECT_THAT(finished.errors, Not(HasSubstr("probes sent")));
  };
  expect({"198.18.0.1", "2001:db8:9::1"}, 3, "2001:db8:9::1");  // no route
  expect({"127.0.0.1"}, 3, "no Ethernet");
  expect({"--threads", "3", "198.18.0.0/24"}, 3, "one thread for each queue of the device: near; it has 2");
  expect({"198.18.0.1"}, 3, "CAP_NET_RAW", {"setpriv", "--bounding-set", "-all"});
  near_.ip("rule add fwmark 7 lookup 77\n");
  expect({"198.18.0.1"}, 3, "ip rule");
}

}  // namespace
}  // namespace sonde::sweep_test
