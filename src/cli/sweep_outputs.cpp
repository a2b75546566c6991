// sweep_outputs.cpp: see sweep_outputs.hpp.
#include "cli/sweep_outputs.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "sweep/checkpoint.hpp"
#include "sweep/heatmap_picture.hpp"
#include "sweep/metadata.hpp"

namespace sonde::cli {

Result<SweepOutputs> SweepOutputs::open(const SweepOptions& options, const sweep::RecordWriter& writer) {
  report::OutputFiles files(options.force);
  for (const std::string& target : options.targets) files.reads(target);
  for (const std::string& file : options.exclude_files) files.reads(file);
  const bool resumes = !options.resume_file.empty();

  SweepOutputs outputs;
  std::optional<Error> failed;
  const auto open = [&](std::optional<report::OutputFile>& file,
                        const report::OutputFiles::Request& request) {
    if (failed || request.path.empty()) return;
    auto opened = files.open(request);
    if (!opened) {
      failed = std::move(opened.error());
    } else {
      file = std::move(*opened);
    }
  };
  open(outputs.checkpoint,
       {.path = resumes ? options.resume_file : options.checkpoint_file,
        .option = resumes ? "--resume" : "--checkpoint",
        // Reading it will tell, in better words.
        .recognizes = resumes ? [](std::string_view) { return true; } : sweep::is_checkpoint,
        .is_state = true,
        .has_to_exist = resumes});
  open(outputs.rows, {.path = options.output_file.empty() ? "-" : options.output_file,
                      .option = "--output",
                      .recognizes = [&](std::string_view beginning) { return writer.recognizes(beginning); },
                      .append = resumes});
  open(outputs.metadata,
       {.path = options.metadata_file, .option = "--metadata", .recognizes = sweep::is_metadata});
  open(outputs.heatmap,
       {.path = options.heatmap_file, .option = "--heatmap", .recognizes = sweep::is_heatmap});
  if (failed) return std::unexpected(std::move(*failed));
  return outputs;
}

Result<EarlierRows> mend_rows(const report::OutputFile& file, const sweep::RecordWriter& writer) {
  EarlierRows earlier;
  if (!file.is_regular()) return earlier;
  constexpr std::size_t piece_bytes = std::size_t{1} << 20;
  std::vector<char> piece(piece_bytes);
  off_t size = 0, whole = 0;  // up to the end of the last whole line
  std::uint64_t lines = 0;
  for (;;) {
    const ssize_t got = ::pread(file.descriptor(), piece.data(), piece.size(), size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return std::unexpected(Error::from_errno(errno, "cannot read the earlier answers", file.name()));
    if (got == 0) break;
    const auto end = piece.begin() + got;
    lines += static_cast<std::uint64_t>(std::count(piece.begin(), end, '\n'));
    const auto last = std::find(std::make_reverse_iterator(end), piece.rend(), '\n');
    if (last != piece.rend()) whole = size + (last.base() - piece.begin());
    size += got;
  }
  if (whole != size && ::ftruncate(file.descriptor(), whole) != 0)
    return std::unexpected(Error::from_errno(errno, "cannot mend the last row", file.name()));
  earlier.has_header = lines > 0 && !writer.header().empty();
  earlier.rows = lines - (earlier.has_header ? 1 : 0);
  return earlier;
}

}  // namespace sonde::cli
