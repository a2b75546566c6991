// privilege_test.cpp: the path that needs no privilege asks for none. What an ordinary user's `sonde ping` calls, by strace.
//
// Forbidden are: calls that change who the process is or what it may do, or that only a privileged one makes; socket options
// that need CAP_NET_ADMIN or CAP_NET_RAW; packet sockets; raw sockets while a ping socket is to be had (and before one was tried);
// and anything that the kernel refuses with EPERM or EACCES but the ICMP sockets that `auto` tries. Raw netlink sockets, by
// which interfaces are listed, need no privilege.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>

#include "trouble/system_calls.hpp"

namespace sonde::trouble {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

constexpr auto forbidden_calls = std::to_array<std::string_view>(
    {"setuid",        "setgid",       "setreuid",      "setregid",      "setresuid",   "setresgid",
     "setfsuid",      "setfsgid",     "setgroups",     "capset",        "setns",       "unshare",
     "chroot",        "pivot_root",   "mount",         "umount2",       "bpf",         "perf_event_open",
     "ptrace",        "init_module",  "finit_module",  "delete_module", "iopl",        "ioperm",
     "sethostname",   "settimeofday", "clock_settime", "clock_adjtime", "adjtimex",    "reboot",
     "swapon",        "swapoff",      "quotactl",      "mknod",         "mknodat",     "chown",
     "fchown",        "fchownat",     "lchown",        "nice",          "setpriority", "sched_setscheduler",
     "sched_setattr", "mlockall"});

constexpr auto forbidden_options = std::to_array<std::string_view>(
    {"SO_MARK", "SO_RCVBUFFORCE", "SO_SNDBUFFORCE", "SO_BINDTODEVICE", "SO_BINDTOIFINDEX", "SO_DEBUG",
     "SO_BUSY_POLL", "IP_TRANSPARENT", "IPV6_TRANSPARENT", "IP_HDRINCL", "IPV6_HDRINCL", "TCP_REPAIR",
     "PR_CAP_AMBIENT", "PR_SET_SECUREBITS", "PR_SET_KEEPCAPS", "SIOCSHWTSTAMP"});

bool opens_icmp(const SystemCall& call) {
  return call.name == "socket" && (call.has("IPPROTO_ICMP") || call.has("IPPROTO_ICMPV6"));
}

bool opens_raw(const SystemCall& call) {
  return call.name == "socket" && call.has("SOCK_RAW") && !call.has("AF_NETLINK");
}

// An SO_PRIORITY above 6 needs CAP_NET_ADMIN.
bool raises_priority(const SystemCall& call) {
  const std::size_t value = call.arguments.find("SO_PRIORITY, [");
  return value != std::string::npos && std::stoi(call.arguments.substr(value + 14)) > 6;
}

bool is_forbidden(const SystemCall& call) {
  if (std::ranges::find(forbidden_calls, call.name) != forbidden_calls.end()) return true;
  if (std::ranges::any_of(forbidden_options, [&](std::string_view option) { return call.has(option); }))
    return call.name != "getsockopt";
  if (call.name == "socket" && call.has("AF_PACKET")) return true;
  if (raises_priority(call)) return true;
  const bool refused = call.failed_with("EPERM") || call.failed_with("EACCES");
  return refused && !opens_icmp(call);
}

Words forbidden_of(const std::vector<SystemCall>& calls) {
  Words found;
  for (const SystemCall& call : calls)
    if (is_forbidden(call)) found.push_back(call.text());
  return found;
}

std::vector<SystemCall> raw_sockets_of(std::vector<SystemCall> calls) {
  std::erase_if(calls, [](const SystemCall& call) { return !opens_raw(call); });
  return calls;
}

bool sends_by(const std::vector<SystemCall>& calls, std::string_view call) {
  return std::ranges::any_of(
      calls, [&](const SystemCall& one) { return one.name == call && !one.result.starts_with("-1"); });
}

// With a receive buffer above net.core.rmem_max, which a capability would open.
const Words both = {"-n", "-c", "3", "-i", "20ms", "--receive-buffer", "1000000000", "10.78.0.2", "fd78::2"};

class Privilege : public ::testing::Test {
 protected:
  void SetUp() override {
    const Finished traced = Process({.arguments = {"strace", "-qq", "-o", "/dev/null", "true"}}).wait();
    if (traced.status != 0) GTEST_SKIP() << "processes cannot be traced here: " << traced.errors;
  }
};

TEST_F(Privilege, IsNotAskedForByPingSockets) {
  const VethPair pair;
  const auto calls = system_calls_of(pair.near(), both, User::ordinary);
  EXPECT_TRUE(sends_by(calls, "sendmmsg"));
  EXPECT_THAT(forbidden_of(calls), IsEmpty());
  EXPECT_EQ(raw_sockets_of(calls).size(), 0u);
  EXPECT_EQ(std::ranges::count_if(calls, opens_icmp), 2) << "one of each family";
}

TEST_F(Privilege, IsNotAskedForByUdpAndRawSocketsAreTriedOnlyAfterPingSockets) {
  const VethPair pair;
  pair.near().open_ping_sockets(false);
  const auto calls = system_calls_of(pair.near(), both, User::ordinary);
  if (!std::ranges::any_of(calls, [](const SystemCall& call) { return call.failed_with("EACCES"); }))
    GTEST_SKIP() << "ping sockets cannot be closed here";
  EXPECT_TRUE(sends_by(calls, "sendmmsg"));
  EXPECT_THAT(forbidden_of(calls), IsEmpty());
  // Each family: a ping socket refused by its rule, a raw one by its own, and no third try.
  std::vector<SystemCall> tried = calls;
  std::erase_if(tried, [](const SystemCall& call) { return !opens_icmp(call); });
  ASSERT_EQ(tried.size(), 4u);
  for (std::size_t i = 0; i < tried.size(); i += 2) {
    EXPECT_TRUE(tried[i].has("SOCK_DGRAM") && tried[i].failed_with("EACCES")) << tried[i].text();
    EXPECT_TRUE(tried[i + 1].has("SOCK_RAW") && tried[i + 1].failed_with("EPERM")) << tried[i + 1].text();
  }
}

TEST_F(Privilege, IsNotAskedForByTcp) {
  const VethPair pair;
  const auto calls = system_calls_of(pair.near(), Words{"--transport", "tcp:8099"} + both, User::ordinary);
  EXPECT_TRUE(std::ranges::any_of(calls, [](const SystemCall& call) { return call.name == "connect"; }));
  EXPECT_THAT(forbidden_of(calls), IsEmpty());
  EXPECT_EQ(std::ranges::count_if(calls, opens_icmp), 0);
  EXPECT_EQ(raw_sockets_of(calls).size(), 0u);
}

TEST_F(Privilege, ThatIsAskedForOnPurposeIsSeenByThisTest) {
  const VethPair pair;
  const auto calls = system_calls_of(pair.near(), Words{"-m", "7", "--transport", "raw"} + both, User::root);
  const Words found = forbidden_of(calls);
  EXPECT_THAT(found, Contains(::testing::HasSubstr("SO_MARK")));
  EXPECT_THAT(found, Contains(::testing::StartsWith("capset(")));
  EXPECT_EQ(raw_sockets_of(calls).size(), 2u);
}

TEST(SystemCalls, AreReadFromWhatStraceWrites) {
  const auto calls = parse_system_calls(
      "12  socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_ICMP) = -1 EACCES (Permission denied)\n"
      "12  ppoll([{fd=3}], 1, NULL, NULL, 8 <unfinished ...>\n"
      "13  setsockopt(3, SOL_SOCKET, SO_RCVBUFFORCE, [4096], 4) = 0\n"
      "12  <... ppoll resumed>) = 1 ([{fd=3, revents=POLLIN}])\n"
      "12  exit_group(0) = ?\n");
  ASSERT_EQ(calls.size(), 4u);
  EXPECT_EQ(calls[0].name, "socket");
  EXPECT_TRUE(calls[0].has("IPPROTO_ICMP"));
  EXPECT_TRUE(calls[0].failed_with("EACCES"));
  EXPECT_FALSE(calls[0].failed_with("EPERM"));
  EXPECT_TRUE(is_forbidden(calls[1]));
  EXPECT_FALSE(calls[1].has("SO_RCVBUF"));
  EXPECT_EQ(calls[2].name, "ppoll");
  EXPECT_EQ(calls[3].result, "?");
}

}  // namespace
}  // namespace sonde::trouble
