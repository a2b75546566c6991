// answer_set.hpp: which addresses of a space have answered.
//
// Up to `largest_bitmap` addresses there is a bit for each, by index: bit i is bit i % 64 of word i / 64. The memory is the
// kernel's zero pages until something answers there, so such a set is made at once, and costs size / 8 bytes in the
// end. A wider space has more addresses than anyone can ask, and few answers that lie far apart: there the indices that
// answered are kept, in some 16 bytes each.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

#include "sonde/error.hpp"

namespace sonde::sweep {

// Threads: all but moving and load() may be called from several at once. A bit is set by exactly one of those that try;
// no order with other memory is promised.
class AnswerSet {
 public:
  static constexpr std::uint64_t largest_bitmap = std::uint64_t{1} << 36;  // 8 GiB when all have answered

  // Requires: size is at most 2^63.
  // Errors: resource_limit when the system has no room for it.
  static Result<AnswerSet> make(std::uint64_t size);

  std::uint64_t size() const { return size_; }
  // Sets the bit and says whether it was set before. Requires: index < size().
  bool test_and_set(std::uint64_t index);
  // Requires: index < size().
  bool contains(std::uint64_t index) const;
  // How many are set. Reads the whole set: not for every packet.
  std::uint64_t count() const;

  // --- a bitmap alone ---
  // The set as words, as a checkpoint has it: (size() + 63) / 64 of them.
  std::uint64_t words() const { return (size_ + 63) / 64; }
  // Puts these in place of what is there; bits at size() and behind are left out.
  // Requires: from.size() <= words().
  void load(std::span<const std::uint64_t> from);

 private:
  struct Unmap {
    std::size_t bytes = 0;
    void operator()(std::uint64_t* words) const;
  };
  using Memory = std::unique_ptr<std::uint64_t[], Unmap>;
  struct Indices {
    std::mutex mutex;
    boost::unordered_flat_set<std::uint64_t> set;
  };

  AnswerSet(std::uint64_t size, Memory memory) : size_(size), memory_(std::move(memory)) {}
  AnswerSet(std::uint64_t size, std::unique_ptr<Indices> indices)
      : size_(size), memory_(nullptr, Unmap{0}), indices_(std::move(indices)) {}

  std::uint64_t size_;
  Memory memory_;                     // the bitmap; none when size_ is 0
  std::unique_ptr<Indices> indices_;  // instead of it
};

}  // namespace sonde::sweep
