// record_writer.hpp: records as rows of CSV (RFC 4180) or JSON lines, in the fields that were chosen.
//
//   const RecordWriter writer(RecordFormat::csv, *parse_fields("address,rtt_ms"));
//   rows += writer.header();
//   if (filter.matches(record)) writer.append(rows, record);
//
// What a record does not have is empty in CSV and null in JSON. Threads: may be used by several.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/fields.hpp"

namespace sonde::sweep {

enum class RecordFormat : std::uint8_t { csv, json };

class RecordWriter {
 public:
  // Requires: `fields` is not empty.
  RecordWriter(RecordFormat format, const std::vector<NamedField>& fields);

  // The header row of CSV; empty for JSON.
  const std::string& header() const { return header_; }
  void append(std::string& rows, const Record& record) const;
  // Whether a file that begins so holds rows of a sweep, of whatever fields, or was cut within this one's header.
  bool recognizes(std::string_view beginning) const;

 private:
  struct Column {
    const Field* field = nullptr;
    std::string before;  // all that stands between the value before and this one
  };

  RecordFormat format_;
  std::vector<Column> columns_;
  std::string header_;
};

}  // namespace sonde::sweep
