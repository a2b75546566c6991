// record_writer.cpp: see record_writer.hpp.
#include "sweep/record_writer.hpp"

#include "report/csv.hpp"
#include "report/json.hpp"

namespace sonde::sweep {

RecordWriter::RecordWriter(RecordFormat format, const std::vector<NamedField>& fields, report::Output& output)
    : format_(format), output_(output) {
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
}

void RecordWriter::begin() {
  if (format_ == RecordFormat::csv) output_.write(header_);
}

void RecordWriter::write(const Record& record) {
  line_.clear();
  for (const Column& column : columns_) {
    line_ += column.before;
    const FieldValue value = column.field->value(record);
    if (format_ == RecordFormat::csv) {
      append_csv(*column.field, value);
    } else {
      append_json(*column.field, value);
    }
  }
  line_ += format_ == RecordFormat::csv ? "\n" : "}\n";
  output_.write(line_);
  ++written_;
}

void RecordWriter::append_csv(const Field& field, const FieldValue& value) {
  switch (value.kind()) {
    case FieldValue::Kind::absent:
      return;
    case FieldValue::Kind::address:
      // An interface's name may hold anything.
      if (value.address().scope_id() != 0) return report::append_csv_cell(line_, value.address().to_string());
      return append_address(line_, value.address());
    case FieldValue::Kind::text:
      return report::append_csv_cell(line_, value.text());
    case FieldValue::Kind::number:
      if (field.type == FieldType::time)
        return append_iso_time(line_, UnixTime(Nanoseconds(value.number())), field.decimals);
      return append_decimal(line_, value.number(), field.decimals);
  }
}

void RecordWriter::append_json(const Field& field, const FieldValue& value) {
  switch (value.kind()) {
    case FieldValue::Kind::absent:
      line_ += "null";
      return;
    case FieldValue::Kind::address:
      if (value.address().scope_id() != 0)
        return report::append_json_string(line_, value.address().to_string());
      line_ += '"';
      append_address(line_, value.address());
      line_ += '"';
      return;
    case FieldValue::Kind::text:
      return report::append_json_string(line_, value.text());
    case FieldValue::Kind::number:
      if (field.type == FieldType::flag) {
        line_ += value.number() != 0 ? "true" : "false";
      } else if (field.type == FieldType::time) {
        line_ += '"';
        append_iso_time(line_, UnixTime(Nanoseconds(value.number())), field.decimals);
        line_ += '"';
      } else {
        append_decimal(line_, value.number(), field.decimals);
      }
      return;
  }
}

}  // namespace sonde::sweep
