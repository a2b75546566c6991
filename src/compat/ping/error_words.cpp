// error_words.cpp: see error_words.hpp.
#include "compat/ping/error_words.hpp"

#include <fmt/format.h>

#include <array>

#include "wire/icmp.hpp"

namespace sonde::compat::ping {

namespace {

// RFC 792, 1122 and 1812, in the order of their codes.
constexpr std::array<std::string_view, 16> unreachable_v4 = {
    "Destination Net Unreachable",
    "Destination Host Unreachable",
    "Destination Protocol Unreachable",
    "Destination Port Unreachable",
    "",  // fragmentation needed, which names the MTU
    "Source Route Failed",
    "Destination Net Unknown",
    "Destination Host Unknown",
    "Source Host Isolated",
    "Destination Net Prohibited",
    "Destination Host Prohibited",
    "Destination Net Unreachable for Type of Service",
    "Destination Host Unreachable for Type of Service",
    "Packet filtered",
    "Precedence Violation",
    "Precedence Cutoff",
};
constexpr std::uint8_t fragmentation_needed_code = 4;

constexpr std::array<std::string_view, 4> redirect_v4 = {
    "Redirect Network",
    "Redirect Host",
    "Redirect Type of Service and Network",
    "Redirect Type of Service and Host",
};
constexpr std::array<std::string_view, 2> time_exceeded_v4 = {"Time to live exceeded",
                                                              "Frag reassembly time exceeded"};

// RFC 4443.
constexpr std::array<std::string_view, 7> unreachable_v6 = {
    "No route",
    "Administratively prohibited",
    "Beyond scope of source address",
    "Address unreachable",
    "Port unreachable",
    "Source address failed ingress/egress policy",
    "Reject route to destination",
};
constexpr std::array<std::string_view, 2> time_exceeded_v6 = {"Hop limit", "Defragmentation failure"};
constexpr std::array<std::string_view, 3> parameter_problem_v6 = {"Wrong header field ", "Unknown header ",
                                                                  "Unknown option "};

// The word for a code, or for a code without one the other.
template <std::size_t Count>
std::string word(const std::array<std::string_view, Count>& words, std::uint8_t code, std::string otherwise) {
  return code < Count ? std::string(words[code]) : std::move(otherwise);
}

std::string words_v4(const Event& event, std::uint8_t type, std::uint8_t code, const std::string& gateway) {
  switch (type) {
    case wire::icmpv4_destination_unreachable:
      if (code == fragmentation_needed_code)
        return fmt::format("Frag needed and DF set (mtu = {})", event.mtu.value_or(0));
      return word(unreachable_v4, code, fmt::format("Dest Unreachable, Bad Code: {}", code));
    case wire::icmpv4_source_quench:
      return "Source Quench";
    case wire::icmpv4_redirect:
      return word(redirect_v4, code, fmt::format("Redirect, Bad Code: {}", code)) +
             fmt::format("(New nexthop: {})", gateway);
    case wire::icmpv4_time_exceeded:
      return word(time_exceeded_v4, code, fmt::format("Time exceeded, Bad Code: {}", code));
    case wire::icmpv4_parameter_problem:
      return fmt::format("Parameter problem: pointer = {}", event.pointer.value_or(0));
    default:
      return fmt::format("Bad ICMP type: {}", type);
  }
}

std::string words_v6(const Event& event, std::uint8_t type, std::uint8_t code) {
  switch (type) {
    case wire::icmpv6_destination_unreachable:
      return "Destination unreachable: " + word(unreachable_v6, code, fmt::format("Unknown code {}", code));
    case wire::icmpv6_packet_too_big:
      return fmt::format("Packet too big: mtu={}", event.mtu.value_or(0)) +
             (code != 0 ? fmt::format(", code={}", code) : "");
    case wire::icmpv6_time_exceeded:
      return "Time exceeded: " + word(time_exceeded_v6, code, fmt::format("code {}", code));
    case wire::icmpv6_parameter_problem:
      return "Parameter problem: " + word(parameter_problem_v6, code, fmt::format("code {} ", code)) +
             fmt::format("at {}", event.pointer.value_or(0));
    default:
      return fmt::format("unknown icmp type: {}", type);
  }
}

}  // namespace

std::string error_words(const Event& event, const std::string& gateway) {
  const std::uint8_t type = event.icmp_type.value_or(0), code = event.icmp_code.value_or(0);
  return event.address.is_ipv4() ? words_v4(event, type, code, gateway) : words_v6(event, type, code);
}

}  // namespace sonde::compat::ping
