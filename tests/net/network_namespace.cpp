// network_namespace.cpp: forked children with namespaces, and what their bodies call.
#include "net/network_namespace.hpp"

#include <grp.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace sonde::net::testing {
namespace {

constexpr int no_namespace_status = 77;
constexpr std::uint32_t ordinary_id = 65534;

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  return !file.fail();
}

// As root directly; else through a user namespace in which this user is root.
bool enter_namespace() {
  if (::unshare(CLONE_NEWNET) == 0) return true;
  const std::string user = std::to_string(::getuid());
  const std::string group = std::to_string(::getgid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  write_file("/proc/self/setgroups", "deny");
  return write_file("/proc/self/uid_map", "0 " + user + " 1") &&
         write_file("/proc/self/gid_map", "0 " + group + " 1");
}

[[noreturn]] void run_child(const std::function<void()>& body, std::chrono::seconds limit) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGALRM, SIG_DFL);
  ::alarm(static_cast<unsigned>(limit.count()));
  if (!enter_namespace()) ::_exit(no_namespace_status);
  EXPECT_TRUE(run("ip link set lo up"));
  // "0 0" where only group 0 is mapped.
  if (!set_sysctl("net.ipv4.ping_group_range", "0 2147483647")) {
    EXPECT_TRUE(set_sysctl("net.ipv4.ping_group_range", "0 0"));
  }
  set_sysctl("net.ipv4.icmp_ratemask", "0");
  set_sysctl("net.ipv6.icmp.ratelimit", "0");
  body();
  std::fflush(nullptr);
  ::_exit(::testing::Test::HasFailure() ? 1 : 0);
}

}  // namespace

void in_network_namespace(const std::function<void()>& body, std::chrono::seconds limit) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) run_child(body, limit);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == no_namespace_status) {
    GTEST_SKIP() << "no network namespaces for this user: needs root or user namespaces";
  }
  EXPECT_FALSE(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
      << "took longer than " << limit.count() << " s";
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "failed in the namespace, status " << status;
}

bool run(const std::string& command) {
  const int status = std::system(command.c_str());  // NOLINT(cert-env33-c): the tests' own commands
  EXPECT_EQ(status, 0) << command;
  return status == 0;
}

void add_loopback_address(const std::string& address) {
  run("ip -6 addr add " + address + "/128 dev lo nodad");
  await_address(address);
}

void await_address(const std::string& address) {
  EXPECT_TRUE(run("for try in $(seq 500); do ip -6 route get " + address +
                  " | grep -q ^local && exit 0; sleep 0.01; done; exit 1"));
}

bool succeeds(const std::string& command) {
  return std::system(("(" + command + ") >/dev/null 2>&1").c_str()) == 0;  // NOLINT(cert-env33-c)
}

bool set_sysctl(std::string name, const std::string& value) {
  std::ranges::replace(name, '.', '/');
  return write_file("/proc/sys/" + name, value);
}

void drop_privileges() {
  // Where the id is not mapped (user namespace) the user stays and only the capabilities go.
  (void)!::setgroups(0, nullptr);
  (void)!::setresgid(ordinary_id, ordinary_id, ordinary_id);
  (void)!::setresuid(ordinary_id, ordinary_id, ordinary_id);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> none{};
  EXPECT_EQ(::syscall(SYS_capset, &header, none.data()), 0);
}

bool deny_icmp_sockets() {
  constexpr unsigned type_mask = 0xf;  // without SOCK_CLOEXEC and SOCK_NONBLOCK
  constexpr auto argument = [](unsigned index) {
    return static_cast<unsigned>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
  };
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 8),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument(0)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 6, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument(1)),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, type_mask),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_RAW, 4, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument(2)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMP, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
  };
  const sock_fprog program{std::size(rules), rules};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace sonde::net::testing
