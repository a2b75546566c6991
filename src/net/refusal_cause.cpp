// refusal_cause.cpp: see refusal_cause.hpp.
#include "net/refusal_cause.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>

#include "net/file_descriptor.hpp"

namespace sonde::net {
namespace {

std::string group_rule_text(const Permissions& permissions) {
  if (!permissions.ping_group_range)
    return "needs a group in net.ipv4.ping_group_range, which is not readable";
  const PingGroupRange& range = *permissions.ping_group_range;
  if (range.is_empty())
    return fmt::format("net.ipv4.ping_group_range is \"{} {}\": nobody", range.first, range.last);
  return fmt::format("no group of this process is within net.ipv4.ping_group_range \"{} {}\"", range.first,
                     range.last);
}

std::string capability_text(const Permissions& permissions) {
  const bool bounded = !permissions.bounding.has(Capability::net_raw);
  return fmt::format("needs CAP_NET_RAW{}", bounded ? ", which is not in the bounding set" : "");
}

}  // namespace

Cause cause_of_filter(const Permissions& permissions, std::string_view but_for) {
  if (permissions.seccomp_filter)
    return {ClosedBy::seccomp, fmt::format("a seccomp filter refuses it: {}", but_for)};
  return {ClosedBy::policy, fmt::format("a security policy (SELinux, AppArmor) refuses it: {}", but_for)};
}

Cause cause_of_datagram_refusal(int system_errno, const Permissions& permissions) {
  const bool allowed = in_ping_group_range(permissions);
  if (system_errno == EACCES && !allowed) return {ClosedBy::group_rule, group_rule_text(permissions)};
  if (allowed) return cause_of_filter(permissions, "net.ipv4.ping_group_range lets this process in");
  return cause_of_filter(permissions, "the kernel's own refusal would be EACCES");
}

Cause cause_of_raw_refusal(int system_errno, const Permissions& permissions,
                           std::optional<bool> owns_network) {
  const bool capable =
      permissions.effective.has(Capability::net_raw) || permissions.permitted.has(Capability::net_raw);
  if (system_errno == EPERM && !capable) return {ClosedBy::capability, capability_text(permissions)};
  if (system_errno == EPERM && owns_network == false) {
    return {ClosedBy::user_namespace,
            "CAP_NET_RAW is there, but this network namespace belongs to another user namespace"};
  }
  return cause_of_filter(permissions,
                         capable ? "CAP_NET_RAW is there" : "the kernel's own refusal would be EPERM");
}

std::optional<bool> owns_network_namespace() {
  const FileDescriptor network(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!network) return std::nullopt;
  const FileDescriptor owner(::ioctl(network.get(), NS_GET_USERNS));
  // Refused for a user namespace above ours.
  if (!owner) return errno == EPERM ? std::optional(false) : std::nullopt;
  struct stat theirs{};
  struct stat ours{};
  if (::fstat(owner.get(), &theirs) != 0 || ::stat("/proc/self/ns/user", &ours) != 0) return std::nullopt;
  return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

}  // namespace sonde::net
