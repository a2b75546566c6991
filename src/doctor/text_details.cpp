// text_details.cpp: see text_details.hpp.
#include "doctor/text_details.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/words.hpp"

namespace sonde::doctor {
namespace {

using net::CapabilitySet;
using report::Colour;

std::string joined(const std::vector<std::string>& parts, std::string_view when_empty) {
  return parts.empty() ? std::string(when_empty) : fmt::format("{}", fmt::join(parts, ", "));
}

// --- Process ------------------------------------------------------------------------------------------------

std::string capability_text(CapabilitySet set) {
  if (set.bits() == 0) return "none";
  return fmt::format("{:#x} ({} CAP_NET_RAW)", set.bits(),
                     set.has(net::Capability::net_raw) ? "with" : "without");
}

std::string groups_text(const net::Permissions& permissions) {
  constexpr std::size_t most = 8;
  std::string text = fmt::format("uid {}, gid {}", permissions.user, permissions.group);
  if (permissions.groups.empty()) return text;
  const std::size_t shown = std::min(permissions.groups.size(), most);
  text += fmt::format(", groups {}",
                      fmt::join(permissions.groups.begin(),
                                permissions.groups.begin() + static_cast<std::ptrdiff_t>(shown), " "));
  if (shown < permissions.groups.size())
    text += fmt::format(" and {} more", permissions.groups.size() - shown);
  return text;
}

std::string range_text(const net::Permissions& permissions) {
  if (!permissions.ping_group_range) return "net.ipv4.ping_group_range is not readable";
  const net::PingGroupRange& range = *permissions.ping_group_range;
  const char* meaning = range.is_empty()                        ? "nobody"
                        : net::in_ping_group_range(permissions) ? "this process is in it"
                                                                : "this process is outside";
  return fmt::format("net.ipv4.ping_group_range \"{} {}\": {}", range.first, range.last, meaning);
}

std::string ping_text(const PingBinary& ping, const Diagnosis& diagnosis) {
  if (ping.path.empty()) return "none found";
  const bool ours =
      diagnosis.permissions && (diagnosis.permissions->permitted.has(net::Capability::net_raw) ||
                                diagnosis.permissions->effective.has(net::Capability::net_raw));
  const std::string_view lacked = ours ? "" : ", which this program lacks";
  if (ping.set_user_id) return fmt::format("{} is set-user-ID root{}", ping.path, lacked);
  if (!ping.has_capability) return fmt::format("{} has no privilege of its own", ping.path);
  return fmt::format("{} has cap_net_raw+{}{}", ping.path, ping.effective ? "ep" : "p", lacked);
}

// --- Network ------------------------------------------------------------------------------------------------

std::string stamping_text(const InterfaceFound& found) {
  if (!found.stamping) return "does not say what it stamps";
  const net::DeviceTimestamping& device = *found.stamping;
  std::string text = device.transmit_software ? "TX software" : "no TX software";
  if (device.transmit_hardware || device.receive_hardware_all) {
    text += fmt::format(", hardware{}{}", device.transmit_hardware ? " TX" : "",
                        device.receive_hardware_all ? " RX" : "");
  } else {
    text += ", no hardware";
  }
  return text + " stamps";
}

void write_interfaces(report::Page& page, const Diagnosis& diagnosis) {
  constexpr std::size_t most = 8;
  std::vector<std::string> down;
  std::size_t shown = 0, left_out = 0;
  for (const InterfaceFound& found : diagnosis.interfaces) {
    if (!found.interface.is_up) {
      down.push_back(found.interface.name);
    } else if (shown++ < most) {
      page.row(shown == 1 ? "interfaces" : "",
               fmt::format("{} up, {}", found.interface.name, stamping_text(found)));
    } else {
      ++left_out;
    }
  }
  if (left_out > 0) page.row("", fmt::format("and {} more that are up", left_out));
  if (!down.empty())
    page.row(shown == 0 ? "interfaces" : "", fmt::format("down: {}", fmt::join(down, ", ")), Colour::yellow);
}

std::string chains_text(const Firewall& firewall) {
  if (!firewall.chains) {
    return fmt::format("chains are not for this process to list ({})", errno_name(firewall.chains_errno));
  }
  std::vector<std::string> chains;
  for (const FirewallChain& chain : *firewall.chains) {
    chains.push_back(fmt::format("{} {} {} on {}{}", chain.family, chain.table, chain.chain, chain.hook,
                                 chain.policy == "drop" ? ", policy drop" : ""));
  }
  return joined(chains, "no chain on input or output");
}

std::string iptables_text(const Firewall& firewall) {
  if (!firewall.iptables || !firewall.ip6tables) return "tables are not for this process to read";
  std::vector<std::string> tables = *firewall.iptables;
  for (const std::string& table : *firewall.ip6tables) tables.push_back("ip6 " + table);
  return joined(tables, "no table");
}

// --- Limits -------------------------------------------------------------------------------------------------

template <typename Number>
std::string optional_number(const std::optional<Number>& number) {
  return number ? fmt::format("{}", *number) : "?";
}

std::string fill_text(const Fill& fill) {
  if (!fill.limit || *fill.limit == 0) return fmt::format("{} entries", fill.entries);
  return fmt::format(
      "{} of {} entries ({})", fill.entries, *fill.limit,
      report::percent_text(static_cast<double>(fill.entries) / static_cast<double>(*fill.limit)));
}

bool is_nearly_full(const Fill& fill) {
  constexpr double nearly = 0.9;
  return fill.limit && static_cast<double>(fill.entries) >= nearly * static_cast<double>(*fill.limit);
}

void write_fill(report::Page& page, std::string_view label, std::string_view prefix,
                const std::optional<Fill>& fill) {
  if (!fill) return;
  page.row(label, fmt::format("{}{}", prefix, fill_text(*fill)),
           is_nearly_full(*fill) ? Colour::yellow : Colour::plain);
}

void write_receive_buffer(report::Page& page, const ReceiveBuffer& buffer) {
  page.row("buffer",
           fmt::format("net.core.rmem_default {}, rmem_max {}; SO_RCVBUFFORCE {}",
                       optional_number(buffer.default_bytes), optional_number(buffer.max_bytes),
                       buffer.force_works ? "works" : "fails with " + errno_name(buffer.force_errno)));
  if (!buffer.granted_bytes) return;
  page.row("", fmt::format(
                   "a socket gets {} bytes: {} answers with their stamps, {} probes/s when read every 5 ms",
                   *buffer.granted_bytes, buffer.answers, buffer.probes_per_second));
}

void write_icmp_limits(report::Page& page, const Limits& limits) {
  if (limits.icmp_ratelimit_ms) {
    std::string text =
        *limits.icmp_ratelimit_ms == 0 || limits.icmp_ratemask == 0
            ? std::string("this host's own ICMP errors are not limited by asker")
            : fmt::format("this host sends an asker one ICMP error in {} ms", *limits.icmp_ratelimit_ms);
    if (limits.icmp_ratemask) text += fmt::format(" (mask {:#x})", *limits.icmp_ratemask);
    if (limits.icmp_messages_per_second)
      text += fmt::format(", all of them {}/s", *limits.icmp_messages_per_second);
    page.row("icmp", text);
  }
  if (limits.icmpv6_ratelimit_ms) {
    page.row("icmpv6", fmt::format("net.ipv6.icmp.ratelimit {} ms", *limits.icmpv6_ratelimit_ms));
  }
  if (limits.echo_ignored.value_or(false))
    page.row("", "net.ipv4.icmp_echo_ignore_all is set: this host itself answers no ping", Colour::yellow);
}

}  // namespace

void write_process(report::Page& page, const Diagnosis& diagnosis) {
  page.section("This process");
  const Host& host = diagnosis.host;
  page.row("kernel", fmt::format("Linux {} {}", host.kernel, host.machine));
  page.row("container", joined(host.environments, diagnosis.permissions && diagnosis.permissions->in_container
                                                      ? "of an unknown kind"
                                                      : "none seen") +
                            (host.user_namespace ? "; in a user namespace" : ""));
  if (!diagnosis.permissions) return page.row("user", diagnosis.permissions_failure, Colour::red);
  const net::Permissions& own = *diagnosis.permissions;
  page.row("user", groups_text(own));
  page.row("", range_text(own));
  page.row("capabilities", fmt::format("effective {}, permitted {}", capability_text(own.effective),
                                       capability_text(own.permitted)));
  page.row("", fmt::format("bounding {}, ambient {}", capability_text(own.bounding),
                           capability_text(own.ambient)));
  page.row("restrictions",
           fmt::format("no_new_privs {}, seccomp {}", own.no_new_privileges ? "set" : "not set",
                       own.seccomp_filter ? "in force" : "off"));
  page.row("ping", ping_text(diagnosis.ping, diagnosis));
}

void write_network(report::Page& page, const Diagnosis& diagnosis) {
  page.section("Network");
  std::string_view label = "routes";
  for (const Route& route : diagnosis.routes) {
    page.row(std::exchange(label, ""),
             route.exists
                 ? fmt::format("{} leaves from {}", to_string(route.family),
                               route.source ? route.source->to_string() : "an unknown address")
                 : fmt::format("{}: none ({})", to_string(route.family), errno_name(route.system_errno)));
  }
  write_interfaces(page, diagnosis);
  page.row("nftables", chains_text(diagnosis.firewall));
  page.row("iptables", iptables_text(diagnosis.firewall));
}

void write_limits(report::Page& page, const Diagnosis& diagnosis) {
  page.section("Limits");
  const Limits& limits = diagnosis.limits;
  write_receive_buffer(page, limits.receive_buffer);
  write_icmp_limits(page, limits);
  write_fill(page, "conntrack", "", limits.conntrack);
  write_fill(page, "neighbours", "IPv4 ", limits.neighbours_ipv4);
  write_fill(page, limits.neighbours_ipv4 ? "" : "neighbours", "IPv6 ", limits.neighbours_ipv6);
}

void write_holders(report::Page& page, const std::vector<SocketHolder>& holders) {
  page.section("Others with ICMP or raw sockets");
  if (holders.empty()) return page.row("", "none seen in this network namespace");
  constexpr std::size_t most = 10;
  for (const SocketHolder& holder : std::span(holders).first(std::min(most, holders.size()))) {
    std::string text =
        fmt::format("{} {}, uid {}, {} dropped", holder.table.starts_with("raw") ? "protocol" : "identifier",
                    holder.number, holder.user, holder.drops);
    text += holder.process ? fmt::format(", {} ({})", holder.command, *holder.process)
                           : std::string(", process not for us to see");
    page.row(holder.table, text, holder.drops > 0 ? Colour::yellow : Colour::plain);
  }
  if (holders.size() > most) page.row("", fmt::format("and {} more", holders.size() - most));
}

}  // namespace sonde::doctor
