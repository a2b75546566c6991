// fields_test.cpp: every field has its value, its name and zmap's, and is written as it should be.
#include "sweep/fields.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "sweep/sample_record.hpp"

namespace sonde::sweep {
namespace {

FieldValue value_of(std::string_view name, const Record& record) {
  return find_field(name)->value(record);
}

std::int64_t number_of(std::string_view name, const Record& record) {
  const FieldValue value = value_of(name, record);
  EXPECT_EQ(value.kind(), FieldValue::Kind::number) << name;
  return value.number();
}

std::string decimal(std::int64_t number, unsigned decimals) {
  std::string text;
  append_decimal(text, number, decimals);
  return text;
}

std::string iso(UnixTime time, unsigned decimals) {
  std::string text;
  append_iso_time(text, time, decimals);
  return text;
}

TEST(SweepFields, EachTellsWhatTheRecordHolds) {
  const Record record = full_record();
  EXPECT_EQ(value_of("address", record).address(), record.address);
  EXPECT_EQ(value_of("to", record).address(), *record.to);
  EXPECT_EQ(number_of("rtt_ms", record), 12'345'678);
  EXPECT_EQ(number_of("rtt_us", record), 12'346);
  EXPECT_EQ(number_of("ttl", record), 52);
  EXPECT_EQ(number_of("initial_ttl", record), 64);
  EXPECT_EQ(number_of("distance", record), 12);
  EXPECT_EQ(number_of("index", record), 9);
  EXPECT_EQ(number_of("sequence", record), 77);
  EXPECT_EQ(number_of("identifier", record), 4242);
  EXPECT_EQ(number_of("probe", record), 1);
  EXPECT_EQ(number_of("bytes", record), 40);
  EXPECT_EQ(number_of("sent", record), 1'700'000'000'000'000'005);
  EXPECT_EQ(number_of("received", record), 1'700'000'000'012'345'683);
  EXPECT_EQ(number_of("timestamp", record), 1'700'000'000'012'345'683);
  EXPECT_EQ(number_of("timestamp_ts", record), 1'700'000'000);
  EXPECT_EQ(number_of("timestamp_us", record), 12'345);
  EXPECT_EQ(number_of("success", record), 1);
  EXPECT_EQ(value_of("classification", record).text(), "echoreply");
}

TEST(SweepFields, FlagsFollowTheRecord) {
  Record record = full_record();
  for (const char* name : {"late", "duplicate", "cooldown"}) EXPECT_EQ(number_of(name, record), 0) << name;
  record.late = true;
  EXPECT_EQ(number_of("late", record), 1);
  EXPECT_EQ(number_of("duplicate", record), 0);
  record.duplicate = true;
  EXPECT_EQ(number_of("duplicate", record), 1);
  EXPECT_EQ(number_of("cooldown", record), 0);
  record.cooldown = true;
  EXPECT_EQ(number_of("cooldown", record), 1);
  EXPECT_EQ(number_of("rtt_is_bound", record), 0);
  record.rtt_is_bound = true;
  EXPECT_EQ(number_of("rtt_is_bound", record), 1);
}

TEST(SweepFields, WhatARecordDoesNotKnowIsAbsent) {
  const Record record = bare_error();
  for (const char* name :
       {"rtt_ms", "rtt_us", "rtt_is_bound", "ttl", "initial_ttl", "distance", "sent", "probe", "to"})
    EXPECT_TRUE(value_of(name, record).is_absent()) << name;
  EXPECT_TRUE(value_of("reason", full_record()).is_absent());
  EXPECT_EQ(value_of("reason", record).text(), "host_unreachable");
  EXPECT_EQ(value_of("classification", record).text(), "unreach");
  EXPECT_EQ(number_of("success", record), 0);
  EXPECT_EQ(value_of("from", record).address(), address("2001:db8:ffff::1"));
}

TEST(SweepFields, InitialTtlIsTheSmallestUsualOneNotBelow) {
  Record record = full_record();
  const std::pair<int, int> expected[] = {{1, 32},   {32, 32},   {33, 64},   {64, 64},
                                          {65, 128}, {128, 128}, {129, 255}, {255, 255}};
  for (const auto& [ttl, initial] : expected) {
    record.ttl = static_cast<std::uint8_t>(ttl);
    EXPECT_EQ(number_of("initial_ttl", record), initial) << ttl;
    EXPECT_EQ(number_of("distance", record), initial - ttl) << ttl;
  }
}

TEST(SweepFields, ZmapsNamesLeadToTheSameMeaning) {
  const std::pair<const char*, const char*> names[] = {
      {"saddr", "from"},   {"daddr", "to"},         {"icmp_id", "identifier"},
      {"seq", "sequence"}, {"repeat", "duplicate"}, {"timestamp_str", "timestamp"}};
  for (const auto& [zmap, ours] : names) {
    ASSERT_NE(find_field(zmap), nullptr) << zmap;
    EXPECT_EQ(find_field(zmap), find_field(ours)) << zmap;
  }
  for (const char* name : {"ttl", "type", "code", "classification", "success", "cooldown", "timestamp_ts",
                           "timestamp_us", "rtt_us"})
    EXPECT_NE(find_field(name), nullptr) << name;
}

TEST(SweepFields, NoNameMeansTwoFields) {
  std::set<std::string_view> names;
  for (const Field& field : all_fields()) {
    EXPECT_TRUE(names.insert(field.name).second) << field.name;
    if (!field.zmap_name.empty()) {
      EXPECT_TRUE(names.insert(field.zmap_name).second) << field.zmap_name;
    }
  }
  EXPECT_EQ(find_field(""), nullptr);
}

TEST(SweepFields, TypesSayWhatTheValuesAre) {
  for (const Record& record : {full_record(), bare_error()}) {
    for (const Field& field : all_fields()) {
      const FieldValue value = field.value(record);
      if (value.is_absent()) continue;
      const auto kind = field.type == FieldType::address ? FieldValue::Kind::address
                        : field.type == FieldType::text  ? FieldValue::Kind::text
                                                         : FieldValue::Kind::number;
      EXPECT_EQ(value.kind(), kind) << field.name;
    }
  }
}

TEST(SweepFields, AListIsTakenInItsOrderUnderTheNamesAskedFor) {
  const auto fields = parse_fields("rtt_ms , saddr,address");
  ASSERT_TRUE(fields) << fields.error().message();
  ASSERT_EQ(fields->size(), 3u);
  EXPECT_EQ((*fields)[0].name, "rtt_ms");
  EXPECT_EQ((*fields)[1].name, "saddr");
  EXPECT_EQ((*fields)[1].field, find_field("from"));
  EXPECT_EQ((*fields)[2].name, "address");
  EXPECT_EQ(parse_fields("*")->size(), all_fields().size());
  EXPECT_EQ(parse_fields(default_fields)->size(), 2u);
}

TEST(SweepFields, AListWithAMistakeIsRefusedByName) {
  for (const char* list : {"", ",", "address,", "address,,ttl", "adress", "address,rtt_ms,address", "*,ttl"})
    EXPECT_FALSE(parse_fields(list)) << list;
  EXPECT_EQ(parse_fields("address,adress").error().subject, "adress");
}

TEST(SweepFields, TheListOfFieldsNamesThemAll) {
  const std::string text = list_fields_text();
  for (const Field& field : all_fields()) {
    EXPECT_THAT(text, testing::HasSubstr(std::string(field.name) + " "));
    EXPECT_THAT(text, testing::HasSubstr(std::string(field.help)));
  }
  EXPECT_THAT(text, testing::HasSubstr("(zmap: icmp_id)"));
}

TEST(SweepFields, DecimalsAreExact) {
  EXPECT_EQ(decimal(0, 0), "0");
  EXPECT_EQ(decimal(0, 6), "0.000000");
  EXPECT_EQ(decimal(1, 6), "0.000001");
  EXPECT_EQ(decimal(123'456, 6), "0.123456");
  EXPECT_EQ(decimal(1'234'567, 6), "1.234567");
  EXPECT_EQ(decimal(-5, 3), "-0.005");
  EXPECT_EQ(decimal(std::numeric_limits<std::int64_t>::min(), 0), "-9223372036854775808");
  EXPECT_EQ(decimal(std::numeric_limits<std::int64_t>::max(), 9), "9223372036.854775807");
}

TEST(SweepFields, TimesAreIso8601InUtc) {
  const UnixTime time(std::chrono::seconds(1'700'000'000) + Nanoseconds(12'345'678));
  EXPECT_EQ(iso(time, 6), "2023-11-14T22:13:20.012345Z");
  EXPECT_EQ(iso(time, 0), "2023-11-14T22:13:20Z");
  EXPECT_EQ(iso(time, 9), "2023-11-14T22:13:20.012345678Z");
  EXPECT_EQ(iso(UnixTime(Nanoseconds(-1)), 3), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(iso(UnixTime(std::chrono::seconds(951'782'399)), 0), "2000-02-28T23:59:59Z");
  EXPECT_EQ(iso(UnixTime(std::chrono::seconds(951'782'400)), 0), "2000-02-29T00:00:00Z");
}

TEST(SweepFields, AddressesAreWrittenAsEverywhereElse) {
  const auto written = [](const Address& value) {
    std::string text;
    append_address(text, value);
    return text;
  };
  for (const char* text : {"0.0.0.0", "255.255.255.255", "10.0.0.1", "::", "::1", "1::", "::ffff:1.2.3.4",
                           "1:0:0:2::3", "1:0:0:2:0:0:0:3", "1:0:2:3:4:5:6:7", "1:2:3:4:5:6:0:0", "fe80::1%1",
                           "2001:db8::a0b:c0d", "ffff:0:ffff:0:ffff:0:ffff:0"})
    EXPECT_EQ(written(address(text)), address(text).to_string());
  std::mt19937_64 random(3);
  std::array<std::byte, 16> bytes{};
  for (int i = 0; i < 20'000; ++i) {
    // Many zeros, so that every kind of run occurs.
    for (std::byte& byte : bytes) byte = random() % 4 != 0 ? std::byte{} : static_cast<std::byte>(random());
    const Address any = Address::ipv6(bytes);
    ASSERT_EQ(written(any), any.to_string());
  }
}

}  // namespace
}  // namespace sonde::sweep
