// words.cpp: durations, percentages, reasons and names as text.
#include "report/words.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "report/display.hpp"

namespace sonde::report {
namespace {

struct Unit {
  double nanoseconds;
  std::string_view name, ascii_name;
};
constexpr std::array<Unit, 4> units{{{1, "ns", "ns"}, {1e3, "µs", "us"}, {1e6, "ms", "ms"}, {1e9, "s", "s"}}};

std::string long_duration(std::int64_t seconds) {
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  if (seconds < std::int64_t{24} * 3600) return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d{:02}h", seconds / 86400, seconds / 3600 % 24);
}

// `value / unit`, rounded to `decimals` (at most 2). Summaries of many targets consist of these, and formatting through floating
// point was most of their cost.
std::string decimal_text(std::uint64_t value, std::uint64_t unit, int decimals) {
  const std::uint64_t scale = decimals == 2 ? 100 : decimals == 1 ? 10 : 1;
  const std::uint64_t scaled = (value * scale + unit / 2) / unit;
  std::array<char, 24> text{};
  char* end = std::to_chars(text.data(), text.data() + text.size(), scaled / scale).ptr;
  if (decimals > 0) *end++ = '.';
  if (decimals == 2) *end++ = static_cast<char>('0' + scaled / 10 % 10);
  if (decimals > 0) *end++ = static_cast<char>('0' + scaled % 10);
  return {text.data(), end};
}

}  // namespace

std::string duration_text(Nanoseconds duration, bool unicode) {
  if (duration.count() < 0) return "-" + duration_text(Nanoseconds(-duration.count()), unicode);
  const auto ns = static_cast<std::uint64_t>(duration.count());
  if (ns < 1000) return fmt::format("{} ns", ns);
  for (const Unit& unit : units) {
    const auto length = static_cast<std::uint64_t>(unit.nanoseconds);
    const bool last = &unit == &units.back();
    // What would round up into the next unit is written in it.
    if (ns >= (last ? 59 * length + length / 20 * 19 : 999 * length + length / 2)) continue;
    const int decimals = ns < length / 1000 * 9995 ? 2 : ns < length / 100 * 9995 ? 1 : 0;
    return decimal_text(ns, length, decimals) + ' ' + std::string(unicode ? unit.name : unit.ascii_name);
  }
  return long_duration(std::chrono::round<std::chrono::seconds>(duration).count());
}

std::string setting_text(Nanoseconds duration, bool unicode) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (std::abs(static_cast<double>(duration.count())) >= unit.nanoseconds) best = &unit;
  }
  return fmt::format("{} {}", static_cast<double>(duration.count()) / best->nanoseconds,
                     unicode ? best->name : best->ascii_name);
}

std::string percent_text(double ratio) {
  const double percent = ratio * 100;
  if (!(percent > 0)) return "0%";
  if (percent >= 100) return "100%";
  if (percent < 0.01) return "<0.01%";
  if (percent < 9.995) return fmt::format("{:.2f}%", percent);
  if (percent < 99.95) return fmt::format("{:.1f}%", percent);
  return ">99.9%";
}

std::string counted(std::uint64_t count, std::string_view singular, std::string_view plural) {
  return fmt::format("{} {}", count, count == 1 ? singular : plural);
}

std::string percentile_name(double percentile) {
  return fmt::format("p{}", percentile);
}

std::string_view reason_text(ErrorReason reason) {
  switch (reason) {
    case ErrorReason::none:
      return "no reason given";
    case ErrorReason::network_unreachable:
      return "network unreachable";
    case ErrorReason::host_unreachable:
      return "host unreachable";
    case ErrorReason::protocol_unreachable:
      return "protocol unreachable";
    case ErrorReason::port_unreachable:
      return "port unreachable";
    case ErrorReason::fragmentation_needed:
      return "packet too big";
    case ErrorReason::source_route_failed:
      return "source route failed";
    case ErrorReason::prohibited:
      return "prohibited by a filter";
    case ErrorReason::beyond_scope:
      return "beyond the scope of the source address";
    case ErrorReason::reject_route:
      return "route rejects the destination";
    case ErrorReason::precedence:
      return "precedence refused";
    case ErrorReason::destination_unreachable:
      return "destination unreachable";
    case ErrorReason::ttl_exceeded:
      return "time to live exceeded";
    case ErrorReason::reassembly_timeout:
      return "fragments not reassembled in time";
    case ErrorReason::parameter_problem:
      return "parameter problem";
    case ErrorReason::neighbour:
      return "no such neighbour";
    case ErrorReason::redirect:
      return "redirect";
    case ErrorReason::source_quench:
      return "source quench";
    case ErrorReason::local_error:
      return "the send call failed";
  }
  return "unknown reason";
}

FlagWords flag_words(EventFlag flag) {
  switch (flag) {
    case EventFlag::truncated:
      return {"truncated"};
    case EventFlag::corrupt:
      return {"payload altered"};
    case EventFlag::other_source:
      return {"from another address"};
    case EventFlag::extra_bytes:
      return {"longer than what was sent"};
    case EventFlag::no_token:
      return {"too short for a token", true};
    case EventFlag::no_tx_stamp:
      return {"no transmit stamp", true};
    case EventFlag::no_rx_stamp:
      return {"no receive stamp", true};
    case EventFlag::clock_step:
      return {"wall clock was set meanwhile"};
    case EventFlag::suspect:
      return {"suspect: this host was dropping answers itself"};
    case EventFlag::bad_checksum:
      return {"bad checksum"};
    case EventFlag::bad_token:
      return {"bad token"};
    case EventFlag::other_sequence:
      return {"no probe waits under its sequence number"};
    case EventFlag::unmatched_quote:
      return {"ICMP error that quotes no probe of ours"};
    case EventFlag::ip_options:
      return {"with IP options", true};
    case EventFlag::refused:
      return {"refused"};
    case EventFlag::cut_short:
      return {"the run ended before its timeout"};
  }
  return {"unknown flag"};
}

std::string display_name(const TargetName& target, bool numeric) {
  std::string address = target.address.to_string();
  const std::string* best = &target.name;
  if (!target.label.empty()) {
    best = &target.label;
  } else if (!numeric && !target.host_name.empty() && (target.name == address || target.name.empty())) {
    best = &target.host_name;
  }
  std::string name =
      best->empty() || *best == address ? address : fmt::format("{} ({})", printable(*best), address);
  if (!target.transport.empty()) name += " by " + target.transport;
  return name;
}

}  // namespace sonde::report
