// checkpoint_decode.cpp: a checkpoint from bytes that may be anything.
#include <fmt/format.h>

#include <algorithm>

#include "sweep/checkpoint.hpp"
#include "sweep/checkpoint_blocks.hpp"

namespace sonde::sweep {
namespace {

struct Block {
  std::uint32_t kind = 0;
  std::string payload;
};

class Decoder {
 public:
  Decoder(const ByteSource& source, const std::string& name, std::uint64_t most_words)
      : source_(source), name_(name), most_words_(most_words) {}

  Result<DecodedCheckpoint> decode() {
    for (const auto read : {&Decoder::read_file_head, &Decoder::read_head, &Decoder::read_steps}) {
      if (auto done = (this->*read)(); !done) return std::unexpected(std::move(done.error()));
    }
    return DecodedCheckpoint{std::move(checkpoint_), whole_bytes_, chain_};
  }

 private:
  Result<void> read_file_head() {
    auto head = read(blocks::file_head_bytes);
    if (!head) return std::unexpected(std::move(head.error()));
    if (!head->starts_with(blocks::magic)) {
      const bool is_start = !head->empty() && blocks::magic.starts_with(*head);
      if (is_start) return std::unexpected(cut_short());
      return refuse("this is no checkpoint of a sweep", "name the file that --checkpoint wrote");
    }
    if (head->size() < blocks::file_head_bytes) return std::unexpected(cut_short());
    const std::uint32_t version = blocks::Reader(std::string_view(*head).substr(blocks::magic.size())).u32();
    if (version != checkpoint_version) {
      return refuse(fmt::format("a checkpoint of version {}, and this program knows version {}", version,
                                checkpoint_version),
                    "resume with the version of sonde that wrote it");
    }
    chain_ = blocks::check_of(0, *head);
    return {};
  }

  Result<void> read_head() {
    auto block = read_block();
    if (!block) return std::unexpected(std::move(block.error()));
    if (!*block) return std::unexpected(cut_short());
    if ((*block)->kind != blocks::head || !take_head((*block)->payload)) return std::unexpected(damaged());
    return make_room();
  }

  Result<void> read_steps() {
    for (;;) {
      auto block = read_block();
      if (!block) return std::unexpected(std::move(block.error()));
      if (!*block) return {};  // the end, or a step that was not finished
      if ((*block)->kind != blocks::step || !take_step((*block)->payload)) return std::unexpected(damaged());
    }
  }

  // nullopt: the file ends here, or within this block.
  Result<std::optional<Block>> read_block() {
    auto head = read(blocks::block_head_bytes);
    if (!head) return std::unexpected(std::move(head.error()));
    if (head->size() < blocks::block_head_bytes) return std::nullopt;
    blocks::Reader reader(*head);
    const std::uint32_t kind = reader.u32(), length = reader.u32();
    const std::uint64_t head_check = reader.u64();
    if (head_check != blocks::check_of(chain_, std::string_view(*head).substr(0, 8))) {
      // A file whose length reached the disk, and its last bytes did not, when the power went.
      if (is_zero(*head)) return rest_is_zero();
      return std::unexpected(damaged());
    }
    auto payload = read(length);
    if (!payload) return std::unexpected(std::move(payload.error()));
    auto tail = read(blocks::block_tail_bytes);
    if (!tail) return std::unexpected(std::move(tail.error()));
    if (payload->size() < length || tail->size() < blocks::block_tail_bytes) return std::nullopt;
    const std::uint64_t check = blocks::check_of(head_check, *payload);
    if (check != blocks::Reader(*tail).u64()) {
      if (is_zero(*tail)) return rest_is_zero();
      return std::unexpected(damaged());
    }
    chain_ = check;
    whole_bytes_ = bytes_;
    return Block{kind, std::move(*payload)};
  }

  static bool is_zero(std::string_view bytes) {
    return bytes.find_first_not_of('\0') == std::string_view::npos;
  }

  // As the end of the file, if it is nothing but zeros from here.
  Result<std::optional<Block>> rest_is_zero() {
    for (;;) {
      auto more = read(blocks::zeros_at_once);
      if (!more) return std::unexpected(std::move(more.error()));
      if (more->empty()) return std::nullopt;
      if (!is_zero(*more)) return std::unexpected(damaged());
    }
  }

  // Less than `size` at the end alone. By pieces, as a length from a file is no reason to take memory.
  Result<std::string> read(std::size_t size) {
    constexpr std::size_t piece_bytes = std::size_t{1} << 20;
    std::string bytes;
    while (bytes.size() < size) {
      const std::size_t before = bytes.size(), wanted = std::min(piece_bytes, size - before);
      bytes.resize(before + wanted);
      auto got = source_(std::span(bytes).subspan(before));
      if (!got) return std::unexpected(std::move(got.error()));
      bytes.resize(before + *got);
      bytes_ += *got;
      if (*got < wanted) break;
    }
    return bytes;
  }

  bool take_head(std::string_view payload) {
    blocks::Reader reader(payload);
    checkpoint_.space_digest = reader.u64();
    checkpoint_.options_digest = reader.u64();
    checkpoint_.seed = reader.u64();
    const std::string_view key = reader.take(checkpoint_.key.size());
    std::ranges::transform(key, checkpoint_.key.begin(),
                           [](char byte) { return static_cast<std::byte>(byte); });
    checkpoint_.shard = reader.u64();
    checkpoint_.shards = reader.u64();
    words_ = reader.u64();
    return reader.ok() && reader.at_end() && checkpoint_.shard < checkpoint_.shards;
  }

  Result<void> make_room() {
    if (words_ > most_words_)
      return refuse("cannot resume: the checkpoint is of more addresses",
                    "give the targets and exclusions that it was begun with");
    checkpoint_.answered.resize(words_);
    return {};
  }

  bool take_step(std::string_view payload) {
    blocks::Reader reader(payload);
    const std::uint64_t threads = reader.varint();
    if (threads > blocks::most_threads) return false;
    checkpoint_.threads.resize(threads);
    for (ThreadPosition& thread : checkpoint_.threads) {
      thread.pass = reader.varint();
      thread.position = reader.varint();
    }
    for (const auto member : blocks::counted) checkpoint_.counts.*member = reader.varint();
    checkpoint_.rows = reader.varint();
    std::uint64_t index = 0;
    for (std::uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
      index += reader.varint();
      if (reader.ok() && !answer(index)) return false;
    }
    return reader.ok() && reader.at_end();
  }

  bool answer(std::uint64_t index) {
    if (index / 64 >= checkpoint_.answered.size()) return false;
    checkpoint_.answered[index / 64] |= std::uint64_t{1} << (index % 64);
    return true;
  }

  Error cut_short() const {
    return Error::invalid("the checkpoint is cut short", name_,
                          "resume from another copy of it, or start the sweep anew");
  }
  Error damaged() const {
    return Error::invalid("the checkpoint is damaged: a checksum is wrong", name_,
                          "resume from another copy of it, or start the sweep anew");
  }
  std::unexpected<Error> refuse(std::string what, std::string hint) const {
    return std::unexpected(Error::invalid(std::move(what), name_, std::move(hint)));
  }

  const ByteSource& source_;
  const std::string& name_;
  std::uint64_t most_words_;
  std::uint64_t words_ = 0;  // of the set
  Checkpoint checkpoint_;
  std::uint64_t chain_ = 0;
  std::uint64_t bytes_ = 0, whole_bytes_ = 0;  // read, and of these up to the end of the last whole block
};

}  // namespace

Result<DecodedCheckpoint> decode_checkpoint(const ByteSource& source, const std::string& name,
                                            std::uint64_t most_words) {
  return Decoder(source, name, most_words).decode();
}

Result<DecodedCheckpoint> decode_checkpoint(std::string_view bytes, const std::string& name,
                                            std::uint64_t most_words) {
  return decode_checkpoint(
      [bytes](std::span<char> into) mutable -> Result<std::size_t> {
        const std::size_t size = std::min(into.size(), bytes.size());
        std::ranges::copy(bytes.substr(0, size), into.begin());
        bytes.remove_prefix(size);
        return size;
      },
      name, most_words);
}

}  // namespace sonde::sweep
