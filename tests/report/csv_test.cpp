// csv_test.cpp: rows as wide as their header, quoted as RFC 4180 says; and the lists for scripts.
#include "report/csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "report/sample_run.hpp"

namespace sonde::report {
namespace {

// RFC 4180, with LF.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1, {""});
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    std::string& cell = rows.back().back();
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      cell += c;
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ',') {
      rows.back().emplace_back();
    } else if (!quoted && c == '\n') {
      rows.push_back({""});
    } else {
      cell += c;
    }
  }
  rows.pop_back();
  return rows;
}

std::string sample_rows(bool quiet) {
  ReportOptions options{.format = Format::csv};
  options.quiet = quiet;
  options.percentiles = {50, 99.9};
  return written_by(options, [](Reporter& reporter) { play_run(reporter, true); });
}

TEST(Csv, EventsAreAsAlways) {
  expect_golden("run.csv", sample_rows(false));
}

TEST(Csv, SummariesAreAsAlways) {
  expect_golden("quiet.csv", sample_rows(true));
}

TEST(Csv, EveryRowHasTheHeadersColumns) {
  for (const bool quiet : {false, true}) {
    const auto rows = parse_csv(sample_rows(quiet));
    ASSERT_GE(rows.size(), 3u);
    for (const auto& row : rows) EXPECT_EQ(row.size(), rows.front().size());
  }
}

TEST(Csv, QuotesWhatNeedsIt) {
  TargetName target = gateway_target();
  target.name = "a,\"b\"\nc\xff";
  const std::string text = written_by({.format = Format::csv}, [&](Reporter& reporter) {
    reporter.start(sample_start());
    reporter.event(reply_event(), target);
    reporter.warning(target, "rtt, 1 s");
  });
  const auto rows = parse_csv(text);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1][1], "a,\"b\"\nc\uFFFD");
  EXPECT_EQ(rows[2].back(), "rtt, 1 s");
}

TEST(CsvDocument, ExamplesAreWhatIsWritten) {
  const std::string written = sample_rows(false) + sample_rows(true);
  std::istringstream lines(source_file("docs/csv.md"));
  bool in_example = false;
  int examples = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      in_example = line == "```csv";
    } else if (in_example) {
      ++examples;
      EXPECT_NE(written.find(line + "\n"), std::string::npos) << line;
    }
  }
  EXPECT_EQ(examples, 4);
}

std::string list_of(ReportOptions options) {
  return written_by(options, [](Reporter& reporter) { play_run(reporter, true); });
}

TEST(List, AliveNamesWhatAnsweredAsGiven) {
  EXPECT_EQ(list_of({.alive = true}), "gw.example\n");
}

TEST(List, UnreachableNamesTheOthers) {
  EXPECT_EQ(list_of({.unreachable = true}), "2001:db8::7\n");
}

TEST(List, NumericNamesAddresses) {
  EXPECT_EQ(list_of({.numeric = true, .alive = true}), "192.0.2.1\n");
}

TEST(List, LateAnswersCountAsAlive) {
  Summary summary = silent_summary();
  summary.figures.late = 1;
  summary.figures.lost = 8;
  EXPECT_EQ(
      written_by({.alive = true}, [&](Reporter& reporter) { reporter.summary(gateway_target(), summary); }),
      "gw.example\n");
}

}  // namespace
}  // namespace sonde::report
