// permutation.cpp: see permutation.hpp.
#include "sweep/permutation.hpp"

#include <cmath>

#include "wire/siphash.hpp"

namespace sonde::sweep {
namespace {

// The upper half of the 128-bit product.
std::uint64_t multiply_high(std::uint64_t a, std::uint64_t b) {
  __extension__ using Product = unsigned __int128;
  return static_cast<std::uint64_t>((Product{a} * b) >> 64);
}

// A number below `bound` that depends on all of `half` and `key`. The multipliers are those of SplitMix64's finaliser.
std::uint64_t keyed_hash(std::uint64_t half, std::uint64_t key, std::uint64_t bound) {
  std::uint64_t hash = (half + key) * 0xbf58476d1ce4e5b9U;
  hash ^= hash >> 32;
  hash *= 0x94d049bb133111ebU;
  return multiply_high(hash, bound);
}

// Both: (a + b) mod bound and (a - b) mod bound, for a and b below the bound.
std::uint64_t add(std::uint64_t a, std::uint64_t b, std::uint64_t bound) {
  const std::uint64_t sum = a + b;
  return sum >= bound ? sum - bound : sum;
}
std::uint64_t subtract(std::uint64_t a, std::uint64_t b, std::uint64_t bound) {
  return a >= b ? a - b : a + bound - b;
}

std::uint64_t square_root_rounded_up(std::uint64_t value) {
  auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(value)));
  // The double has 53 bits: it may be one off either way.
  while (root > 0 && (root - 1) * (root - 1) >= value) --root;
  while (root * root < value) ++root;
  return root;
}

}  // namespace

Permutation::Permutation(std::uint64_t size, std::uint64_t seed)
    : size_(size), height_(square_root_rounded_up(size)), width_((size - 1) / height_ + 1) {
  reciprocal_ = ~std::uint64_t{0} / width_;
  for (unsigned round = 0; round < rounds; ++round) {
    wire::SipHash hash(seed, size);
    keys_[round] = hash.finish(round, 1);
  }
}

// The reciprocal is short by less than one part, so the quotient is right or one too small.
Permutation::Halves Permutation::split(std::uint64_t value) const {
  const std::uint64_t quotient = multiply_high(value, reciprocal_);
  const std::uint64_t rest = value - quotient * width_;
  return rest >= width_ ? Halves{quotient + 1, rest - width_} : Halves{quotient, rest};
}

std::uint64_t Permutation::operator()(std::uint64_t counter) const {
  std::uint64_t value = counter;
  do {
    Halves halves = split(value);
    for (unsigned round = 0; round < rounds; round += 2) {
      halves.left = add(halves.left, keyed_hash(halves.right, keys_[round], height_), height_);
      halves.right = add(halves.right, keyed_hash(halves.left, keys_[round + 1], width_), width_);
    }
    value = join(halves);
  } while (value >= size_);
  return value;
}

std::uint64_t Permutation::inverse(std::uint64_t index) const {
  std::uint64_t value = index;
  do {
    Halves halves = split(value);
    for (unsigned round = rounds; round > 0; round -= 2) {
      halves.right = subtract(halves.right, keyed_hash(halves.left, keys_[round - 1], width_), width_);
      halves.left = subtract(halves.left, keyed_hash(halves.right, keys_[round - 2], height_), height_);
    }
    value = join(halves);
  } while (value >= size_);
  return value;
}

}  // namespace sonde::sweep
