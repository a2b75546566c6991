// target_space_words.hpp: addresses as plain numbers, ranges of them, and what sets of ranges do to each other.
//
// A word is an address in host order: 32 bits of IPv4, 128 of IPv6. Sets of ranges that are "normal" ascend, and no two
// of their ranges touch.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sonde/address.hpp"

namespace sonde::sweep {

using Ipv4Word = std::uint32_t;
__extension__ using Ipv6Word = unsigned __int128;

template <typename Word>
inline constexpr Word last_word = ~Word{0};

// Requires: the address is of the word's family. The zone is left out.
template <typename Word>
Word word_of(const Address& address) {
  Word word = 0;
  for (const std::byte byte : address.bytes()) {
    word = static_cast<Word>(word << 8 | std::to_integer<std::uint8_t>(byte));
  }
  return word;
}

inline Address address_of(Ipv4Word word) {
  const Ipv4Word in_order = __builtin_bswap32(word);
  return Address::ipv4(std::as_bytes(std::span<const Ipv4Word, 1>(&in_order, 1)));
}

inline Address address_of(Ipv6Word word) {
  const std::array<std::uint64_t, 2> in_order = {__builtin_bswap64(static_cast<std::uint64_t>(word >> 64)),
                                                 __builtin_bswap64(static_cast<std::uint64_t>(word))};
  return Address::ipv6(std::as_bytes(std::span<const std::uint64_t, 2>(in_order)));
}

// Both ends included.
template <typename Word>
struct WordRange {
  Word first, last;
  friend bool operator==(const WordRange&, const WordRange&) = default;
};

template <typename Word>
using WordRanges = std::vector<WordRange<Word>>;

// 2^64 - 1 stands for that and all beyond.
inline std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) {
  return a + b < a ? ~std::uint64_t{0} : a + b;
}

template <typename Word>
std::uint64_t size_of(const WordRange<Word>& range) {
  const Word steps = static_cast<Word>(range.last - range.first);
  if constexpr (sizeof(Word) > sizeof(std::uint64_t)) {
    if (steps >= ~std::uint64_t{0}) return ~std::uint64_t{0};
  }
  return static_cast<std::uint64_t>(steps) + 1;
}

template <typename Word>
std::uint64_t size_of(const WordRanges<Word>& ranges) {
  std::uint64_t sum = 0;
  for (const WordRange<Word>& range : ranges) sum = saturating_sum(sum, size_of(range));
  return sum;
}

// Makes any ranges normal.
template <typename Word>
void normalise(WordRanges<Word>& ranges) {
  const auto by_first = [](const WordRange<Word>& a, const WordRange<Word>& b) { return a.first < b.first; };
  if (!std::is_sorted(ranges.begin(), ranges.end(), by_first))
    std::sort(ranges.begin(), ranges.end(), by_first);
  std::size_t kept = 0;
  for (const WordRange<Word>& range : ranges) {
    // One that ends with the last address of all takes in whatever follows.
    const bool joins = kept > 0 && (ranges[kept - 1].last == last_word<Word> ||
                                    range.first <= static_cast<Word>(ranges[kept - 1].last + 1));
    if (joins) {
      ranges[kept - 1].last = std::max(ranges[kept - 1].last, range.last);
    } else {
      ranges[kept++] = range;
    }
  }
  ranges.resize(kept);
}

// Takes `holes` out of `ranges`, both normal; says how many addresses that were.
template <typename Word>
std::uint64_t take_out(WordRanges<Word>& ranges, const WordRanges<Word>& holes) {
  WordRanges<Word> left;
  std::uint64_t taken = 0;
  auto hole = holes.begin();
  for (WordRange<Word> range : ranges) {
    while (hole != holes.end() && hole->last < range.first) ++hole;
    // A hole may reach into the next range: it is left to stand.
    for (auto at = hole; at != holes.end() && at->first <= range.last; ++at) {
      const WordRange<Word> cut = {std::max(range.first, at->first), std::min(range.last, at->last)};
      taken = saturating_sum(taken, size_of(cut));
      if (cut.first > range.first) left.push_back({range.first, static_cast<Word>(cut.first - 1)});
      hole = at;
      if (cut.last == range.last) {
        range.first = 1;  // nothing left of it
        range.last = 0;
        break;
      }
      range.first = static_cast<Word>(cut.last + 1);
    }
    if (range.first <= range.last) left.push_back(range);
  }
  ranges = std::move(left);
  return taken;
}

// The same for a list that ascends.
template <typename Word>
std::uint64_t take_out(std::vector<Word>& list, const WordRanges<Word>& holes) {
  if (holes.empty()) return 0;
  std::size_t kept = 0;
  auto hole = holes.begin();
  for (const Word word : list) {
    while (hole != holes.end() && hole->last < word) ++hole;
    if (hole == holes.end() || word < hole->first) list[kept++] = word;
  }
  const std::uint64_t taken = list.size() - kept;
  list.resize(kept);
  return taken;
}

}  // namespace sonde::sweep
