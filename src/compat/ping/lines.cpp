// lines.cpp: see lines.hpp.
#include "compat/ping/lines.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compat/ping/node_answer.hpp"
#include "text/printable.hpp"

namespace sonde::compat::ping {

namespace {

constexpr int echo_header_bytes = 8;
// A struct timeval: where ping puts the time of sending, and does not look for changed bytes.
constexpr int time_bytes = 16;

std::byte expected_byte(int place, const std::vector<std::byte>& pattern) {
  if (pattern.empty()) return static_cast<std::byte>(place & 0xff);
  return pattern[static_cast<std::size_t>(place) % pattern.size()];
}

// The first byte that differs, and all that came; ping begins behind its own time.
std::string changed_bytes(const Event& event, const ReplyStyle& style) {
  const int size = std::min(style.size_bytes, static_cast<int>(event.payload.size()));
  const auto came = [&](int place) {
    return std::to_integer<unsigned>(event.payload[static_cast<std::size_t>(place)]);
  };
  for (int place = echo_header_bytes; place < size; ++place) {
    const auto expected = std::to_integer<unsigned>(expected_byte(place, style.pattern));
    if (came(place) == expected) continue;
    std::string text =
        fmt::format("\nwrong data byte #{} should be {:#x} but was {:#x}", place, expected, came(place));
    for (int at = time_bytes; at < size; ++at) {
      if (at % 32 == time_bytes) text += fmt::format("\n#{}\t", at);
      text += fmt::format("{:x} ", came(at));
    }
    return text;
  }
  return {};
}

}  // namespace

std::string milliseconds_text(Microseconds time) {
  return fmt::format("{}.{:03}", time.count() / 1000, time.count() % 1000);
}

std::string reply_time_text(Microseconds time, bool precise) {
  const std::int64_t us = time.count();
  if (precise || us < 1000) return milliseconds_text(time);
  if (us >= 99'950) return fmt::format("{}", (us + 500) / 1000);
  if (us >= 9'995) return fmt::format("{}.{}", (us + 50) / 1000, (us + 50) % 1000 / 100);
  return fmt::format("{}.{:02}", (us + 5) / 1000, (us + 5) % 1000 / 10);
}

std::uint16_t icmp_sequence(std::uint64_t sequence) {
  return static_cast<std::uint16_t>(sequence + 1);
}

bool is_timed(int size_bytes) {
  return size_bytes >= time_bytes;
}

bool has_time(const Event& event, int size_bytes) {
  return is_timed(size_bytes) && event.rtt && event.bytes >= echo_header_bytes + time_bytes;
}

Microseconds time_of(const Event& event) {
  return std::chrono::floor<Microseconds>(event.rtt.value_or(Nanoseconds{}));
}

std::string reply_line(const Event& event, std::string_view who, const ReplyStyle& style,
                       std::string_view ip_options) {
  std::string line = fmt::format("{} bytes from {}:", event.bytes, text::printable(who));
  line += event.node_answer ? fmt::format("{}; seq={};", text::printable(node_answer_text(event)),
                                          icmp_sequence(event.sequence))
                            : fmt::format(" icmp_seq={}", icmp_sequence(event.sequence));
  if (style.verbose && style.identifier) line += fmt::format(" ident={}", *style.identifier);
  if (event.ttl) line += fmt::format(" ttl={}", *event.ttl);
  if (static_cast<int>(event.bytes) < style.size_bytes + echo_header_bytes) return line + " (truncated)\n";
  if (is_timed(style.size_bytes))
    line += fmt::format(" time={} ms", reply_time_text(time_of(event), style.precise));
  if (event.kind == EventKind::duplicate && (!style.many_may_answer || style.verbose)) line += " (DUP!)";
  if (event.flags.has(EventFlag::other_source) && !style.any_source) line += " (DIFFERENT ADDRESS!)";
  line += changed_bytes(event, style);
  if (style.audible) line += '\a';
  line += ip_options;
  return line + '\n';
}

std::string error_line(const Event& event, std::string_view who, std::string_view words) {
  const bool is_note = event.reason == ErrorReason::redirect || event.reason == ErrorReason::source_quench;
  return fmt::format("From {}{} icmp_seq={} {}\n", text::printable(who), is_note ? ":" : "",
                     icmp_sequence(event.sequence), text::printable(words));
}

}  // namespace sonde::compat::ping
