// permutation.hpp: the order of a sweep: a keyed pseudo-random permutation of 0 .. size-1.
//
// A generalised Feistel network (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002). A counter is
// written as left * width + right, with left < height and right < width, where height = ceil(sqrt(size)) and
// width = ceil(size / height). Each round adds a keyed hash of one half to the other, modulo that half's bound: left,
// right, left, ... A round is undone by subtracting the same hash, so the whole is a bijection of 0 .. height*width-1,
// by construction. What falls outside of 0 .. size-1 is sent through again until it does not ("cycle walking"), which
// keeps it one; as height * width < size + height, that happens once in sqrt(size) times, where a domain of a
// power of two would walk for up to every other counter and let the processor mispredict it.
//
// Four rounds: after two the values of neighbouring counters are unrelated, four do the same from both ends (Luby and
// Rackoff 1988), and each one more would cost a fifth of the speed. The order has to be scattered and reproducible, no
// secret: nobody is kept out by it (proof.hpp is for that). The hash is two multiplications around a shift,
// its top bits scaled to the half's bound by a third; each round's key is SipHash of its number under the seed
// and the size, so that neither neighbouring seeds nor neighbouring sizes have anything in common. Nothing is divided
// when a value is asked for.
//
// As any counter's value is to be had at once, sharding, retries and resuming are arithmetic on the counter.
#pragma once

#include <array>
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
  static constexpr unsigned rounds = 4;
  struct Halves {
    std::uint64_t left, right;
  };

  Halves split(std::uint64_t value) const;
  std::uint64_t join(Halves halves) const { return halves.left * width_ + halves.right; }

  std::uint64_t size_;
  std::uint64_t height_ = 1, width_ = 1;  // both below 2^32
  std::uint64_t reciprocal_ = 0;          // (2^64 - 1) / width_
  std::array<std::uint64_t, rounds> keys_{};
};

// The counters of one shard of `shards`: shard, shard + shards, shard + 2 * shards, ...
struct Shard {
  std::uint64_t number = 0, shards = 1;  // number < shards
  // How many of 0 .. size-1 are its own.
  std::uint64_t size_of(std::uint64_t size) const {
    return size > number ? (size - number - 1) / shards + 1 : 0;
  }
  std::uint64_t counter(std::uint64_t position) const { return number + position * shards; }
  friend bool operator==(const Shard&, const Shard&) = default;
};

}  // namespace sonde::sweep
