// words.cpp: see words.hpp.
#include "doctor/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sonde::doctor {
namespace {

std::string families_text(const std::vector<Attempt>& attempts, bool open) {
  std::string text;
  for (const Attempt& attempt : attempts) {
    if (attempt.open == open)
      text += fmt::format("{}{}", text.empty() ? "" : ", ", to_string(attempt.family));
  }
  return text;
}

bool is_whole(const WayFound& way) {
  return std::ranges::all_of(way.attempts, &Attempt::open);
}

std::string open_text(const Diagnosis& diagnosis) {
  std::vector<const WayFound*> open;
  for (const WayFound& way : diagnosis.ways) {
    if (way.open()) open.push_back(&way);
  }
  if (open.empty()) return "No way of asking is open.";
  // The families are said once where they are the same for all.
  const bool whole = std::ranges::all_of(open, [](const WayFound* way) { return is_whole(*way); });
  std::string list;
  for (const WayFound* way : open) {
    list += fmt::format("{}{}", list.empty() ? "" : ", ", to_string(way->way));
    if (!whole) list += fmt::format(" ({})", families_text(way->attempts, true));
  }
  if (whole) list += fmt::format(" ({})", families_text(open.front()->attempts, true));
  return fmt::format("You can ask by: {}.", list);
}

std::string closed_text(const WayFound& way) {
  const auto closed = std::ranges::find(way.attempts, false, &Attempt::open);
  std::string text(to_string(way.way));
  if (way.open()) text += fmt::format(" ({})", families_text(way.attempts, false));
  return text + fmt::format(" - {}", closed->because);
}

}  // namespace

std::string_view to_string(ClosedBy closed_by) {
  switch (closed_by) {
    case ClosedBy::nothing:
      return "nothing";
    case ClosedBy::group_rule:
      return "group_rule";
    case ClosedBy::capability:
      return "capability";
    case ClosedBy::seccomp:
      return "seccomp";
    case ClosedBy::user_namespace:
      return "user_namespace";
    case ClosedBy::policy:
      return "policy";
    case ClosedBy::family_off:
      return "family_off";
    case ClosedBy::unknown:
      break;
  }
  return "unknown";
}

std::string_view to_string(Basis basis) {
  switch (basis) {
    case Basis::tested:
      return "tested";
    case Basis::documented:
      return "documented";
    case Basis::not_tested:
      break;
  }
  return "not_tested";
}

std::string summary_line(const Diagnosis& diagnosis) {
  std::string closed;
  for (const WayFound& way : diagnosis.ways) {
    if (!is_whole(way)) closed += fmt::format("{}{}", closed.empty() ? "" : "; ", closed_text(way));
  }
  std::string line = open_text(diagnosis);
  if (!closed.empty()) line += fmt::format(" Closed: {}.", closed);
  return line;
}

}  // namespace sonde::doctor
