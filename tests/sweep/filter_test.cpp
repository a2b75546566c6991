// filter_test.cpp: filters mean what they say, and say where they are wrong.
#include "sweep/filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "sweep/filter_values.hpp"
#include "sweep/sample_record.hpp"

namespace sonde::sweep {
namespace {

bool matches(std::string_view text, const Record& record) {
  const auto filter = Filter::parse(text);
  EXPECT_TRUE(filter) << text << ": " << filter.error().message();
  return filter && filter->matches(record);
}

std::string refusal(std::string_view text) {
  const auto filter = Filter::parse(text);
  return filter ? "taken" : filter.error().message();
}

TEST(SweepFilter, TheDefaultTakesTheFirstReplyOfEachAddress) {
  Record record = full_record();
  EXPECT_TRUE(matches(default_filter, record));
  record.duplicate = true;
  EXPECT_FALSE(matches(default_filter, record));
  EXPECT_FALSE(matches(default_filter, bare_error()));
}

TEST(SweepFilter, ZmapsOwnExpressionsWork) {
  EXPECT_TRUE(matches("success = 1 && repeat = 0", full_record()));
  EXPECT_TRUE(matches("classification = unreach || classification = echoreply", bare_error()));
  EXPECT_TRUE(matches("(icmp_id = 4242) && ttl >= 52", full_record()));
  EXPECT_TRUE(matches("saddr = 192.0.2.7", full_record()));
}

TEST(SweepFilter, AnEmptyOneTakesEverything) {
  EXPECT_TRUE(matches("", bare_error()));
  EXPECT_TRUE(matches(" \t\n", full_record()));
  EXPECT_TRUE(Filter().matches(bare_error()));
}

TEST(SweepFilter, NumbersAreComparedExactly) {
  const Record record = full_record();  // rtt 12.345678 ms
  const std::pair<const char*, bool> cases[] = {{"rtt_ms = 12.345678", true},
                                                {"rtt_ms == 12.345677", false},
                                                {"rtt_ms != 12.345678", false},
                                                {"rtt_ms > 12.345677", true},
                                                {"rtt_ms > 12.345678", false},
                                                {"rtt_ms >= 12.345678", true},
                                                {"rtt_ms < 12.345679", true},
                                                {"rtt_ms < 12.345678", false},
                                                {"rtt_ms <= 12.345678", true},
                                                {"rtt_ms <= 12.345677", false},
                                                {"rtt_ms > -1", true},
                                                {"rtt_ms<13", true},
                                                {"rtt_ms = 12.3456780000", true},
                                                {"ttl=52", true},
                                                {"index != 9", false},
                                                {"received > 1700000000.012345682", true},
                                                {"sent = 1700000000.000000005", true}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(matches(text, record), expected) << text;
}

TEST(SweepFilter, FlagsStandAloneOrAreCompared) {
  Record record = full_record();
  EXPECT_TRUE(matches("success", record));
  EXPECT_TRUE(matches("!late", record));
  EXPECT_TRUE(matches("success = true && late = false", record));
  EXPECT_FALSE(matches("success != 1", record));
  record.late = true;
  EXPECT_FALSE(matches("! late", record));
}

TEST(SweepFilter, AddressesAreComparedAndLieInPrefixes) {
  const Record record = full_record();
  EXPECT_TRUE(matches("address in 192.0.2.0/24", record));
  EXPECT_TRUE(matches("address in 192.0.2.7-192.0.2.9", record));
  EXPECT_FALSE(matches("address in 192.0.2.8/29", record));
  EXPECT_FALSE(matches("address in ::/0", record));
  EXPECT_TRUE(matches("address in 2001:db8::/32", bare_error()));
  EXPECT_TRUE(matches("from = 2001:db8:FFFF:0::1", bare_error()));
  EXPECT_FALSE(matches("address != 192.0.2.7", record));
  EXPECT_TRUE(matches("address != 192.0.2.8", record));
}

TEST(SweepFilter, AnAddressWithoutZoneMeansEveryZone) {
  Record record = full_record();
  record.address = Address::ipv6(address("fe80::1").bytes().first<16>(), 1);
  EXPECT_TRUE(matches("address = fe80::1", record));
  EXPECT_TRUE(matches("address in fe80::/10", record));
  EXPECT_TRUE(matches("address = fe80::1%1", record));
  EXPECT_FALSE(matches("address = fe80::1%2", record));
}

TEST(SweepFilter, TextsMayBeQuoted) {
  EXPECT_TRUE(matches("reason = \"host_unreachable\"", bare_error()));
  EXPECT_TRUE(matches("reason='host_unreachable'", bare_error()));
  EXPECT_TRUE(matches("reason != \"a (b) && c\"", bare_error()));
}

TEST(SweepFilter, TimesAreUnixSecondsOrIso8601) {
  const Record record = full_record();  // received 2023-11-14T22:13:20.012345683Z
  EXPECT_TRUE(matches("timestamp > 2023-11-14T22:13:20Z", record));
  EXPECT_TRUE(matches("timestamp = 2023-11-14T22:13:20.012345683", record));
  EXPECT_TRUE(matches("timestamp < \"2023-11-14 22:14\"", record));
  EXPECT_TRUE(matches("timestamp >= 2023-11-14 && timestamp < 2023-11-15", record));
  EXPECT_TRUE(matches("timestamp > 1700000000", record));
  for (const char* wrong : {"2023-02-29", "2023-13-01", "2023-11-14T24:00", "2023-11-14T22:13:60",
                            "2023-11-14T22:13:", "2023-11-14T", "1969-12-31", "yesterday", "Z", ""})
    EXPECT_FALSE(parse_time(wrong)) << wrong;
}

TEST(SweepFilter, WhatIsAbsentComparesFalseWithEverything) {
  for (const char* text : {"rtt_ms = 0", "rtt_ms != 0", "rtt_ms < 1", "rtt_ms >= 0", "ttl != 3",
                           "to != 192.0.2.1", "to in 0.0.0.0/0"})
    EXPECT_FALSE(matches(text, bare_error())) << text;
  EXPECT_FALSE(matches("reason != ttl_exceeded", full_record()));
  EXPECT_TRUE(matches("!(rtt_ms < 1)", bare_error()));
}

TEST(SweepFilter, AndBindsMoreTightlyThanOr) {
  const Record record = full_record();
  EXPECT_TRUE(matches("success || late && duplicate", record));
  EXPECT_FALSE(matches("(success || late) && duplicate", record));
  EXPECT_TRUE(matches("late && duplicate || success", record));
  EXPECT_TRUE(matches("!late && !duplicate", record));
  EXPECT_FALSE(matches("!(late || !duplicate)", record));
}

// An expression and what it is worth for a record, computed beside it.
struct Sample {
  std::string text;
  bool worth = false;
};

Sample random_sample(std::mt19937_64& random, const Record& record, int depth) {
  const std::uint64_t kind = random() % (depth > 0 ? 6 : 3);
  if (kind == 0) return {"late", record.late};
  if (kind == 1) return {"ttl < 60", *record.ttl < 60};
  if (kind == 2) return {"index >= 8", record.index >= 8};
  Sample left = random_sample(random, record, depth - 1);
  if (kind == 3) return {"!(" + left.text + ")", !left.worth};
  const Sample right = random_sample(random, record, depth - 1);
  if (kind == 4) return {"(" + left.text + ")&&(" + right.text + ")", left.worth && right.worth};
  return {"(" + left.text + " || (" + right.text + "))", left.worth || right.worth};
}

TEST(SweepFilter, AnyNestingIsWorthWhatItsPartsAre) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    Record record = full_record();
    record.late = random() % 2 != 0;
    record.ttl = static_cast<std::uint8_t>(50 + random() % 20);
    record.index = random() % 16;
    const Sample sample = random_sample(random, record, 6);
    ASSERT_EQ(matches(sample.text, record), sample.worth) << sample.text;
  }
}

TEST(SweepFilter, AMistakeIsToldWithItsPlace) {
  using testing::HasSubstr;
  EXPECT_THAT(refusal("success = 1 &&"),
              HasSubstr("at character 15: expected a field, '!' or '(': there it ends"));
  EXPECT_THAT(refusal("sucess = 1"), HasSubstr("at character 1: expected a field, which 'sucess' is not"));
  EXPECT_THAT(refusal("ttl"), HasSubstr("at character 4: expected one of = != < <= > >="));
  EXPECT_THAT(refusal("ttl = 1.5"), HasSubstr("at character 7: expected a whole number, which '1.5' is not"));
  EXPECT_THAT(refusal("rtt_ms > fast"), HasSubstr("at most 6 decimals"));
  EXPECT_THAT(refusal("(success"), HasSubstr("at character 9: expected &&, || or the ')' of the '(' at 1"));
  EXPECT_THAT(refusal("success success"), HasSubstr("at character 9: expected &&, || or the end"));
  EXPECT_THAT(refusal("success)"), HasSubstr("at character 8"));
  EXPECT_THAT(refusal("success & late"), HasSubstr("there is '& late'"));
  EXPECT_THAT(refusal("address < 192.0.2.1"), HasSubstr("at character 9: expected = or !="));
  EXPECT_THAT(refusal("address in 192.0.2.0/33"), HasSubstr("expected a prefix or range of addresses"));
  EXPECT_THAT(refusal("ttl in 1-3"), HasSubstr("which ttl is not"));
  EXPECT_THAT(refusal("address ="), HasSubstr("at character 10: expected an address: there it ends"));
  EXPECT_THAT(refusal("reason = \"host"), HasSubstr("the quote that ends the text"));
  EXPECT_THAT(refusal("late = 2"), HasSubstr("expected 0, 1, false or true"));
  EXPECT_THAT(refusal("ttl = 99999999999999999999"), HasSubstr("expected a whole number"));
}

TEST(SweepFilter, DepthAndLengthHaveBounds) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "late" + std::string(depth, ')');
  };
  EXPECT_TRUE(Filter::parse(nested(199)));
  EXPECT_FALSE(Filter::parse(nested(100'000)));
  EXPECT_FALSE(Filter::parse(nested(201)));
  std::string wide = "late";
  for (int i = 0; i < 5'000; ++i) wide += "||late";
  EXPECT_FALSE(matches(wide, full_record()));
  EXPECT_FALSE(Filter::parse(wide + std::string(70'000, ' ')));
}

TEST(SweepFilter, DecimalsAreReadExactlyOrNotAtAll) {
  EXPECT_EQ(parse_decimal("12.5", 3), 12'500);
  EXPECT_EQ(parse_decimal("-0.001", 3), -1);
  EXPECT_EQ(parse_decimal("9223372036854775807", 0), std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"", "-", ".", "1.", ".5", "+1", "--1", "1e3", "0x1", "1 ", "1.2.3", "1.0001",
                           "1.-5", "9223372036854775808"})
    EXPECT_FALSE(parse_decimal(text, 3)) << text;
}

}  // namespace
}  // namespace sonde::sweep
