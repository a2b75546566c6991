// words_test.cpp: durations, percentages, widths and histograms as people see them.
#include "report/words.hpp"

#include <gtest/gtest.h>

#include "report/display.hpp"
#include "report/histogram.hpp"
#include "report/line_limiter.hpp"
#include "report/make_reporter.hpp"

namespace sonde::report {
namespace {

using namespace std::chrono_literals;

TEST(DurationText, HasThreeDigitsAndAUnit) {
  EXPECT_EQ(duration_text(0ns), "0 ns");
  EXPECT_EQ(duration_text(999ns), "999 ns");
  EXPECT_EQ(duration_text(1000ns), "1.00 µs");
  EXPECT_EQ(duration_text(43'210ns), "43.2 µs");
  EXPECT_EQ(duration_text(123'456ns), "123 µs");
  EXPECT_EQ(duration_text(1'234'567ns), "1.23 ms");
  EXPECT_EQ(duration_text(1500ms), "1.50 s");
  EXPECT_EQ(duration_text(43'210ns, false), "43.2 us");
  EXPECT_EQ(duration_text(-5us), "-5.00 µs");
}

TEST(DurationText, RoundsIntoTheNextUnitRatherThanToFourDigits) {
  EXPECT_EQ(duration_text(9'996ns), "10.0 µs");
  EXPECT_EQ(duration_text(99'960ns), "100 µs");
  EXPECT_EQ(duration_text(999'600ns), "1.00 ms");
  EXPECT_EQ(duration_text(999'960us), "1.00 s");
  EXPECT_EQ(duration_text(59'940ms), "59.9 s");
  EXPECT_EQ(duration_text(59'960ms), "1m00s");
}

TEST(DurationText, LongOnesAreTold) {
  EXPECT_EQ(duration_text(125s), "2m05s");
  EXPECT_EQ(duration_text(3h + 7min), "3h07m");
  EXPECT_EQ(duration_text(131h), "5d11h");
}

TEST(SettingText, IsExact) {
  EXPECT_EQ(setting_text(1s), "1 s");
  EXPECT_EQ(setting_text(1500ms), "1.5 s");
  EXPECT_EQ(setting_text(200ms), "200 ms");
  EXPECT_EQ(setting_text(250us, false), "250 us");
}

TEST(PercentText, SaysNoneAndAllOnlyWhenExact) {
  EXPECT_EQ(percent_text(0), "0%");
  EXPECT_EQ(percent_text(1), "100%");
  EXPECT_EQ(percent_text(0.00001), "<0.01%");
  EXPECT_EQ(percent_text(0.99999), ">99.9%");
  EXPECT_EQ(percent_text(0.5), "50.0%");
  EXPECT_EQ(percent_text(0.0123), "1.23%");
  EXPECT_EQ(percent_text(0.09996), "10.0%");
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("bücher"), 6u);
  EXPECT_EQ(display_width("bu\xcc\x88"
                          "cher"),
            6u);  // combining diaeresis
  EXPECT_EQ(display_width("例え"), 4u);
  EXPECT_EQ(display_width("😀"), 2u);
  EXPECT_EQ(display_width("\xff\xfe"), 2u);
}

TEST(Pad, FillsByColumnsNotBytes) {
  EXPECT_EQ(pad_right("例え", 6), "例え  ");
  EXPECT_EQ(pad_left("µs", 4), "  µs");
  EXPECT_EQ(pad_right("long", 2), "long");
}

TEST(Clip, NeverCutsACharacterNorExceedsTheWidth) {
  EXPECT_EQ(clip("例え例え", 8), "例え例え");
  EXPECT_EQ(clip("例え例え", 6), "例え…");
  EXPECT_EQ(clip("例え例え", 4), "例…");
  EXPECT_EQ(clip("abcdef", 4, false), "abc~");
  EXPECT_EQ(clip("abc", 0), "");
}

TEST(DisplayName, PrefersLabelThenHostName) {
  TargetName target{
      .name = "192.0.2.1", .label = "", .host_name = "router.example", .address = Address::ipv4(0xc0000201)};
  EXPECT_EQ(display_name(target, false), "router.example (192.0.2.1)");
  EXPECT_EQ(display_name(target, true), "192.0.2.1");
  target.label = "gate\x07way";
  EXPECT_EQ(display_name(target, true), "gate\\x07way (192.0.2.1)");
}

TEST(Histogram, EdgesAreRoundAndNothingIsLost) {
  std::vector<HistogramBar> bars;
  for (int i = 0; i < 700; ++i)
    bars.push_back({Nanoseconds(40'000 + i * 10), Nanoseconds(40'010 + i * 10), 2});
  bars.push_back({0ns, 1us, 0});  // empty bars do not widen the range
  const std::vector<HistogramBar> narrow = round_bars(bars, 16);
  ASSERT_FALSE(narrow.empty());
  EXPECT_LE(narrow.size(), 16u);
  EXPECT_GE(narrow.size(), 6u);
  EXPECT_EQ(narrow.front().from, 40us);
  EXPECT_EQ(narrow[1].from - narrow[0].from, 500ns);
  bars.push_back({30ms, 31ms, 5});
  const std::vector<HistogramBar> wide = round_bars(bars, 16);
  EXPECT_LE(wide.size(), 16u);
  std::uint64_t narrow_sum = 0, wide_sum = 0;
  for (const HistogramBar& bar : narrow) narrow_sum += bar.count;
  for (const HistogramBar& bar : wide) wide_sum += bar.count;
  EXPECT_EQ(narrow_sum, 1400u);
  EXPECT_EQ(wide_sum, 1405u);
  EXPECT_TRUE(round_bars({}, 16).empty());
}

TEST(Histogram, RowsOfNearlyEqualValuesAreToldApart) {
  for (const Nanoseconds width : {Nanoseconds(50ns), Nanoseconds(200ns), Nanoseconds(2us)}) {
    const std::vector<HistogramBar> bars{{14'600ns, 14'600ns + width, 3}};
    std::uint64_t sum = 0;
    for (const HistogramBar& row : round_bars(bars, 16)) {
      EXPECT_NE(duration_text(row.from), duration_text(row.to));
      sum += row.count;
    }
    EXPECT_EQ(sum, 3u);
  }
}

TEST(Histogram, ExtremesStayWithinTheRows) {
  const std::vector<HistogramBar> bars{{0ns, 1ns, 1}, {1h, 1h + 1s, 1}};
  const std::vector<HistogramBar> rows = round_bars(bars, 16);
  EXPECT_LE(rows.size(), 16u);
  EXPECT_EQ(rows.front().count, 1u);
  EXPECT_EQ(rows.back().count, 1u);
}

TEST(Histogram, CountBetweenPutsABarWhereItsMiddleLies) {
  const std::vector<Nanoseconds> edges{10us, 20us};
  const std::vector<HistogramBar> bars{{9us, 10us, 1}, {9us, 12us, 2}, {20us, 21us, 4}};
  EXPECT_EQ(count_between(bars, edges), (std::vector<std::uint64_t>{1, 2, 4}));
}

class SettableClock final : public Clock {
 public:
  MonotonicTime monotonic() const override { return now; }
  UnixTime unix_time() const override { return {}; }
  MonotonicTime now{1h};
};

TEST(LineLimiter, LetsTenThroughInAnySecond) {
  SettableClock clock;
  LineLimiter limiter(&clock);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.allow(EventKind::rejected));
  clock.now += 900ms;
  for (int i = 0; i < 7; ++i) EXPECT_TRUE(limiter.allow(EventKind::duplicate));
  EXPECT_FALSE(limiter.allow(EventKind::rejected));
  EXPECT_TRUE(limiter.allow(EventKind::lost));
  clock.now += 100ms;  // three are a second ago, seven are not
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.allow(EventKind::rejected));
  EXPECT_FALSE(limiter.allow(EventKind::note));
  EXPECT_EQ(limiter.suppressed(), 2u);
}

TEST(UseColour, FollowsTerminalAndEnvironment) {
  EXPECT_TRUE(use_colour(ColourChoice::automatic, true, nullptr, "xterm"));
  EXPECT_TRUE(use_colour(ColourChoice::automatic, true, "", "xterm"));
  EXPECT_FALSE(use_colour(ColourChoice::automatic, true, "1", "xterm"));
  EXPECT_FALSE(use_colour(ColourChoice::automatic, false, nullptr, "xterm"));
  EXPECT_FALSE(use_colour(ColourChoice::automatic, true, nullptr, "dumb"));
  EXPECT_TRUE(use_colour(ColourChoice::always, false, "1", nullptr));
  EXPECT_FALSE(use_colour(ColourChoice::never, true, nullptr, "xterm"));
}

TEST(LocaleIsUtf8, FirstVariableThatIsSetDecides) {
  EXPECT_TRUE(locale_is_utf8(nullptr, nullptr, "en_GB.UTF-8"));
  EXPECT_TRUE(locale_is_utf8("C.utf8", nullptr, nullptr));
  EXPECT_FALSE(locale_is_utf8("C", nullptr, "en_GB.UTF-8"));
  EXPECT_TRUE(locale_is_utf8("", "C.UTF-8", "C"));
  EXPECT_FALSE(locale_is_utf8(nullptr, nullptr, nullptr));
}

}  // namespace
}  // namespace sonde::report
