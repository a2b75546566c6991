// host.cpp: see host.hpp.
#include "doctor/host.hpp"

#include <sys/statvfs.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

#include "doctor/files.hpp"

namespace sonde::doctor {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool has_mount_flag(const fs::path& path, unsigned long flag) {
  struct statvfs system{};
  return ::statvfs(path.c_str(), &system) == 0 && (system.f_flag & flag) != 0;
}

std::string first_line(const fs::path& file) {
  const auto text = read_text(file);
  if (!text) return {};
  return text->substr(0, text->find('\n'));
}

// Files that containers leave, and what they say about which kind it is.
struct Trace {
  std::string_view path, environment;
};
constexpr std::array<Trace, 4> traces{{{".dockerenv", "docker"},
                                       {"run/.containerenv", "podman"},
                                       {"var/run/secrets/kubernetes.io", "kubernetes"},
                                       {"proc/vz/veinfo", "openvz"}}};
// The same for environment variables.
constexpr std::array<Trace, 3> variables{{{"AWS_LAMBDA_RUNTIME_API", "lambda"},
                                          {"AWS_LAMBDA_FUNCTION_NAME", "lambda"},
                                          {"KUBERNETES_SERVICE_HOST", "kubernetes"}}};
// And for the names of the control groups of process 1 (only seen without a cgroup namespace).
constexpr std::array<Trace, 5> groups{{{"kubepods", "kubernetes"},
                                       {"/docker", "docker"},
                                       {"libpod", "podman"},
                                       {"/lxc", "lxc"},
                                       {"/ecs/", "docker"}}};

void add(std::vector<std::string>& environments, std::string_view environment) {
  if (environment.empty() || std::ranges::find(environments, environment) != environments.end()) return;
  environments.emplace_back(environment);
}

// gVisor answers uname with an old release and a build date of its own.
bool is_gvisor(const fs::path& root) {
  const std::string version = first_line(root / "proc/version");
  return version.find("gvisor") != std::string::npos ||
         version.find("Sun Jan 10 15:06:54 PST 2016") != std::string::npos;
}

std::vector<std::string> find_environments(const fs::path& root, ReadVariable variable) {
  std::vector<std::string> found;
  for (const auto& [name, environment] : variables) {
    if (variable(std::string(name).c_str()) != nullptr) add(found, environment);
  }
  for (const auto& [path, environment] : traces) {
    if (is_there(root / path)) add(found, environment);
  }
  const std::string control_groups = read_text(root / "proc/1/cgroup").value_or("");
  for (const auto& [part, environment] : groups) {
    if (control_groups.find(part) != std::string::npos) add(found, environment);
  }
  add(found, first_line(root / "run/systemd/container"));
  if (is_gvisor(root)) add(found, "gvisor");
  return found;
}

std::vector<IdRange> read_id_map(const fs::path& file) {
  std::vector<IdRange> ranges;
  const std::string text = read_text(file).value_or("");
  for (const std::string_view line : lines_of(text)) {
    const auto words = words_of(line);
    if (words.size() != 3) continue;
    const auto inside = to_number(words[0]), outside = to_number(words[1]), count = to_number(words[2]);
    if (inside && outside && count) ranges.push_back({*inside, *outside, *count});
  }
  return ranges;
}

// The first user namespace maps every id to itself.
bool is_mapped(const std::vector<IdRange>& ranges) {
  constexpr std::uint64_t all_ids = 4294967295;
  return !ranges.empty() && !(ranges.size() == 1 && ranges.front().inside == 0 &&
                              ranges.front().outside == 0 && ranges.front().count == all_ids);
}

}  // namespace

bool Host::is_in(std::string_view environment) const {
  return std::ranges::find(environments, environment) != environments.end();
}

Host read_host(const fs::path& root, ReadVariable variable) {
  Host host;
  host.kernel = first_line(root / "proc/sys/kernel/osrelease");
  utsname names{};
  if (::uname(&names) == 0) {
    host.machine = names.machine;
    if (host.kernel.empty()) host.kernel = names.release;
  }
  host.environments = find_environments(root, variable);
  host.groups = read_id_map(root / "proc/self/gid_map");
  host.proc_sys_read_only = has_mount_flag(root / "proc/sys/net/ipv4/ping_group_range", ST_RDONLY);
  host.user_namespace = is_mapped(read_id_map(root / "proc/self/uid_map"));
  return host;
}

bool is_on_nosuid(const fs::path& executable) {
  return !executable.empty() && has_mount_flag(executable, ST_NOSUID);
}

}  // namespace sonde::doctor
