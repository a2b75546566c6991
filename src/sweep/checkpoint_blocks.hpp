// checkpoint_blocks.hpp: the small parts of a checkpoint's form: numbers, frames, checks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sweep/checkpoint.hpp"
#include "wire/siphash.hpp"

namespace sonde::sweep::blocks {

inline constexpr std::string_view magic = "sonde sweep\n";  // then the version in 4 bytes
inline constexpr std::size_t file_head_bytes = 16;
inline constexpr std::size_t block_head_bytes = 16, block_tail_bytes = 8;

enum Kind : std::uint32_t { head = 1, step = 4 };

inline constexpr std::size_t zeros_at_once = 65'536;
inline constexpr std::uint64_t most_threads = 4096;

// All members of Counts, in the order of the file: one that is missing here would be forgotten by a resumed
// sweep.
inline constexpr std::uint64_t Counts::* counted[] = {
    &Counts::sent,          &Counts::refused,     &Counts::replies,   &Counts::answering,
    &Counts::late,          &Counts::duplicates,  &Counts::errors,    &Counts::forged,
    &Counts::receive_drops, &Counts::clock_steps, &Counts::rtt_bounds};
static_assert(sizeof(Counts) == std::size(counted) * sizeof(std::uint64_t),
              "a member of Counts is missing above: add it at the end, and count checkpoint_version up");

inline void append_u32(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>((value >> shift) & 0xff);
}

inline void append_u64(std::string& out, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>((value >> shift) & 0xff);
}

inline void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

// Reads off the front of bytes; once something was not there, everything further is 0 and ok() false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return left_.empty(); }
  std::string_view take(std::size_t size) {
    if (left_.size() < size) {
      ok_ = false;
      left_ = {};
      return {};
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  std::uint64_t fixed(std::size_t size) {
    const std::string_view bytes = take(size);
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  }
  std::uint16_t u16() { return static_cast<std::uint16_t>(fixed(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(fixed(4)); }
  std::uint64_t u64() { return fixed(8); }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint64_t byte = fixed(1);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }

 private:
  std::string_view left_;
  bool ok_ = true;
};

// Against accidents, not against people: the key is no secret.
inline std::uint64_t check_of(std::uint64_t before, std::string_view bytes) {
  wire::SipHash hash(0x73776565702d6f66, 0x2d61646472657373);
  hash.block(before);
  std::size_t at = 0;
  const auto* const data = reinterpret_cast<const std::byte*>(bytes.data());
  for (; at + 8 <= bytes.size(); at += 8) hash.block(wire::load_le64(data + at));
  std::uint64_t tail = 0;
  for (std::size_t i = at; i < bytes.size(); ++i)
    tail |= std::uint64_t{std::to_integer<std::uint8_t>(data[i])} << (8 * (i - at));
  return hash.finish(tail, bytes.size() + 8);
}

}  // namespace sonde::sweep::blocks
