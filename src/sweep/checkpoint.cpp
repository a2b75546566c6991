// checkpoint.cpp: a checkpoint to bytes. Back: checkpoint_decode.cpp.
#include "sweep/checkpoint.hpp"

#include <algorithm>
#include <bit>

#include "sweep/checkpoint_blocks.hpp"

namespace sonde::sweep {
namespace {

void append_progress(std::string& out, std::span<const ThreadPosition> threads, const Counts& counts) {
  blocks::append_varint(out, threads.size());
  for (const ThreadPosition& thread : threads) {
    blocks::append_varint(out, thread.pass);
    blocks::append_varint(out, thread.position);
  }
  for (const auto member : blocks::counted) blocks::append_varint(out, counts.*member);
}

// Nothing for a part without answers.
void append_part(std::string& out, std::uint32_t number, std::span<const std::uint64_t> words) {
  std::size_t set = 0;
  for (const std::uint64_t word : words) set += static_cast<std::size_t>(std::popcount(word));
  if (set == 0) return;
  blocks::append_u32(out, number);
  blocks::append_u32(out, static_cast<std::uint32_t>(set));
  if (set > blocks::most_listed_bits) {
    for (const std::uint64_t word : words) blocks::append_u64(out, word);
    return;
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (std::uint64_t left = words[i]; left != 0; left &= left - 1) {
      const std::size_t bit = i * 64 + static_cast<std::size_t>(std::countr_zero(left));
      out += static_cast<char>(bit & 0xff);
      out += static_cast<char>(bit >> 8);
    }
  }
}

}  // namespace

Result<void> CheckpointEncoder::write_whole(const Checkpoint& checkpoint, const AnswerWords& answered) {
  std::string payload(blocks::magic);
  blocks::append_u32(payload, checkpoint_version);
  chain_ = blocks::check_of(0, payload);
  if (auto written = sink_(payload); !written) return written;

  payload.clear();
  for (const std::uint64_t number : {checkpoint.space_digest, checkpoint.options_digest, checkpoint.seed})
    blocks::append_u64(payload, number);
  for (const std::byte byte : checkpoint.key) payload += static_cast<char>(byte);
  for (const std::uint64_t number :
       {checkpoint.shard, checkpoint.shards, static_cast<std::uint64_t>(answered.size)})
    blocks::append_u64(payload, number);
  append_progress(payload, checkpoint.threads, checkpoint.counts);
  if (auto written = write_block(blocks::head, payload); !written) return written;

  payload.clear();
  std::array<std::uint64_t, blocks::words_of_part> part{};
  for (std::size_t first = 0; first < answered.size; first += part.size()) {
    const auto words = std::span(part).first(std::min(part.size(), answered.size - first));
    answered.copy(first, words);
    std::ranges::fill(std::span(part).subspan(words.size()), 0);
    append_part(payload, static_cast<std::uint32_t>(first / part.size()), part);
    if (payload.size() < blocks::answers_block_bytes) continue;
    if (auto written = write_block(blocks::answers, payload); !written) return written;
    payload.clear();
  }
  if (!payload.empty()) {
    if (auto written = write_block(blocks::answers, payload); !written) return written;
  }
  return write_block(blocks::whole, {});
}

Result<void> CheckpointEncoder::write_step(const CheckpointStep& step) {
  std::string payload;
  append_progress(payload, step.threads, step.counts);
  std::vector<std::uint64_t> indices = step.newly_answered;
  std::ranges::sort(indices);
  blocks::append_varint(payload, indices.size());
  std::uint64_t before = 0;
  for (const std::uint64_t index : indices) {
    blocks::append_varint(payload, index - before);
    before = index;
  }
  return write_block(blocks::step, payload);
}

// In one piece, so that a process that dies leaves either all of a small block or nothing.
Result<void> CheckpointEncoder::write_block(std::uint32_t kind, std::string_view payload) {
  std::string block;
  block.reserve(blocks::block_head_bytes + payload.size() + blocks::block_tail_bytes);
  blocks::append_u32(block, kind);
  blocks::append_u32(block, static_cast<std::uint32_t>(payload.size()));
  const std::uint64_t head_check = blocks::check_of(chain_, block);
  blocks::append_u64(block, head_check);
  block += payload;
  const std::uint64_t check = blocks::check_of(head_check, payload);
  blocks::append_u64(block, check);
  if (auto written = sink_(block); !written) return written;
  chain_ = check;
  return {};
}

std::string encode_checkpoint(const Checkpoint& checkpoint) {
  std::string bytes;
  CheckpointEncoder encoder([&bytes](std::string_view part) -> Result<void> {
    bytes += part;
    return {};
  });
  const auto copy = [&checkpoint](std::size_t first, std::span<std::uint64_t> words) {
    std::ranges::copy(std::span(checkpoint.answered).subspan(first, words.size()), words.begin());
  };
  // The sink above does not fail, so nor does this.
  if (!encoder.write_whole(checkpoint, {checkpoint.answered.size(), copy})) return {};
  return bytes;
}

}  // namespace sonde::sweep
