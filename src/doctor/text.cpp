// text.cpp: the page of `sonde doctor`: the answer, the target, what opens the rest; the details are in
// text_details.cpp.
#include "doctor/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "doctor/text_details.hpp"
#include "doctor/words.hpp"
#include "report/display.hpp"
#include "report/page.hpp"
#include "report/words.hpp"

namespace sonde::doctor {
namespace {

using report::Colour;

// What spoils an open way, and is no matter of permission.
void write_obstacles(report::Page& page, const Diagnosis& diagnosis) {
  std::string families;
  for (const Route& route : diagnosis.routes) {
    if (route.exists) continue;
    families += fmt::format("{}{} ({})", families.empty() ? "" : ", ", to_string(route.family),
                            errno_name(route.system_errno));
  }
  if (!families.empty())
    page.paragraph(fmt::format("No route leaves this host: {}.", families), Colour::yellow);
  for (const WayFound& way : diagnosis.ways) {
    for (const Attempt& attempt : way.attempts) {
      if (attempt.loopback_errno != EPERM) continue;
      page.paragraph(fmt::format("A packet filter drops what is sent by {} ({}): EPERM.", to_string(way.way),
                                 to_string(attempt.family)),
                     Colour::yellow);
    }
  }
}

// --- The ways -----------------------------------------------------------------------------------------------

std::string stamps_text(const Attempt& attempt) {
  if (!attempt.open) return "-";
  std::string text;
  if (attempt.transmit_stamp.value_or(false)) text = "TX";
  if (attempt.receive_stamp.value_or(false)) text += text.empty() ? "RX" : "+RX";
  if (!text.empty()) return text;
  return attempt.transmit_stamp || attempt.receive_stamp ? "none" : "not tested";
}

void write_way(report::Page& page, const WayFound& way) {
  std::string cells;
  for (const Attempt& attempt : way.attempts) {
    const std::string state = attempt.open ? fmt::format("open, stamps {}", stamps_text(attempt))
                                           : fmt::format("closed, {}", errno_name(attempt.system_errno));
    cells += report::pad_right(fmt::format("{} {}", to_string(attempt.family), state), 31);
  }
  cells.resize(cells.find_last_not_of(' ') + 1);
  // Cells are aligned by spaces, which a folded row would lose.
  const Colour colour = way.open() ? Colour::green : Colour::red;
  page.cells(to_string(way.way), cells, colour);
}

// The calls that failed, and what is to say of stamps: once where it is the same for both families.
void write_remarks(report::Page& page, const WayFound& way) {
  int told_errno = 0;
  std::string told_remark;
  for (const Attempt& attempt : way.attempts) {
    if (!attempt.open && attempt.system_errno != told_errno) {
      told_errno = attempt.system_errno;
      page.row("", fmt::format("{}: {}", attempt.failed_call, errno_name(told_errno)));
    }
    if (!attempt.stamps_remark.empty() && attempt.stamps_remark != told_remark) {
      told_remark = attempt.stamps_remark;
      page.row("", fmt::format("{}: {}", to_string(way.way), told_remark));
    }
  }
}

void write_ways(report::Page& page, const Diagnosis& diagnosis) {
  page.section("Ways of asking, each tried");
  for (const WayFound& way : diagnosis.ways) write_way(page, way);
  for (const WayFound& way : diagnosis.ways) write_remarks(page, way);
}

// --- The target ---------------------------------------------------------------------------------------------

std::string times_text(const TargetWay& way, bool unicode) {
  std::string text = report::pad_right(fmt::format("{} of {}", way.received, way.sent), 10);
  for (const auto& time : {way.min, way.median, way.max})
    text += report::pad_left(time ? report::duration_text(*time, unicode) : "-", 10);
  if (way.clock && way.received > 0) text += fmt::format("  {}", to_string(*way.clock));
  return text;
}

void write_target(report::Page& page, const TargetFound& target, bool unicode) {
  if (!target.failure.empty()) {
    page.section(fmt::format("To {}", report::printable(target.name)));
    return page.row("", target.failure, Colour::red);
  }
  std::optional<Address> address;
  for (const TargetWay& way : target.ways) {
    if (address != way.address) {
      address = way.address;
      const std::string shown = address->to_string();
      page.section(shown == target.name ? fmt::format("To {}", shown)
                                        : fmt::format("To {} ({})", report::printable(target.name), shown));
      page.cells("", "answered         min    median       max  clock", Colour::dim);
    }
    if (way.tried)
      page.cells(to_string(way.way), times_text(way, unicode),
                 way.received > 0 ? Colour::green : Colour::red);
    if (!way.failure.empty()) page.row(way.tried ? "" : to_string(way.way), way.failure);
  }
}

// --- What opens the rest ------------------------------------------------------------------------------------

std::string heading_of(const Fix& fix) {
  if (fix.lines.empty()) return fix.what;
  return fix.file.empty() ? fix.what + ":" : fmt::format("{}; in {}:", fix.what, fix.file);
}

void write_remedy(report::Page& page, const WayFound& way) {
  if (way.remedy.fixes.empty() && way.remedy.ruled_out.empty()) return;
  page.section(way.remedy.fixes.empty()
                   ? fmt::format("Nothing here opens {}", to_string(way.way))
                   : fmt::format("To open {}, from least to most privilege", to_string(way.way)));
  for (const Fix& fix : way.remedy.fixes) {
    page.row(fix.id, heading_of(fix));
    for (const std::string& line : fix.lines) page.verbatim(line);
    if (!fix.remark.empty()) page.row("", fix.remark);
  }
  for (const RuledOut& ruled_out : way.remedy.ruled_out)
    page.row(fmt::format("not {}", ruled_out.id), ruled_out.because, Colour::dim);
}

// --- Beliefs ------------------------------------------------------------------------------------------------

void write_beliefs(report::Page& page, const std::vector<Belief>& beliefs) {
  page.section("Found on the web, held against this kernel");
  for (const Belief& belief : beliefs) {
    const char* verdict = !belief.holds ? "not tested" : *belief.holds ? "true" : "false";
    page.row(verdict, belief.says);
    std::string_view evidence = belief.evidence;
    constexpr std::string_view said_already = "not tested: ";
    if (evidence.starts_with(said_already)) evidence.remove_prefix(said_already.size());
    page.row("", fmt::format("{}{}", belief.basis == Basis::documented ? "by documentation: " : "", evidence),
             Colour::dim);
  }
}

}  // namespace

std::string make_text(const Diagnosis& diagnosis, const report::PageStyle& style) {
  report::Page page(style.colour);
  page.paragraph(summary_line(diagnosis), Colour::bold);
  write_obstacles(page, diagnosis);
  if (diagnosis.target) write_target(page, *diagnosis.target, style.unicode);
  write_ways(page, diagnosis);
  for (const WayFound& way : diagnosis.ways) write_remedy(page, way);
  write_process(page, diagnosis);
  write_network(page, diagnosis);
  write_limits(page, diagnosis);
  write_holders(page, diagnosis.holders);
  write_beliefs(page, diagnosis.beliefs);
  return page.text();
}

}  // namespace sonde::doctor
