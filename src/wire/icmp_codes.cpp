// icmp_codes.cpp: what the types and codes of ICMPv4 and ICMPv6 mean, in one table for both families.
#include <algorithm>
#include <array>

#include "wire/icmp.hpp"

namespace sonde::wire {
namespace {

constexpr int any_code = -1;

struct Meaning {
  Family family;
  std::uint8_t type;
  int code;  // any_code: what the type says when no line with the code is there; stands behind those
  ErrorReason reason;
  std::string_view phrase;
};

using enum ErrorReason;
constexpr auto v4 = Family::ipv4;
constexpr auto v6 = Family::ipv6;

// Sources: RFC 792, 950, 1122 section 3.2.2.1, 1812 section 5.2.7.1; RFC 4443, 4861, 6550, 7112, 8754, 8883.
constexpr auto meanings = std::to_array<Meaning>({
    {v4, icmpv4_echo_reply, any_code, none, "echo reply"},
    {v4, icmpv4_destination_unreachable, 0, network_unreachable, "destination network unreachable"},
    {v4, icmpv4_destination_unreachable, 1, host_unreachable, "destination host unreachable"},
    {v4, icmpv4_destination_unreachable, 2, protocol_unreachable, "destination protocol unreachable"},
    {v4, icmpv4_destination_unreachable, 3, port_unreachable, "destination port unreachable"},
    {v4, icmpv4_destination_unreachable, 4, fragmentation_needed, "fragmentation needed and DF set"},
    {v4, icmpv4_destination_unreachable, 5, source_route_failed, "source route failed"},
    {v4, icmpv4_destination_unreachable, 6, network_unreachable, "destination network unknown"},
    {v4, icmpv4_destination_unreachable, 7, host_unreachable, "destination host unknown"},
    {v4, icmpv4_destination_unreachable, 8, host_unreachable, "source host isolated"},
    {v4, icmpv4_destination_unreachable, 9, prohibited, "destination network prohibited"},
    {v4, icmpv4_destination_unreachable, 10, prohibited, "destination host prohibited"},
    {v4, icmpv4_destination_unreachable, 11, network_unreachable,
     "destination network unreachable for this type of service"},
    {v4, icmpv4_destination_unreachable, 12, host_unreachable,
     "destination host unreachable for this type of service"},
    {v4, icmpv4_destination_unreachable, 13, prohibited, "communication administratively prohibited"},
    {v4, icmpv4_destination_unreachable, 14, precedence, "host precedence violation"},
    {v4, icmpv4_destination_unreachable, 15, precedence, "precedence cutoff in effect"},
    {v4, icmpv4_destination_unreachable, any_code, destination_unreachable, "destination unreachable"},
    {v4, icmpv4_source_quench, any_code, source_quench, "source quench"},
    {v4, icmpv4_redirect, 0, redirect, "redirect for the network"},
    {v4, icmpv4_redirect, 1, redirect, "redirect for the host"},
    {v4, icmpv4_redirect, 2, redirect, "redirect for the type of service and network"},
    {v4, icmpv4_redirect, 3, redirect, "redirect for the type of service and host"},
    {v4, icmpv4_redirect, any_code, redirect, "redirect"},
    {v4, icmpv4_echo_request, any_code, none, "echo request"},
    {v4, 9, any_code, none, "router advertisement"},
    {v4, 10, any_code, none, "router solicitation"},
    {v4, icmpv4_time_exceeded, 0, ttl_exceeded, "time to live exceeded"},
    {v4, icmpv4_time_exceeded, 1, reassembly_timeout, "fragment reassembly time exceeded"},
    {v4, icmpv4_time_exceeded, any_code, ttl_exceeded, "time exceeded"},
    {v4, icmpv4_parameter_problem, 0, parameter_problem, "parameter problem"},
    {v4, icmpv4_parameter_problem, 1, parameter_problem, "parameter problem: required option missing"},
    {v4, icmpv4_parameter_problem, 2, parameter_problem, "parameter problem: bad length"},
    {v4, icmpv4_parameter_problem, any_code, parameter_problem, "parameter problem"},
    {v4, 13, any_code, none, "timestamp request"},
    {v4, 14, any_code, none, "timestamp reply"},
    {v4, 17, any_code, none, "address mask request"},
    {v4, 18, any_code, none, "address mask reply"},
    {v4, 42, any_code, none, "extended echo request"},
    {v4, 43, any_code, none, "extended echo reply"},
    {v6, icmpv6_destination_unreachable, 0, network_unreachable, "no route to destination"},
    {v6, icmpv6_destination_unreachable, 1, prohibited, "communication administratively prohibited"},
    {v6, icmpv6_destination_unreachable, 2, beyond_scope, "beyond scope of source address"},
    {v6, icmpv6_destination_unreachable, 3, host_unreachable, "destination address unreachable"},
    {v6, icmpv6_destination_unreachable, 4, port_unreachable, "destination port unreachable"},
    {v6, icmpv6_destination_unreachable, 5, prohibited, "source address failed ingress or egress policy"},
    {v6, icmpv6_destination_unreachable, 6, reject_route, "reject route to destination"},
    {v6, icmpv6_destination_unreachable, 7, source_route_failed, "error in source routing header"},
    {v6, icmpv6_destination_unreachable, 8, destination_unreachable, "headers too long"},
    {v6, icmpv6_destination_unreachable, any_code, destination_unreachable, "destination unreachable"},
    {v6, icmpv6_packet_too_big, any_code, fragmentation_needed, "packet too big"},
    {v6, icmpv6_time_exceeded, 0, ttl_exceeded, "hop limit exceeded"},
    {v6, icmpv6_time_exceeded, 1, reassembly_timeout, "fragment reassembly time exceeded"},
    {v6, icmpv6_time_exceeded, any_code, ttl_exceeded, "time exceeded"},
    {v6, icmpv6_parameter_problem, 0, parameter_problem, "parameter problem: erroneous header field"},
    {v6, icmpv6_parameter_problem, 1, parameter_problem, "parameter problem: unrecognized next header"},
    {v6, icmpv6_parameter_problem, 2, parameter_problem, "parameter problem: unrecognized option"},
    {v6, icmpv6_parameter_problem, 3, parameter_problem, "parameter problem: incomplete header chain"},
    {v6, icmpv6_parameter_problem, 4, parameter_problem,
     "parameter problem: segment routing upper-layer header"},
    {v6, icmpv6_parameter_problem, 5, parameter_problem,
     "parameter problem: next header not known on the way"},
    {v6, icmpv6_parameter_problem, 6, parameter_problem, "parameter problem: extension header too big"},
    {v6, icmpv6_parameter_problem, 7, parameter_problem,
     "parameter problem: extension header chain too long"},
    {v6, icmpv6_parameter_problem, 8, parameter_problem, "parameter problem: too many extension headers"},
    {v6, icmpv6_parameter_problem, 9, parameter_problem, "parameter problem: too many options"},
    {v6, icmpv6_parameter_problem, 10, parameter_problem, "parameter problem: option too big"},
    {v6, icmpv6_parameter_problem, any_code, parameter_problem, "parameter problem"},
    {v6, icmpv6_echo_request, any_code, none, "echo request"},
    {v6, icmpv6_echo_reply, any_code, none, "echo reply"},
    {v6, 133, any_code, none, "router solicitation"},
    {v6, 134, any_code, none, "router advertisement"},
    {v6, 135, any_code, none, "neighbour solicitation"},
    {v6, 136, any_code, none, "neighbour advertisement"},
    {v6, icmpv6_redirect, any_code, redirect, "redirect"},
    {v6, 160, any_code, none, "extended echo request"},
    {v6, 161, any_code, none, "extended echo reply"},
});

constexpr Meaning unknown{v4, 0, any_code, none, "unknown ICMP message"};

const Meaning& meaning(Family family, std::uint8_t type, std::uint8_t code) {
  const auto* const found = std::find_if(meanings.begin(), meanings.end(), [&](const Meaning& line) {
    return line.family == family && line.type == type && (line.code == code || line.code == any_code);
  });
  return found == meanings.end() ? unknown : *found;
}

}  // namespace

ErrorReason classify(Family family, std::uint8_t type, std::uint8_t code) {
  return meaning(family, type, code).reason;
}

std::string_view describe(Family family, std::uint8_t type, std::uint8_t code) {
  return meaning(family, type, code).phrase;
}

}  // namespace sonde::wire
