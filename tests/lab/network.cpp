// network.cpp: makes namespaces, the TUN network with its responder, and veth pairs.
#include "lab/network.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace sonde::lab {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw LabError(what + ": " + std::strerror(errno));
}

bool write_file(const char* path, const std::string& text) {
  const Descriptor file(::open(path, O_WRONLY | O_CLOEXEC));
  return file && ::write(file.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// In the child: a new network namespace, in `user` if that is given, in a new user namespace where we are not
// root.
bool enter_new(Place beside, uid_t uid, gid_t gid) {
  if (beside.user >= 0 && ::setns(beside.user, CLONE_NEWUSER) != 0) return false;
  if (beside.user >= 0 || uid == 0) return ::unshare(CLONE_NEWNET) == 0;
  return ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 && write_file("/proc/self/setgroups", "deny") &&
         write_file("/proc/self/uid_map", fmt::format("0 {} 1", uid)) &&
         write_file("/proc/self/gid_map", fmt::format("0 {} 1", gid));
}

Descriptor open_namespace(pid_t process, const char* kind) {
  Descriptor descriptor(::open(fmt::format("/proc/{}/ns/{}", process, kind).c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor) fail(fmt::format("cannot open the {} namespace", kind));
  return descriptor;
}

}  // namespace

Namespace::Namespace() {
  make({});
}

Namespace::Namespace(const Namespace& beside) : user_(beside.user_) {
  make(beside.place());
}

// A child unshares and says so; we take hold of what it made, and it goes.
void Namespace::make(Place beside) {
  std::array<int, 2> made{}, taken{};
  if (::pipe2(made.data(), O_CLOEXEC) != 0 || ::pipe2(taken.data(), O_CLOEXEC) != 0) fail("pipe2");
  const Descriptor made_read(made[0]), taken_read(taken[0]);
  Descriptor made_write(made[1]), taken_write(taken[1]);
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  const pid_t child = ::fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    taken_write = Descriptor();
    const char result = enter_new(beside, uid, gid) ? 1 : 0;
    char end = 0;
    ::_exit(::write(made_write.number(), &result, 1) == 1 && ::read(taken_read.number(), &end, 1) == 0 ? 0
                                                                                                       : 1);
  }
  made_write = Descriptor();
  char result = 0;
  const bool said = ::read(made_read.number(), &result, 1) == 1 && result == 1;
  if (said) {
    network_ = open_namespace(child, "net");
    if (uid != 0 && !user_) user_ = std::make_shared<Descriptor>(open_namespace(child, "user"));
  }
  taken_write = Descriptor();
  ::waitpid(child, nullptr, 0);
  if (!said) throw LabError("cannot make a network namespace: needs root, or user namespaces for everyone");
  ip("link set lo up\n");
}

void Namespace::ip(std::string lines) const {
  run_checked({.arguments = {"ip", "-batch", "-"}, .input = std::move(lines)});
}

void Namespace::tc(std::string lines) const {
  run_checked({.arguments = {"tc", "-batch", "-"}, .input = std::move(lines)});
}

void Namespace::nft(std::string ruleset) const {
  run_checked({.arguments = {"nft", "-f", "-"}, .input = std::move(ruleset)});
}

void Namespace::set_sysctl(const std::string& name, const std::string& value) const {
  std::string path = name;
  std::ranges::replace(path, '.', '/');
  run_checked({.arguments = {"sh", "-c", R"(printf %s "$2" > "$1")", "sh", "/proc/sys/" + path, value}});
}

void Namespace::open_ping_sockets(bool open) const {
  const std::string everyone = user_ ? "0 0" : "0 2147483647";
  set_sysctl("net.ipv4.ping_group_range", open ? everyone : "1 0");
}

ScratchDirectory::ScratchDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "sonde-lab-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) fail("mkdtemp");
  path_ = name;
  ::chmod(name.c_str(), 0755);
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path ScratchDirectory::write(const std::string& name, std::string_view text) const {
  const std::filesystem::path file = path_ / name;
  std::ofstream stream(file, std::ios::binary);
  stream.write(text.data(), static_cast<std::streamsize>(text.size()));
  stream.close();
  if (!stream) throw LabError("cannot write " + file.string());
  ::chmod(file.c_str(), 0644);
  return file;
}

SimulatedNetwork::SimulatedNetwork(std::string_view scenario, SimulatedNetworkOptions options) {
  Command command{.arguments = {SONDE_LAB_RESPONDER, "--scenario", directory_.write("scenario", scenario),
                                "--record", directory_.path() / "record"},
                  .time_limit = std::chrono::hours(1)};
  if (options.summary_only) command.arguments.emplace_back("--summary-only");
  responder_ = std::make_unique<Process>(std::move(command), space_.place());
  if (!responder_->wait_for_output("ready\n")) {
    throw LabError("the responder does not start: " + responder_->wait().errors);
  }
  space_.ip(
      fmt::format("link set lab0 mtu {} txqueuelen 20000 up\n"
                  "addr add {}/16 dev lab0\n"
                  "addr add {}/64 dev lab0 nodad\n"
                  "route add default dev lab0\n"
                  "route add ::/0 dev lab0\n",
                  options.mtu, own_v4, own_v6));
  if (options.ping_sockets_open) space_.open_ping_sockets(true);
}

ResponderRecord SimulatedNetwork::record() {
  responder_->forget_output();
  responder_->signal(SIGUSR1);
  if (!responder_->wait_for_output("recorded\n", std::chrono::seconds(60))) {
    throw LabError("the responder wrote no record: " + responder_->wait().errors);
  }
  std::ifstream file(directory_.path() / "record");
  std::stringstream text;
  text << file.rdbuf();
  return ResponderRecord::parse(text.view());
}

namespace {

// The kernel puts a device to work a moment after its other end came up, and drops what is sent before: the first ARP request
// too, which it repeats a second later. An IPv6 address is entered a moment after it was added.
void await_device(const Namespace& space, const std::string& device, const std::string& address) {
  space.run_checked({.arguments = {"sh", "-c",
                                   "for try in $(seq 500); do ip -o link show " + device +
                                       " | grep -q 'state UP' && ip -6 route get " + address +
                                       " | grep -q ^local && exit 0; sleep 0.01; done; exit 1"}});
}

}  // namespace

VethPair::VethPair() : far_(near_) {
  const int far = far_.place().network;
  near_.run_checked({.arguments = {"ip", "link", "add", "near0", "type", "veth", "peer", "name", "far0",
                                   "netns", fmt::format("/proc/self/fd/{}", far)},
                     .inherited = {far}});
  const auto configure = [](const Namespace& space, const char* device, int host) {
    space.ip(
        fmt::format("link set {0} up\naddr add 10.78.0.{1}/24 dev {0}\naddr add fd78::{1}/64 dev {0} nodad\n",
                    device, host));
    space.set_sysctl("net.ipv4.icmp_ratelimit", "0");
    space.set_sysctl("net.ipv4.icmp_ratemask", "0");
    space.set_sysctl("net.ipv6.icmp.ratelimit", "0");
    space.open_ping_sockets(true);
  };
  configure(near_, "near0", 1);
  configure(far_, "far0", 2);
  await_device(near_, "near0", "fd78::1");
  await_device(far_, "far0", "fd78::2");
}

}  // namespace sonde::lab
