// permutation.hpp: the order of a sweep: a keyed pseudo-random permutation of 0 .. size-1.
//
// (State the algorithm here, once.) A Feistel network over a domain a little larger than `size`, walked again while a
// value falls outside of it ("cycle walking", Black and Rogaway 2002), so that it is a bijection by construction. Sharding, retries and
// resuming are arithmetic on the counter.
#pragma once

#include <cstdint>

namespace sonde::sweep {

// Immutable: safe to share between threads.
class Permutation {
 public:
  // Requires: size > 0 and at most 2^63.
  Permutation(std::uint64_t size, std::uint64_t seed);

  std::uint64_t size() const { return size_; }
  // Requires: counter < size().
  std::uint64_t operator()(std::uint64_t counter) const;
  // The counter whose value is `index`. Requires: index < size().
  std::uint64_t inverse(std::uint64_t index) const;

 private:
  std::uint64_t size_;
};

// The counters of one shard of `shards`: shard, shard + shards, shard + 2 * shards, ...
struct Shard {
  std::uint64_t number = 0, shards = 1;  // number < shards
  // How many of 0 .. size-1 are its own.
  std::uint64_t size_of(std::uint64_t size) const {
    return size > number ? (size - number - 1) / shards + 1 : 0;
  }
  std::uint64_t counter(std::uint64_t position) const { return number + position * shards; }
};

}  // namespace sonde::sweep
