// checkpoint.cpp: a checkpoint to bytes. Back: checkpoint_decode.cpp.
#include "sweep/checkpoint.hpp"

#include <algorithm>
#include <bit>

#include "report/output_file.hpp"
#include "sweep/checkpoint_blocks.hpp"

namespace sonde::sweep {

std::string CheckpointEncoder::head(const Checkpoint& checkpoint, std::uint64_t answered_words) {
  std::string file(blocks::magic);
  blocks::append_u32(file, checkpoint_version);
  chain_ = blocks::check_of(0, file);
  std::string payload;
  for (const std::uint64_t number : {checkpoint.space_digest, checkpoint.options_digest, checkpoint.seed})
    blocks::append_u64(payload, number);
  for (const std::byte byte : checkpoint.key) payload += static_cast<char>(byte);
  for (const std::uint64_t number : {checkpoint.shard, checkpoint.shards, answered_words})
    blocks::append_u64(payload, number);
  return file + block(blocks::head, payload);
}

std::string CheckpointEncoder::step(const CheckpointStep& step) {
  std::string payload;
  blocks::append_varint(payload, step.threads.size());
  for (const ThreadPosition& thread : step.threads) {
    blocks::append_varint(payload, thread.pass);
    blocks::append_varint(payload, thread.position);
  }
  for (const auto member : blocks::counted) blocks::append_varint(payload, step.counts.*member);
  blocks::append_varint(payload, step.rows);
  std::vector<std::uint64_t> indices = step.newly_answered;
  std::ranges::sort(indices);
  blocks::append_varint(payload, indices.size());
  std::uint64_t before = 0;
  for (const std::uint64_t index : indices) {
    blocks::append_varint(payload, index - before);
    before = index;
  }
  return block(blocks::step, payload);
}

std::string CheckpointEncoder::block(std::uint32_t kind, std::string_view payload) {
  std::string block;
  block.reserve(blocks::block_head_bytes + payload.size() + blocks::block_tail_bytes);
  blocks::append_u32(block, kind);
  blocks::append_u32(block, static_cast<std::uint32_t>(payload.size()));
  const std::uint64_t head_check = blocks::check_of(chain_, block);
  blocks::append_u64(block, head_check);
  block += payload;
  chain_ = blocks::check_of(head_check, payload);
  blocks::append_u64(block, chain_);
  return block;
}

std::string encode_checkpoint(const Checkpoint& checkpoint) {
  CheckpointStep all{.threads = checkpoint.threads,
                     .counts = checkpoint.counts,
                     .rows = checkpoint.rows,
                     .newly_answered = {}};
  for (std::size_t i = 0; i < checkpoint.answered.size(); ++i) {
    for (std::uint64_t left = checkpoint.answered[i]; left != 0; left &= left - 1)
      all.newly_answered.push_back(i * 64 + static_cast<std::size_t>(std::countr_zero(left)));
  }
  CheckpointEncoder encoder;
  const std::string head = encoder.head(checkpoint, checkpoint.answered.size());
  return head + encoder.step(all);
}

bool is_checkpoint(std::string_view beginning) {
  return report::begins_as(beginning, blocks::magic);
}

}  // namespace sonde::sweep
