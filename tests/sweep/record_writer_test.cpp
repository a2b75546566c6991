// record_writer_test.cpp: rows and lines are what RFC 4180 and JSON ask for.
#include "sweep/record_writer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sweep/sample_record.hpp"

namespace sonde::sweep {
namespace {

std::string written(RecordFormat format, std::string_view fields, const std::vector<Record>& records) {
  const RecordWriter writer(format, parse_fields(fields).value());
  std::string text = writer.header();
  for (const Record& record : records) writer.append(text, record);
  return text;
}

TEST(SweepRecordWriter, CsvHasAHeaderAndARowForEachRecord) {
  EXPECT_EQ(written(RecordFormat::csv, default_fields, {full_record(), bare_error()}),
            "address,rtt_ms\n"
            "192.0.2.7,12.345678\n"
            "2001:db8::7,\n");
}

TEST(SweepRecordWriter, CsvWritesEveryKindOfValue) {
  EXPECT_EQ(
      written(RecordFormat::csv,
              "saddr,ttl,success,repeat,classification,reason,received,timestamp_str,probe",
              {full_record(), bare_error()}),
      "saddr,ttl,success,repeat,classification,reason,received,timestamp_str,probe\n"
      "192.0.2.7,52,1,0,echoreply,,1700000000.012345683,2023-11-14T22:13:20.012345Z,1\n"
      "2001:db8:ffff::1,,0,0,unreach,host_unreachable,1700000000.000000000,2023-11-14T22:13:20.000000Z,\n");
}

TEST(SweepRecordWriter, KnowsFilesOfItsKindAndNoOthers) {
  const RecordWriter csv(RecordFormat::csv, parse_fields("address,rtt_ms").value());
  for (const char* ours : {"address,rtt_ms\n192.0.2.1,3\n", "saddr,ttl\n", "addr", "address,rtt_ms",
                           "{\"address\":\"192.0.2.1\"}\n"})
    EXPECT_TRUE(csv.recognizes(ours)) << ours;
  for (const char* other : {"192.0.2.1\n192.0.2.2\n", "address;rtt\n", "{}\n", "{\"name\":1}\n", "*\n",
                            "hello", "\n", "address,mine\n"})
    EXPECT_FALSE(csv.recognizes(other)) << other;
}

TEST(SweepRecordWriter, JsonLinesNameEveryFieldInItsOrder) {
  EXPECT_EQ(written(RecordFormat::json, "address,rtt_ms,success,timestamp,index,reason",
                    {full_record(), bare_error()}),
            R"({"address":"192.0.2.7","rtt_ms":12.345678,"success":true,)"
            R"("timestamp":"2023-11-14T22:13:20.012345Z","index":9,"reason":null})"
            "\n"
            R"({"address":"2001:db8::7","rtt_ms":null,"success":false,)"
            R"("timestamp":"2023-11-14T22:13:20.000000Z","index":0,"reason":"host_unreachable"})"
            "\n");
}

TEST(SweepRecordWriter, AllFieldsMakeOneJsonObject) {
  for (const Record& record : {full_record(), bare_error()}) {
    const auto object = nlohmann::json::parse(written(RecordFormat::json, "*", {record}), nullptr, false);
    ASSERT_TRUE(object.is_object());
    EXPECT_EQ(object.size(), all_fields().size());
  }
}

}  // namespace
}  // namespace sonde::sweep
