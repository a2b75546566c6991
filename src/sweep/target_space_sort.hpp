// target_space_sort.hpp: sorts millions of addresses in a fraction of std::sort()'s time, with little memory beside.
//
// A radix sort from the highest bits down: the values of a few bits, the digit, are counted, which gives each value's
// bucket its place; every word is moved there, and each bucket is sorted by itself. The digit begins at the highest bit
// in which the bucket's words differ, so that what they share, as prefixes are shared, costs one look. A list that is
// larger than the scratch memory is moved in place ("American flag sort", McIlroy, Bostic and McIlroy 1993); smaller
// ones by way of the scratch, which waits less for each load; those that differ in three bytes at most from the lowest
// byte up; and few words are left to std::sort().
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace sonde::sweep {

template <typename Word>
class RadixSort {
 public:
  void sort(std::span<Word> words) {
    if (words.size() <= few) {
      std::sort(words.begin(), words.end());
      return;
    }
    Word differing = 0;
    for (const Word word : words) differing |= word ^ words[0];
    const unsigned width = width_of(differing);
    if (width == 0) return;
    if (words.size() <= most_in_scratch && width <= 24) {
      from_the_lowest(words, width);
    } else {
      from_the_highest(words, width);
    }
  }

 private:
  static constexpr std::size_t few = 64;
  static constexpr std::size_t most_in_scratch = std::size_t{1} << 16;
  static constexpr unsigned digit_bits = 8;
  static constexpr std::size_t digits = std::size_t{1} << digit_bits;
  using Places = std::array<std::size_t, digits>;

  static unsigned width_of(Word word) {
    if constexpr (sizeof(Word) > sizeof(std::uint64_t)) {
      const auto high = static_cast<std::uint64_t>(word >> 64);
      if (high != 0) return 64 + static_cast<unsigned>(std::bit_width(high));
    }
    return static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>(word)));
  }
  static std::size_t digit_of(Word word, unsigned shift) {
    return static_cast<std::size_t>(word >> shift) & (digits - 1);
  }
  // Where each digit's words begin.
  static Places places_of(std::span<const Word> words, unsigned shift) {
    Places places{};
    for (const Word word : words) ++places[digit_of(word, shift)];
    std::size_t at = 0;
    for (std::size_t& place : places) at += std::exchange(place, at);
    return places;
  }

  void from_the_highest(std::span<Word> words, unsigned width) {
    const unsigned shift = width > digit_bits ? width - digit_bits : 0;
    const Places places = places_of(words, shift);
    if (words.size() <= most_in_scratch) {
      move_by_scratch(words, shift, places);
    } else {
      move_in_place(words, shift, places);
    }
    if (shift == 0) return;
    for (std::size_t digit = 0; digit < digits; ++digit) sort(bucket(words, places, digit));
  }

  static std::span<Word> bucket(std::span<Word> words, const Places& places, std::size_t digit) {
    const std::size_t end = digit + 1 < digits ? places[digit + 1] : words.size();
    return words.subspan(places[digit], end - places[digit]);
  }

  // `Places` by value: what it says moves on with each word.
  static void scatter(std::span<const Word> from, std::span<Word> to, unsigned shift, Places places) {
    for (const Word word : from) to[places[digit_of(word, shift)]++] = word;
  }

  void move_by_scratch(std::span<Word> words, unsigned shift, const Places& places) {
    scratch_.resize(most_in_scratch);
    scatter(words, scratch_, shift, places);
    std::copy_n(scratch_.begin(), words.size(), words.begin());
  }

  static void move_in_place(std::span<Word> words, unsigned shift, const Places& places) {
    Places next = places;
    for (std::size_t digit = 0; digit < digits; ++digit) {
      const std::size_t end = digit + 1 < digits ? places[digit + 1] : words.size();
      while (next[digit] < end) {
        Word word = words[next[digit]];
        for (std::size_t home = digit_of(word, shift); home != digit; home = digit_of(word, shift)) {
          std::swap(word, words[next[home]++]);
        }
        words[next[digit]++] = word;
      }
    }
  }

  void from_the_lowest(std::span<Word> words, unsigned width) {
    scratch_.resize(most_in_scratch);
    std::span<Word> from = words;
    std::span<Word> to = std::span(scratch_).first(words.size());
    for (unsigned shift = 0; shift < width; shift += digit_bits) {
      scatter(from, to, shift, places_of(from, shift));
      std::swap(from, to);
    }
    if (from.data() != words.data()) std::copy(from.begin(), from.end(), words.begin());
  }

  std::vector<Word> scratch_;
};

// Ascending, each once.
template <typename Word>
void sort_and_unite(std::vector<Word>& words) {
  if (!std::is_sorted(words.begin(), words.end())) RadixSort<Word>().sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
}

}  // namespace sonde::sweep
