// words.cpp: see words.hpp.
#include "explain/words.hpp"

#include <fmt/format.h>

#include "report/words.hpp"

namespace sonde::explain {
namespace {

std::string_view question_text(TransportKind kind) {
  return kind == TransportKind::udp ? "a datagram to a closed port" : "an echo request";
}

std::string name_of(const Explanation& explanation) {
  const std::string address = explanation.address.to_string();
  return explanation.name == address ? address : fmt::format("{} ({})", explanation.name, address);
}

std::string error_text(const Explanation& explanation) {
  if (explanation.reason == ErrorReason::neighbour)
    return fmt::format("the neighbour {} does not answer; the probe never left",
                       explanation.next_hop.value_or(explanation.address).to_string());
  return fmt::format("{} said: {}", explanation.from ? explanation.from->to_string() : "somebody",
                     explanation.reason_text);
}

}  // namespace

std::string headline(const Explanation& explanation, bool unicode) {
  const std::string name = name_of(explanation);
  const std::string asked =
      fmt::format("{} by {}", question_text(explanation.transport), to_string(explanation.transport));
  switch (explanation.verdict) {
    case EventKind::reply: {
      const auto& rtt = explanation.rtt ? explanation.rtt : explanation.user_rtt;
      return fmt::format("{} answered {} in {}", name, asked,
                         rtt ? report::duration_text(*rtt, unicode) : "no time");
    }
    case EventKind::error:
      return fmt::format("{} did not answer {}: {}", name, asked, error_text(explanation));
    case EventKind::local:
      return fmt::format("{}: this host refused to send {}: {}", name, asked,
                         Error::from_errno(explanation.system_errno, "sendmmsg").message());
    default:
      return fmt::format("{} did not answer {} within {}", name, asked,
                         report::setting_text(explanation.timeout, unicode));
  }
}

std::string distance_text(const Explanation& explanation) {
  if (!explanation.ttl) return {};
  if (!explanation.distance) return fmt::format("{}", *explanation.ttl);
  const Distance& distance = *explanation.distance;
  if (distance.hops == 0) return fmt::format("{}: no router in between", *explanation.ttl);
  return fmt::format("{}: it probably started at {}, {} away", *explanation.ttl, distance.initial_ttl,
                     report::counted(distance.hops, "router", "routers"));
}

std::string route_text(const Explanation& explanation) {
  if (!explanation.route) return explanation.route_failure;
  const net::Route& route = *explanation.route;
  std::string text = fmt::format("{} by {}", net::to_string(route.kind), route.interface);
  if (route.source) text += fmt::format(", from {}", route.source->to_string());
  if (route.gateway) {
    text += fmt::format(", via {}", route.gateway->to_string());
  } else if (route.kind == net::RouteKind::unicast) {
    text += ", on the link";
  }
  if (const std::uint32_t mtu = route.path_mtu.value_or(route.interface_mtu))
    text += fmt::format(", MTU {}", mtu);
  // Where another than the usual table decided, a rule chose it (ip-rule(8)).
  constexpr std::uint32_t main = 254, local = 255;
  if (route.table != main && route.table != local) text += fmt::format(", table {}", route.table);
  return text;
}

std::string neighbour_text(const Explanation& explanation) {
  if (!explanation.next_hop) return {};
  const std::string address = explanation.next_hop->to_string();
  if (!explanation.neighbour) return fmt::format("{}: the kernel knows nothing of it", address);
  const net::Neighbour& neighbour = *explanation.neighbour;
  std::string text =
      neighbour.link_address.empty()
          ? fmt::format("{} ({})", address, net::to_string(neighbour.state))
          : fmt::format("{} is at {} ({})", address, net::link_address_text(neighbour.link_address),
                        net::to_string(neighbour.state));
  if (!explanation.neighbour_was_known) text += ", not known before the probe";
  return text;
}

std::string time_text(Nanoseconds duration, bool unicode) {
  constexpr double nanoseconds_in_microsecond = 1e3;
  if (duration >= std::chrono::milliseconds(1)) return report::duration_text(duration, unicode);
  return fmt::format("{:.1f} {}", static_cast<double>(duration.count()) / nanoseconds_in_microsecond,
                     unicode ? "µs" : "us");
}

}  // namespace sonde::explain
