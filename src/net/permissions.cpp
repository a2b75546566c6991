// permissions.cpp: a process's ids and capability sets, from /proc, and raising a capability for a scope.
#include "net/permissions.hpp"

#include <sys/capability.h>
#include <sys/prctl.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>
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

// The sets of the calling thread, by libcap; without them (no memory, no /proc/sys/kernel/cap_last_cap) nothing is changed.
class OwnCapabilities {
 public:
  OwnCapabilities() : sets_(::cap_get_proc(), ::cap_free) {}

  bool any_permitted() const {
    const Sets none(::cap_init(), ::cap_free);
    return sets_ && none && CAP_DIFFERS(::cap_compare(sets_.get(), none.get()), CAP_PERMITTED);
  }
  bool has(cap_flag_t set, Capability capability) const {
    cap_flag_value_t value = CAP_CLEAR;
    return sets_ && ::cap_get_flag(sets_.get(), number(capability), set, &value) == 0 && value == CAP_SET;
  }
  void change(cap_flag_t set, Capability capability, cap_flag_value_t value) {
    const cap_value_t which = number(capability);
    if (sets_) ::cap_set_flag(sets_.get(), set, 1, &which, value);
  }
  void clear() {
    if (sets_) ::cap_clear(sets_.get());
  }
  bool write() const { return sets_ && ::cap_set_proc(sets_.get()) == 0; }

 private:
  using Sets = std::unique_ptr<_cap_struct, int (*)(void*)>;
  static cap_value_t number(Capability capability) { return static_cast<cap_value_t>(capability); }

  Sets sets_;
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
  return OwnCapabilities().has(CAP_EFFECTIVE, capability);
}

bool has_capabilities() {
  return OwnCapabilities().any_permitted();
}

void keep_only(std::initializer_list<Capability> capabilities) {
  const OwnCapabilities before;
  if (!before.any_permitted()) return;
  OwnCapabilities kept;
  kept.clear();
  for (const Capability capability : capabilities) {
    if (before.has(CAP_PERMITTED, capability)) kept.change(CAP_PERMITTED, capability, CAP_SET);
  }
  kept.write();
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

RaisedCapability::RaisedCapability(std::initializer_list<Capability> capabilities) {
  OwnCapabilities own;
  std::uint64_t raised = 0;
  for (const Capability capability : capabilities) {
    if (!own.has(CAP_PERMITTED, capability) || own.has(CAP_EFFECTIVE, capability)) continue;
    own.change(CAP_EFFECTIVE, capability, CAP_SET);
    raised |= std::uint64_t{1} << static_cast<unsigned>(capability);
  }
  if (raised != 0 && own.write()) raised_ = CapabilitySet(raised);
}

RaisedCapability::~RaisedCapability() {
  if (raised_.bits() == 0) return;
  OwnCapabilities own;
  for (const Capability capability :
       {Capability::net_admin, Capability::net_raw, Capability::ipc_lock, Capability::bpf}) {
    if (raised_.has(capability)) own.change(CAP_EFFECTIVE, capability, CAP_CLEAR);
  }
  own.write();
}

}  // namespace sonde::net
