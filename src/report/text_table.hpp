// text_table.hpp: summaries as text: a block of lines for one target, an aligned table for many.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "report/reporter.hpp"

namespace sonde::report {

struct TableStyle {
  std::size_t width = 80;
  bool unicode = true, colour = false;
  bool rate_limited = false;  // sends may be left out because --rate allows no more
};

// The lines of one target's summary, without a heading: counts, loss, RTT, jitter, host time, and what went
// wrong. Lines stay within 80 columns. `interim`: probes may be in flight.
std::string summary_block(const Summary& summary, const TableStyle& style, bool interim);

// "sent 5, received 4, …".
std::string counts_text(const Figures& figures, bool interim);

// One line for a target: counts, loss, median and p99.
std::string summary_line(const Figures& figures, const TableStyle& style);

// What of the run itself bears on the figures: losses of our own, clock steps, lag. Empty when all is well.
std::string totals_remarks(const Totals& totals, bool verbose, const TableStyle& style);

// Lays out rows in columns. Columns in which no target has anything (no late answers, no errors) are left
// out, and when the width does not do, the least telling ones too. Rows are kept until `most_rows_kept` have
// gathered or finish() is called; the layout is then fixed by those seen, so memory does not grow with the
// number of targets.
class SummaryTable {
 public:
  static constexpr std::size_t most_rows_kept = 4096;

  SummaryTable(TableStyle style, const std::vector<double>& percentiles);

  // Both return the text to write now, which may be empty.
  std::string add(const std::string& name, const Summary& summary);
  std::string finish();

 private:
  struct Column {
    std::string title;
    std::function<std::string(const Summary&)> text;
    int priority = 0;       // higher ones are left out first
    bool optional = false;  // left out when no row has anything to say
    bool shown = true;
    std::size_t width = 0;
  };
  struct Row {
    std::string name;
    std::vector<std::string> cells;
    bool healthy = true;
  };

  void lay_out();
  template <typename Cell>
  std::string row_text(std::string_view name, const Cell& cell) const;
  std::string painted(const std::string& row, bool healthy) const;
  std::string flush();

  TableStyle style_;
  std::vector<Column> columns_;
  std::vector<Row> rows_;
  std::size_t name_width_ = 0;
  bool laid_out_ = false;
};

}  // namespace sonde::report
