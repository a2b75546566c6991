// event_names_test.cpp: every enumerator of an event has a name of its own.
#include <gtest/gtest.h>

#include <set>

#include "sonde/event.hpp"

namespace sonde {
namespace {

template <typename Enumeration>
void expect_distinct_names(unsigned count, Enumeration (*value_of)(unsigned)) {
  std::set<std::string_view> names;
  for (unsigned i = 0; i < count; ++i) {
    const auto name = to_string(value_of(i));
    EXPECT_NE(name, "unknown") << i;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(to_string(value_of(count)), "unknown") << "an enumerator was added: count it here";
}

TEST(EventNames, KindsAreDistinct) {
  expect_distinct_names<EventKind>(8, [](unsigned i) { return static_cast<EventKind>(i); });
}

TEST(EventNames, ClocksAreDistinct) {
  expect_distinct_names<RttClock>(3, [](unsigned i) { return static_cast<RttClock>(i); });
}

TEST(EventNames, FlagsAreDistinct) {
  expect_distinct_names<EventFlag>(16, [](unsigned i) { return static_cast<EventFlag>(1u << i); });
}

TEST(EventNames, ReasonsAreDistinct) {
  expect_distinct_names<ErrorReason>(19, [](unsigned i) { return static_cast<ErrorReason>(i); });
}

TEST(EventNames, SpelledAsTheSchemaSays) {
  EXPECT_EQ(to_string(EventKind::rejected), "rejected");
  EXPECT_EQ(to_string(RttClock::hardware), "hardware");
  EXPECT_EQ(to_string(EventFlag::other_source), "other_source");
  EXPECT_EQ(to_string(ErrorReason::host_unreachable), "host_unreachable");
  EXPECT_EQ(to_string(ErrorReason::neighbour), "neighbour");
}

}  // namespace
}  // namespace sonde
