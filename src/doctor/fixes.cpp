// fixes.cpp: see fixes.hpp.
#include "doctor/fixes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sonde::doctor {
namespace {

using net::Capability;

constexpr std::string_view sysctl_file = "/etc/sysctl.d/60-sonde-ping.conf";

// Where settings are made from outside: the kind of container, as far as it is known.
struct Containers {
  bool any = false, docker = false, kubernetes = false, lambda = false, gvisor = false;
};

Containers containers_of(const Situation& situation) {
  const Host& host = situation.host;
  Containers found;
  found.lambda = host.is_in("lambda");
  found.gvisor = host.is_in("gvisor");
  found.kubernetes = host.is_in("kubernetes");
  found.any = situation.permissions.in_container || !host.environments.empty();
  // A container without a name may be either.
  found.docker = found.any && !found.kubernetes && !found.lambda;
  return found;
}

// The widest range that may be written here: both its ends must be groups that are mapped into this user
// namespace.
std::string ping_group_range(const Situation& situation) {
  if (!situation.host.user_namespace || situation.host.owns_network == false) return "0 2147483647";
  const auto& groups = situation.host.groups;
  const auto own = std::ranges::find_if(groups, [&](const IdRange& range) {
    const std::uint64_t group = situation.permissions.group;
    return range.inside <= group && group - range.inside < range.count;
  });
  if (own == groups.end()) return "0 0";
  constexpr std::uint64_t largest = 2147483647;
  const std::uint64_t last = own->inside + (own->count - 1);
  return fmt::format("{} {}", std::min(own->inside, largest), std::min(last, largest));
}

Fix sysctl_fix(const Situation& situation, const Containers& in) {
  const std::string range = ping_group_range(situation);
  const std::string command = fmt::format("sudo sysctl -w net.ipv4.ping_group_range=\"{}\"", range);
  Fix fix{"sysctl", "let every program of these groups open ping sockets, and nothing else", {}, {}, {}};
  if (situation.host.owns_network == false) {
    fix.lines = {command};
    fix.remark = "outside this user namespace, as root of the one that the network namespace belongs to";
  } else if (in.any) {  // which is not started from its /etc
    fix.lines = {command};
    fix.remark = "as root of the container, until it ends";
  } else {
    fix.file = sysctl_file;
    fix.lines = {fmt::format("net.ipv4.ping_group_range = {}", range)};
    fix.remark = fmt::format("in force at once with: {}", command);
  }
  return fix;
}

Fix docker_sysctl_fix(const Situation& situation) {
  return {
      "docker",
      "the same for one container",
      {},
      {fmt::format("docker run --sysctl net.ipv4.ping_group_range=\"{}\" ...", ping_group_range(situation))},
      {}};
}

Fix kubernetes_sysctl_fix() {
  return {"kubernetes",
          "the same for one pod; a safe sysctl from Kubernetes 1.18 on",
          "the pod's spec",
          {"securityContext:", "  sysctls:", "    - name: net.ipv4.ping_group_range",
           "      value: \"0 2147483647\""},
          {}};
}

std::string setcap_command(const Situation& situation) {
  const std::string& executable = situation.permissions.executable;
  return fmt::format("sudo setcap cap_net_raw+p {}", executable.empty() ? "PATH" : executable);
}

// Why a file capability would not be taken over at exec; empty: it would.
std::string setcap_obstacle(const Situation& situation) {
  const net::Permissions& own = situation.permissions;
  if (own.no_new_privileges) return "no_new_privs is set, so file capabilities have no effect";
  if (!own.bounding.has(Capability::net_raw)) return "CAP_NET_RAW is missing from the bounding set";
  if (situation.executable_on_nosuid) return "the program lies on a file system mounted nosuid";
  return {};
}

void add_setcap(const Situation& situation, Remedy& remedy) {
  if (auto obstacle = setcap_obstacle(situation); !obstacle.empty()) {
    remedy.ruled_out.push_back({"setcap", std::move(obstacle)});
    return;
  }
  remedy.fixes.push_back({"setcap",
                          "give this program, and no other, raw sockets",
                          {},
                          {setcap_command(situation)},
                          situation.host.user_namespace
                              ? "to be done by the root of this user namespace"
                              : "+p, not +ep, which does not start where the bounding set lacks it"});
}

Fix systemd_fix(const Situation& situation) {
  Fix fix{"systemd",
          "give one service raw sockets; works with NoNewPrivileges=yes",
          "the unit, section [Service]",
          {"AmbientCapabilities=CAP_NET_RAW"},
          {}};
  if (!situation.permissions.bounding.has(Capability::net_raw))
    fix.lines.emplace_back("CapabilityBoundingSet=CAP_NET_RAW");
  return fix;
}

// A capability that a container is given reaches only its root, unless the program's file has it as well, which
// no_new_privs forbids.
void add_container_capability(const Situation& situation, const Containers& in, Remedy& remedy) {
  const net::Permissions& own = situation.permissions;
  const bool is_root = own.user == 0;
  const bool needs_root = !is_root && own.no_new_privileges;
  // The runtime gave it already; what lacks is inside the container.
  if (!is_root && !needs_root && own.bounding.has(Capability::net_raw)) return;
  const std::string remark = needs_root ? "with no_new_privs no other user than root gets it"
                             : is_root  ? ""
                                        : "and, as another user than root, setcap cap_net_raw+p in the image";
  if (in.docker) {
    remedy.fixes.push_back(
        {"docker",
         "give one container raw sockets",
         {},
         {fmt::format("docker run --cap-add NET_RAW {}...", needs_root ? "--user 0 " : "")},
         remark});
  }
  if (in.kubernetes) {
    Fix fix{"kubernetes",
            "give one container of a pod raw sockets",
            "the container's spec",
            {"securityContext:", "  capabilities:", "    add: [\"NET_RAW\"]"},
            remark};
    if (needs_root) fix.lines.emplace_back("  runAsUser: 0");
    remedy.fixes.push_back(std::move(fix));
  }
}

Remedy remedy_of_group_rule(const Situation& situation, const Containers& in) {
  Remedy remedy;
  if (in.lambda) {
    remedy.ruled_out.push_back({"sysctl", "a function's sandbox cannot be set up from inside"});
    return remedy;
  }
  if (situation.host.proc_sys_read_only) {
    remedy.ruled_out.push_back({"sysctl", "/proc/sys is read-only here"});
  } else {
    remedy.fixes.push_back(sysctl_fix(situation, in));
  }
  if (in.docker) remedy.fixes.push_back(docker_sysctl_fix(situation));
  if (in.kubernetes) remedy.fixes.push_back(kubernetes_sysctl_fix());
  remedy.ruled_out.push_back({"setcap", "ping sockets ask for a group, not for a capability"});
  return remedy;
}

Remedy remedy_of_capability(const Situation& situation, const Containers& in) {
  Remedy remedy;
  if (in.lambda) {
    remedy.ruled_out.push_back({"setcap", "a function's sandbox cannot be set up from inside"});
    return remedy;
  }
  add_setcap(situation, remedy);
  if (!in.any) remedy.fixes.push_back(systemd_fix(situation));
  add_container_capability(situation, in, remedy);
  if (in.gvisor) {
    remedy.fixes.push_back({"gvisor",
                            "let the sandbox have raw sockets",
                            "the runtime's arguments",
                            {"runsc --net-raw ..."},
                            {}});
  }
  remedy.ruled_out.push_back({"sysctl", "net.ipv4.ping_group_range opens ping sockets, not raw ones"});
  return remedy;
}

// The call that a filter must let through.
std::string allowed_call(Way way) {
  const WaySpec& spec = spec_of(way);
  return fmt::format("socket(AF_INET | AF_INET6, {}, {} | {})", spec.socket_type, spec.protocol_ipv4,
                     spec.protocol_ipv6);
}

Remedy remedy_of_seccomp(Way way, const Containers& in) {
  Remedy remedy;
  const std::string because = "a seccomp filter refuses the call before any rule is looked at";
  if (way == Way::icmp) remedy.ruled_out.push_back({"sysctl", because});
  if (way == Way::raw) remedy.ruled_out.push_back({"setcap", because});
  if (in.lambda) {
    remedy.ruled_out.push_back({"seccomp", "a function's sandbox cannot be set up from inside"});
    return remedy;
  }
  const std::string what = fmt::format("let the filter pass {}", allowed_call(way));
  if (in.docker) {
    remedy.fixes.push_back({"docker", what, {}, {"docker run --security-opt seccomp=PROFILE.json ..."}, {}});
  }
  if (in.kubernetes) {
    remedy.fixes.push_back({"kubernetes",
                            what,
                            "the container's spec",
                            {"securityContext:", "  seccompProfile:", "    type: Localhost",
                             "    localhostProfile: PROFILE.json"},
                            {}});
  }
  if (!in.any) {
    remedy.fixes.push_back(
        {"seccomp",
         what,
         "the systemd unit, section [Service], where it is a service",
         {"RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX", "SystemCallFilter=@system-service"},
         {}});
  }
  return remedy;
}

}  // namespace

Remedy find_remedy(Way way, ClosedBy closed_by, const Situation& situation) {
  const Containers in = containers_of(situation);
  switch (closed_by) {
    case ClosedBy::group_rule:
      return remedy_of_group_rule(situation, in);
    case ClosedBy::capability:
      return remedy_of_capability(situation, in);
    case ClosedBy::seccomp:
      return remedy_of_seccomp(way, in);
    case ClosedBy::user_namespace:
      return {{{"namespace",
                "run it outside this user namespace, or in a network namespace made within it",
                {},
                {},
                {}}},
              {{"setcap", "the capability is there, but not over this network namespace"}}};
    case ClosedBy::policy:
      return {{{"policy",
                "look for the refusal in the audit log, and allow it in the policy",
                {},
                {"ausearch -m avc -ts recent", "dmesg | grep -i -e denied -e audit"},
                {}}},
              {}};
    case ClosedBy::nothing:
    case ClosedBy::family_off:
    case ClosedBy::unknown:
      break;
  }
  return {};
}

}  // namespace sonde::doctor
