// ways.cpp: the table of ways, and opening them.
#include "doctor/ways.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "net/permissions.hpp"
#include "net/socket_address.hpp"

namespace sonde::doctor {

constinit const std::array<WaySpec, 4> all_ways{{
    {Way::icmp, "icmp", "SOCK_DGRAM", "IPPROTO_ICMP", "IPPROTO_ICMPV6", SOCK_DGRAM, IPPROTO_ICMP,
     IPPROTO_ICMPV6, true, TransportKind::icmp_datagram},
    {Way::raw, "raw", "SOCK_RAW", "IPPROTO_ICMP", "IPPROTO_ICMPV6", SOCK_RAW, IPPROTO_ICMP, IPPROTO_ICMPV6,
     true, TransportKind::icmp_raw},
    {Way::udp, "udp", "SOCK_DGRAM", "IPPROTO_UDP", "IPPROTO_UDP", SOCK_DGRAM, IPPROTO_UDP, IPPROTO_UDP, true,
     TransportKind::udp},
    {Way::tcp, "tcp", "SOCK_STREAM", "IPPROTO_TCP", "IPPROTO_TCP", SOCK_STREAM, IPPROTO_TCP, IPPROTO_TCP,
     false, TransportKind::tcp},
}};

const WaySpec& spec_of(Way way) {
  return *std::ranges::find(all_ways, way, &WaySpec::way);
}

std::string_view to_string(Way way) {
  return spec_of(way).name;
}

Opened open_way(const WaySpec& way, Family family) {
  const net::RaisedCapability raised;
  const bool is_ipv4 = family == Family::ipv4;
  Opened opened;
  opened.socket.reset(::socket(net::address_family(family), way.type | SOCK_CLOEXEC | SOCK_NONBLOCK,
                               is_ipv4 ? way.ipv4 : way.ipv6));
  if (!opened.socket) {
    opened.system_errno = errno;
    opened.failed_call = fmt::format("socket({}, {}, {})", is_ipv4 ? "AF_INET" : "AF_INET6", way.socket_type,
                                     is_ipv4 ? way.protocol_ipv4 : way.protocol_ipv6);
    return opened;
  }
  if (!way.error_queue) return opened;
  constexpr int on = 1;
  const int level = is_ipv4 ? static_cast<int>(IPPROTO_IP) : static_cast<int>(IPPROTO_IPV6);
  if (::setsockopt(opened.socket.get(), level, is_ipv4 ? IP_RECVERR : IPV6_RECVERR, &on, sizeof on) != 0) {
    opened.system_errno = errno;
    opened.failed_call =
        is_ipv4 ? "setsockopt(IPPROTO_IP, IP_RECVERR)" : "setsockopt(IPPROTO_IPV6, IPV6_RECVERR)";
  }
  return opened;
}

}  // namespace sonde::doctor
