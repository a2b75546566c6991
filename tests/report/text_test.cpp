// text_test.cpp: runs as people read them: lines, summaries, tables, widths, colours.
#include "report/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "report/display.hpp"
#include "report/sample_run.hpp"

namespace sonde::report {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

ReportOptions text_options(bool many) {
  ReportOptions options;
  options.many_targets = many;
  options.timeout = 1s;
  options.percentiles = {50, 90, 99, 99.9};
  return options;
}

std::string run_text(const ReportOptions& options) {
  return written_by(options, [&](Reporter& reporter) { play_run(reporter, options.many_targets); });
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Text, OneTargetIsAsAlways) {
  expect_golden("one.txt", run_text(text_options(false)));
}

TEST(Text, ManyTargetsAreAsAlways) {
  expect_golden("many.txt", run_text(text_options(true)));
}

TEST(Text, EverythingAskedForIsAsAlways) {
  StandingClock clock;
  ReportOptions options = text_options(false);
  options.clock = &clock;
  options.verbose = options.timestamps = options.histogram = true;
  expect_golden("verbose.txt", run_text(options));
}

TEST(Text, AsciiTerminalGetsAsciiOnly) {
  ReportOptions options = text_options(true);
  options.verbose = options.histogram = true;
  options.unicode = false;
  for (const char c : run_text(options)) EXPECT_GE(c, 0);
}

TEST(Text, QuietWritesNoEvents) {
  ReportOptions options = text_options(false);
  options.quiet = true;
  const std::string text = run_text(options);
  EXPECT_THAT(text, Not(HasSubstr("seq=")));
  EXPECT_THAT(text, HasSubstr("warning: loss 50%"));  // asked for by an option of its own
  EXPECT_THAT(text, HasSubstr("sent 9, received 3, lost 1, late 1, errors 3, local 1"));
}

TEST(Text, SummaryFitsEightyColumns) {
  for (const bool many : {false, true}) {
    ReportOptions options = text_options(many);
    options.quiet = options.histogram = true;
    for (const std::string& line : lines_of(run_text(options))) {
      if (line.find("so far: ") == std::string::npos) {
        EXPECT_LE(display_width(line), 80u) << line;
      }
    }
  }
}

TEST(Text, WiderTerminalShowsMoreColumns) {
  ReportOptions options = text_options(true);
  options.quiet = true;
  EXPECT_THAT(run_text(options), Not(HasSubstr("stddev")));
  options.width = 200;
  EXPECT_THAT(run_text(options), HasSubstr("stddev"));
}

TEST(Text, HostileHostNameIsEscapedEverywhere) {
  TargetName target = numeric_target();
  target.host_name = "evil\x1b]0;owned\x07\xe2\x80\xae";
  for (const bool many : {false, true}) {
    ReportOptions options = text_options(many);
    options.verbose = true;
    const std::string text = written_by(options, [&](Reporter& reporter) {
      RunStart run = sample_start();
      run.only_target = target;
      reporter.start(run);
      reporter.resolved(target, Address::loopback(Family::ipv6));
      Event event = reply_event();
      event.address = target.address;
      event.from.reset();
      reporter.event(event, target);
      reporter.warning(target, "a\x1bz");
      reporter.interim(target, sample_summary());
      reporter.summary(target, sample_summary());
      reporter.end(sample_totals(), sample_merged());
    });
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\x07'), std::string::npos);
    EXPECT_THAT(text, HasSubstr("evil\\x1b]0;owned"));
  }
}

TEST(Text, ColourAddsNothingButColour) {
  ReportOptions options = text_options(true);
  const std::string plain = run_text(options);
  options.colour = true;
  std::string coloured = run_text(options);
  EXPECT_NE(coloured, plain);
  for (std::size_t at = coloured.find("\x1b["); at != std::string::npos; at = coloured.find("\x1b[")) {
    coloured.erase(at, coloured.find('m', at) - at + 1);
  }
  EXPECT_EQ(coloured, plain);
}

TEST(Text, TableColumnsLineUpForWideNames) {
  const std::string text = written_by(text_options(true), [](Reporter& reporter) {
    for (const char* label : {"短い", "a",
                              "bu\xcc\x88"
                              "cher"}) {
      TargetName target = gateway_target();
      target.label = label;
      reporter.summary(target, sample_summary());
    }
    reporter.end(sample_totals(), sample_merged());
  });
  std::vector<std::size_t> widths;
  for (const std::string& line : lines_of(text)) {
    if (line.find("192.0.2.1") != std::string::npos) widths.push_back(display_width(line));
  }
  ASSERT_EQ(widths.size(), 3u);
  EXPECT_EQ(widths[0], widths[1]);
  EXPECT_EQ(widths[1], widths[2]);
}

TEST(Text, MillionTargetsAreNotKept) {
  TableStyle style;
  SummaryTable table(style, {});
  std::size_t lines = 0;
  const Summary summary = sample_summary();
  for (std::size_t i = 0; i < 3 * SummaryTable::most_rows_kept; ++i) {
    const std::string text = table.add("name", summary);
    lines += static_cast<std::size_t>(std::ranges::count(text, '\n'));
    if (i + 1 >= SummaryTable::most_rows_kept) {
      EXPECT_FALSE(text.empty());
    }
  }
  EXPECT_EQ(lines, 3 * SummaryTable::most_rows_kept + 1);  // and the heads, once
  EXPECT_EQ(table.finish(), "");
}

TEST(Text, NothingLeftThisHostIsNotCalledLoss) {
  Summary summary;
  summary.figures.sent = summary.figures.local = 3;
  const std::string text = written_by(
      text_options(false), [&](Reporter& reporter) { reporter.summary(gateway_target(), summary); });
  EXPECT_THAT(text, HasSubstr("unknown: no probe has left this host"));
  EXPECT_THAT(text, Not(HasSubstr("100%")));
}

TEST(Text, ATargetAskedInTwoWaysIsOneTarget) {
  const std::string text = written_by(text_options(true), [&](Reporter& reporter) {
    TargetName target = gateway_target();
    for (const char* way : {"icmp", "udp"}) {
      target.transport = way;
      reporter.summary(target, sample_summary());
    }
    reporter.end(sample_totals(), sample_merged());
  });
  EXPECT_THAT(text, HasSubstr("\n1 target in "));
}

TEST(Text, SuppressedLinesAreCounted) {
  StandingClock clock;
  ReportOptions options = text_options(false);
  options.clock = &clock;
  const std::string text = written_by(options, [](Reporter& reporter) {
    for (int i = 0; i < 25; ++i) reporter.event(rejected_event(), TargetName{});
    reporter.end(sample_totals(), sample_merged());
  });
  EXPECT_THAT(text, HasSubstr("15 lines about duplicates"));
}

TEST(Text, DefaultPercentilesAreNotShownTwice) {
  ReportOptions options = text_options(true);
  options.percentiles = {50, 90, 99};
  options.width = 300;
  options.quiet = true;
  EXPECT_THAT(run_text(options), Not(HasSubstr("p50")));
}

}  // namespace
}  // namespace sonde::report
