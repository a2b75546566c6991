// record_writer_speed_test.cpp: writing a record must cost far less than the answer it tells of.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

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
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(nowhere, 0);
  {
    report::Output output(nowhere, "nowhere");
    RecordWriter writer(format, parse_fields(fields).value(), output);
    constexpr int records = 300'000;
    const double begin = processor_seconds();
    for (int i = 0; i < records; ++i) writer.write(sample);
    const double rate = records / (processor_seconds() - begin);
    testing::Test::RecordProperty(name, static_cast<int>(rate));
    // A third of what is aimed at: the tests are compiled with less optimisation, and caches are shared.
    EXPECT_GT(rate, 330'000) << name;
  }
  ::close(nowhere);
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
