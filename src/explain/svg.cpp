// svg.cpp: one bar for the whole life, cut at its instants, and below it what each piece is.
#include "explain/svg.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "explain/kernel_path.hpp"
#include "explain/scale.hpp"
#include "explain/words.hpp"
#include "report/display.hpp"
#include "report/page.hpp"

namespace sonde::explain {
namespace {

constexpr double page_width = 960, margin = 24, bar_height = 34, line_height = 17;
constexpr double bar_width = page_width - 2 * margin;
constexpr std::size_t text_columns = 118;  // of the small monospaced letters

std::string escaped(std::string_view text) {
  std::string result;
  for (const char character : report::printable(text)) {
    switch (character) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += character;
    }
  }
  return result;
}

// By where a span ends: the sending host, its device, the network, the receiving host.
std::string_view colour_of(Instant to) {
  switch (to) {
    case Instant::scheduled:
      return "#4e79a7";
    case Instant::sent:
      return "#76b7b2";
    case Instant::send_returned:
      return "#a0cbe8";
    case Instant::arrived:
      return "#bab0ac";
    case Instant::poll_woke:
      return "#f28e2b";
    case Instant::receive_returned:
      return "#ffbe7d";
    case Instant::send_called:
      break;
  }
  return "#ffffff";
}

class Picture {
 public:
  explicit Picture(const Explanation& explanation)
      : explanation_(explanation), timeline_(explanation.timeline) {}

  std::string make() {
    down(28);
    text(margin, "title", headline(explanation_, true));
    down(24);
    if (!timeline_.instants.empty()) {
      draw_bar();
      write_spans();
    }
    write_facts();
    const std::string head = fmt::format(
        R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1:.0f}" viewBox="0 0 {0} {1:.0f}" )"
        R"(font-family="system-ui, sans-serif" font-size="13">)"
        "\n<style>.title{{font-size:17px;font-weight:600}}.name{{font-weight:600}}"
        ".code{{font-family:ui-monospace,monospace;font-size:11px;fill:#444}}"
        ".note{{font-size:12px;fill:#555;font-style:italic}}</style>\n"
        R"(<rect width="100%" height="100%" fill="#ffffff"/>)"
        "\n",
        page_width, y_ + margin);
    return head + body_ + "</svg>\n";
  }

 private:
  void down(double distance) { y_ += distance; }

  void text(double x, std::string_view style, std::string_view words) {
    body_ +=
        fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y_, style, escaped(words));
  }

  void draw_bar() {
    const auto drawn = scaled(timeline_);
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      if (!timeline_.spans[i].duration) continue;
      const double x = margin + drawn[i].begin * bar_width, width = std::max(1.0, drawn[i].width * bar_width);
      body_ += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" "
          "fill=\"{}\"><title>{}</title></rect>\n",
          x, y_, width, bar_height, colour_of(timeline_.spans[i].to),
          escaped(time_text(*timeline_.spans[i].duration, true)));
      if (drawn[i].shortened) draw_cut(x + width / 2);
    }
    down(bar_height + 26);
  }

  // Two strokes through a bar that is shorter than its time.
  void draw_cut(double x) {
    body_ += fmt::format(
        "<path d=\"M{0:.1f} {2:.1f}L{1:.1f} {3:.1f}M{4:.1f} {2:.1f}L{5:.1f} {3:.1f}\" stroke=\"#ffffff\" "
        "stroke-width=\"3\"/>\n",
        x - 7, x - 1, y_ + bar_height, y_, x + 1, x + 7);
  }

  void write_spans() {
    write_instant(timeline_.instants.front());
    for (const Span& span : timeline_.spans) {
      body_ += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"12\" height=\"12\" fill=\"{}\"/>\n",
                           margin + 110, y_ - 10, colour_of(span.to));
      text(margin + 130, "name",
           span.duration ? time_text(*span.duration, true) : fmt::format("{}: missing", describe(span.to)));
      down(line_height);
      const KernelPath path = kernel_path(explanation_, span);
      write_functions("here", path.here);
      write_functions("there", path.there);
      if (!path.note.empty()) {
        text(margin + 130, "note", path.note);
        down(line_height);
      }
      if (!span.duration) continue;
      const auto end = std::ranges::find(timeline_.instants, span.to, &Measured::instant);
      write_instant(*end);
    }
    text(margin, "note",
         "Times are measured. What the kernel does in between is documentation of Linux 6.x, there of a far "
         "end that runs "
         "Linux.");
    down(line_height * 1.5);
  }

  void write_instant(const Measured& measured) {
    down(6);
    text(margin, "name", time_text(measured.at - timeline_.instants.front().at, true));
    text(margin + 110, "name", describe(measured.instant));
    down(line_height + 3);
  }

  void write_functions(std::string_view label, const std::vector<std::string_view>& functions) {
    if (functions.empty()) return;
    for (const std::string& line :
         report::fold(fmt::format("{}: {}", label, fmt::join(functions, ", ")), text_columns)) {
      text(margin + 130, "code", line);
      down(line_height - 3);
    }
  }

  void write_fact(std::string_view label, const std::string& fact) {
    if (fact.empty()) return;
    text(margin, "name", label);
    text(margin + 110, "", fact);
    down(line_height);
  }

  void write_facts() {
    write_fact("from", explanation_.from ? explanation_.from->to_string() : "");
    write_fact("TTL", distance_text(explanation_));
    if (explanation_.rtt) write_fact("RTT", time_text(*explanation_.rtt, true) + " by the kernel's stamps");
    if (explanation_.user_rtt)
      write_fact("", time_text(*explanation_.user_rtt, true) + " by a clock around the system calls");
    write_fact("route", route_text(explanation_));
    write_fact("neighbour", neighbour_text(explanation_));
    if (!explanation_.socket) return;
    write_fact("socket", "/proc/net/" + explanation_.socket->table);
    text(margin + 110, "code", explanation_.socket->line);
    down(line_height);
  }

  const Explanation& explanation_;
  const Timeline& timeline_;
  std::string body_;
  double y_ = 0;
};

}  // namespace

std::string make_svg(const Explanation& explanation) {
  return Picture(explanation).make();
}

}  // namespace sonde::explain
