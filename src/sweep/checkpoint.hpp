// checkpoint.hpp: what a sweep needs to go on where it was killed, and its form in bytes.
//
// A file is 16 bytes of magic and version, then blocks. A block is its kind and length (32 bits each), a
// check of these two, the payload, and a check of that; checks are SipHash-2-4 under a fixed key, each over
// the one before as well, so that no byte, block or order can change unseen. Numbers are little-endian, or
// variable-length (7 bits a byte, low first).
//
//   head      what names the sweep, and how long the set of answers is; written before the first probe
//   step      positions, counts, rows, and who has answered since the step before
//
// A file only ever grows, by what happened: 2 to 3 bytes an answer, and some 70 bytes a step. A last step that
// is not all there was being written when the process died, and is as if it had never been begun; cut within
// the head, or damaged anywhere, the file is refused.
//
// Measured on two cores and an ext4 disk: a step with 5,000 new answers, fdatasync included, is 10 to 15 KB and
// takes 0.5 to 1.5 ms (at worst 8 ms), whatever the size of the space.
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

inline constexpr std::uint32_t checkpoint_version = 2;

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
  std::uint64_t rows = 0;               // written by all runs
  std::vector<std::uint64_t> answered;  // bit index % 64 of word index / 64
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// What has changed since the last.
struct CheckpointStep {
  std::vector<ThreadPosition> threads;
  Counts counts;
  std::uint64_t rows = 0;
  std::vector<std::uint64_t> newly_answered;  // indices, in any order
};

// Makes the blocks of one file, one after the other. A copy goes on where the original was.
class CheckpointEncoder {
 public:
  CheckpointEncoder() = default;
  // Behind a file that was read, at DecodedCheckpoint::chain.
  explicit CheckpointEncoder(std::uint64_t chain) : chain_(chain) {}

  // The start of a file. Of `checkpoint` only what names the sweep and the length of `answered_words` is in it.
  std::string head(const Checkpoint& checkpoint, std::uint64_t answered_words);
  std::string step(const CheckpointStep& step);

 private:
  std::string block(std::uint32_t kind, std::string_view payload);

  std::uint64_t chain_ = 0;
};

struct DecodedCheckpoint {
  Checkpoint checkpoint;
  std::uint64_t bytes = 0;  // up to the end of the last whole step
  std::uint64_t chain = 0;  // how the next block's check begins
};

// Fills the span, less at the end alone.
using ByteSource = std::function<Result<std::size_t>(std::span<char> bytes)>;

// `name` appears in errors. No memory is taken for a set of more than `most_words` words.
// Errors: invalid_argument for what is no checkpoint, of another version, of more addresses, cut short or damaged; those of the
// source.
Result<DecodedCheckpoint> decode_checkpoint(const ByteSource& source, const std::string& name,
                                            std::uint64_t most_words);

// Of bytes in memory: a head and one step with everything.
std::string encode_checkpoint(const Checkpoint& checkpoint);
Result<DecodedCheckpoint> decode_checkpoint(std::string_view bytes, const std::string& name,
                                            std::uint64_t most_words = std::uint64_t{1} << 24);

// Whether a file that begins so is a checkpoint, of any version.
bool is_checkpoint(std::string_view beginning);

}  // namespace sonde::sweep
