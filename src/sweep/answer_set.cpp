// answer_set.cpp: see answer_set.hpp.
#include "sweep/answer_set.hpp"

#include <sys/mman.h>

#include <atomic>
#include <bit>
#include <cerrno>
#include <string>

namespace sonde::sweep {
namespace {

constexpr std::uint64_t bit_of(std::uint64_t index) {
  return std::uint64_t{1} << (index % 64);
}

std::uint64_t load_word(std::uint64_t& word) {
  return std::atomic_ref(word).load(std::memory_order_relaxed);
}

}  // namespace

void AnswerSet::Unmap::operator()(std::uint64_t* words) const {
  ::munmap(words, bytes);
}

Result<AnswerSet> AnswerSet::make(std::uint64_t size) {
  if (size == 0) return AnswerSet(0, Memory(nullptr, Unmap{0}));
  if (size > largest_bitmap) return AnswerSet(size, std::make_unique<Indices>());
  const std::size_t bytes = (size + 63) / 64 * sizeof(std::uint64_t);
  void* const place =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) {
    Error error = Error::from_errno(errno, "no memory to remember who answered",
                                    std::to_string(size) + " addresses", "sweep fewer addresses at a time");
    error.code = ErrorCode::resource_limit;
    return std::unexpected(std::move(error));
  }
  return AnswerSet(size, Memory(static_cast<std::uint64_t*>(place), Unmap{bytes}));
}

bool AnswerSet::test_and_set(std::uint64_t index) {
  if (indices_) {
    const std::scoped_lock lock(indices_->mutex);
    return !indices_->set.insert(index).second;
  }
  const std::uint64_t before =
      std::atomic_ref(memory_[index / 64]).fetch_or(bit_of(index), std::memory_order_relaxed);
  return (before & bit_of(index)) != 0;
}

bool AnswerSet::contains(std::uint64_t index) const {
  if (indices_) {
    const std::scoped_lock lock(indices_->mutex);
    return indices_->set.contains(index);
  }
  return (load_word(memory_[index / 64]) & bit_of(index)) != 0;
}

std::uint64_t AnswerSet::count() const {
  if (indices_) {
    const std::scoped_lock lock(indices_->mutex);
    return indices_->set.size();
  }
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < words(); ++i) {
    sum += static_cast<std::uint64_t>(std::popcount(load_word(memory_[i])));
  }
  return sum;
}

void AnswerSet::load(std::span<const std::uint64_t> from) {
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::uint64_t word = from[i];
    if (i + 1 == words() && size_ % 64 != 0) word &= bit_of(size_) - 1;
    // A page that holds nothing is not written to, and stays the kernel's.
    std::uint64_t& there = memory_[i];
    if (there != word) there = word;
  }
}

}  // namespace sonde::sweep
