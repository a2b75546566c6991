// text_lines.cpp: one event in words.
#include "report/text_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "report/words.hpp"
#include "wire/bytes.hpp"
#include "wire/ip_options.hpp"

namespace sonde::report {
namespace {

// " from WHO", or nothing where the line's prefix says it already.
std::string from_whom(const Event& event, const TargetName& target, const LineContext& context,
                      std::string_view preposition = "from") {
  if (event.reason == ErrorReason::neighbour) return fmt::format(" {} this host", preposition);
  const bool someone_else = event.from && *event.from != target.address;
  if (someone_else) return fmt::format(" {} {}", preposition, event.from->to_string());
  if (context.many_targets && event.has_target) return {};
  return fmt::format(" {} {}", preposition,
                     event.has_target ? display_name(target, context.numeric) : event.address.to_string());
}

std::string answer_figures(const Event& event, const LineContext& context) {
  std::string text = fmt::format("seq={}", event.sequence);
  if (event.ttl) text += fmt::format(" ttl={}", *event.ttl);
  if (event.rtt) text += fmt::format(" time={}", duration_text(*event.rtt, context.unicode));
  if (event.rtt && to_string(event.clock) != context.usual_clock) {
    text += fmt::format(" ({} clock)", to_string(event.clock));
  }
  return text;
}

std::string error_words(const Event& event, const LineContext& context) {
  std::string text(reason_text(event.reason));
  if (event.reason == ErrorReason::neighbour) {
    text += event.address.is_ipv4() ? ": nobody answered ARP" : ": nobody answered neighbour discovery";
  }
  if (event.mtu) text += fmt::format(", MTU {}", *event.mtu);
  const bool says_little = event.reason == ErrorReason::none ||
                           event.reason == ErrorReason::parameter_problem ||
                           event.reason == ErrorReason::destination_unreachable;
  if (event.icmp_type && (says_little || context.verbose)) {
    text += fmt::format(" (ICMP type {}, code {})", *event.icmp_type, event.icmp_code.value_or(0));
  }
  return text;
}

// " (truncated, payload altered)".
std::string flag_remarks(const Event& event, const LineContext& context) {
  std::string words;
  for_each_flag(event.flags, [&](EventFlag flag) {
    const FlagWords flag_text = flag_words(flag);
    const bool names_the_packet = event.kind == EventKind::rejected;
    if (flag_text.verbose_only && !context.verbose && !names_the_packet) return;
    words += fmt::format("{}{}", words.empty() ? "" : ", ", flag_text.words);
  });
  if (words.empty()) return {};
  return event.kind == EventKind::rejected ? " " + words : " (" + words + ")";
}

// An answer that is not our own bytes coming back has no size worth telling.
std::string answer_words(const Event& event) {
  return event.bytes == 0 ? std::string("answer") : fmt::format("{} bytes", event.bytes);
}

// What the errno of a send leaves open.
std::string local_remark(const Event& event) {
  if (event.mtu) return fmt::format(", MTU {}", *event.mtu);
  if (event.system_errno == EACCES) return ", as for a broadcast address";
  return {};
}

std::string event_words(const Event& event, const TargetName& target, const LineContext& context) {
  switch (event.kind) {
    case EventKind::reply:
      return fmt::format("{}{}: {}", answer_words(event), from_whom(event, target, context),
                         answer_figures(event, context));
    case EventKind::late:
      return fmt::format("late, {}{}: {}", answer_words(event), from_whom(event, target, context),
                         answer_figures(event, context));
    case EventKind::duplicate:
      return fmt::format("duplicate, {}{}: {}", answer_words(event), from_whom(event, target, context),
                         answer_figures(event, context));
    case EventKind::lost: {
      const std::string within = context.timeout && !event.flags.has(EventFlag::cut_short)
                                     ? " within " + setting_text(*context.timeout, context.unicode)
                                     : std::string();
      return fmt::format("no answer{}: seq={}{}", from_whom(event, target, context), event.sequence, within);
    }
    case EventKind::error:
      return fmt::format("error{}: seq={} {}", from_whom(event, target, context), event.sequence,
                         error_words(event, context));
    case EventKind::note:
      return fmt::format("note{}: seq={} {}", from_whom(event, target, context), event.sequence,
                         error_words(event, context));
    case EventKind::local:
      return fmt::format("not sent{}: seq={} {} ({}){}", from_whom(event, target, context, "to"),
                         event.sequence, errno_name(event.system_errno), std::strerror(event.system_errno),
                         local_remark(event));
    case EventKind::rejected:
      return fmt::format("rejected, {} bytes{}:", event.bytes, from_whom(event, target, context));
  }
  return {};
}

// A route or a list of time stamps begins with a pointer: from 1, to the byte behind what is filled in.
std::span<const std::byte> filled_part(const wire::IpOption& option, std::size_t header) {
  if (option.data.size() < header) return {};
  const auto pointer = std::to_integer<std::size_t>(option.data[0]);
  const std::size_t filled = pointer > header + 3 ? pointer - header - 3 : 0;
  return option.data.subspan(header, std::min(filled, option.data.size() - header));
}

std::string route_text(const wire::IpOption& option) {
  std::string text;
  const auto hops = filled_part(option, 1);
  for (std::size_t at = 0; at + 4 <= hops.size(); at += 4) {
    text += ' ' + Address::ipv4(wire::load_be32(hops, at)).to_string();
  }
  return text;
}

// Milliseconds since midnight UTC; with flag 1 or 3 each behind the address that it is of (RFC 791).
std::string timestamps_text(const wire::IpOption& option) {
  std::string text;
  if (option.data.size() < 2) return text;
  const bool with_addresses = (std::to_integer<unsigned>(option.data[1]) & 0xf) != 0;
  const auto stamps = filled_part(option, 2);
  const std::size_t step = with_addresses ? 8 : 4;
  for (std::size_t at = 0; at + step <= stamps.size(); at += step) {
    if (with_addresses) text += ' ' + Address::ipv4(wire::load_be32(stamps, at)).to_string();
    text += fmt::format(" {} ms", wire::load_be32(stamps, at + step - 4));
  }
  return text;
}

std::string ip_options_text(std::span<const std::byte> options) {
  std::string text;
  wire::for_each_ip_option(options, [&text](const wire::IpOption& option) {
    switch (option.type) {
      case wire::ip_option_record_route:
        text += ", record route" + route_text(option);
        break;
      case wire::ip_option_loose_source_route:
        text += ", loose source route" + route_text(option);
        break;
      case wire::ip_option_strict_source_route:
        text += ", strict source route" + route_text(option);
        break;
      case wire::ip_option_timestamp:
        text += ", time stamps" + timestamps_text(option);
        break;
      case wire::ip_option_router_alert:
        text += ", router alert";
        break;
      default:
        text += fmt::format(", option {}", option.type);
        break;
    }
  });
  return text;
}

}  // namespace

std::string event_text(const Event& event, const TargetName& target, const LineContext& context) {
  return event_words(event, target, context) + flag_remarks(event, context);
}

std::string detail_text(const Event& event, const LineContext& context) {
  if (event.kind == EventKind::lost || event.kind == EventKind::local) return {};
  const bool ipv4 = event.address.is_ipv4();
  std::string text(ipv4 ? "IPv4" : "IPv6");
  if (event.from) text += fmt::format(" from {}", event.from->to_string());
  if (event.ttl) text += fmt::format(", {} {}", ipv4 ? "TTL" : "hop limit", *event.ttl);
  if (event.tos) {
    text += fmt::format(", {} 0x{:02x} (DSCP {}, ECN {})", ipv4 ? "TOS" : "traffic class", *event.tos,
                        *event.tos >> 2, *event.tos & 3);
  }
  if (event.ip_identification) {
    text +=
        fmt::format(", id {}{}", *event.ip_identification, event.dont_fragment ? ", do not fragment" : "");
  }
  text += ip_options_text(event.ip_options);
  if (event.host_time) text += fmt::format(", host {}", duration_text(*event.host_time, context.unicode));
  if (event.sent_at != UnixTime{}) text += fmt::format(", sent {}", unix_time_text(event.sent_at, 9));
  if (event.received_at != UnixTime{})
    text += fmt::format(", received {}", unix_time_text(event.received_at, 9));
  return text;
}

Colour event_colour(EventKind kind) {
  switch (kind) {
    case EventKind::reply:
      return Colour::plain;
    case EventKind::lost:
    case EventKind::error:
    case EventKind::local:
      return Colour::red;
    case EventKind::late:
    case EventKind::duplicate:
      return Colour::yellow;
    case EventKind::rejected:
    case EventKind::note:
      return Colour::dim;
  }
  return Colour::plain;
}

std::string unix_time_text(UnixTime time, int digits) {
  const std::int64_t nanoseconds = time.time_since_epoch().count();
  const std::int64_t seconds = nanoseconds / 1'000'000'000, rest = nanoseconds % 1'000'000'000;
  if (digits == 9) return fmt::format("{}.{:09}", seconds, rest);
  return fmt::format("{}.{:06}", seconds, rest / 1000);
}

}  // namespace sonde::report
