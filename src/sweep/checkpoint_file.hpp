// checkpoint_file.hpp: the checkpoint of a running sweep on disk, and back from there.
//
//   CheckpointFile file(std::move(*opened));
//   auto kept = file.read(most_words);                 // of an earlier run
//   if (kept && !*kept) file.begin(checkpoint, words); // a new sweep: before its first probe
//   each half second: file.add(step);
//   file.remove();                                     // when the sweep is through
//
// The file is opened once, early, and never made anew: nothing but its own bytes is ever touched. begin() and
// add() are one write and one fdatasync each. A step that did not get onto the disk is cut off again, and may be
// tried anew. Who can read the file can forge answers, so it is its owner's alone.
// Threads: not locked; one thread owns it.
#pragma once

#include <cstdint>
#include <optional>

#include "report/output_file.hpp"
#include "sweep/checkpoint.hpp"

namespace sonde::sweep {

class CheckpointFile {
 public:
  // `file` was opened with OutputFiles::Request::is_state.
  explicit CheckpointFile(report::OutputFile file) : file_(std::move(file)) {}

  // What an earlier run left; add() goes on behind it. nullopt: nothing, as it ended before it had begun.
  // Errors: those of the file, and decode_checkpoint()'s.
  Result<std::optional<Checkpoint>> read(std::uint64_t most_words);
  // From here on the file is the new sweep's. Errors: those of the file, which is then empty, or gone if it was new.
  Result<void> begin(const Checkpoint& checkpoint, std::uint64_t answered_words);
  // Errors: those of the file; what was there before can still be read.
  Result<void> add(const CheckpointStep& step);
  // For a sweep that is through. Errors: those of unlink(2).
  Result<void> remove() { return file_.remove(); }

  const std::string& name() const { return file_.name(); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  Result<void> append(std::string_view bytes);

  report::OutputFile file_;
  CheckpointEncoder encoder_;
  std::uint64_t bytes_ = 0;
  std::optional<Error> broken_;  // half a step could not be cut off: nothing may be put behind it
};

}  // namespace sonde::sweep
