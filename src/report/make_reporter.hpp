// make_reporter.hpp: which reporter a run gets, and what it is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "report/format.hpp"
#include "report/reporter.hpp"

namespace sonde::report {

// Whether to colour: `automatic` does on a terminal, unless $NO_COLOR is set (and not empty) or $TERM is
// "dumb". Either variable may be null. Sources: https://no-color.org
bool use_colour(ColourChoice choice, bool is_terminal, const char* no_color, const char* term);

// Whether the locale that these variables' values name writes UTF-8 (LC_ALL before LC_CTYPE before LANG;
// null: unset).
bool locale_is_utf8(const char* lc_all, const char* lc_ctype, const char* lang);

struct ReportOptions {
  Format format = Format::text;
  bool quiet = false;       // summaries only
  bool verbose = false;     // text: the answer's header, and what else is known of each event
  bool timestamps = false;  // text: a Unix time before each line
  bool numeric = false;     // no host names from reverse look-ups; lists name addresses
  bool colour = false;      // text
  bool unicode = true;      // text: µ and block characters; false: ASCII only
  bool histogram = false;   // Summary::histogram is shown (text, JSON), or becomes a Prometheus histogram
  bool alive = false;       // names of targets that answered (late counts), one per line, instead of `format`
  bool unreachable = false;   // the same of those that did not
  bool many_targets = false;  // text: lines begin with the target's name, summaries are a table
  bool rate_limited = false;  // text: --rate was given
  std::size_t width = 80;     // text: columns there are for a table
  std::vector<double> percentiles =
      {};  // Summary::percentiles come in this order; 50, 90 and 99 are always shown
  std::optional<Nanoseconds> timeout = {};  // text: "no answer within 1 s"
  const Clock* clock = nullptr;             // tests; null: the system's
};

// `output` must outlive the reporter. Lines are visible after output.flush().
std::unique_ptr<Reporter> make_reporter(const ReportOptions& options, Output& output);

}  // namespace sonde::report
