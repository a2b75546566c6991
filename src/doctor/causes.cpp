// causes.cpp: see causes.hpp.
#include "doctor/causes.hpp"

#include <fmt/format.h>

#include <cerrno>

namespace sonde::doctor {
namespace {

using net::Cause;

Cause cause_of_refusal(Way way, int system_errno, const Situation& situation) {
  switch (way) {
    case Way::icmp:
      return net::cause_of_datagram_refusal(system_errno, situation.permissions);
    case Way::raw:
      return net::cause_of_raw_refusal(system_errno, situation.permissions, situation.host.owns_network);
    case Way::udp:
    case Way::tcp:
      return net::cause_of_filter(situation.permissions, "the kernel itself asks for no privilege");
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
      return net::cause_of_filter(situation.permissions, "the kernel has this system call");
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
