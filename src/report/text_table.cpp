// text_table.cpp: laying out summaries.
#include "report/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/colour.hpp"
#include "report/display.hpp"
#include "report/words.hpp"

namespace sonde::report {
namespace {

Colour loss_colour(const std::optional<double>& ratio) {
  if (!ratio) return Colour::plain;
  return *ratio <= 0 ? Colour::green : *ratio < 1 ? Colour::yellow : Colour::red;
}

std::string loss_text(const Figures& figures) {
  return figures.loss_ratio ? percent_text(*figures.loss_ratio) : "-";
}

std::string optional_duration(const std::optional<Nanoseconds>& duration, bool unicode) {
  return duration ? duration_text(*duration, unicode) : "-";
}

std::string count_cell(std::uint64_t count) {
  return count == 0 ? std::string() : std::to_string(count);
}

std::string why_skipped(const TableStyle& style) {
  return style.rate_limited ? "--rate allows no more (or this process was stalled)"
                            : "this process was stalled";
}

}  // namespace

std::string counts_text(const Figures& figures, bool interim) {
  std::string text = fmt::format("sent {}, received {}, lost {}, late {}, errors {}, local {}", figures.sent,
                                 figures.received, figures.lost, figures.late, figures.errors, figures.local);
  if (interim) text += fmt::format(", in flight {}", figures.in_flight);
  return text;
}

std::string summary_block(const Summary& summary, const TableStyle& style, bool interim) {
  const Figures& figures = summary.figures;
  const auto duration = [&style](Nanoseconds value) { return duration_text(value, style.unicode); };
  std::string text;
  const auto line = [&text](std::string_view title, std::string_view content) {
    text += fmt::format("{:<8}{}\n", title, content);
  };
  line("probes", counts_text(figures, interim));
  line("loss", figures.loss_ratio
                   ? paint(percent_text(*figures.loss_ratio), loss_colour(figures.loss_ratio), style.colour)
                   : "unknown: no probe has left this host");
  if (figures.rtt) {
    const RttFigures& rtt = *figures.rtt;
    line("rtt", fmt::format("min {}  mean {}  max {}  stddev {}", duration(rtt.min), duration(rtt.mean),
                            duration(rtt.max), duration(rtt.stddev)));
    line("",
         fmt::format("median {}  p90 {}  p99 {}", duration(rtt.p50), duration(rtt.p90), duration(rtt.p99)));
  }
  std::string asked;
  for (const auto& [percentile, value] : summary.percentiles) {
    if (is_standard_percentile(percentile)) continue;
    const std::string entry = fmt::format("{} {}", percentile_name(percentile), duration(value));
    if (8 + display_width(asked) + 2 + display_width(entry) > style.width && !asked.empty()) {
      line("", asked);
      asked.clear();
    }
    asked += (asked.empty() ? "" : "  ") + entry;
  }
  if (!asked.empty()) line("", asked);
  if (figures.jitter) {
    std::string jitter = duration(*figures.jitter);
    if (figures.jitter_rfc3550) jitter += fmt::format("  (RFC 3550: {})", duration(*figures.jitter_rfc3550));
    line("jitter", jitter);
  }
  if (figures.host_time_mean) {
    line("host", fmt::format("{} of this host's own per probe, not contained in the rtt",
                             duration(*figures.host_time_mean)));
  }
  if (figures.duplicates + figures.rejected > 0) {
    line("also", fmt::format("{}, {}", counted(figures.duplicates, "duplicate", "duplicates"),
                             counted(figures.rejected, "rejected packet", "rejected packets")));
  }
  if (figures.longest_loss_run > 1) {
    line("runs", fmt::format("{} of loss, the longest of {} probes",
                             counted(figures.loss_runs, "run", "runs"), figures.longest_loss_run));
  }
  if (figures.skipped > 0) {
    line("skipped", fmt::format("{} left out because {}", counted(figures.skipped, "send", "sends"),
                                why_skipped(style)));
  }
  if (figures.suspect > 0) {
    line("suspect", paint(fmt::format("{} may be this host's own: its receive buffer was full",
                                      counted(figures.suspect, "loss", "losses")),
                          Colour::yellow, style.colour));
  }
  return text;
}

std::string summary_line(const Figures& figures, const TableStyle& style) {
  std::string text =
      fmt::format("sent {}, received {}, late {}, loss {}", figures.sent, figures.received, figures.late,
                  paint(loss_text(figures), loss_colour(figures.loss_ratio), style.colour));
  if (figures.rtt) {
    text += fmt::format(", median {}, p99 {}", duration_text(figures.rtt->p50, style.unicode),
                        duration_text(figures.rtt->p99, style.unicode));
  }
  return text;
}

std::string totals_remarks(const Totals& totals, bool verbose, const TableStyle& style) {
  std::string text;
  const auto remark = [&](std::uint64_t count, std::string_view singular, std::string_view plural,
                          const std::string& meaning) {
    if (count == 0) return;
    text += paint(counted(count, singular, plural) + meaning, Colour::yellow, style.colour) + '\n';
  };
  remark(totals.receive_drops, "answer", "answers",
         " dropped by this host (receive buffer full): losses may be its own");
  remark(totals.stamp_drops, "transmit stamp", "transmit stamps", " never came back");
  remark(totals.skipped_sends, "send", "sends", " left out because " + why_skipped(style));
  remark(totals.clock_steps, "step", "steps", " of the wall clock (no round-trip time is affected)");
  remark(totals.rejected, "packet", "packets", " rejected that fit no target");
  if (verbose) {
    text += fmt::format("schedule lag p99 {}, at most {}\n",
                        duration_text(totals.schedule_lag_p99, style.unicode),
                        duration_text(totals.schedule_lag_max, style.unicode));
  }
  return text;
}

SummaryTable::SummaryTable(TableStyle style, const std::vector<double>& percentiles) : style_(style) {
  const bool unicode = style.unicode;
  const auto count = [](std::uint64_t Figures::* field) {
    return [field](const Summary& summary) { return std::to_string(summary.figures.*field); };
  };
  const auto trouble = [](std::uint64_t Figures::* field) {
    return [field](const Summary& summary) { return count_cell(summary.figures.*field); };
  };
  const auto rtt = [unicode](Nanoseconds RttFigures::* field) {
    return [field, unicode](const Summary& summary) {
      return summary.figures.rtt ? duration_text((*summary.figures.rtt).*field, unicode) : std::string("-");
    };
  };
  const auto loss = [](const Summary& summary) { return loss_text(summary.figures); };
  const auto jitter = [unicode](const Summary& summary) {
    return optional_duration(summary.figures.jitter, unicode);
  };
  const auto host = [unicode](const Summary& summary) {
    return summary.figures.host_time_mean ? duration_text(*summary.figures.host_time_mean, unicode)
                                          : std::string();
  };
  columns_ = {
      {.title = "sent", .text = count(&Figures::sent), .priority = 1},
      {.title = "rcvd", .text = count(&Figures::received), .priority = 1},
      {.title = "lost", .text = trouble(&Figures::lost), .priority = 2, .optional = true},
      {.title = "late", .text = trouble(&Figures::late), .priority = 4, .optional = true},
      {.title = "error", .text = trouble(&Figures::errors), .priority = 2, .optional = true},
      {.title = "local", .text = trouble(&Figures::local), .priority = 2, .optional = true},
      {.title = "dup", .text = trouble(&Figures::duplicates), .priority = 6, .optional = true},
      {.title = "rej", .text = trouble(&Figures::rejected), .priority = 6, .optional = true},
      {.title = "loss", .text = loss, .priority = 0},
      {.title = "min", .text = rtt(&RttFigures::min), .priority = 7},
      {.title = "mean", .text = rtt(&RttFigures::mean), .priority = 7},
      {.title = "median", .text = rtt(&RttFigures::p50), .priority = 0},
      {.title = "p90", .text = rtt(&RttFigures::p90), .priority = 8},
      {.title = "p99", .text = rtt(&RttFigures::p99), .priority = 3},
      {.title = "max", .text = rtt(&RttFigures::max), .priority = 6},
      {.title = "stddev", .text = rtt(&RttFigures::stddev), .priority = 9},
      {.title = "jitter", .text = jitter, .priority = 5},
      {.title = "host", .text = host, .priority = 10, .optional = true},
  };
  for (std::size_t index = 0; index < percentiles.size(); ++index) {
    if (is_standard_percentile(percentiles[index])) continue;
    const auto asked = [index, unicode](const Summary& summary) {
      return index < summary.percentiles.size() ? duration_text(summary.percentiles[index].second, unicode)
                                                : std::string("-");
    };
    columns_.push_back({.title = percentile_name(percentiles[index]), .text = asked, .priority = 2});
  }
}

void SummaryTable::lay_out() {
  constexpr std::size_t comfortable_name = 28, least_name = 8;
  name_width_ = least_name;
  for (const Row& row : rows_) name_width_ = std::max(name_width_, display_width(row.name));
  for (std::size_t index = 0; index < columns_.size(); ++index) {
    Column& column = columns_[index];
    bool any = false;
    column.width = column.title.size();
    for (const Row& row : rows_) {
      any = any || !row.cells[index].empty();
      column.width = std::max(column.width, display_width(row.cells[index]));
    }
    column.shown = any || !column.optional;
  }
  const auto columns_width = [this] {
    std::size_t total = 0;
    for (const Column& column : columns_) total += column.shown ? column.width + 2 : 0;
    return total;
  };
  const std::size_t name_wish = std::min(name_width_, comfortable_name);
  while (name_wish + columns_width() > style_.width) {
    Column* least = nullptr;
    for (Column& column : columns_) {
      const bool droppable = column.shown && column.priority > 0;
      if (droppable && (least == nullptr || column.priority >= least->priority)) least = &column;
    }
    if (least == nullptr) break;
    least->shown = false;
  }
  const std::size_t taken = columns_width();
  const std::size_t room = style_.width > taken + least_name ? style_.width - taken : least_name;
  name_width_ = std::min(name_width_, room);
  laid_out_ = true;
}

// `cell(index)` is the text in a column that is shown.
template <typename Cell>
std::string SummaryTable::row_text(std::string_view name, const Cell& cell) const {
  std::string text = pad_right(clip(name, name_width_, style_.unicode), name_width_);
  for (std::size_t index = 0; index < columns_.size(); ++index) {
    const Column& column = columns_[index];
    if (!column.shown) continue;
    const std::string& content = cell(index);
    const std::size_t used = display_width(content);
    text.append(2 + (used < column.width ? column.width - used : 0), ' ');
    text += content;
  }
  return text;
}

std::string SummaryTable::painted(const std::string& row, bool healthy) const {
  return paint(row, healthy ? Colour::plain : Colour::red, style_.colour) + '\n';
}

std::string SummaryTable::flush() {
  lay_out();
  const auto title = [this](std::size_t index) -> const std::string& { return columns_[index].title; };
  std::string text = paint(row_text("target", title), Colour::bold, style_.colour) + '\n';
  for (const Row& row : rows_) {
    const auto cell = [&row](std::size_t index) -> const std::string& { return row.cells[index]; };
    text += painted(row_text(row.name, cell), row.healthy);
  }
  rows_.clear();
  return text;
}

std::string SummaryTable::add(const std::string& name, const Summary& summary) {
  const Figures& figures = summary.figures;
  const bool healthy = figures.received + figures.late > 0;
  if (laid_out_) {
    return painted(row_text(name, [&](std::size_t index) { return columns_[index].text(summary); }), healthy);
  }
  Row& row = rows_.emplace_back(name, std::vector<std::string>(), healthy);
  row.cells.reserve(columns_.size());
  for (const Column& column : columns_) row.cells.push_back(column.text(summary));
  return rows_.size() >= most_rows_kept ? flush() : std::string();
}

std::string SummaryTable::finish() {
  return rows_.empty() ? std::string() : flush();
}

}  // namespace sonde::report
