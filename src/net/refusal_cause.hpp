// refusal_cause.hpp: which rule refused an ICMP socket, from the errno and what the process may do.
//
// The kernel's own refusals differ: the group rule of ping sockets gives EACCES, a missing capability EPERM
// (net/ipv4/ping.c, net/ipv4/af_inet.c). So EPERM at a ping socket is not the kernel's rule but somebody's filter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/permissions.hpp"

namespace sonde::net {

// Why a way of asking is closed, as far as the errno and the process's permissions tell.
enum class ClosedBy : std::uint8_t {
  nothing,         // it is open
  group_rule,      // net.ipv4.ping_group_range
  capability,      // CAP_NET_RAW is not there
  seccomp,         // a filter refuses the call before any rule is looked at
  user_namespace,  // the capability is there, but not over this network namespace
  policy,          // SELinux, AppArmor or another filter
  family_off,      // this kernel or namespace has no IPv6 (or IPv4)
  unknown,         // see the errno
};

struct Cause {
  ClosedBy by = ClosedBy::unknown;
  std::string because;  // for a person
};

// Of a ping socket and of a raw one that socket(2) refused with EACCES or EPERM. `owns_network`: what
// owns_network_namespace() says.
Cause cause_of_datagram_refusal(int system_errno, const Permissions& permissions);
Cause cause_of_raw_refusal(int system_errno, const Permissions& permissions,
                           std::optional<bool> owns_network);
// Of whatever no rule of the kernel refuses; `but_for` says why it would have been allowed.
Cause cause_of_filter(const Permissions& permissions, std::string_view but_for);

// Whether this process's network namespace belongs to its user namespace, so that capabilities hold there; nullopt
// before Linux 4.9 or without /proc.
std::optional<bool> owns_network_namespace();

}  // namespace sonde::net
