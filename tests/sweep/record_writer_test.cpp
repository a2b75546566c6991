// record_writer_test.cpp: rows and lines are what RFC 4180 and JSON ask for.
#include "sweep/record_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "sweep/sample_record.hpp"

namespace sonde::sweep {
namespace {

std::string written(RecordFormat format, std::string_view fields, const std::vector<Record>& records,
                    bool header = true) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
  {
    report::Output output(ends[1], "pipe");
    RecordWriter writer(format, parse_fields(fields).value(), output);
    if (header) writer.begin();
    for (const Record& record : records) writer.write(record);
    EXPECT_EQ(writer.written(), records.size());
  }
  ::close(ends[1]);
  std::string text(1 << 16, '\0');
  const ssize_t length = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
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

TEST(SweepRecordWriter, RowsMayBeAddedBelowAnEarlierHeader) {
  EXPECT_EQ(written(RecordFormat::csv, "ttl", {full_record()}, false), "52\n");
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
