// proof.cpp: see proof.hpp.
#include "sweep/proof.hpp"

#include <bit>
#include <cstring>

namespace sonde::sweep {
namespace {

constexpr unsigned ordinal_bits = 48;
constexpr std::uint64_t ordinal_mask = (std::uint64_t{1} << ordinal_bits) - 1;

constexpr std::size_t token_at = 0, index_at = 8, ordinal_at = 16;

// Stands for index and ordinal where the sequence number is hashed. No probe has this index: a space ends at 2^63.
constexpr std::uint64_t of_the_sequence = ~std::uint64_t{0};

void store_le64(std::span<std::byte> bytes, std::size_t at, std::uint64_t value) {
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

std::uint64_t load_le64(std::span<const std::byte> bytes, std::size_t at) {
  return wire::load_le64(bytes.data() + at);
}

}  // namespace

Proof::Proof(const std::array<std::byte, 16>& key) : key_(key) {}

void Proof::write(std::span<std::byte> payload, const Address& address, const ProbeNumbers& numbers) const {
  const std::uint64_t ordinal =
      (numbers.ordinal & ordinal_mask) | (std::uint64_t{numbers.probe} << ordinal_bits);
  store_le64(payload, token_at, key_.token(address, numbers.index, ordinal));
  store_le64(payload, index_at, numbers.index);
  store_le64(payload, ordinal_at, ordinal);
}

std::optional<ProbeNumbers> Proof::read(std::span<const std::byte> payload) {
  if (payload.size() < proof_bytes) return std::nullopt;
  const std::uint64_t ordinal = load_le64(payload, ordinal_at);
  return ProbeNumbers{.index = load_le64(payload, index_at),
                      .ordinal = ordinal & ordinal_mask,
                      .probe = static_cast<std::uint16_t>(ordinal >> ordinal_bits)};
}

bool Proof::proves(std::span<const std::byte> payload, const Address& address) const {
  if (payload.size() < proof_bytes) return false;
  const std::uint64_t index = load_le64(payload, index_at);
  // Nobody is told a token of this index, but its low bits are every probe's sequence number.
  if (index == of_the_sequence) return false;
  return load_le64(payload, token_at) == key_.token(address, index, load_le64(payload, ordinal_at));
}

std::uint16_t Proof::sequence(const Address& address) const {
  return static_cast<std::uint16_t>(key_.token(address, of_the_sequence, of_the_sequence));
}

}  // namespace sonde::sweep
