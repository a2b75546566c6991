// make_reporter.cpp: the choice of a reporter.
#include "report/make_reporter.hpp"

#include <algorithm>
#include <cctype>

#include "report/csv.hpp"
#include "report/json.hpp"
#include "report/list.hpp"
#include "report/prometheus.hpp"
#include "report/text.hpp"

namespace sonde::report {

bool use_colour(ColourChoice choice, bool is_terminal, const char* no_color, const char* term) {
  if (choice != ColourChoice::automatic) return choice == ColourChoice::always;
  const bool refused = no_color != nullptr && *no_color != '\0';
  const bool dumb = term == nullptr || *term == '\0' || std::string_view(term) == "dumb";
  return is_terminal && !refused && !dumb;
}

bool locale_is_utf8(const char* lc_all, const char* lc_ctype, const char* lang) {
  for (const char* value : {lc_all, lc_ctype, lang}) {
    if (value == nullptr || *value == '\0') continue;
    std::string name(value);
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name.find("utf-8") != std::string::npos || name.find("utf8") != std::string::npos;
  }
  return false;
}

std::unique_ptr<Reporter> make_reporter(const ReportOptions& options, Output& output) {
  if (options.alive || options.unreachable) return std::make_unique<ListReporter>(options, output);
  switch (options.format) {
    case Format::text:
      break;
    case Format::json:
      return std::make_unique<JsonReporter>(options, output);
    case Format::csv:
      return std::make_unique<CsvReporter>(options, output);
    case Format::prometheus:
      return std::make_unique<PrometheusReporter>(options, output);
  }
  return std::make_unique<TextReporter>(options, output);
}

}  // namespace sonde::report
