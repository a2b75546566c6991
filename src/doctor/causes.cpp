// causes.cpp: see causes.hpp.
#include "doctor/causes.hpp"

#include <fmt/format.h>

#include <cerrno>

namespace sonde::doctor {
namespace {

using net::Capability;

struct Cause {
  ClosedBy by;
  std::string because;
};

std::string group_rule_text(const net::Permissions& permissions) {
  if (!permissions.ping_group_range)
    return "needs a group in net.ipv4.ping_group_range, which is not readable";
  const net::PingGroupRange& range = *permissions.ping_group_range;
  if (range.is_empty())
    return fmt::format("net.ipv4.ping_group_range is \"{} {}\": nobody", range.first, range.last);
  return fmt::format("no group of this process is within net.ipv4.ping_group_range \"{} {}\"", range.first,
                     range.last);
}

Cause filtered(const Situation& situation, std::string_view but_for) {
  if (situation.permissions.seccomp_filter) {
    return {ClosedBy::seccomp, fmt::format("a seccomp filter refuses it: {}", but_for)};
  }
  return {ClosedBy::policy, fmt::format("a security policy (SELinux, AppArmor) refuses it: {}", but_for)};
}

Cause cause_of_icmp(int system_errno, const Situation& situation) {
  const bool allowed = net::in_ping_group_range(situation.permissions);
  if (system_errno == EACCES && !allowed)
    return {ClosedBy::group_rule, group_rule_text(situation.permissions)};
  if (allowed) return filtered(situation, "net.ipv4.ping_group_range lets this process in");
  return filtered(situation, "the kernel's own refusal would be EACCES");
}

Cause cause_of_raw(int system_errno, const Situation& situation) {
  const net::Permissions& own = situation.permissions;
  const bool capable = own.effective.has(Capability::net_raw) || own.permitted.has(Capability::net_raw);
  if (system_errno == EPERM && !capable) return {ClosedBy::capability, "needs CAP_NET_RAW"};
  if (system_errno == EPERM && situation.host.owns_network == false) {
    return {ClosedBy::user_namespace,
            "CAP_NET_RAW is there, but this network namespace belongs to another user namespace"};
  }
  return filtered(situation, capable ? "CAP_NET_RAW is there" : "the kernel's own refusal would be EPERM");
}

Cause cause_of_refusal(Way way, int system_errno, const Situation& situation) {
  switch (way) {
    case Way::icmp:
      return cause_of_icmp(system_errno, situation);
    case Way::raw:
      return cause_of_raw(system_errno, situation);
    case Way::udp:
    case Way::tcp:
      return filtered(situation, "the kernel itself asks for no privilege");
  }
  return {ClosedBy::unknown, {}};
}

Cause cause_of(Way way, const Attempt& attempt, const Situation& situation) {
  switch (attempt.system_errno) {
    case EACCES:
    case EPERM:
      return cause_of_refusal(way, attempt.system_errno, situation);
    case EAFNOSUPPORT:
      // systemd's RestrictAddressFamilies= answers with this errno too.
      if (situation.permissions.seccomp_filter && (attempt.family == Family::ipv4 || situation.has_ipv6)) {
        return {ClosedBy::seccomp, fmt::format("a seccomp filter hides {}", to_string(attempt.family))};
      }
      return {ClosedBy::family_off,
              fmt::format("this kernel has {} switched off", to_string(attempt.family))};
    case EPROTONOSUPPORT:
    case ESOCKTNOSUPPORT:
      return {ClosedBy::unknown, "this kernel does not have such sockets"};
    case ENOSYS:
      return filtered(situation, "the kernel has this system call");
    default:
      return {ClosedBy::unknown, fmt::format("{} fails", attempt.failed_call)};
  }
}

}  // namespace

void explain(Way way, Attempt& attempt, const Situation& situation) {
  if (attempt.open) return;
  auto [by, because] = cause_of(way, attempt, situation);
  attempt.closed_by = by;
  attempt.because = std::move(because);
}

}  // namespace sonde::doctor
