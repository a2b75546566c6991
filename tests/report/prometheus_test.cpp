// prometheus_test.cpp: the exposition is valid, complete, and what Prometheus' own checker accepts.
#include "report/prometheus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <sstream>

#include "report/sample_run.hpp"

namespace sonde::report {
namespace {

using namespace std::chrono_literals;

std::string exposition(bool histogram, const std::function<void(Reporter&)>& use) {
  ReportOptions options{.format = Format::prometheus};
  options.histogram = histogram;
  return written_by(options, use);
}

std::string sample(bool histogram) {
  return exposition(histogram, [](Reporter& reporter) { play_run(reporter, true); });
}

// Names that need every escape, twice the same target, and a target that nothing is known of.
std::string awkward(bool histogram) {
  return exposition(histogram, [](Reporter& reporter) {
    reporter.start(sample_start());
    TargetName target = gateway_target();
    target.name = "quote\" back\\slash new\nline \xff";
    for (int i = 0; i < 3; ++i) reporter.summary(target, sample_summary());
    reporter.summary(numeric_target(), Summary{});
    reporter.end(Totals{}, Figures{});
  });
}

TEST(Prometheus, SummaryIsAsAlways) {
  expect_golden("summary.prom", sample(false));
}

TEST(Prometheus, HistogramIsAsAlways) {
  expect_golden("histogram.prom", sample(true));
}

TEST(Prometheus, NothingIsWrittenBeforeTheEnd) {
  EXPECT_EQ(exposition(false,
                       [](Reporter& reporter) {
                         reporter.start(sample_start());
                         reporter.event(reply_event(), gateway_target());
                         reporter.summary(gateway_target(), sample_summary());
                       }),
            "");
}

TEST(Prometheus, BucketsAreCumulativeAndEndInTheCount) {
  std::istringstream lines(sample(true));
  std::uint64_t last = 0, buckets = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("192.0.2.1") == std::string::npos) continue;
    const std::uint64_t value = std::strtoull(line.substr(line.rfind(' ') + 1).c_str(), nullptr, 10);
    if (line.starts_with("ping_rtt_seconds_bucket")) {
      EXPECT_GE(value, last) << line;
      last = value;
      ++buckets;
    }
    if (line.starts_with("ping_rtt_seconds_count")) {
      EXPECT_EQ(value, last);
    }
  }
  EXPECT_EQ(buckets, 20u);
  EXPECT_EQ(last, 3u);
}

TEST(Prometheus, LossRateIsPerSecondAndRatioPerProbe) {
  Totals totals;
  totals.elapsed = 2s;
  const std::string text = exposition(false, [&totals](Reporter& reporter) {
    reporter.summary(numeric_target(), silent_summary());
    reporter.end(totals, Figures{});
  });
  EXPECT_THAT(text,
              testing::HasSubstr("ping_loss_ratio{target=\"2001:db8::7\",address=\"2001:db8::7\"} 1\n"));
  EXPECT_THAT(text,
              testing::HasSubstr("ping_loss_rate{target=\"2001:db8::7\",address=\"2001:db8::7\"} 4.5\n"));
}

TEST(Prometheus, NoSampleAppearsTwice) {
  std::set<std::string> seen;
  std::istringstream lines(awkward(false));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) {
      EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << line;
    }
  }
}

class PromtoolAccepts : public testing::TestWithParam<std::string> {};

TEST_P(PromtoolAccepts, TheExposition) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed";
  char path[] = "/tmp/sonde_promtool_XXXXXX";
  const int descriptor = ::mkstemp(path);
  ASSERT_GE(descriptor, 0);
  ASSERT_EQ(::write(descriptor, GetParam().data(), GetParam().size()),
            static_cast<ssize_t>(GetParam().size()));
  ::close(descriptor);
  const std::string command = "promtool check metrics < " + std::string(path) + " 2>&1";
  std::FILE* checker = ::popen(command.c_str(), "r");
  ASSERT_NE(checker, nullptr);
  std::string said;
  for (int c = std::fgetc(checker); c != EOF; c = std::fgetc(checker)) said += static_cast<char>(c);
  EXPECT_EQ(::pclose(checker), 0) << said;
  EXPECT_EQ(said, "");
  ::unlink(path);
}

std::string exposition_name(const testing::TestParamInfo<std::string>& parameter) {
  constexpr std::array<std::string_view, 4> names{"Summary", "Histogram", "AwkwardSummary",
                                                  "AwkwardHistogram"};
  return std::string(names.at(parameter.index));
}

INSTANTIATE_TEST_SUITE_P(Prometheus, PromtoolAccepts,
                         testing::Values(sample(false), sample(true), awkward(false), awkward(true)),
                         exposition_name);

}  // namespace
}  // namespace sonde::report
