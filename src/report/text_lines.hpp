// text_lines.hpp: what became of one probe, as a line for a person.
#pragma once

#include <optional>
#include <string>

#include "report/colour.hpp"
#include "report/make_reporter.hpp"

namespace sonde::report {

// How answers are measured unless a line says otherwise.
struct LineContext {
  bool many_targets = false, numeric = false, unicode = true, verbose = false;
  std::optional<Nanoseconds> timeout = {};
  std::string usual_clock = "kernel";
};

// "64 bytes from ::1: seq=0 ttl=64 time=43.2 µs". Without the target's name when `many_targets`: the caller
// writes it before the line. No newline, no colour, nothing that could drive a terminal.
std::string event_text(const Event& event, const TargetName& target, const LineContext& context);

// What more is known of an answer: its header's fields, stamps, the host's own time. Empty when there is no
// answer.
std::string detail_text(const Event& event, const LineContext& context);

// The colour a line of this kind is written in.
Colour event_colour(EventKind kind);

// "1700000000.123456" (digits: 6 or 9).
std::string unix_time_text(UnixTime time, int digits);

}  // namespace sonde::report
