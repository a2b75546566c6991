// record_writer.hpp: records as rows of CSV (RFC 4180) or JSON lines, in the fields that were chosen.
//
//   RecordWriter writer(RecordFormat::csv, *parse_fields("address,rtt_ms"), output);
//   writer.begin();
//   if (filter.matches(record)) writer.write(record);
//
// What a record does not have is empty in CSV and null in JSON. Threads: not locked; one thread writes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/output.hpp"
#include "sweep/fields.hpp"

namespace sonde::sweep {

enum class RecordFormat : std::uint8_t { csv, json };

class RecordWriter {
 public:
  // Requires: `output` outlives this, and `fields` is not empty. Errors of writing stay with `output`.
  RecordWriter(RecordFormat format, const std::vector<NamedField>& fields, report::Output& output);

  // The header row of CSV, nothing for JSON. Not called where rows are added to a file that has one.
  void begin();
  void write(const Record& record);
  // How many records were written.
  std::uint64_t written() const { return written_; }

 private:
  struct Column {
    const Field* field = nullptr;
    std::string before;  // all that stands between the value before and this one
  };

  void append_csv(const Field& field, const FieldValue& value);
  void append_json(const Field& field, const FieldValue& value);

  RecordFormat format_;
  std::vector<Column> columns_;
  report::Output& output_;
  std::string header_;
  std::string line_;  // kept for its memory
  std::uint64_t written_ = 0;
};

}  // namespace sonde::sweep
