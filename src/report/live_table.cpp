// live_table.cpp: layout of the live table and its sparklines.
#include "report/live_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "report/colour.hpp"
#include "report/display.hpp"
#include "report/words.hpp"

namespace sonde::report {
namespace {

struct Cell {
  std::string text;  // exactly as wide as its column, without colour
  Colour colour = Colour::plain;
};

// In order of display. The name comes before, the sparkline behind.
struct Column {
  std::string_view title;
  std::size_t width;
  int priority;  // higher ones are left out first
};
constexpr std::array<Column, 6> columns{{
    {"state", 7, 2},
    {"loss", 6, 0},
    {"last", 7, 1},
    {"median", 7, 3},
    {"p99", 7, 4},
    {"jitter", 7, 5},
}};

struct Layout {
  std::size_t name = 0, spark = 0;
  std::array<bool, columns.size()> shown{};
};

bool answered(const LiveOutcome& outcome) {
  return outcome.kind == EventKind::reply || outcome.kind == EventKind::late;
}

Layout lay_out(std::span<const LiveRow> rows, std::size_t width) {
  constexpr std::size_t least_name = 16, least_spark = 8, most_spark = 60;
  Layout layout;
  layout.shown.fill(true);
  std::size_t wish = 6;
  for (const LiveRow& row : rows) wish = std::max(wish, display_width(row.name));
  const auto taken = [&layout] {
    std::size_t total = 0;
    for (std::size_t index = 0; index < columns.size(); ++index) {
      if (layout.shown[index]) total += 1 + columns[index].width;
    }
    return total;
  };
  for (int priority = 5; priority > 0; --priority) {
    if (std::min(wish, least_name) + taken() + 1 + least_spark <= width) break;
    for (std::size_t index = 0; index < columns.size(); ++index) {
      if (columns[index].priority == priority) layout.shown[index] = false;
    }
  }
  const std::size_t room = width > taken() ? width - taken() : 0;
  if (room < least_spark + 1 + 4) {
    layout.name = std::min(wish, room);
    return layout;
  }
  // The name gets what it wishes as long as 20 outcomes (or what there is, when less) can be seen.
  const std::size_t spark_first = std::max(least_spark, std::min<std::size_t>(20, room / 3));
  layout.name = std::min(wish, room - 1 - spark_first);
  layout.spark = std::min(most_spark, room - 1 - layout.name);
  return layout;
}

Colour state_colour(TargetState state) {
  switch (state) {
    case TargetState::up:
      return Colour::green;
    case TargetState::lossy:
      return Colour::yellow;
    case TargetState::down:
    case TargetState::failed:
      return Colour::red;
    case TargetState::resolving:
    case TargetState::waiting:
      return Colour::dim;
  }
  return Colour::plain;
}

Cell loss_cell(const Figures& figures) {
  if (!figures.loss_ratio) return {"-", Colour::dim};
  const double ratio = *figures.loss_ratio;
  return {percent_text(ratio), ratio <= 0 ? Colour::plain : ratio < 1 ? Colour::yellow : Colour::red};
}

std::array<Cell, columns.size()> cells_of(const LiveRow& row, bool unicode) {
  const auto duration = [unicode](const std::optional<Nanoseconds>& value) -> Cell {
    return {value ? duration_text(*value, unicode) : "-"};
  };
  const Figures& figures = row.figures;
  std::optional<Nanoseconds> median, p99;
  if (figures.rtt) {
    median = figures.rtt->p50;
    p99 = figures.rtt->p99;
  }
  const bool last_lost = !row.history.empty() && !answered(row.history.back());
  Cell last = last_lost ? Cell{"none", Colour::red} : duration(row.last);
  return {Cell{std::string(to_string(row.state)), state_colour(row.state)},
          loss_cell(figures),
          std::move(last),
          duration(median),
          duration(p99),
          duration(figures.jitter)};
}

std::string row_text(const LiveRow& row, const Layout& layout, const LiveView& view) {
  std::string text = pad_right(clip(row.name, layout.name, view.unicode), layout.name);
  const auto cells = cells_of(row, view.unicode);
  std::size_t used = layout.name;
  for (std::size_t index = 0; index < columns.size(); ++index) {
    if (!layout.shown[index] || used + 1 + columns[index].width > view.width) continue;
    used += 1 + columns[index].width;
    const bool left = columns[index].title == "state";
    text += ' ';
    text += paint(left ? pad_right(cells[index].text, columns[index].width)
                       : pad_left(cells[index].text, columns[index].width),
                  cells[index].colour, view.colour);
  }
  if (layout.spark > 0) text += ' ' + sparkline(row.history, layout.spark, view.unicode, view.colour);
  return text;
}

std::string head_text(const Layout& layout, const LiveView& view) {
  std::string text = pad_right("target", layout.name);
  for (std::size_t index = 0; index < columns.size(); ++index) {
    if (!layout.shown[index]) continue;
    const bool left = columns[index].title == "state";
    text += ' ';
    text += left ? pad_right(columns[index].title, columns[index].width)
                 : pad_left(columns[index].title, columns[index].width);
  }
  if (layout.spark > 0) text += " last probes";
  return paint(clip(text, view.width, view.unicode), Colour::bold, view.colour);
}

// Whether `a` should be seen before `b`.
bool worse(const LiveRow& a, const LiveRow& b) {
  const auto rank = [](const LiveRow& row) {
    switch (row.state) {
      case TargetState::failed:
        return 0;
      case TargetState::down:
        return 1;
      case TargetState::lossy:
        return 2;
      default:
        return 3;
    }
  };
  if (rank(a) != rank(b)) return rank(a) < rank(b);
  const double loss_a = a.figures.loss_ratio.value_or(0), loss_b = b.figures.loss_ratio.value_or(0);
  if (loss_a > loss_b || loss_a < loss_b) return loss_a > loss_b;
  const auto p99 = [](const LiveRow& row) { return row.figures.rtt ? row.figures.rtt->p99 : Nanoseconds{}; };
  return p99(a) > p99(b);
}

// The rows to show, worst first when only `room` of them fit.
std::vector<const LiveRow*> choose(std::span<const LiveRow> rows, std::size_t room) {
  std::vector<const LiveRow*> chosen;
  chosen.reserve(rows.size());
  for (const LiveRow& row : rows) chosen.push_back(&row);
  if (chosen.size() <= room) return chosen;
  // Equal rows keep their order, so that the table does not flicker.
  const auto before = [](const LiveRow* a, const LiveRow* b) {
    if (worse(*a, *b)) return true;
    if (worse(*b, *a)) return false;
    return a < b;
  };
  std::ranges::partial_sort(chosen, chosen.begin() + static_cast<std::ptrdiff_t>(room), before);
  chosen.resize(room);
  return chosen;
}

std::string totals_text(std::span<const LiveRow> rows, std::size_t hidden, const LiveView& view) {
  Figures sum;
  std::size_t up = 0;
  for (const LiveRow& row : rows) {
    sum.sent += row.figures.sent;
    sum.received += row.figures.received;
    sum.late += row.figures.late;
    sum.lost += row.figures.lost + row.figures.errors;
    up += row.state == TargetState::up ? 1 : 0;
  }
  std::string text =
      fmt::format("{} of {} up, {} sent, {} received", up, rows.size(), sum.sent, sum.received + sum.late);
  const std::uint64_t judged = sum.received + sum.late + sum.lost;
  if (judged > 0) {
    text +=
        fmt::format(", loss {}", percent_text(static_cast<double>(sum.lost) / static_cast<double>(judged)));
  }
  if (!view.status.empty()) text += ", " + view.status;
  if (hidden > 0) text = fmt::format("{} more not shown; ", hidden) + text;
  return clip(text, view.width, view.unicode);
}

}  // namespace

std::string_view to_string(TargetState state) {
  switch (state) {
    case TargetState::resolving:
      return "resolve";
    case TargetState::waiting:
      return "wait";
    case TargetState::up:
      return "up";
    case TargetState::lossy:
      return "lossy";
    case TargetState::down:
      return "down";
    case TargetState::failed:
      return "failed";
  }
  return "?";
}

void LiveRow::record(const Event& event, std::size_t keep) {
  const LiveOutcome outcome{event.kind, event.sequence, event.rtt.value_or(Nanoseconds{})};
  switch (event.kind) {
    case EventKind::duplicate:
    case EventKind::rejected:
    case EventKind::note:
      return;
    case EventKind::late: {
      const auto lost = std::ranges::find(history, event.sequence, &LiveOutcome::sequence);
      if (lost != history.end()) *lost = outcome;
      break;
    }
    default:
      history.push_back(outcome);
  }
  if (answered(outcome) && event.rtt) last = event.rtt;
  while (history.size() > keep) history.pop_front();

  constexpr std::ptrdiff_t looked_at = 10, down_after = 3;
  const auto newest = [this](std::ptrdiff_t count) {
    return history.end() - std::min(count, static_cast<std::ptrdiff_t>(history.size()));
  };
  const auto is_local = [](const LiveOutcome& o) { return o.kind == EventKind::local; };
  if (history.empty()) return;
  if (std::all_of(newest(down_after), history.end(), is_local)) {
    state = TargetState::failed;
  } else if (std::none_of(newest(down_after), history.end(), answered)) {
    state = TargetState::down;
  } else {
    state = std::all_of(newest(looked_at), history.end(), answered) ? TargetState::up : TargetState::lossy;
  }
}

std::string sparkline(const std::deque<LiveOutcome>& history, std::size_t columns_shown, bool unicode,
                      bool colour) {
  constexpr std::array<std::string_view, 8> blocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::array<std::string_view, 8> letters{"_", ".", "-", "~", "=", "+", "*", "#"};
  constexpr double usual_level = 2;
  const std::size_t skipped = history.size() > columns_shown ? history.size() - columns_shown : 0;
  std::vector<std::int64_t> rtts;
  for (std::size_t index = skipped; index < history.size(); ++index) {
    if (answered(history[index])) rtts.push_back(history[index].rtt.count());
  }
  double median = 1;
  if (!rtts.empty()) {
    const auto middle = rtts.begin() + static_cast<std::ptrdiff_t>(rtts.size() / 2);
    std::ranges::nth_element(rtts, middle);
    median = std::max(1.0, static_cast<double>(*middle));
  }
  std::string text;
  for (std::size_t index = skipped; index < history.size(); ++index) {
    const LiveOutcome& outcome = history[index];
    if (!answered(outcome)) {
      const bool local = outcome.kind == EventKind::local;
      text += paint(local ? "!" : unicode ? "×" : "x", Colour::red, colour);
      continue;
    }
    const double times = std::max(1e-9, static_cast<double>(outcome.rtt.count()) / median);
    const double level = std::clamp(std::round(usual_level + 2 * std::log2(times)), 0.0, 7.0);
    const auto step = static_cast<std::size_t>(level);
    const bool slow = times >= 1.5 || outcome.kind == EventKind::late;
    text += paint(unicode ? blocks[step] : letters[step],
                  times >= 3 ? Colour::red
                  : slow     ? Colour::yellow
                             : Colour::green,
                  colour);
  }
  return text;
}

std::vector<std::string> render_live_table(std::span<const LiveRow> rows, const LiveView& view) {
  std::vector<std::string> lines;
  if (view.height == 0 || view.width == 0) return lines;
  // A low screen keeps rows and gives up the title first, then the heads, then the totals.
  const bool totals = view.height >= 2, heads = view.height >= 4,
             title = view.height >= 5 && !view.title.empty();
  const std::size_t room = view.height - (totals ? 1 : 0) - (heads ? 1 : 0) - (title ? 1 : 0);
  const Layout layout = lay_out(rows, view.width);
  const std::vector<const LiveRow*> shown = choose(rows, room);
  if (title) lines.push_back(clip(view.title, view.width, view.unicode));
  if (heads) lines.push_back(head_text(layout, view));
  for (const LiveRow* row : shown) lines.push_back(row_text(*row, layout, view));
  if (totals) lines.push_back(totals_text(rows, rows.size() - shown.size(), view));
  return lines;
}

std::string live_frame(std::span<const std::string> lines) {
  std::string frame = "\x1b[H";
  bool first = true;
  for (const std::string& line : lines) {
    if (!first) frame += "\r\n";
    first = false;
    frame += line;
    frame += "\x1b[K";
  }
  frame += "\x1b[J";
  return frame;
}

}  // namespace sonde::report
