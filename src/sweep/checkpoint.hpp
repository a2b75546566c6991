// checkpoint.hpp: what a sweep needs to go on where it was killed, and its form in bytes.
//
// A file is 16 bytes of magic and version, then blocks. A block is its kind and length (32 bits each), a
// check of these two, the payload, and a check of that; checks are SipHash-2-4 under a fixed key, each over
// the one before as well, so that no byte, block or order can change unseen. Numbers are little-endian, or
// variable-length (7 bits a byte, low first).
//
//   head      what names the sweep, how long the set of answers is, positions and counts
//   answers   parts of that set, 2^16 bits each, none where no bit is set: 8 + 2 n bytes for n < 4096 set bits,
//             else 8 + 8192
//   whole     the end of what was written at once
//   step      positions, counts and who has answered since, added later
//
// So a file is written whole rarely, in time and size that go with the answers, and a second's step costs
// what happened in that second: 2 to 3 bytes an answer. A last step that is not all there was being written
// when the process died, and is as if it had never been begun; cut anywhere before, the file is refused.
//
// Measured on two cores and an ext4 disk, written whole with its fsync, and read: 2^24 addresses of which 5 %
// have answered, 1.6 MB, 15 ms, 11 ms; 2^28, 26 MB, 0.2 s, 0.2 s; 2^32, 420 MB, 2.6 s, 1.5 s (of which 0.1 %
// have: 9 MB, 0.9 s, 0.4 s). A step with 5,000 new answers, fdatasync included: 10 to 15 KB, 0.5 to 1.5 ms
// (at worst 8 ms), whatever the size of the space.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/error.hpp"
#include "sweep/record.hpp"

namespace sonde::sweep {

inline constexpr std::uint32_t checkpoint_version = 1;

struct ThreadPosition {
  std::uint64_t pass = 0, position = 0;
  friend bool operator==(const ThreadPosition&, const ThreadPosition&) = default;
};

struct Checkpoint {
  std::uint64_t space_digest = 0, options_digest = 0;
  std::uint64_t seed = 0;
  std::array<std::byte, 16> key{};  // of the proof: whoever knows it can forge answers
  std::uint64_t shard = 0, shards = 1;
  std::vector<ThreadPosition> threads;
  Counts counts;
  std::vector<std::uint64_t> answered;  // bit index % 64 of word index / 64
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// What has changed since the last.
struct CheckpointStep {
  std::vector<ThreadPosition> threads;
  Counts counts;
  std::vector<std::uint64_t> newly_answered;  // indices, in any order
};

// The set of answers where it is not in the Checkpoint: it is large, and others may be writing to it. Copies
// the words from `first` on.
struct AnswerWords {
  std::size_t size = 0;
  std::function<void(std::size_t first, std::span<std::uint64_t> words)> copy;
};

// Writes the blocks of one file, one after the other. Holds 128 KiB at most.
class CheckpointEncoder {
 public:
  // Takes bytes; what it returns as an error is returned on.
  using Sink = std::function<Result<void>(std::string_view bytes)>;

  explicit CheckpointEncoder(Sink sink) : sink_(std::move(sink)) {}

  // The start of the file, up to where steps follow; `checkpoint.answered` is not looked at. Once, before any
  // step.
  Result<void> write_whole(const Checkpoint& checkpoint, const AnswerWords& answered);
  Result<void> write_step(const CheckpointStep& step);

 private:
  Result<void> write_block(std::uint32_t kind, std::string_view payload);

  Sink sink_;
  std::uint64_t chain_ = 0;
};

// Fills the span, less at the end alone.
using ByteSource = std::function<Result<std::size_t>(std::span<char> bytes)>;

// `name` appears in errors. No memory is taken for a set of more than `most_words` words.
// Errors: invalid_argument for what is no checkpoint, of another version, of more addresses, cut short or damaged; those of the
// source.
Result<Checkpoint> decode_checkpoint(const ByteSource& source, const std::string& name,
                                     std::uint64_t most_words);

// Of bytes in memory.
std::string encode_checkpoint(const Checkpoint& checkpoint);
Result<Checkpoint> decode_checkpoint(std::string_view bytes, const std::string& name,
                                     std::uint64_t most_words = std::uint64_t{1} << 24);

}  // namespace sonde::sweep
