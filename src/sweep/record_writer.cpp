// record_writer.cpp: see record_writer.hpp.
#include "sweep/record_writer.hpp"

#include "report/csv.hpp"
#include "report/json.hpp"

namespace sonde::sweep {

namespace {

void append_csv(std::string& row, const Field& field, const FieldValue& value) {
  switch (value.kind()) {
    case FieldValue::Kind::absent:
      return;
    case FieldValue::Kind::address:
      // An interface's name may hold anything.
      if (value.address().scope_id() != 0) return report::append_csv_cell(row, value.address().to_string());
      return append_address(row, value.address());
    case FieldValue::Kind::text:
      return report::append_csv_cell(row, value.text());
    case FieldValue::Kind::number:
      if (field.type == FieldType::time)
        return append_iso_time(row, UnixTime(Nanoseconds(value.number())), field.decimals);
      return append_decimal(row, value.number(), field.decimals);
  }
}

void append_json(std::string& row, const Field& field, const FieldValue& value) {
  switch (value.kind()) {
    case FieldValue::Kind::absent:
      row += "null";
      return;
    case FieldValue::Kind::address:
      if (value.address().scope_id() != 0)
        return report::append_json_string(row, value.address().to_string());
      row += '"';
      append_address(row, value.address());
      row += '"';
      return;
    case FieldValue::Kind::text:
      return report::append_json_string(row, value.text());
    case FieldValue::Kind::number:
      if (field.type == FieldType::flag) {
        row += value.number() != 0 ? "true" : "false";
      } else if (field.type == FieldType::time) {
        row += '"';
        append_iso_time(row, UnixTime(Nanoseconds(value.number())), field.decimals);
        row += '"';
      } else {
        append_decimal(row, value.number(), field.decimals);
      }
      return;
  }
}

}  // namespace

RecordWriter::RecordWriter(RecordFormat format, const std::vector<NamedField>& fields) : format_(format) {
  for (const NamedField& named : fields) {
    Column column{.field = named.field, .before = {}};
    const bool first = columns_.empty();
    if (format_ == RecordFormat::csv) {
      if (!first) column.before = ",";
      header_ += column.before;
      report::append_csv_cell(header_, named.name);
    } else {
      column.before = first ? "{" : ",";
      report::append_json_string(column.before, named.name);
      column.before += ':';
    }
    columns_.push_back(std::move(column));
  }
  header_ += '\n';
  if (format_ == RecordFormat::json) header_.clear();
}

void RecordWriter::append(std::string& rows, const Record& record) const {
  for (const Column& column : columns_) {
    rows += column.before;
    const FieldValue value = column.field->value(record);
    if (format_ == RecordFormat::csv) {
      append_csv(rows, *column.field, value);
    } else {
      append_json(rows, *column.field, value);
    }
  }
  rows += format_ == RecordFormat::csv ? "\n" : "}\n";
}

bool RecordWriter::recognizes(std::string_view beginning) const {
  const std::string_view first = beginning.substr(0, beginning.find('\n'));
  if (first.size() == beginning.size()) return header_.starts_with(beginning);
  constexpr std::string_view object = "{\"";
  if (first.starts_with(object)) {
    const std::string_view name = first.substr(object.size());
    return parse_fields(name.substr(0, name.find('"'))).has_value();
  }
  return first != "*" && parse_fields(first).has_value();
}

}  // namespace sonde::sweep
