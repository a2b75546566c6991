// record_writer_speed_test.cpp: writing a record must cost far less than the answer it tells of.
#include <gtest/gtest.h>

#include <ctime>

#include "sweep/record_writer.hpp"
#include "sweep/sample_record.hpp"

namespace sonde::sweep {
namespace {

// Of this process alone, so that a busy machine does not matter.
double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void measure(RecordFormat format, std::string_view fields, const Record& sample, const char* name) {
  const RecordWriter writer(format, parse_fields(fields).value());
  constexpr int records = 300'000;
  std::string rows;
  const double begin = processor_seconds();
  for (int i = 0; i < records; ++i) {
    writer.append(rows, sample);
    if (rows.size() > 65'536) rows.clear();
  }
  const double rate = records / (processor_seconds() - begin);
  testing::Test::RecordProperty(name, static_cast<int>(rate));
  // A third of what is aimed at: the tests are compiled with less optimisation, and caches are shared.
  EXPECT_GT(rate, 330'000) << name;
}

TEST(SweepRecordWriterSpeed, KeepsUpWithAnyRateOfAnswers) {
  measure(RecordFormat::csv, default_fields, full_record(), "csv_per_second");
  measure(RecordFormat::csv, default_fields, bare_error(), "csv_ipv6_per_second");
  measure(RecordFormat::json, default_fields, full_record(), "json_per_second");
  measure(RecordFormat::json, "address,rtt_ms,ttl,distance,classification,timestamp", full_record(),
          "json_six_fields_per_second");
}

}  // namespace
}  // namespace sonde::sweep
