// lines.hpp: events as ping's lines. Pure: the same event and style give the same text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compat/ping/tally.hpp"
#include "sonde/event.hpp"

namespace sonde::compat::ping {

struct ReplyStyle {
  int size_bytes = 56;                        // of the payload that was sent
  std::vector<std::byte> pattern{};           // of it; empty: bytes counting up
  bool precise = false;                       // -3
  bool verbose = false;                       // -v
  bool audible = false;                       // -a
  bool many_may_answer = false;               // broadcast, multicast
  bool any_source = false;                    // answers may come from elsewhere (an anycast address too)
  std::optional<std::uint16_t> identifier{};  // shown with -v
};

// "12.345": three decimals.
std::string milliseconds_text(Microseconds time);
// As reply lines have it: at most four digits that count, or all with `precise`.
std::string reply_time_text(Microseconds time, bool precise);

// What ICMP's field of 16 bits shows of a target's probe: ping counts from 1.
std::uint16_t icmp_sequence(std::uint64_t sequence);

// Probes of at least 16 bytes are timed; ping keeps the time in them.
bool is_timed(int size_bytes);
// Whether the time of this answer counts: a short one did not bring it back.
bool has_time(const Event& event, int size_bytes);
Microseconds time_of(const Event& event);

// A reply or duplicate, with its line end. `who` answered, `ip_options`: what those say, see ip_options.hpp.
std::string reply_line(const Event& event, std::string_view who, const ReplyStyle& style,
                       std::string_view ip_options);
// An ICMP error, or one that is no verdict (then with a colon behind the name, as ping has it).
std::string error_line(const Event& event, std::string_view who, std::string_view words);

}  // namespace sonde::compat::ping
