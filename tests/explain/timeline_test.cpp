// timeline_test.cpp: instants in their order, spans that sum to the whole, and nothing made up.
#include <gmock/gmock.h>

#include <numeric>

#include "explain/example.hpp"
#include "explain/scale.hpp"

namespace sonde::explain::testing {
namespace {

Nanoseconds sum_of(const Timeline& timeline) {
  return std::accumulate(
      timeline.spans.begin(), timeline.spans.end(), Nanoseconds::zero(),
      [](Nanoseconds sum, const Span& span) { return sum + span.duration.value_or(Nanoseconds::zero()); });
}

void expect_sound(const Timeline& timeline) {
  EXPECT_TRUE(std::ranges::is_sorted(timeline.instants, {}, &Measured::at));
  EXPECT_EQ(sum_of(timeline), timeline.whole());
}

TEST(Timeline, OfAllSevenInstantsHasSixSpans) {
  const Timeline timeline = answered_probe().timeline;
  expect_sound(timeline);
  ASSERT_EQ(timeline.instants.size(), 7u);
  ASSERT_EQ(timeline.spans.size(), 6u);
  EXPECT_EQ(timeline.spans[0].duration, Nanoseconds(8'000));
  EXPECT_EQ(timeline.whole(), Nanoseconds(20'034'000));
}

TEST(Timeline, ShowsWhatTrulyCameFirst) {
  // Over loopback the answer is there before the call that sent the probe is back.
  const Timeline timeline = make_timeline(measurements({0, 8, 9, 30, 20, 35, 40}));
  expect_sound(timeline);
  EXPECT_EQ(timeline.instants[3].instant, Instant::arrived);
  EXPECT_EQ(timeline.instants[4].instant, Instant::send_returned);
  // And a probe that waits for its neighbour leaves behind it.
  const Timeline waiting = make_timeline(measurements({0, 20, 21, 10, 50, 60, 70}));
  expect_sound(waiting);
  EXPECT_EQ(waiting.instants[1].instant, Instant::send_returned);
}

TEST(Timeline, AMissingStampHasNoDurationAndLeavesTheSumWhole) {
  const Timeline timeline = make_timeline(measurements({0, std::nullopt, 9, 12, 20, 30, 40}));
  expect_sound(timeline);
  ASSERT_EQ(timeline.spans.size(), 6u);
  EXPECT_EQ(timeline.spans[0].to, Instant::scheduled);
  EXPECT_EQ(timeline.spans[0].duration, std::nullopt);
  EXPECT_EQ(timeline.spans[1].from, Instant::send_called);
  EXPECT_EQ(timeline.spans[1].to, Instant::sent);
  EXPECT_EQ(timeline.spans[1].duration, Nanoseconds(9));
}

TEST(Timeline, WithoutAnyStampTellsWhatThisProgramSaw) {
  const Timeline timeline =
      make_timeline(measurements({0, std::nullopt, std::nullopt, 12, std::nullopt, 30, 40}));
  expect_sound(timeline);
  const auto missing = std::ranges::count_if(timeline.spans, [](const Span& span) { return !span.duration; });
  EXPECT_EQ(missing, 3);
  EXPECT_EQ(timeline.whole(), Nanoseconds(40));
}

TEST(Timeline, OfALostProbeEndsWithWhatIsKnown) {
  const Timeline timeline =
      make_timeline(measurements({0, 8, 9, 12, std::nullopt, std::nullopt, std::nullopt}));
  expect_sound(timeline);
  EXPECT_EQ(timeline.spans.size(), 3u);
  EXPECT_EQ(timeline.at(Instant::arrived), std::nullopt);
}

TEST(Timeline, OfNothingIsEmpty) {
  const Timeline timeline = make_timeline({});
  EXPECT_TRUE(timeline.spans.empty());
  EXPECT_EQ(timeline.whole(), Nanoseconds::zero());
}

TEST(Distance, IsCountedFromTheNextInitialTtlThatHostsUse) {
  EXPECT_EQ(likely_distance(64).hops, 0u);
  EXPECT_EQ(likely_distance(61).initial_ttl, 64);
  EXPECT_EQ(likely_distance(61).hops, 3u);
  EXPECT_EQ(likely_distance(65).initial_ttl, 128);
  EXPECT_EQ(likely_distance(255).hops, 0u);
  EXPECT_EQ(likely_distance(129).initial_ttl, 255);
  EXPECT_EQ(likely_distance(1).initial_ttl, 32);
}

TEST(Scale, DrawsTheLongestAsHalfWhenItTakesMore) {
  const auto drawn = scaled(answered_probe().timeline);
  ASSERT_EQ(drawn.size(), 6u);
  EXPECT_TRUE(drawn[3].shortened);
  EXPECT_DOUBLE_EQ(drawn[3].width, 0.5);
  EXPECT_EQ(std::ranges::count(drawn, true, &DrawnSpan::shortened), 1);
  double end = 0;
  for (const DrawnSpan& span : drawn) {
    EXPECT_NEAR(span.begin, end, 1e-9);
    end = span.begin + span.width;
  }
  EXPECT_NEAR(end, 1, 1e-9);
}

TEST(Scale, IsTrueWhereNoSpanDwarfsTheOthers) {
  const auto drawn = scaled(make_timeline(measurements({0, 10, 20, 30, 40, 50, 60})));
  for (const DrawnSpan& span : drawn) {
    EXPECT_FALSE(span.shortened);
    EXPECT_NEAR(span.width, 1.0 / 6, 1e-9);
  }
}

}  // namespace
}  // namespace sonde::explain::testing
