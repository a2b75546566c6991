// permissions.cpp: a process's ids and capability sets, from /proc, and raising a capability for a scope.
#include "net/permissions.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>

namespace sonde::net {
namespace {

template <typename Number>
Number parse_number(std::string_view text, int base) {
  Number value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

std::vector<std::uint32_t> parse_ids(const std::string& text) {
  std::istringstream words(text);
  std::vector<std::uint32_t> ids;
  for (std::uint32_t id = 0; words >> id;) ids.push_back(id);
  return ids;
}

// Lines of /proc/PID/status are "Name:\tvalue"; see proc(5).
void read_status_line(std::string_view name, const std::string& value, Permissions& permissions) {
  const auto capabilities = [&value] { return CapabilitySet(parse_number<std::uint64_t>(value, 16)); };
  // Uid and Gid: real, effective, saved, file system.
  const auto effective_id = [&value]() -> std::uint32_t {
    const auto ids = parse_ids(value);
    return ids.size() > 1 ? ids[1] : 0;
  };
  if (name == "Uid") permissions.user = effective_id();
  if (name == "Gid") permissions.group = effective_id();
  if (name == "Groups") permissions.groups = parse_ids(value);
  if (name == "CapEff") permissions.effective = capabilities();
  if (name == "CapPrm") permissions.permitted = capabilities();
  if (name == "CapBnd") permissions.bounding = capabilities();
  if (name == "CapAmb") permissions.ambient = capabilities();
  if (name == "NoNewPrivs") permissions.no_new_privileges = parse_number<int>(value, 10) != 0;
  if (name == "Seccomp") permissions.seccomp_filter = parse_number<int>(value, 10) != 0;
}

std::optional<PingGroupRange> read_ping_group_range(const std::filesystem::path& proc) {
  std::ifstream file(proc / "sys/net/ipv4/ping_group_range");
  PingGroupRange range;
  if (!(file >> range.first >> range.last)) return std::nullopt;
  return range;
}

bool has_container_traces(const std::filesystem::path& root) {
  std::error_code ignored;
  if (std::filesystem::exists(root / ".dockerenv", ignored)) return true;
  if (std::filesystem::exists(root / "run/.containerenv", ignored)) return true;
  if (std::filesystem::exists(root / "var/run/secrets/kubernetes.io", ignored)) return true;
  // systemd and LXC tell the first process of what they run.
  return std::filesystem::exists(root / "run/systemd/container", ignored);
}

struct KernelCapabilities {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> halves{};

  bool read() { return ::syscall(SYS_capget, &header, halves.data()) == 0; }
  bool write() { return ::syscall(SYS_capset, &header, halves.data()) == 0; }
};

}  // namespace

Result<Permissions> read_permissions(const std::filesystem::path& root) {
  const std::filesystem::path proc = root / "proc";
  std::ifstream status(proc / "thread-self/status");
  if (!status) status = std::ifstream(proc / "self/status");
  if (!status) {
    return std::unexpected(Error{ErrorCode::not_found, 0, "cannot read this process's permissions",
                                 (proc / "self/status").string(), "is /proc mounted?"});
  }
  Permissions permissions;
  for (std::string line; std::getline(status, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t value = line.find_first_not_of(" \t", colon + 1);
    read_status_line(std::string_view(line).substr(0, colon),
                     value == std::string::npos ? "" : line.substr(value), permissions);
  }
  permissions.ping_group_range = read_ping_group_range(proc);
  permissions.in_container = has_container_traces(root);
  std::error_code failure;
  const auto executable = std::filesystem::read_symlink(proc / "self/exe", failure);
  if (!failure) permissions.executable = executable.string();
  return permissions;
}

bool in_ping_group_range(const Permissions& permissions) {
  if (!permissions.ping_group_range) return false;
  const PingGroupRange& range = *permissions.ping_group_range;
  return range.contains(permissions.group) ||
         std::ranges::any_of(permissions.groups, [&](std::uint32_t group) { return range.contains(group); });
}

bool is_effective(Capability capability) {
  KernelCapabilities own;
  return own.read() && CapabilitySet(own.halves[0].effective).has(capability);
}

void keep_only(std::initializer_list<Capability> capabilities) {
  KernelCapabilities own;
  if (!own.read() || (own.halves[0].permitted | own.halves[1].permitted) == 0) return;
  std::uint32_t kept = 0;
  for (const Capability capability : capabilities) kept |= 1U << static_cast<unsigned>(capability);
  own.halves[0] = {0, own.halves[0].permitted & kept, 0};
  own.halves[1] = {};
  own.write();
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

RaisedCapability::RaisedCapability(std::initializer_list<Capability> capabilities) {
  KernelCapabilities own;
  if (!own.read()) return;
  std::uint32_t wanted = 0;
  for (const Capability capability : capabilities) wanted |= 1U << static_cast<unsigned>(capability);
  const std::uint32_t raisable = wanted & own.halves[0].permitted & ~own.halves[0].effective;
  if (raisable == 0) return;
  own.halves[0].effective |= raisable;
  if (own.write()) raised_ = CapabilitySet(raisable);
}

RaisedCapability::~RaisedCapability() {
  KernelCapabilities own;
  if (raised_.bits() == 0 || !own.read()) return;
  own.halves[0].effective &= ~static_cast<std::uint32_t>(raised_.bits());
  own.write();
}

}  // namespace sonde::net
