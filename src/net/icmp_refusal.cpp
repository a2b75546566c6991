// icmp_refusal.cpp: why the kernel refused an ICMP socket, and the command that opens it, in words.
#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "net/permissions.hpp"

namespace sonde::net {
namespace {

bool is_refusal(int system_errno) {
  return system_errno == EACCES || system_errno == EPERM;
}

std::string describe_groups(const Permissions& permissions) {
  std::string text = fmt::format("group {}", permissions.group);
  // Long lists of groups would bury the message.
  constexpr std::size_t most = 8;
  std::string others;
  std::size_t count = 0;
  for (const std::uint32_t group : permissions.groups) {
    if (group == permissions.group) continue;
    if (++count > most) continue;
    others += fmt::format("{}{}", others.empty() ? "" : ", ", group);
  }
  if (count > most) others += fmt::format(" and {} more", count - most);
  if (!others.empty()) text += fmt::format(" (supplementary {})", others);
  return text;
}

std::string describe_group_rule(const Permissions& permissions) {
  if (!permissions.ping_group_range) {
    return "net.ipv4.ping_group_range cannot be read, so this kernel may have no ping sockets";
  }
  const PingGroupRange range = *permissions.ping_group_range;
  const std::string name = fmt::format("net.ipv4.ping_group_range \"{} {}\"", range.first, range.last);
  if (in_ping_group_range(permissions)) {
    return fmt::format(
        "{} is inside {}, so a security policy (seccomp, SELinux, AppArmor) refuses ping sockets",
        describe_groups(permissions), name);
  }
  return fmt::format("{} is outside {}{}", describe_groups(permissions), name,
                     range.is_empty() ? " (nobody)" : "");
}

std::string describe_capability_rule(const Permissions& permissions) {
  if (permissions.effective.has(Capability::net_raw)) {
    return fmt::format(
        "CAP_NET_RAW is effective ({:#x}) and yet refused: this network namespace belongs to another user "
        "namespace, or "
        "a security policy (seccomp, SELinux, AppArmor) refuses raw sockets",
        permissions.effective.bits());
  }
  return fmt::format(
      "CAP_NET_RAW is not among the capabilities (effective {:#x}, permitted {:#x}, bounding {:#x})",
      permissions.effective.bits(), permissions.permitted.bits(), permissions.bounding.bits());
}

// The file capability works only where exec may grant it.
bool setcap_would_help(const Permissions& permissions) {
  return !permissions.no_new_privileges && permissions.bounding.has(Capability::net_raw) &&
         !permissions.effective.has(Capability::net_raw);
}

// `datagram`: ping sockets would do as well; `raw`: raw ones were tried, which a capability opens.
std::string describe_remedy(const Permissions& permissions, bool datagram, bool raw) {
  const std::string sysctl = "net.ipv4.ping_group_range=\"0 2147483647\"";
  std::string text;
  if (datagram && permissions.ping_group_range && !in_ping_group_range(permissions)) {
    text = fmt::format("open it for everyone with: sudo sysctl -w {}", sysctl);
  }
  if (raw && setcap_would_help(permissions)) {
    text += fmt::format("{}for this program alone with: sudo setcap cap_net_raw+p {}",
                        text.empty() ? "open it " : "; or ",
                        permissions.executable.empty() ? "PATH" : permissions.executable);
  } else if (raw && !permissions.bounding.has(Capability::net_raw)) {
    text += fmt::format("{}CAP_NET_RAW is not in the bounding set, so setcap has no effect here",
                        text.empty() ? "" : "; ");
  } else if (raw && permissions.no_new_privileges) {
    text += fmt::format("{}no_new_privs is set, so setcap has no effect here", text.empty() ? "" : "; ");
  }
  if (permissions.in_container) {
    text += fmt::format("{}this looks like a container: start it with {}{}{}", text.empty() ? "" : "; ",
                        datagram ? "--sysctl " + sysctl : "", datagram && raw ? " or " : "",
                        raw ? "--cap-add NET_RAW" : "");
  }
  return text;
}

}  // namespace

Error explain_icmp_refusal(Family family, int datagram_errno, int raw_errno, const Permissions& permissions) {
  const bool datagram_refused = is_refusal(datagram_errno);
  const bool raw_refused = is_refusal(raw_errno);
  if (!datagram_refused && !raw_refused) {
    const int reason = datagram_errno != 0 ? datagram_errno : raw_errno;
    std::string hint =
        reason == EAFNOSUPPORT ? fmt::format("this kernel has {} switched off", to_string(family)) : "";
    return Error::from_errno(reason, "cannot open an ICMP socket", std::string(to_string(family)),
                             std::move(hint));
  }
  std::string why;
  const auto add = [&why](std::string_view part) {
    if (part.empty()) return;
    if (!why.empty()) why += "; ";
    why += part;
  };
  if (datagram_refused) {
    add(describe_group_rule(permissions));
  } else if (datagram_errno != 0) {
    add(fmt::format("ping sockets: {}", errno_name(datagram_errno)));
  }
  if (raw_refused) {
    add(describe_capability_rule(permissions));
  } else if (raw_errno != 0) {
    add(fmt::format("raw sockets: {}", errno_name(raw_errno)));
  }
  add(describe_remedy(permissions, datagram_refused, raw_refused));
  return {ErrorCode::permission_denied, datagram_refused ? datagram_errno : raw_errno,
          "cannot open an ICMP socket", std::string(to_string(family)), std::move(why)};
}

Error explain_icmp_refusal(Family family, int datagram_errno, int raw_errno) {
  const auto permissions = read_permissions();
  if (permissions) return explain_icmp_refusal(family, datagram_errno, raw_errno, *permissions);
  return Error::from_errno(
      datagram_errno != 0 ? datagram_errno : raw_errno, "cannot open an ICMP socket",
      std::string(to_string(family)),
      "net.ipv4.ping_group_range must cover a group of this process, or it needs CAP_NET_RAW; " +
          permissions.error().message());
}

}  // namespace sonde::net
