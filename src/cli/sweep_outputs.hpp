// sweep_outputs.hpp: the files of a sweep, opened before privileges go and before anything in them is touched.
#pragma once

#include <optional>

#include "cli/sweep_options.hpp"
#include "report/output_file.hpp"
#include "sweep/record_writer.hpp"

namespace sonde::cli {

struct SweepOutputs {
  std::optional<report::OutputFile> rows;  // always there
  // Of --checkpoint or --resume.
  std::optional<report::OutputFile> checkpoint;
  std::optional<report::OutputFile> metadata, heatmap;

  // Errors: those of OutputFiles::open().
  static Result<SweepOutputs> open(const SweepOptions& options, const sweep::RecordWriter& writer);
};

// The rows of an earlier run in a file that is gone on with.
struct EarlierRows {
  std::uint64_t rows = 0;
  bool has_header = false;
};
// Counts them, and takes away the last one if it was cut. Of a stream nothing is known: no rows, and no header.
// Errors: those of the file.
Result<EarlierRows> mend_rows(const report::OutputFile& file, const sweep::RecordWriter& writer);

}  // namespace sonde::cli
