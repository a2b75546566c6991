// target_space_numbering.hpp: the addresses of one family as numbers, ascending.
//
// The set is kept as it was written: ranges, which cost the same whatever they hold, and a list of single addresses of
// 4 or 16 bytes each. Both are cut into *stretches*, each a range or a run of list entries that no range lies between,
// with the index of its first address. To find the stretch of an index, its high bits pick an entry of a table which
// names the stretch there; where several begin within one entry's reach, they are searched. The table has about four
// entries for each stretch, so most have one only.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sweep/target_space_words.hpp"

namespace sonde::sweep {

template <typename Word>
class Numbering {
 public:
  Numbering() = default;
  // Requires: the ranges normal, the list ascending, nothing twice, and no more than 2^63 addresses in all.
  Numbering(const WordRanges<Word>& ranges, std::vector<Word> list);

  std::uint64_t size() const { return size_; }
  // Requires: index < size().
  Word at(std::uint64_t index) const;
  std::optional<std::uint64_t> index_of(Word word) const;
  // Calls visit(first, last) for each longest run of neighbouring addresses, ascending: of the set alone.
  template <typename Visit>
  void for_each_run(Visit visit) const;

 private:
  static constexpr std::uint64_t is_range = ~std::uint64_t{0};
  struct Stretch {
    std::uint64_t start;    // index of its first address
    std::uint64_t in_list;  // where in the list it begins; is_range: a range
    Word first;
  };

  void add_list_stretch(std::size_t from, std::size_t to);
  void make_table();
  std::uint64_t end_of(std::size_t stretch) const {
    return stretch + 1 < stretches_.size() ? stretches_[stretch + 1].start : size_;
  }

  std::uint64_t size_ = 0;
  std::vector<Stretch> stretches_;
  std::vector<Word> list_;
  unsigned shift_ = 0;
  std::vector<std::uint32_t>
      table_;  // of index >> shift_: the stretch of the first such index; one entry more
};

template <typename Word>
Numbering<Word>::Numbering(const WordRanges<Word>& ranges, std::vector<Word> list) : list_(std::move(list)) {
  std::size_t listed = 0;
  for (const WordRange<Word>& range : ranges) {
    const auto before =
        std::lower_bound(list_.begin() + static_cast<std::ptrdiff_t>(listed), list_.end(), range.first);
    const auto to = static_cast<std::size_t>(before - list_.begin());
    add_list_stretch(listed, to);
    listed = to;
    stretches_.push_back({size_, is_range, range.first});
    size_ += size_of(range);
  }
  add_list_stretch(listed, list_.size());
  make_table();
}

template <typename Word>
void Numbering<Word>::add_list_stretch(std::size_t from, std::size_t to) {
  if (from == to) return;
  stretches_.push_back({size_, from, list_[from]});
  size_ += to - from;
}

template <typename Word>
void Numbering<Word>::make_table() {
  if (size_ == 0) return;
  const auto entries_wanted = std::bit_ceil(4 * stretches_.size());
  const auto index_bits = static_cast<unsigned>(std::bit_width(size_ - 1));
  const auto table_bits = static_cast<unsigned>(std::bit_width(entries_wanted) - 1);
  shift_ = index_bits > table_bits ? index_bits - table_bits : 0;
  const std::uint64_t entries = ((size_ - 1) >> shift_) + 1;
  table_.reserve(entries + 1);
  std::uint32_t stretch = 0;
  for (std::uint64_t entry = 0; entry < entries; ++entry) {
    while (end_of(stretch) <= entry << shift_) ++stretch;
    table_.push_back(stretch);
  }
  table_.push_back(static_cast<std::uint32_t>(stretches_.size() - 1));
}

template <typename Word>
Word Numbering<Word>::at(std::uint64_t index) const {
  const std::uint64_t entry = index >> shift_;
  std::size_t low = table_[entry];
  // The last stretch that can hold it: the one that the next entry begins in.
  std::size_t high = table_[entry + 1];
  while (low < high) {
    const std::size_t middle = low + (high - low + 1) / 2;
    if (stretches_[middle].start <= index) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const Stretch& stretch = stretches_[low];
  const std::uint64_t offset = index - stretch.start;
  return stretch.in_list == is_range ? static_cast<Word>(stretch.first + offset)
                                     : list_[stretch.in_list + offset];
}

template <typename Word>
std::optional<std::uint64_t> Numbering<Word>::index_of(Word word) const {
  const auto behind =
      std::upper_bound(stretches_.begin(), stretches_.end(), word,
                       [](Word wanted, const Stretch& stretch) { return wanted < stretch.first; });
  if (behind == stretches_.begin()) return std::nullopt;
  const auto number = static_cast<std::size_t>(behind - stretches_.begin()) - 1;
  const Stretch& stretch = stretches_[number];
  const std::uint64_t length = end_of(number) - stretch.start;
  if (stretch.in_list == is_range) {
    const Word offset = static_cast<Word>(word - stretch.first);
    if (offset >= length) return std::nullopt;
    return stretch.start + static_cast<std::uint64_t>(offset);
  }
  const auto from = list_.begin() + static_cast<std::ptrdiff_t>(stretch.in_list);
  const auto to = from + static_cast<std::ptrdiff_t>(length);
  const auto found = std::lower_bound(from, to, word);
  if (found == to || *found != word) return std::nullopt;
  return stretch.start + static_cast<std::uint64_t>(found - from);
}

template <typename Word>
template <typename Visit>
void Numbering<Word>::for_each_run(Visit visit) const {
  std::optional<WordRange<Word>> run;
  const auto take = [&](Word first, Word last) {
    if (run && static_cast<Word>(run->last + 1) == first) {
      run->last = last;
      return;
    }
    if (run) visit(run->first, run->last);
    run = WordRange<Word>{first, last};
  };
  for (std::size_t i = 0; i < stretches_.size(); ++i) {
    const Stretch& stretch = stretches_[i];
    const std::uint64_t length = end_of(i) - stretch.start;
    if (stretch.in_list == is_range) {
      take(stretch.first, static_cast<Word>(stretch.first + (length - 1)));
      continue;
    }
    for (std::uint64_t offset = 0; offset < length; ++offset) {
      const Word word = list_[stretch.in_list + offset];
      take(word, word);
    }
  }
  if (run) visit(run->first, run->last);
}

}  // namespace sonde::sweep
