// sweep_checkpoint_fuzz.cpp: any bytes are a checkpoint or refused, and what is taken is written as it was read.
//
// Bytes at random never have the right checks, so the input is taken twice: as it is, and as the contents of blocks that
// get theirs here. A block is its kind, its length in two bytes, and so many bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sweep/checkpoint.hpp"
#include "sweep/checkpoint_blocks.hpp"

namespace {

namespace blocks = sonde::sweep::blocks;

constexpr std::uint64_t most_words = 4096;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string with_checks(std::string_view input) {
  std::string file(blocks::magic);
  blocks::append_u32(file, sonde::sweep::checkpoint_version);
  std::uint64_t chain = blocks::check_of(0, file);
  while (input.size() >= 3) {
    const auto kind = static_cast<unsigned char>(input[0]);
    const std::size_t wanted =
        static_cast<unsigned char>(input[1]) + 256U * static_cast<unsigned char>(input[2]);
    const std::string_view payload = input.substr(3, wanted);
    input.remove_prefix(3 + payload.size());
    std::string head;
    blocks::append_u32(head, kind);
    blocks::append_u32(head, static_cast<std::uint32_t>(payload.size()));
    const std::uint64_t head_check = blocks::check_of(chain, head);
    chain = blocks::check_of(head_check, payload);
    file += head;
    blocks::append_u64(file, head_check);
    file += payload;
    blocks::append_u64(file, chain);
  }
  return file;
}

void decode(std::string_view bytes) {
  using namespace sonde::sweep;
  const auto decoded = decode_checkpoint(bytes, "fuzzed", most_words);
  if (!decoded) return require(decoded.error().message().find("fuzzed") != std::string::npos);
  require(decoded->checkpoint.answered.size() <= most_words);
  require(decoded->bytes <= bytes.size());
  const auto again = decode_checkpoint(encode_checkpoint(decoded->checkpoint), "fuzzed", most_words);
  require(again && again->checkpoint == decoded->checkpoint);
  // Another step goes on behind what was read.
  CheckpointEncoder encoder(decoded->chain);
  const auto gone_on =
      decode_checkpoint(std::string(bytes.substr(0, decoded->bytes)) + encoder.step({{{1, 2}}, {}, 0, {}}),
                        "fuzzed", most_words);
  require(gone_on && gone_on->checkpoint.threads.size() == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  decode(input);
  decode(with_checks(input));
  return 0;
}
