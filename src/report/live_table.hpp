// live_table.hpp: the table shown while a run goes on, as text; who owns the terminal writes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/event.hpp"
#include "sonde/figures.hpp"

namespace sonde::report {

enum class TargetState : std::uint8_t {
  resolving,  // no address yet
  waiting,    // no verdict yet
  up,         // nothing lost among the last probes
  lossy,      // some of the last probes lost
  down,       // the last three, or all, without an answer
  failed,     // no address, or nothing leaves this host
};

std::string_view to_string(TargetState state);

// One probe in a row's history.
struct LiveOutcome {
  EventKind kind = EventKind::lost;  // one of the five verdicts
  std::uint64_t sequence = 0;
  Nanoseconds rtt{};  // of reply and late
};

struct LiveRow {
  std::string name;  // as text.hpp's display_name makes it: printable
  TargetState state = TargetState::waiting;
  Figures figures;
  std::optional<Nanoseconds> last;  // the last RTT
  std::deque<LiveOutcome> history;  // oldest first

  // Takes an event into `last`, `history` (of which the newest `keep` stay) and `state`. A late answer takes
  // the place of its loss.
  void record(const Event& event, std::size_t keep = 64);
};

struct LiveView {
  std::size_t width = 80, height = 24;  // the terminal's
  bool colour = false, unicode = true;
  std::string title = {};   // first line; printable
  std::string status = {};  // last line, behind the totals: "12.3 s, 500 probes/s"; printable
};

// The frame's lines, at most `height`, none wider than `width`: title, column heads, one line per target,
// totals. When the targets do not fit, the worst come first (down, then by loss, then by p99) and a line says
// how many are not shown; else they keep their order. Columns are left out, the least telling first, where
// the width does not do.
std::vector<std::string> render_live_table(std::span<const LiveRow> rows, const LiveView& view);

// The last `columns` outcomes as a bar each: its height is RTT against the median of what is shown (twice as
// long is two steps higher), its colour likewise (green, yellow from 1.5 times, red from 3 times); losses are
// a red cross, late answers yellow.
std::string sparkline(const std::deque<LiveOutcome>& history, std::size_t columns, bool unicode, bool colour);

// What puts the lines in the place of the frame before, without flicker.
std::string live_frame(std::span<const std::string> lines);

// Enters the alternate screen without cursor and line wrapping, and leaves it again. Constants, so that a
// signal handler can write live_leave.
inline constexpr std::string_view live_enter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J\x1b[H";
inline constexpr std::string_view live_leave = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

}  // namespace sonde::report
