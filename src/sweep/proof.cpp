// proof.cpp: see proof.hpp.
#include "sweep/proof.hpp"

#include <bit>
#include <cstring>

namespace sonde::sweep {
namespace {

constexpr unsigned ordinal_bits = 48;
constexpr std::uint64_t ordinal_mask = (std::uint64_t{1} << ordinal_bits) - 1;

constexpr std::size_t token_at = 0, index_at = 8, ordinal_at = 16;

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
  return load_le64(payload, token_at) ==
         key_.token(address, load_le64(payload, index_at), load_le64(payload, ordinal_at));
}

std::uint16_t Proof::sequence(const Address& address) const {
  return static_cast<std::uint16_t>(key_.address_hash(address));
}

}  // namespace sonde::sweep
