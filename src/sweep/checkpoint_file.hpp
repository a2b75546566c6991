// checkpoint_file.hpp: the checkpoint of a running sweep on disk, and back from there.
//
//   CheckpointFile file("sweep.checkpoint");
//   each second:
//     Result<void> kept = file.wants_whole() ? file.write_whole(checkpoint, answered) : file.add(step);
//
// Whole: written to FILE.tmp, fsync, renamed to FILE, so that under its name there is always one that is
// complete. A step is added to it in one write, then fdatasync. Mode 0600, as who knows the key can forge
// answers. Threads: not locked; one thread owns it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/file_descriptor.hpp"
#include "sweep/checkpoint.hpp"

namespace sonde::sweep {

class CheckpointFile {
 public:
  // Touches nothing yet.
  explicit CheckpointFile(std::string path) : path_(std::move(path)) {}

  // At first, after an error, and when the steps have come to a mebibyte, twice what the whole was, and a
  // sixteenth of what the set of answers takes in memory: so that writing it whole is a small part of all the
  // writing.
  bool wants_whole() const;
  // `checkpoint.answered` is not looked at. Errors: those of the file; what was under the name before is
  // still there.
  Result<void> write_whole(const Checkpoint& checkpoint, const AnswerWords& answered);
  // Requires: !wants_whole(). Errors: those of the file; what was there before can still be read.
  Result<void> add(const CheckpointStep& step);
  // For a sweep that is through. No file is no error.
  Result<void> remove();

  std::uint64_t bytes() const { return whole_bytes_ + step_bytes_; }

 private:
  Result<void> write(std::string_view bytes);
  Result<void> open_beside();
  Result<void> put_in_place();

  std::string path_;
  net::FileDescriptor descriptor_;  // none: wants_whole()
  std::optional<CheckpointEncoder> encoder_;
  std::uint64_t whole_bytes_ = 0, step_bytes_ = 0, most_step_bytes_ = 0;
};

// Errors: those of the file, and decode_checkpoint()'s.
Result<Checkpoint> read_checkpoint(const std::string& path, std::uint64_t most_words);

}  // namespace sonde::sweep
