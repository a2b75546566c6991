// text.cpp: the page of `sonde explain`.
#include "explain/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "explain/kernel_path.hpp"
#include "explain/scale.hpp"
#include "explain/words.hpp"
#include "report/display.hpp"

namespace sonde::explain {
namespace {

using report::Colour;

constexpr std::size_t width = 80, time_width = 10, bar_columns = 40;

// The timeline: instants with their times at the left, between them spans with bars and what the kernel does.
class TimelineText {
 public:
  TimelineText(const Explanation& explanation, const report::PageStyle& style)
      : explanation_(explanation), timeline_(explanation.timeline), style_(style) {}

  std::string make() {
    const auto drawn = scaled(timeline_);
    if (timeline_.instants.empty()) return {};
    write_instant(timeline_.instants.front());
    for (std::size_t i = 0; i < timeline_.spans.size(); ++i) {
      write_span(timeline_.spans[i], drawn[i]);
      if (!timeline_.spans[i].duration) continue;
      const auto end = std::ranges::find(timeline_.instants, timeline_.spans[i].to, &Measured::instant);
      write_instant(*end);
    }
    return text_;
  }

 private:
  void write_instant(const Measured& measured) {
    const Nanoseconds since = measured.at - timeline_.instants.front().at;
    text_ +=
        report::pad_left(time_text(since, style_.unicode), time_width) + (style_.unicode ? " ● " : " * ");
    text_ += report::paint(describe(measured.instant), Colour::bold, style_.colour) + '\n';
  }

  void write_span(const Span& span, const DrawnSpan& drawn) {
    if (span.duration) {
      const std::string duration = report::pad_right(time_text(*span.duration, style_.unicode), time_width);
      line(duration + ' ' + bar(drawn), Colour::plain);
    } else {
      line(fmt::format("{}: missing", describe(span.to)), Colour::yellow);
    }
    const KernelPath path = kernel_path(explanation_, span);
    list("here", path.here);
    list("there", path.there);
    if (!path.note.empty()) folded("also", path.note);
  }

  std::string bar(const DrawnSpan& drawn) const {
    const auto columns = [](double share) {
      return static_cast<std::size_t>(std::lround(share * bar_columns));
    };
    const std::size_t begin = std::min(columns(drawn.begin), bar_columns - 1);
    const std::size_t end = std::max(columns(drawn.begin + drawn.width), begin + 1);
    std::string text(begin, ' ');
    for (std::size_t column = begin; column < end; ++column) {
      const bool cut = drawn.shortened && (column == (begin + end) / 2);
      text += cut ? (style_.unicode ? "┄" : "~") : (style_.unicode ? "█" : "#");
    }
    return text;
  }

  void list(std::string_view label, const std::vector<std::string_view>& functions) {
    if (!functions.empty()) folded(label, fmt::format("{}", fmt::join(functions, ", ")));
  }

  void folded(std::string_view label, std::string_view words) {
    constexpr std::size_t label_width = 6, margin = time_width + 3 + label_width;
    std::string head(report::pad_right(label, label_width));
    for (const std::string& words_line : report::fold(words, width - margin)) {
      line(head + words_line, Colour::dim);
      head.assign(label_width, ' ');
    }
  }

  void line(std::string_view words, Colour colour) {
    text_ += std::string(time_width, ' ') + (style_.unicode ? " │ " : " | ");
    text_ += report::paint(words, colour, style_.colour) + '\n';
  }

  const Explanation& explanation_;
  const Timeline& timeline_;
  report::PageStyle style_;
  std::string text_;
};

void write_answer(report::Page& page, const Explanation& explanation, bool unicode) {
  page.section("Answer");
  if (explanation.from) page.row("from", explanation.from->to_string());
  if (const std::string distance = distance_text(explanation); !distance.empty()) page.row("TTL", distance);
  if (explanation.rtt)
    page.row("RTT", time_text(*explanation.rtt, unicode) + " by the kernel's stamps, SND to RX");
  if (explanation.user_rtt)
    page.row(explanation.rtt ? "" : "RTT",
             time_text(*explanation.user_rtt, unicode) + " by a clock around the system calls");
  if (explanation.clock_was_set)
    page.row("", "the wall clock was set while the probe was on its way: its stamps are left out",
             Colour::yellow);
}

void write_way(report::Page& page, const Explanation& explanation) {
  page.section("Way");
  page.row("route", route_text(explanation), explanation.route ? Colour::plain : Colour::red);
  if (const std::string neighbour = neighbour_text(explanation); !neighbour.empty())
    page.row("neighbour", neighbour);
  if (!explanation.transport_reason.empty())
    page.row("why " + std::string(to_string(explanation.transport)), explanation.transport_reason);
  if (!explanation.socket) return;
  page.row("socket", "/proc/net/" + explanation.socket->table);
  page.verbatim(explanation.socket->heading);
  page.verbatim(explanation.socket->line);
}

}  // namespace

std::string make_text(const Explanation& explanation, const report::PageStyle& style) {
  report::Page head(style.colour);
  head.paragraph(headline(explanation, style.unicode),
                 explanation.verdict == EventKind::reply ? Colour::bold : Colour::red);
  std::string text = head.text();
  if (std::string timeline = TimelineText(explanation, style).make(); !timeline.empty()) {
    text += '\n' + timeline;
    report::Page remark(style.colour);
    remark.paragraph(
        fmt::format(
            "Times are measured; what the kernel does in between is documentation of Linux 6.x (there: "
            "of a far end that runs Linux).{}",
            std::ranges::any_of(scaled(explanation.timeline), &DrawnSpan::shortened)
                ? " The longest bar is shortened."
                : ""),
        Colour::dim);
    text += remark.text();
  }
  report::Page tail(style.colour);
  if (explanation.from || explanation.rtt) write_answer(tail, explanation, style.unicode);
  write_way(tail, explanation);
  return text + tail.text();
}

}  // namespace sonde::explain
