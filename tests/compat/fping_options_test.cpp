// fping's command line, read without a network.
#include <gmock/gmock.h>

#include "compat/fping/lines.hpp"
#include "compat/fping/options.hpp"
#include "compat/fping/summary.hpp"
#include "compat/fping/words.hpp"

namespace sonde::compat::fping {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::expected<Options, Ending> read(std::vector<std::string> words, std::string program = "fping") {
  words.insert(words.begin(), std::move(program));
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  auto options = read_options(arguments);
  if (!options) return options;
  if (auto settled = settle(*options); !settled) return std::unexpected(settled.error());
  return options;
}

std::string errors_of(const std::vector<std::string>& words) {
  const auto options = read(words);
  EXPECT_FALSE(options.has_value());
  if (options) return "(none)";
  EXPECT_EQ(options.error().status, 1);
  return options.error().errors;
}

TEST(FpingWords, OperandsMayStandAnywhereAndBehindTwoDashesAllAre) {
  const auto options = read({"one", "-c", "3", "two", "--quiet", "--", "-s", "three"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->operands, (std::vector<std::string>{"one", "two", "-s", "three"}));
  EXPECT_EQ(options->count, 3u);
  EXPECT_TRUE(options->quiet);
  EXPECT_FALSE(options->stats);
}

TEST(FpingWords, LettersMayShareADashAndAValueItsLetters) {
  const auto options = read({"-qsc5", "host"});
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->quiet && options->stats);
  EXPECT_EQ(options->count, 5u);
}

TEST(FpingWords, WhatIsNoOptionIsNamed) {
  EXPECT_EQ(errors_of({"-Z"}), "fping: invalid option -- 'Z'\nsee 'fping -h' for usage information\n");
  EXPECT_THAT(errors_of({"--quie"}), StartsWith("fping: invalid option -- 'quie'\n"));
  EXPECT_THAT(errors_of({"--quiet=yes"}), StartsWith("fping: option takes no arguments -- 'quiet'\n"));
  EXPECT_THAT(errors_of({"-c"}), StartsWith("fping: option requires an argument -- 'c'\n"));
  EXPECT_THAT(errors_of({"--count"}), StartsWith("fping: option requires an argument -- 'count'\n"));
}

TEST(FpingOptions, ANumberHasNothingBehindIt) {
  for (const char* letter : {"-b", "-B", "-c", "-C", "-H", "-i", "-k", "-O", "-p", "-Q", "-r", "-t", "-x",
                             "-X", "--seqmap-timeout"}) {
    for (const char* value : {"", "x", "-2", " -2", "3abc", "nan", "inf"}) {
      EXPECT_THAT(errors_of({letter, value, "host"}), StartsWith("Usage: fping [options] [targets...]\n"))
          << letter << " '" << value << "'";
    }
  }
  for (const char* letter : {"-c", "-C", "-H", "-k", "-x", "-X"})
    EXPECT_THAT(errors_of({letter, "0", "host"}), StartsWith("Usage:")) << letter;
}

TEST(FpingOptions, ContradictionsHaveFpingsWords) {
  EXPECT_EQ(errors_of({"-4", "-6", "h"}), "fping: can't specify both -4 and -6\n");
  EXPECT_EQ(errors_of({"-d", "-n", "h"}), "fping: use either one of -d or -n\n");
  EXPECT_EQ(errors_of({"-a", "-u", "h"}), "fping: specify only one of a, u\n");
  EXPECT_EQ(errors_of({"-c3", "-l", "h"}), "fping: specify only one of c, l\n");
  EXPECT_EQ(errors_of({"-H", "300", "h"}), "fping: ttl 300 out of range\n");
  EXPECT_EQ(errors_of({"-J", "h"}), "fping: option -J, --json requires -c, -C, or -l\n");
  EXPECT_EQ(errors_of({"-b", "65508", "h"}),
            "fping: data size 65508 not valid, must not be larger than 65507\n");
  EXPECT_EQ(errors_of({"-B", "5.1", "h"}),
            "fping: backoff factor 5.1 not valid, must be between 1.0 and 5.0\n");
  EXPECT_EQ(errors_of({"-I", "a", "--oiface", "b", "h"}), "fping: specify only --oiface or -I, --iface\n");
  EXPECT_EQ(errors_of({"-6", "--icmp-timestamp", "h"}), "fping: ICMP Timestamp is IPv4 only\n");
  EXPECT_EQ(errors_of({"--icmp-timestamp", "-b", "12", "h"}), "fping: cannot change ICMP Timestamp size\n");
  EXPECT_EQ(errors_of({"-S", "nowhere", "h"}), "fping: can't parse source address: nowhere\n");
  EXPECT_THAT(errors_of({"-f", "list", "h"}), StartsWith("Usage:"));
  EXPECT_THAT(errors_of({"-g"}), StartsWith("Usage:"));
}

TEST(FpingOptions, TheTimeoutFollowsThePeriodUnlessItIsGiven) {
  EXPECT_EQ(read({"h"})->timeout, milliseconds(500));
  EXPECT_EQ(read({"-c1", "h"})->timeout, milliseconds(1000));
  EXPECT_EQ(read({"-c1", "-p", "300", "h"})->timeout, milliseconds(300));
  EXPECT_EQ(read({"-l", "-p", "9000", "h"})->timeout, milliseconds(2000));
  EXPECT_EQ(read({"-c1", "-t", "70.5", "h"})->timeout, std::chrono::microseconds(70'500));
}

TEST(FpingOptions, CalledFping6ItIsForIpv6) {
  EXPECT_EQ(read({"h"}, "/usr/bin/fping6")->family, Family::ipv6);
  EXPECT_FALSE(read({"h"})->family);
}

TEST(FpingOptions, HelpListsWhatProgramsLookFor) {
  const auto help = read({"-h"});
  ASSERT_FALSE(help);
  EXPECT_EQ(help.error().status, 0);
  EXPECT_EQ(help.error().errors, "");
  for (const char* looked_for :
       {" -S,", " -O,", " -k,", "--timestamp", "--ipv6", "   -v, --version      show version\n"})
    EXPECT_THAT(help.error().output, HasSubstr(looked_for));
  EXPECT_EQ(read({"-v"}).error().output, "fping: Version 5.5\n");
}

TEST(FpingLines, TimesHaveAboutThreeDigits) {
  const auto text = [](std::int64_t ns) { return compat::fping::milliseconds(Nanoseconds(ns)); };
  EXPECT_EQ(text(0), "0.000");
  EXPECT_EQ(text(44'499), "0.044");
  EXPECT_EQ(text(999'499), "0.999");
  EXPECT_EQ(text(1'234'000), "1.23");
  EXPECT_EQ(text(12'340'000), "12.3");
  EXPECT_EQ(text(123'400'000), "123");
  EXPECT_EQ(text(2'147'999'000'000), "2.148e+06");
  EXPECT_EQ(text(-1'500'000), "-1.5");
}

TEST(FpingLines, EveryIcmpErrorHasAName) {
  Host host;
  host.shown = "h";
  host.address = *Address::parse("192.0.2.1");
  Event event;
  event.from = *Address::parse("192.0.2.9");
  const auto line = [&](std::uint8_t type, std::uint8_t code) {
    event.icmp_type = type;
    event.icmp_code = code;
    return icmp_line(host, event);
  };
  EXPECT_EQ(line(3, 1), "ICMP Host Unreachable from 192.0.2.9 for ICMP Echo sent to h\n");
  EXPECT_THAT(line(3, 16), StartsWith("ICMP Unreachable (Invalid Code) from"));
  EXPECT_THAT(line(11, 0), StartsWith("ICMP Time Exceeded from"));
  EXPECT_THAT(line(5, 1), StartsWith("ICMP Redirect from"));
  host.address = *Address::parse("2001:db8::1");
  event.from = *Address::parse("2001:db8::9");
  EXPECT_EQ(line(1, 3),
            "ICMPv6 Destination Unreachable (Address unreachable) from 2001:db8::9 for ICMPv6 Echo Request "
            "sent to h\n");
  EXPECT_THAT(line(1, 77), StartsWith("ICMPv6 Destination Unreachable (Code 77) from"));
  EXPECT_THAT(line(2, 0), StartsWith("ICMPv6 Packet Too Big from"));
  EXPECT_THAT(line(3, 0), StartsWith("ICMPv6 Time Exceeded (Hop limit exceeded in transit) from"));
}

TEST(FpingSummary, OutageIsLossTimesThePeriod) {
  Options options;
  options.period = milliseconds(550);
  EXPECT_EQ(outage_ms(options, {.sent = 5, .received = 1}), 2200);
}

}  // namespace
}  // namespace sonde::compat::fping
