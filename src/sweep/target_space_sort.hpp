// target_space_sort.hpp: sorts millions of addresses in place, in a fraction of std::sort()'s time.
//
// "American flag sort" (McIlroy, Bostic and McIlroy, 1993): a radix sort from the highest byte down. The bytes are
// counted, which gives each value's bucket its place; then every word is swapped into its bucket until all are full, and
// each bucket is sorted by the next byte. A byte that all of a bucket share, as prefixes do, costs the counting alone.
// Small buckets are left to std::sort(). No second array: a list is as large as memory allows.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace sonde::sweep {

// Sorts words that agree in all bytes above the one at `shift`.
template <typename Word>
void radix_sort(std::span<Word> words, unsigned shift = 8 * (sizeof(Word) - 1)) {
  constexpr std::size_t few = 96;
  if (words.size() <= few) {
    std::sort(words.begin(), words.end());
    return;
  }
  const auto byte_of = [shift](Word word) { return static_cast<std::uint8_t>(word >> shift); };
  std::array<std::size_t, 256> next{};
  std::array<std::size_t, 256> end{};
  for (const Word word : words) ++end[byte_of(word)];
  const bool all_the_same = end[byte_of(words[0])] == words.size();
  if (!all_the_same) {
    std::size_t at = 0;
    for (std::size_t byte = 0; byte < 256; ++byte) {
      next[byte] = at;
      at += end[byte];
      end[byte] = at;
    }
    for (std::size_t byte = 0; byte < 256; ++byte) {
      while (next[byte] < end[byte]) {
        Word word = words[next[byte]];
        for (std::uint8_t home = byte_of(word); home != byte; home = byte_of(word)) {
          std::swap(word, words[next[home]++]);
        }
        words[next[byte]++] = word;
      }
    }
  }
  if (shift == 0) return;
  if (all_the_same) {
    radix_sort(words, shift - 8);
    return;
  }
  std::size_t start = 0;
  for (const std::size_t bucket_end : end) {
    radix_sort(words.subspan(start, bucket_end - start), shift - 8);
    start = bucket_end;
  }
}

// Ascending, each once.
template <typename Word>
void sort_and_unite(std::vector<Word>& words) {
  if (!std::is_sorted(words.begin(), words.end())) radix_sort(std::span(words));
  words.erase(std::unique(words.begin(), words.end()), words.end());
}

}  // namespace sonde::sweep
